// What frames mean together (RFC 6455 §5.4 to §5.6, RFC 7692 §6): text and its UTF-8, the close frame, compressed messages.
import { describe, expect, it } from 'vitest'
import { FrameDecoder } from '../../src/core.js'
import { bytesFor, headerFor, notLast, payloadOf, pushAll, roles } from '../support/push-frames.js'
import { binary, close, continuation, ping, text } from '../support/raw-frames.js'
import { differenceOf, isSendable, lineOf, mostDeflated, push } from '../support/reference-frames.js'
import { cutEvery } from '../support/replay.js'

describe('text', () => {
  const before = ['', 'a', 'é', '€', '😀', 'Grüße aus Köln', '.'.repeat(15), '.'.repeat(16), 'ä'.repeat(37)]
  // What is wrong, and how many of its bytes are right.
  const bad: [hex: string, right: number][] = [
    ['80', 0],
    ['bf', 0],
    ['c0', 0],
    ['c1', 0],
    ['f5', 0],
    ['ff', 0],
    ['c220', 1],
    ['c2c2', 1],
    ['e080', 1],
    ['e09f', 1],
    ['e0a041', 2],
    ['e182c0', 2],
    ['eda0', 1],
    ['edbf', 1],
    ['ee2e', 1],
    ['f080', 1],
    ['f08f', 1],
    ['f0907f', 2],
    ['f09080c0', 3],
    ['f490', 1],
    ['f4bf', 1],
    ['f48fbf20', 3],
  ]

  it.each(bad)('is refused at the first byte that is wrong, byte by byte: %s', (hex, right) => {
    for (const good of before) {
      const payload = Buffer.concat([Buffer.from(good), Buffer.from(hex, 'hex'), Buffer.from('never read')])
      const bytes = bytesFor('server', text(payload))
      const decoder = new FrameDecoder({ role: 'server' })
      const offending = bytes.length - payload.length + Buffer.byteLength(good) + right
      for (const byte of cutEvery(bytes.subarray(0, offending), 1)) expect(decoder.push(byte)).toEqual([])
      expect(push(decoder, bytes.subarray(offending, offending + 1))).toEqual(['error BAD_UTF8 1007'])
    }
  })

  it.each(bad)('is refused at the first byte that is wrong, a fragment a byte: %s', (hex, right) => {
    for (const good of before) {
      const payload = Buffer.concat([Buffer.from(good), Buffer.from(hex, 'hex')])
      const decoder = new FrameDecoder({ role: 'client' })
      expect(decoder.push(bytesFor('client', text('', notLast)))).toHaveLength(1)
      for (const byte of cutEvery(payload.subarray(0, Buffer.byteLength(good) + right), 1)) {
        expect(decoder.push(bytesFor('client', continuation(byte, notLast), ping('\xff')))).toHaveLength(2)
      }
      const offending = payload.subarray(Buffer.byteLength(good) + right)
      expect(push(decoder, bytesFor('client', continuation(offending.subarray(0, 1), notLast)))).toEqual([
        'error BAD_UTF8 1007',
      ])
    }
  })

  it.each(roles)('is refused for one bad byte in ASCII, wherever that is, by a %s', (role) => {
    const missed: string[] = []
    for (let length = 1; length <= 150; length++) {
      for (let at = 0; at < length; at++) {
        const payload = Buffer.alloc(length, '.')
        payload[at] = 0xff
        const [line] = push(new FrameDecoder({ role }), bytesFor(role, text(payload)))
        if (line !== 'error BAD_UTF8 1007') missed.push(`${at} of ${length}`)
      }
    }
    expect(missed).toEqual([])
  })

  it.each(roles)('is read with one character that is not ASCII, wherever that is, by a %s', (role) => {
    const refused: string[] = []
    for (let length = 1; length <= 150; length++) {
      for (let at = 0; at < length; at++) {
        const payload = Buffer.from(`${'.'.repeat(at)}é${'.'.repeat(length - at - 1)}`)
        const [line] = push(new FrameDecoder({ role }), bytesFor(role, text(payload)))
        if (line !== `text fin ${payload.toString('hex')}`) refused.push(`${at} of ${length}`)
      }
    }
    expect(refused).toEqual([])
  })

  it('is refused at the end of a frame whose message ends within a character, and not before', () => {
    for (const character of ['é', '€', '😀']) {
      const bytes = Buffer.from(character)
      for (let cut = 1; cut < bytes.length; cut++) {
        const whole = bytesFor('server', text(bytes.subarray(0, cut)))
        const decoder = new FrameDecoder({ role: 'server' })
        for (const byte of cutEvery(whole.subarray(0, -1), 1)) expect(decoder.push(byte)).toEqual([])
        expect(push(decoder, whole.subarray(-1))).toEqual(['error BAD_UTF8 1007'])
      }
    }
  })

  it('is refused long before the end of a message that would take forever', () => {
    const decoder = new FrameDecoder({ role: 'client' })
    const start = bytesFor('client', text('', { length: 2 ** 40, lengthSize: 8 }))
    expect(decoder.push(start)).toEqual([])
    expect(decoder.push(Buffer.alloc(100_000, 'ö'))).toEqual([])
    expect(push(decoder, Buffer.from([0xfe]))).toEqual(['error BAD_UTF8 1007'])
  })

  it('begins anew with every message', () => {
    const messages = [
      text('é'),
      binary(Buffer.from([0xc3])),
      text('\xa9'),
      binary(Buffer.from([0xe2]), notLast),
    ]
    const rest = [continuation(Buffer.from([0x82])), text('ok'), text('', notLast), continuation()]
    const bytes = bytesFor('server', ...messages, ...rest)
    for (const pieces of [[bytes], cutEvery(bytes, 1)])
      expect(pushAll(pieces, { role: 'server' })).toHaveLength(8)
  })

  it('keeps its byte order mark, and the characters that are none', () => {
    const payload = Buffer.from('\ufeffa\ufffe\uffff\u{10ffff}\0')
    expect(pushAll([bytesFor('server', text(payload))], { role: 'server' }).map(lineOf)).toEqual([
      `text fin ${payload.toString('hex')}`,
    ])
  })
})

describe('a close frame', () => {
  it.each(roles)(
    'is read with each of the codes that may be sent, and refused with every other, by a %s',
    (role) => {
      const wrong: number[] = []
      for (let code = 0; code <= 0xffff; code++) {
        const payload = Buffer.from([code >> 8, code & 0xff])
        const [line] = push(new FrameDecoder({ role }), bytesFor(role, { opcode: 8, payload }))
        const wanted = isSendable(code) ? `close fin ${payload.toString('hex')}` : 'error BAD_CLOSE 1002'
        if (line !== wanted) wrong.push(code)
      }
      expect(wrong).toEqual([])
    },
  )

  it.each(roles)('may be empty, or have a reason of up to 123 bytes, for a %s', (role) => {
    for (const frame of [close(), close(1000), close(4999, 'é'), close(1001, `${'é'.repeat(61)}!`)]) {
      const bytes = bytesFor(role, frame)
      for (const pieces of [[bytes], cutEvery(bytes, 1)]) expect(pushAll(pieces, { role })).toHaveLength(1)
    }
  })

  it('has a reason that is UTF-8, every length of it judged', () => {
    for (let length = 0; length <= 122; length++) {
      const bytes = bytesFor(
        'server',
        close(1000, Buffer.concat([Buffer.alloc(length, '.'), Buffer.from([0x80])])),
      )
      for (const size of [bytes.length, 1])
        expect(differenceOf(cutEvery(bytes, size), { role: 'server' })).toBeUndefined()
    }
  })

  it.each([
    ['a frame', bytesFor('server', text('late'))],
    ['another close frame', bytesFor('server', close(1000))],
    ['a frame that breaks a rule', Buffer.from([0xff, 0xff])],
    ['garbage', Buffer.alloc(700_000, 0xa5)],
  ])('is the last that is read: %s after it is nothing', (_, late) => {
    const closing = bytesFor('server', ping('a'), close(1000))
    const wanted = ['ping fin 61', 'close fin 03e8']
    const decoder = new FrameDecoder({ role: 'server' })
    expect(decoder.push(Buffer.concat([closing, late])).map(lineOf)).toEqual(wanted)
    expect(decoder.push(late)).toEqual([])
    expect(cutEvery(late.subarray(0, 1000), 1).flatMap((byte) => decoder.push(byte))).toEqual([])

    const other = new FrameDecoder({ role: 'server' })
    expect(
      cutEvery(closing, 1)
        .flatMap((byte) => other.push(byte))
        .map(lineOf),
    ).toEqual(wanted)
    expect(other.push(late)).toEqual([])
  })

  it('may come within a fragmented message, which then has no end', () => {
    const bytes = bytesFor('client', text('begun', notLast), close(1001, 'bye'), continuation('not read'))
    expect(pushAll([bytes], { role: 'client' }).map(lineOf)).toEqual([
      'text 626567756e',
      'close fin 03e9627965',
    ])
  })
})

describe('a compressed message (RFC 7692 §6)', () => {
  const options = { role: 'server', deflate: true } as const

  it('has RSV1 on its first frame, and may not be UTF-8', () => {
    const message = [text('\xff\xfe', { fin: false, rsv: 4 }), ping(), continuation(Buffer.from([0xc0]))]
    const bytes = bytesFor('server', ...message, binary('a', { rsv: 4 }))
    for (const pieces of [[bytes], cutEvery(bytes, 1)]) {
      expect(pushAll(pieces, options).map(lineOf)).toEqual([
        'text rsv1 c3bfc3be',
        'ping fin ',
        'continuation fin c0',
        'binary fin rsv1 61',
      ])
    }
  })

  it('is followed by text that is judged again where it is not compressed', () => {
    const compressed = text(Buffer.from([0xff]), { rsv: 4 })
    const bytes = bytesFor('server', compressed, text('é'), compressed, text(Buffer.from([0xff])))
    const decoder = new FrameDecoder(options)
    const lines = cutEvery(bytes, 1).flatMap((byte) => push(decoder, byte))
    expect(lines).toEqual(['text fin rsv1 ff', 'text fin c3a9', 'text fin rsv1 ff', 'error BAD_UTF8 1007'])
  })

  it('is refused by its size where what it declares could hardly be within the limit, a little longer than it', () => {
    const limited = { ...options, maxPayload: 10_000 }
    const most = Math.floor(mostDeflated(10_000))
    const compressed = (length: number) => headerFor('server', binary('', { rsv: 4, length }))
    expect(push(new FrameDecoder(limited), compressed(most))).toEqual([])
    expect(push(new FrameDecoder(limited), compressed(most + 1))).toEqual(['error MESSAGE_TOO_BIG 1009'])
    const fragment = bytesFor('server', binary(payloadOf(10_000), { rsv: 4, fin: false }))
    const rest = (length: number) =>
      Buffer.concat([fragment, headerFor('server', continuation('', { length }))])
    expect(push(new FrameDecoder(limited), rest(most - 10_000))).toHaveLength(1)
    expect(push(new FrameDecoder(limited), rest(most - 9999))).toEqual(['error MESSAGE_TOO_BIG 1009'])
  })

  it('gives those beside it that are not compressed no more room', () => {
    const limited = { ...options, maxPayload: 10 }
    const bytes = bytesFor('server', binary('.'.repeat(mostDeflated(10)), { rsv: 4 }), binary('.'.repeat(10)))
    expect(pushAll([bytes], limited)).toHaveLength(2)
    const decoder = new FrameDecoder(limited)
    decoder.push(bytes)
    expect(push(decoder, headerFor('server', binary('', { length: 11 })))).toEqual([
      'error MESSAGE_TOO_BIG 1009',
    ])
  })
})
