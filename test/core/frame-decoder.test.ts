// Frames from bytes (RFC 6455 §5), for both ends: whatever their lengths, and however the stream is cut.
import { describe, expect, it } from 'vitest'
import {
  DESK_FRAMES,
  deskSize,
  deskStart,
  MAX_FRAME_ROWS,
  memory,
  ROW_SIZE,
  rowsOf,
} from '../../src/core/wasm.js'
import { encodeFrame, type Frame, FrameDecoder, validUtf8 } from '../../src/core.js'
import { bytesFor, KEY, notLast, payloadOf, pushAll, roles } from '../support/push-frames.js'
import {
  binary,
  close,
  continuation,
  encode,
  Opcode,
  ping,
  pong,
  type RawFrame,
  text,
} from '../support/raw-frames.js'
import { type DecoderOptions, lineOf, push } from '../support/reference-frames.js'
import { cutAt, cutEvery } from '../support/replay.js'

const MiB = 1024 * 1024

// For payloads whose difference nobody wants to read.
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

describe('a frame', () => {
  const lengths = [0, 1, 2, 3, 4, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537, 100_000]
  const large = [deskSize - 15, deskSize, deskSize + 1, MiB, 3 * MiB + 1, 8 * MiB]

  describe.each(roles)('that a %s reads', (role) => {
    const mask = role === 'server' ? KEY : undefined
    const frameOf = (opcode: number, fin: boolean, payload: Uint8Array) =>
      encodeFrame({ opcode, fin, payload, ...(mask ? { mask } : {}) })

    it.each([...lengths, ...large])(
      'comes back with its payload of %i bytes, whole and in pieces',
      (length) => {
        const payload = payloadOf(length)
        const bytes = frameOf(Opcode.binary, true, payload)
        const sizes = [bytes.length, 65_536, 65_537, 4093, ...(length <= 100_000 ? [1, 2, 3] : [])]
        for (const size of sizes) {
          const frames = pushAll(cutEvery(bytes, size), { role })
          expect(
            frames.map(({ opcode, fin, rsv1 }) => ({ opcode, fin, rsv1 })),
            `pieces of ${size}`,
          ).toEqual([{ opcode: Opcode.binary, fin: true, rsv1: false }])
          expect(isEqual(frames[0]!.payload, payload), `pieces of ${size}`).toBe(true)
        }
      },
    )

    it.each([0, 1, 125, 126, 65_536])(
      'comes back as what it was, with %i bytes of text and not its last',
      (length) => {
        const payload = Buffer.alloc(length, 'é')
        const first = length % 2 === 0 ? payload : payload.subarray(0, -1)
        const bytes = Buffer.concat([
          frameOf(Opcode.text, false, first),
          frameOf(Opcode.continuation, false, Buffer.from('ü')),
          frameOf(Opcode.continuation, true, Buffer.alloc(0)),
        ])
        for (const size of [bytes.length, 1]) {
          const lines = pushAll(cutEvery(bytes, size), { role }).map(lineOf)
          expect(lines).toEqual([`text ${first.toString('hex')}`, 'continuation c3bc', 'continuation fin '])
        }
      },
    )

    it.each([Opcode.ping, Opcode.pong, Opcode.close])('comes back with opcode %i and 125 bytes', (opcode) => {
      const payload = Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.alloc(123, '.')])
      const [frame] = pushAll([frameOf(opcode, true, payload)], { role })
      expect(lineOf(frame!)).toBe(lineOf({ opcode, fin: true, rsv1: false, payload }))
    })
  })

  it('is unmasked right at every length up to 200, cut in two at every position', () => {
    for (let length = 0; length <= 200; length++) {
      const payload = payloadOf(length, length)
      const bytes = bytesFor('server', binary(payload))
      for (let at = 0; at <= bytes.length; at++) {
        const [frame, more] = pushAll(cutAt(bytes, [at]), { role: 'server' })
        if (frame && !more && isEqual(frame.payload, payload)) continue
        expect([length, at, frame && lineOf(frame), more]).toEqual([
          length,
          at,
          `binary fin ${payload.toString('hex')}`,
          undefined,
        ])
      }
    }
  })

  it('is unmasked right at every length up to 40, cut in three at every pair of positions', () => {
    const wrong: string[] = []
    for (let length = 0; length <= 40; length++) {
      const payload = payloadOf(length, length)
      const bytes = bytesFor('server', binary(payload))
      for (let one = 0; one <= bytes.length; one++) {
        for (let two = one; two <= bytes.length; two++) {
          const frames = pushAll(cutAt(bytes, [one, two]), { role: 'server' })
          if (frames.length !== 1 || !isEqual(frames[0]!.payload, payload))
            wrong.push(`${length}: ${one}, ${two}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('is unmasked right wherever its payload begins, and leaves its neighbours as they are', () => {
    for (let before = 0; before <= 70; before++) {
      for (const length of [0, 1, 3, 15, 16, 17, 31, 33, 63, 64, 65, 80, 127, 129]) {
        const frames = [ping(payloadOf(before)), binary(payloadOf(length, 7)), pong(payloadOf(17, 3))]
        const read = pushAll([bytesFor('server', ...frames)], { role: 'server' })
        const isRight = frames.every(({ payload }, at) => isEqual(read[at]!.payload, payload as Uint8Array))
        expect([before, length, isRight]).toEqual([before, length, true])
      }
    }
  })

  it.each(['00000000', 'ffffffff', '80000000', '00000080', '01020304', '0000ff00'])(
    'is unmasked with the key %s',
    (hex) => {
      const payload = payloadOf(150)
      const bytes = encode(binary(payload, { maskingKey: Buffer.from(hex, 'hex') }), true)
      for (let at = 0; at <= bytes.length; at++) {
        expect(isEqual(pushAll(cutAt(bytes, [at]), { role: 'server' })[0]!.payload, payload)).toBe(true)
      }
    },
  )

  it('may straddle any place of a push that is larger than the core’s memory for it', () => {
    const message = [text('Käse', { fin: false }), ping('?'), continuation('brot €')]
    const wanted = ['text 4bc3a47365', 'ping fin 3f', 'continuation fin 62726f7420e282ac']
    for (const size of [65_536, deskSize - 131, deskSize, 2 * deskSize - 262]) {
      for (let distance = -40; distance <= 20; distance++) {
        const before = bytesFor('server', binary(Buffer.alloc(size + distance - 14)))
        const frames = pushAll([Buffer.concat([before, bytesFor('server', ...message)])], { role: 'server' })
        expect(frames.slice(1).map(lineOf), `${distance} from ${size}`).toEqual(wanted)
      }
    }
  })

  it('takes no memory for what is only declared', () => {
    const role = 'client'
    const decoder = new FrameDecoder({ role })
    expect(decoder.push(bytesFor(role, binary('', { length: 2 ** 52, lengthSize: 8 })))).toEqual([])
    for (let piece = 0; piece < 100; piece++) expect(decoder.push(payloadOf(1000))).toEqual([])
  })
})

describe('the examples of RFC 6455 §5.7', () => {
  it.each<[title: string, hex: string, role: DecoderOptions['role'], lines: string[]]>([
    ['a text in one frame', '810548656c6c6f', 'client', ['text fin 48656c6c6f']],
    ['a text in one masked frame', '818537fa213d7f9f4d5158', 'server', ['text fin 48656c6c6f']],
    ['a text in two frames', '010348656c80026c6f', 'client', ['text 48656c', 'continuation fin 6c6f']],
    ['a ping', '890548656c6c6f', 'client', ['ping fin 48656c6c6f']],
    ['a masked pong', '8a8537fa213d7f9f4d5158', 'server', ['pong fin 48656c6c6f']],
    ['256 bytes', `827e0100${'ab'.repeat(256)}`, 'client', [`binary fin ${'ab'.repeat(256)}`]],
    ['64 KiB', `827f0000000000010000${'ab'.repeat(65_536)}`, 'client', [`binary fin ${'ab'.repeat(65_536)}`]],
  ])('reads %s', (_, hex, role, lines) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(pushAll([bytes], { role }).map(lineOf)).toEqual(lines)
    expect(pushAll(cutEvery(bytes, 1), { role }).map(lineOf)).toEqual(lines)
  })
})

describe('many frames in one push', () => {
  it.each([
    ['50,000 empty pings', 50_000, ping(), 'ping fin '],
    ['50,000 empty texts', 50_000, text(), 'text fin '],
    ['512 pings, the rows of one table', 512, ping('a'), 'ping fin 61'],
    ['513 pings', 513, ping('a'), 'ping fin 61'],
    ['1024 pings', 1024, ping('a'), 'ping fin 61'],
    ['1025 pings', 1025, ping('a'), 'ping fin 61'],
  ])('all come back: %s', (_, count, frame, line) => {
    for (const role of roles) {
      const bytes = Buffer.concat(Array<Buffer>(count).fill(bytesFor(role, frame)))
      const lines = pushAll([bytes], { role }).map(lineOf)
      expect(lines.length).toBe(count)
      expect(new Set(lines)).toEqual(new Set([line]))
    }
  })

  it('come back in their order, each with its own payload', () => {
    const frames = Array.from({ length: 30_000 }, (_, index) => binary(String(index)))
    for (const role of roles) {
      const read = pushAll([bytesFor(role, ...frames)], { role })
      expect(read.map(({ payload }) => Buffer.from(payload).toString())).toEqual(
        frames.map(({ payload }) => payload),
      )
    }
  })

  it.each([511, 512, 513, 1024, 20_000])(
    'are followed by the rest of a frame that comes later, after %i',
    (count) => {
      const many = Buffer.concat(Array<Buffer>(count).fill(bytesFor('server', ping())))
      const last = bytesFor('server', text('último'))
      for (let at = 0; at <= last.length; at++) {
        const decoder = new FrameDecoder({ role: 'server' })
        const first = decoder.push(Buffer.concat([many, last.subarray(0, at)]))
        const rest = decoder.push(last.subarray(at))
        expect([...first.slice(count), ...rest].map(lineOf), `cut at ${at}`).toEqual([
          'text fin c3ba6c74696d6f',
        ])
      }
    },
  )

  it.each([511, 512, 513, 1024])('are followed by an error that comes with them, after %i', (count) => {
    const many = Buffer.concat([
      ...Array<Buffer>(count).fill(bytesFor('server', ping())),
      Buffer.from([0x83, 0x80]),
    ])
    expect(push(new FrameDecoder({ role: 'server' }), many)).toEqual(['error BAD_OPCODE 1002'])
  })

  it.each([511, 512, 513, 1024])('end with a close frame, after %i', (count) => {
    const many = Array<RawFrame>(count).fill(ping())
    const bytes = bytesFor('server', ...many, close(1000), text('no more'))
    expect(pushAll([bytes], { role: 'server' }).length).toBe(count + 1)
  })
})

describe('a control frame', () => {
  const fragments = [
    text('Grüße, ', { fin: false }),
    continuation('👋 und ', { fin: false }),
    continuation('tschüß'),
  ]
  const lines = [
    'text 4772c3bcc39f652c20',
    'continuation f09f918b20756e6420',
    'continuation fin 74736368c3bcc39f',
  ]

  it.each(roles)('may come between any two fragments, where it changes nothing, to a %s', (role) => {
    for (let at = 0; at <= fragments.length; at++) {
      for (const [frame, line] of [
        [ping('é'), 'ping fin c3a9'] as const,
        [pong('\xff'), 'pong fin c3bf'] as const,
      ]) {
        const bytes = bytesFor(role, ...fragments.toSpliced(at, 0, frame, frame))
        const wanted = lines.toSpliced(at, 0, line, line)
        for (const pieces of [[bytes], cutEvery(bytes, 1)])
          expect(pushAll(pieces, { role }).map(lineOf)).toEqual(wanted)
      }
    }
  })

  it('may come within a character that two fragments share, whatever bytes it has', () => {
    const smile = Buffer.from('😀')
    for (let at = 1; at < smile.length; at++) {
      for (const between of [ping(Buffer.from([0xff])), pong('\x80'), ping()]) {
        const message = [
          text(smile.subarray(0, at), { fin: false }),
          between,
          continuation(smile.subarray(at)),
        ]
        const bytes = bytesFor('server', ...message)
        for (const pieces of [[bytes], cutEvery(bytes, 1)])
          expect(pushAll(pieces, { role: 'server' })).toHaveLength(3)
      }
    }
  })

  it('has room beside any limit of messages, also within one that has reached it', () => {
    const message = [
      ping('.'.repeat(125)),
      binary('ab', { fin: false }),
      ping('.'.repeat(125)),
      continuation('c'),
    ]
    expect(pushAll([bytesFor('server', ...message)], { role: 'server', maxPayload: 3 })).toHaveLength(4)
    expect(
      pushAll([bytesFor('server', ping('abc'), text())], { role: 'server', maxPayload: 0 }),
    ).toHaveLength(2)
  })
})

describe('a payload', () => {
  const twice = [
    binary(payloadOf(100)),
    binary(payloadOf(100)),
    ping('abc'),
    text('', notLast),
    continuation('é'),
  ]
  const hexOf = (read: readonly Frame[]): string[] =>
    read.map(({ payload }) => Buffer.from(payload).toString('hex'))

  it.each(roles)('is the caller’s: no later push and no other decoder changes it, of a %s', (role) => {
    const bytes = bytesFor(role, ...twice, binary(payloadOf(70_000)))
    for (const pieces of [[bytes], cutEvery(bytes, 50), cutEvery(bytes, 65_536)]) {
      const decoder = new FrameDecoder({ role })
      const read = pieces.flatMap((piece) => decoder.push(piece))
      const before = hexOf(read)
      decoder.push(Buffer.concat([bytesFor(role, binary(Buffer.alloc(deskSize + 1000, 0x55))), bytes]))
      new FrameDecoder({ role: 'client' }).push(bytesFor('client', binary(Buffer.alloc(deskSize, 0xaa))))
      encodeFrame({ opcode: 2, payload: Buffer.alloc(2 * deskSize, 0x77), mask: KEY })
      expect(hexOf(read)).toEqual(before)
    }
  })

  it.each(roles)('is the caller’s: what is done to it shows nowhere else, of a %s', (role) => {
    const bytes = bytesFor(role, ...twice)
    const wanted = hexOf(pushAll([bytes], { role }))
    for (const pieces of [[bytes], cutEvery(bytes, 1)]) {
      const copies = pieces.map((piece) => Buffer.from(piece))
      const read = pushAll(copies, { role })
      for (const [index, { payload }] of read.entries()) {
        expect(Buffer.from(payload).toString('hex')).toBe(wanted[index])
        payload.fill(0xee)
      }
      expect(Buffer.concat(copies).equals(bytes), 'the bytes pushed').toBe(true)
      expect(hexOf(pushAll([bytes], { role })), 'frames read later').toEqual(wanted)
    }
  })

  it.each(roles)('is no view of the bytes pushed, which are left as they were, of a %s', (role) => {
    const bytes = bytesFor(role, ...twice)
    for (const size of [bytes.length, 60, 1]) {
      const given = Uint8Array.from(bytes)
      const decoder = new FrameDecoder({ role })
      const read = cutEvery(given, size).flatMap((piece) => {
        const frames = decoder.push(piece)
        expect(isEqual(piece, bytes.subarray(piece.byteOffset, piece.byteOffset + piece.length))).toBe(true)
        piece.fill(0)
        return frames
      })
      expect(hexOf(read)).toEqual(hexOf(pushAll([bytes], { role })))
    }
  })

  it('is as long as it is, with no bytes before or after it that others could see', () => {
    for (const length of [0, 1, 10, 1000, 70_000]) {
      const bytes = bytesFor('server', binary(payloadOf(length)))
      for (const size of [bytes.length, 999]) {
        const [frame] = pushAll(cutEvery(bytes, size), { role: 'server' })
        expect(Object.getPrototypeOf(frame!.payload)).toBe(Uint8Array.prototype)
        expect([frame!.payload.byteOffset, frame!.payload.buffer.byteLength]).toEqual([0, length])
      }
    }
  })
})

describe('a decoder', () => {
  it('gives no frames for no bytes, at any place in a stream', () => {
    const bytes = bytesFor(
      'server',
      text('é', notLast),
      ping('a'),
      continuation(payloadOf(200).map((byte) => byte & 0x7f)),
    )
    const decoder = new FrameDecoder({ role: 'server' })
    const read = cutEvery(bytes, 1).flatMap((byte) => {
      expect(decoder.push(new Uint8Array(0))).toEqual([])
      return decoder.push(byte)
    })
    expect(read.map(lineOf)).toEqual(pushAll([bytes], { role: 'server' }).map(lineOf))
  })

  it('reads any view of bytes: of an odd offset, of Node’s pool, of shared memory', () => {
    const bytes = bytesFor('server', text('Grüße'))
    const odd = new Uint8Array(bytes.length + 7).subarray(3, 3 + bytes.length)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    for (const view of [odd, shared]) {
      view.set(bytes)
      expect(pushAll([view], { role: 'server' }).map(lineOf)).toEqual(['text fin 4772c3bcc39f65'])
    }
  })

  it('is apart from every other: many read at once, a byte of each in turn', () => {
    const streams = Array.from({ length: 60 }, (_, index) => {
      const role = roles[index % 2]!
      const key = Buffer.from([index, 255 - index, index * 3, 7])
      const message = [
        text('é'.repeat(index), { fin: false }),
        ping(String(index)),
        continuation('😀'),
        binary(payloadOf(index * 9, index)),
      ].map((frame) => ({ ...frame, maskingKey: key }))
      const bytes = bytesFor(role, ...message)
      return {
        bytes,
        decoder: new FrameDecoder({ role }),
        lines: [] as string[],
        whole: pushAll([bytes], { role }),
      }
    })
    const longest = Math.max(...streams.map(({ bytes }) => bytes.length))
    for (let at = 0; at < longest; at++) {
      for (const { bytes, decoder, lines } of streams)
        lines.push(...push(decoder, bytes.subarray(at, at + 1)))
    }
    for (const { lines, whole } of streams) expect(lines).toEqual(whole.map(lineOf))
  })

  it('may be used while the frames of another are worked off, and so may encodeFrame and itself', () => {
    const outer = new FrameDecoder({ role: 'server' })
    const inner = new FrameDecoder({ role: 'client' })
    const count = 2000
    const seen: string[] = []
    for (const frame of outer.push(bytesFor('server', ...Array<RawFrame>(count).fill(text('wörld'))))) {
      const echoed = encodeFrame({ opcode: frame.opcode, payload: frame.payload })
      for (const { payload } of inner.push(echoed)) seen.push(Buffer.from(payload).toString())
    }
    expect(seen).toEqual(Array(count).fill('wörld'))
    expect(outer.push(bytesFor('server', text('next'))).map(lineOf)).toEqual(['text fin 6e657874'])
  })

  it('stands where it was when another has failed', () => {
    const bytes = bytesFor(
      'server',
      text('Grüße', notLast),
      continuation(payloadOf(90).map((byte) => byte & 0x7f)),
    )
    const whole = pushAll([bytes], { role: 'server' }).map(lineOf)
    for (let at = 0; at < bytes.length; at++) {
      const decoder = new FrameDecoder({ role: 'server' })
      const first = push(decoder, bytes.subarray(0, at))
      expect(
        push(new FrameDecoder({ role: 'server' }), bytesFor('server', text('\xff'), ping(), text())),
      ).toHaveLength(3)
      expect(push(new FrameDecoder({ role: 'client' }), bytes)).toEqual(['error MASKED_FRAME 1002'])
      expect([...first, ...push(decoder, bytes.subarray(at))]).toEqual(whole)
    }
  })

  it('leaves all memory alone but its part: what sockets have read, and what is to be sent', () => {
    const SLACK = 64
    const rowsEnd = 4 * (rowsOf(DESK_FRAMES) + MAX_FRAME_ROWS * ROW_SIZE)
    const others = [
      memory.subarray(0, DESK_FRAMES),
      memory.subarray(rowsEnd, deskStart),
      memory.subarray(deskStart + deskSize + SLACK),
    ]
    const before = others.map((bytes) => Buffer.from(bytes))
    const decoder = new FrameDecoder({ role: 'server' })
    const large = bytesFor('server', binary(payloadOf(deskSize + 10_000)), text('ö'.repeat(deskSize)))
    for (const pieces of [[large], cutEvery(large, deskSize - 1), cutEvery(large, deskSize + 1)]) {
      for (const piece of pieces) decoder.push(piece)
    }
    const longest = bytesFor('server', ping(payloadOf(125)))
    decoder.push(longest.subarray(0, -1))
    decoder.push(Buffer.concat([longest.subarray(-1), large]))
    encodeFrame({ opcode: 2, payload: large, mask: KEY })
    validUtf8(large)
    expect(others.map((bytes, index) => isEqual(bytes, before[index]!))).toEqual([true, true, true])
  })

  it('has no limit of its own for a message', () => {
    const fragments = Array.from({ length: 40 }, (_, index) =>
      encodeFrame({ opcode: index === 0 ? 2 : 0, fin: index === 39, payload: Buffer.alloc(MiB) }),
    )
    expect(pushAll(fragments, { role: 'client' })).toHaveLength(40)
  })

  it.each([
    ['no role', {}],
    ['another role', { role: 'peer' }],
    ['a limit below zero', { role: 'server', maxPayload: -1 }],
    ['a limit that is no number', { role: 'server', maxPayload: Number.NaN }],
  ])('is not made with %s', (_, options) => {
    expect(() => new FrameDecoder(options as DecoderOptions)).toThrow(/role|maxPayload/)
  })
})
