// Bytes from frames (RFC 6455 §5.2): held to the RFC's own, and to the byte by byte writer of the tests.

import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { encodeFrame, FrameDecoder, type FrameToEncode } from '../../src/core.js'
import { encode } from '../support/raw-frames.js'
import { lineOf } from '../support/reference-frames.js'

const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)
const MiB = 1024 * 1024

function hexOf(frame: FrameToEncode): string {
  return Buffer.from(encodeFrame(frame)).toString('hex')
}

function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 29 + (at >> 8)) & 0xff)
}

describe('encodeFrame', () => {
  it.each<[title: string, frame: FrameToEncode, hex: string]>([
    ['a text', { opcode: 1, payload: 'Hello' }, '810548656c6c6f'],
    ['a masked text', { opcode: 1, payload: 'Hello', mask: KEY }, '818537fa213d7f9f4d5158'],
    ['a first fragment', { opcode: 1, payload: 'Hel', fin: false }, '010348656c'],
    ['a last fragment', { opcode: 0, payload: 'lo' }, '80026c6f'],
    ['a ping', { opcode: 9, payload: 'Hello' }, '890548656c6c6f'],
    ['a masked pong', { opcode: 10, payload: 'Hello', mask: KEY }, '8a8537fa213d7f9f4d5158'],
    ['256 bytes', { opcode: 2, payload: new Uint8Array(256) }, `827e0100${'00'.repeat(256)}`],
    ['64 KiB', { opcode: 2, payload: new Uint8Array(65_536) }, `827f0000000000010000${'00'.repeat(65_536)}`],
  ])('writes %s as RFC 6455 §5.7 does', (_, frame, hex) => {
    expect(hexOf(frame)).toBe(hex)
  })

  it.each<[title: string, frame: FrameToEncode, hex: string]>([
    ['no payload as an empty one', { opcode: 1 }, '8100'],
    ['no payload, masked, with its key', { opcode: 9, mask: KEY }, '898037fa213d'],
    ['an empty string', { opcode: 1, payload: '' }, '8100'],
    ['a close frame', { opcode: 8, payload: Uint8Array.of(0x03, 0xe8) }, '880203e8'],
    ['a continuation that is not the last', { opcode: 0, payload: 'a', fin: false }, '000161'],
    ['RSV1 of a compressed message', { opcode: 2, payload: Uint8Array.of(1), rsv1: true }, 'c20101'],
    ['RSV1 of its first fragment', { opcode: 1, payload: 'a', rsv1: true, fin: false }, '410161'],
    ['a string as UTF-8', { opcode: 1, payload: 'é€😀' }, '8109c3a9e282acf09f9880'],
    ['a byte order mark as what it is', { opcode: 1, payload: '\ufeffa' }, '8104efbbbf61'],
    ['half a surrogate pair as U+FFFD', { opcode: 1, payload: 'a\ud83d' }, '810461efbfbd'],
    ['a key of zeros', { opcode: 1, payload: 'a', mask: new Uint8Array(4) }, '81810000000061'],
    ['a key of ones', { opcode: 1, payload: 'a', mask: new Uint8Array(4).fill(255) }, '8181ffffffff9e'],
  ])('writes %s', (_, frame, hex) => {
    expect(hexOf(frame)).toBe(hex)
  })

  const lengths = [
    0,
    1,
    125,
    126,
    127,
    128,
    65_534,
    65_535,
    65_536,
    65_537,
    deskSize,
    deskSize + 1,
    5 * MiB + 3,
  ]

  describe.each([
    ['not masked', undefined],
    ['masked', KEY],
  ])('%s', (_, mask) => {
    it.each(lengths)(
      'writes a length of %i in as few bytes as it takes, and the payload after it',
      (length) => {
        const payload = payloadOf(length)
        const encoded = encodeFrame({ opcode: 2, payload, ...(mask && { mask }) })
        const wanted = encode({ opcode: 2, payload, ...(mask && { maskingKey: mask }) }, false)
        expect(Buffer.compare(encoded, wanted)).toBe(0)
        const [frame, ...more] = new FrameDecoder({ role: mask ? 'server' : 'client' }).push(encoded)
        expect(more).toEqual([])
        expect(Buffer.compare(frame!.payload, payload)).toBe(0)
      },
    )

    it('counts a string in bytes of UTF-8, around every length of a header', () => {
      for (const unit of ['a', 'é', '€', '😀', 'aé']) {
        for (const bytes of [0, 60, 125, 126, 127, 130, 375, 65_533, 65_536, 65_540]) {
          const payload = unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)))
          const frame = { opcode: 1, ...(mask && { maskingKey: mask }) }
          const wanted = encode({ ...frame, payload }, false)
          expect(Buffer.compare(encodeFrame({ opcode: 1, payload, ...(mask && { mask }) }), wanted)).toBe(0)
        }
      }
    })
  })

  it('masks at every alignment of payload and key in memory', () => {
    for (let offset = 0; offset < 20; offset++) {
      const payload = payloadOf(200).subarray(offset)
      const mask = payloadOf(40).subarray(offset + 1, offset + 5)
      for (const length of [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 180]) {
        const frame = { opcode: 2, payload: payload.subarray(0, length) }
        const wanted = encode({ ...frame, maskingKey: mask }, true)
        expect(hexOf({ ...frame, mask })).toBe(wanted.toString('hex'))
      }
    }
  })

  it('leaves payload and key as they are', () => {
    const payload = payloadOf(1000)
    const mask = Uint8Array.from(KEY)
    encodeFrame({ opcode: 2, payload, mask })
    expect([Buffer.compare(payload, payloadOf(1000)), [...mask]]).toEqual([0, [...KEY]])
  })

  it('gives bytes that are the caller’s: neither the payload’s nor those of another frame', () => {
    const payload = payloadOf(300)
    const frame = { opcode: 2, payload }
    const [first, second] = [encodeFrame(frame), encodeFrame(frame)]
    const wanted = hexOf(frame)
    second.fill(0)
    payload.fill(0)
    new FrameDecoder({ role: 'client' }).push(
      encodeFrame({ opcode: 2, payload: new Uint8Array(deskSize).fill(0x55) }),
    )
    expect(Buffer.from(first).toString('hex')).toBe(wanted)
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype)
    expect([first.byteOffset, first.buffer.byteLength]).toEqual([0, first.length])
  })

  it.each([Uint8Array.of(1, 2), Buffer.from([1, 2]), Buffer.from([0, 1, 2, 3]).subarray(1, 3)])(
    'takes any view of bytes',
    (payload) => {
      expect(hexOf({ opcode: 2, payload })).toBe('82020102')
    },
  )

  it.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 128, -1, 1.5, Number.NaN])(
    'refuses the opcode %d',
    (opcode) => {
      expect(() => encodeFrame({ opcode, payload: 'a' })).toThrow(RangeError)
    },
  )

  it.each([0, 1, 2, 8, 9, 10])('reads back with the opcode %i', (opcode) => {
    const frame = { opcode, payload: Uint8Array.of(0x03, 0xe8).fill(opcode === 8 ? 0x0f : 0x61) }
    const decoder = new FrameDecoder({ role: 'client' })
    if (opcode === 0) decoder.push(encodeFrame({ opcode: 1, fin: false }))
    const [read] = decoder.push(encodeFrame(frame))
    expect(lineOf(read!)).toBe(lineOf({ ...frame, fin: true, rsv1: false }))
  })

  it.each([8, 9, 10])(
    'refuses a control frame (%i) of more than 125 bytes, fragmented, or compressed',
    (opcode) => {
      expect(encodeFrame({ opcode, payload: new Uint8Array(125) })).toHaveLength(127)
      expect(() => encodeFrame({ opcode, payload: new Uint8Array(126) })).toThrow(RangeError)
      expect(() => encodeFrame({ opcode, payload: 'é'.repeat(63) })).toThrow(RangeError)
      expect(() => encodeFrame({ opcode, payload: new Uint8Array(2), fin: false })).toThrow(RangeError)
      expect(() => encodeFrame({ opcode, payload: new Uint8Array(2), rsv1: true })).toThrow(RangeError)
    },
  )

  it.each([0, 1, 3, 5, 8])('refuses a masking key of %i bytes', (length) => {
    expect(() => encodeFrame({ opcode: 1, payload: 'a', mask: new Uint8Array(length) })).toThrow(RangeError)
  })

  it('says what was wrong, in a sentence', () => {
    expect(() => encodeFrame({ opcode: 3 })).toThrow(/opcode.*3/)
    expect(() => encodeFrame({ opcode: 9, payload: 'a'.repeat(126) })).toThrow(/125/)
    expect(() => encodeFrame({ opcode: 9, mask: new Uint8Array(3) })).toThrow(/key.*4/)
  })
})
