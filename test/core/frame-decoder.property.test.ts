// Random streams of frames, right by construction, against what they were made from; then the same with faults in them,
// which may mean anything, but what the plain reader of the tests says, at that very byte, however they are cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameDecoder, type FrameToEncode, validUtf8 } from '../../src/core.js'
import { bytesOf, cutAnywhere, cuts, faulty, frames, role } from '../support/random-frames.js'
import { encode, type RawFrame } from '../support/raw-frames.js'
import { type DecoderOptions, differenceOf, lineOf, push } from '../support/reference-frames.js'
import { cutEvery } from '../support/replay.js'

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
function check<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>, numRuns: number): void {
  fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

function read(pieces: Iterable<Uint8Array>, options: DecoderOptions): string[] {
  const decoder = new FrameDecoder(options)
  return Array.from(pieces, (piece) => decoder.push(piece).map(lineOf)).flat()
}

function linesOf(list: readonly RawFrame[]): string[] {
  return list.map(({ opcode, fin = true, payload = '' }) =>
    lineOf({ opcode, fin, rsv1: false, payload: Buffer.from(payload) }),
  )
}

/** Random pieces of the bytes, the whole, and each byte alone. */
function waysToCut(bytes: Buffer, positions: readonly number[]): Uint8Array[][] {
  return [[bytes], cutEvery(bytes, 1), cutAnywhere(bytes, positions)]
}

describe('frames that a peer may send', () => {
  it('come back as they were, whole, byte by byte and cut anywhere', () => {
    const property = fc.property(frames, role, cuts, (list, reader, positions) => {
      for (const pieces of waysToCut(bytesOf(list, reader), positions)) {
        expect(read(pieces, { role: reader })).toEqual(linesOf(list))
      }
    })
    check(property, 1000)
  })

  it('come back when they should: with the push of their last byte', () => {
    const property = fc.property(frames, role, cuts, (list, reader, positions) => {
      for (const pieces of waysToCut(bytesOf(list, reader), positions)) {
        expect(differenceOf(pieces, { role: reader })).toBeUndefined()
      }
    })
    check(property, 1000)
  })

  it('come back the same cut in two at every position', () => {
    const property = fc.property(frames, role, (list, reader) => {
      const bytes = bytesOf(list, reader).subarray(0, 400)
      const whole = read([bytes], { role: reader })
      for (let at = 0; at <= bytes.length; at++) {
        expect(read([bytes.subarray(0, at), bytes.subarray(at)], { role: reader })).toEqual(whole)
      }
    })
    check(property, 150)
  })

  it('are as the limit for a message allows, over its fragments', () => {
    const property = fc.property(frames, role, cuts, fc.nat(150), (list, reader, positions, maxPayload) => {
      for (const pieces of waysToCut(bytesOf(list, reader), positions)) {
        expect(differenceOf(pieces, { role: reader, maxPayload })).toBeUndefined()
      }
    })
    check(property, 1000)
  })
})

describe('frames with faults among them', () => {
  it('give what they must, at the byte that shows it, however they are cut', () => {
    const limits = fc.oneof(fc.constant({}), fc.record({ maxPayload: fc.nat(300) }))
    const property = fc.property(
      faulty,
      cuts,
      limits,
      fc.boolean(),
      ({ reader, bytes }, positions, limit, deflate) => {
        const options = { role: reader, deflate, ...limit }
        for (const pieces of waysToCut(bytes, positions))
          expect(differenceOf(pieces, options)).toBeUndefined()
      },
    )
    check(property, 5000)
  })

  it('are the same error cut in two at every position', () => {
    const property = fc.property(faulty, ({ reader, bytes }) => {
      const short = bytes.subarray(0, 300)
      const last = push(new FrameDecoder({ role: reader }), short).at(-1)
      for (let at = 0; at <= short.length; at++) {
        const decoder = new FrameDecoder({ role: reader })
        const lines = [...push(decoder, short.subarray(0, at)), ...push(decoder, short.subarray(at))]
        if (last?.startsWith('error ')) expect(lines.at(-1)).toBe(last)
        else expect(lines).toEqual(push(new FrameDecoder({ role: reader }), short))
      }
    })
    check(property, 200)
  })

  it('are followed by nothing but the error once it is told', () => {
    const property = fc.property(faulty, frames, ({ reader, bytes }, list) => {
      const decoder = new FrameDecoder({ role: reader })
      const lines = push(decoder, bytes)
      if (!lines[0]?.startsWith('error ')) return
      for (const piece of cutEvery(bytesOf(list, reader), 40)) expect(push(decoder, piece)).toEqual(lines)
    })
    check(property, 500)
  })
})

describe('any bytes', () => {
  it('give what the plain reader finds in them', () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0x01, 0x02, 0x80, 0x81, 0x82, 0x84, 0x88, 0x89, 0xfe, 0x7e),
    )
    const bytes = fc.array(byte, { maxLength: 120 }).map((list) => Buffer.from(list))
    const property = fc.property(bytes, role, fc.boolean(), cuts, (list, reader, deflate, positions) => {
      for (const pieces of waysToCut(list, positions)) {
        expect(differenceOf(pieces, { role: reader, deflate })).toBeUndefined()
      }
    })
    check(property, 5000)
  })
})

describe('encodeFrame', () => {
  const anyFrame = fc.record({
    opcode: fc.constantFrom(1, 2),
    payload: fc.oneof(fc.string({ unit: 'binary', maxLength: 150 }), fc.uint8Array({ maxLength: 300 })),
    fin: fc.boolean(),
    rsv1: fc.boolean(),
  })
  const key = fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined })

  it('writes the bytes that the plain writer writes, and a decoder reads them back', () => {
    const property = fc.property(anyFrame, key, (frame, mask) => {
      const bytes = encodeFrame({ ...frame, ...(mask && { mask }) } satisfies FrameToEncode)
      const { rsv1, ...rest } = frame
      const wanted = encode({ ...rest, rsv: rsv1 ? 4 : 0, ...(mask && { maskingKey: mask }) }, false)
      expect(Buffer.from(bytes).toString('hex')).toBe(wanted.toString('hex'))

      const payload = Buffer.from(frame.payload)
      const isNoText = frame.opcode === 1 && !rsv1 && !isPrefixOfText(payload, frame.fin)
      const lines = push(new FrameDecoder({ role: mask ? 'server' : 'client', deflate: true }), bytes)
      expect(lines).toEqual([isNoText ? 'error BAD_UTF8 1007' : lineOf({ ...frame, payload })])
    })
    check(property, 3000)
  })
})

/** Whether the bytes are text, or where it may go on, its beginning. */
function isPrefixOfText(bytes: Buffer, isWhole: boolean): boolean {
  const rests = isWhole ? [''] : ['', '80', 'bf', '9f', '8080', 'a080', 'bfbf', '808080', '908080', '8fbfbf']
  return rests.some((rest) => validUtf8(Buffer.concat([bytes, Buffer.from(rest, 'hex')])))
}
