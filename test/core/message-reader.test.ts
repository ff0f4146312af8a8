// Messages from frames (RFC 6455 §5.4): what the connections of a server or a client read, as text and as bytes.
import { describe, expect, it } from 'vitest'
import { MessageReader, NOTHING } from '../../src/core/message-reader.js'
import { memory, windowSize, windowStart } from '../../src/core/wasm.js'
import { binary, close, continuation, encode, ping, type RawFrame, text } from '../support/raw-frames.js'
import { opcodeNames } from '../support/reference-frames.js'
import { cutAt, cutEvery } from '../support/replay.js'

interface Message {
  kind: string
  text: string
  hex: string
}

/** The messages in pieces that come one after another, as a socket’s reads do. */
function read(pieces: Iterable<Uint8Array>, isServer: boolean): Message[] {
  const reader = new MessageReader(isServer, false, Number.POSITIVE_INFINITY)
  const messages: Message[] = []
  for (const piece of pieces) {
    memory.set(piece, windowStart)
    reader.feed(windowStart, windowStart + piece.length)
    for (let opcode = reader.next(); opcode !== NOTHING; opcode = reader.next()) {
      const isText = opcodeNames[opcode] === 'text'
      const hex = Buffer.from(reader.bytes()).toString('hex')
      messages.push({ kind: opcodeNames[opcode]!, text: isText ? reader.text() : '', hex })
    }
  }
  expect(reader.error).toBeUndefined()
  return messages
}

function textMessage(content: string): Message {
  return { kind: 'text', text: content, hex: Buffer.from(content).toString('hex') }
}

function bytesOf(isServer: boolean, ...frames: RawFrame[]): Buffer {
  return Buffer.concat(
    frames.map((frame) => encode({ maskingKey: [9, 8, 7, 6], ...frame, masked: isServer }, false)),
  )
}

describe.each([
  ['server', true],
  ['client', false],
] as const)('a message that a %s reads', (_, isServer) => {
  it.each(['é', '€', '😀', '\x7f\x80', '\ufeff', 'ÿ'])(
    'is the text it was, with %j anywhere in it',
    (character) => {
      for (let length = 0; length <= 130; length += 13) {
        for (let at = 0; at <= length; at++) {
          const content = `${'.'.repeat(at)}${character}${'.'.repeat(length - at)}`
          expect(read([bytesOf(isServer, text(content))], isServer)).toEqual([textMessage(content)])
        }
      }
    },
  )

  it('is the text it was, of ASCII alone, at every length', () => {
    for (let length = 0; length <= 200; length++) {
      const content = '\0\x7f~aZ'.repeat(40).slice(0, length)
      expect(read([bytesOf(isServer, text(content))], isServer)).toEqual([textMessage(content)])
    }
  })

  it('is the text it was, cut in two at every position, and byte by byte', () => {
    const content = 'plain, then Käse für 3 €, and 😀 — plain again'
    const bytes = bytesOf(isServer, text(content), text('after'))
    const wanted = [textMessage(content), textMessage('after')]
    for (let at = 0; at <= bytes.length; at++) expect(read(cutAt(bytes, [at]), isServer)).toEqual(wanted)
    expect(read(cutEvery(bytes, 1), isServer)).toEqual(wanted)
  })

  it('is joined of fragments, within a character too, and lets control frames pass', () => {
    const content = Buffer.from('é😀x')
    for (let one = 0; one <= content.length; one++) {
      for (let two = one; two <= content.length; two++) {
        const frames = [
          text(content.subarray(0, one), { fin: false }),
          ping('?'),
          continuation(content.subarray(one, two), { fin: false }),
          continuation(content.subarray(two)),
          binary('b'),
        ]
        const bytes = bytesOf(isServer, ...frames)
        const wanted = [
          { kind: 'ping', text: '', hex: '3f' },
          textMessage('é😀x'),
          { kind: 'binary', text: '', hex: '62' },
        ]
        expect(read([bytes], isServer)).toEqual(wanted)
        expect(read(cutEvery(bytes, 1), isServer)).toEqual(wanted)
      }
    }
  })

  it('comes back at the sizes of the window, and over', () => {
    for (const size of [windowSize - 20, windowSize, windowSize + 20, 3 * windowSize]) {
      const content = 'ö'.repeat(size / 2)
      const bytes = bytesOf(isServer, text(content), binary(Buffer.alloc(size, 7)), close(1000))
      const [first, second, last] = read(cutEvery(bytes, windowSize), isServer)
      expect([first!.kind, first!.text === content]).toEqual(['text', true])
      expect([second!.kind, second!.hex === '07'.repeat(size)]).toEqual(['binary', true])
      expect(last).toEqual({ kind: 'close', text: '', hex: '03e8' })
    }
  })
})
