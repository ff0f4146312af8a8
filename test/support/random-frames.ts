// Random streams of frames for fast-check: right ones by construction, the same with faults in them, and any bytes.
import fc from 'fast-check'
import { encode, Opcode, type RawFrame } from './raw-frames.js'
import { cutAt } from './replay.js'

export type Role = 'server' | 'client'

export const role = fc.constantFrom<Role>('server', 'client')

const small = fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 15, 16, 17, 63, 64, 65, 124, 125), fc.nat(200))
const length = fc.oneof(
  { weight: 6, arbitrary: small },
  { weight: 1, arbitrary: fc.constantFrom(126, 127, 300, 2000) },
)

function bytesOfLength(lengths: fc.Arbitrary<number>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(lengths, fc.nat(255), fc.nat(255))
    .map(([size, first, step]) =>
      Buffer.from(Uint8Array.from({ length: size }, (_, at) => (first + at * step) & 0xff)),
    )
}

const character = fc.oneof(
  { weight: 3, arbitrary: fc.string({ minLength: 0, maxLength: 20 }) },
  fc.constantFrom(
    'é',
    '€',
    '😀',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    '\ufeff',
    '\0',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const string = fc.array(character, { maxLength: 8 }).map((parts) => Buffer.from(parts.join('')))

const closeCode = fc.oneof(
  fc.constantFrom(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999),
  fc.integer({ min: 3000, max: 4999 }),
)

function truncated(bytes: Buffer, most: number): Buffer {
  let end = Math.min(bytes.length, most)
  while (end > 0 && end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

const closePayload = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.tuple(closeCode, string).map(([code, reason]) => {
    return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), truncated(reason, 123)])
  }),
)

const ping = fc.record({
  opcode: fc.constantFrom<number>(Opcode.ping, Opcode.pong),
  payload: bytesOfLength(fc.oneof(fc.nat(20), fc.constantFrom(124, 125))),
})

const close = closePayload.map((payload): RawFrame => ({ opcode: Opcode.close, payload }))

// A message in fragments, cut anywhere, with control frames between them.
const message = fc
  .record({
    isText: fc.boolean(),
    text: string,
    bytes: bytesOfLength(length),
    cuts: fc.oneof(fc.constant([]), fc.array(fc.nat(), { maxLength: 5 })),
    pings: fc.array(fc.tuple(fc.nat(), ping), { maxLength: 2 }),
  })
  .map(({ isText, text, bytes, cuts, pings }): RawFrame[] => {
    const payload = isText ? text : bytes
    const pieces = cutAnywhere(payload, cuts)
    const frames = pieces.map((piece, index): RawFrame => {
      const opcode = index > 0 ? Opcode.continuation : isText ? Opcode.text : Opcode.binary
      return { opcode, payload: piece, fin: index === pieces.length - 1 }
    })
    for (const [at, frame] of pings) frames.splice(at % (frames.length + 1), 0, frame)
    return frames
  })

const key = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.constant(new Uint8Array(4)))

/** Frames that a peer may send, their masking keys set; sometimes they end with a close frame. */
export const frames: fc.Arbitrary<RawFrame[]> = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: message },
        ping.map((one): RawFrame[] => [one]),
      ),
      { maxLength: 5 },
    ),
    fc.option(close, { freq: 3 }),
    fc.array(key, { minLength: 1, maxLength: 5 }),
  )
  .map(([messages, last, keys]) =>
    [...messages.flat(), ...(last ? [last] : [])].map((frame, index) => ({
      ...frame,
      maskingKey: keys[index % keys.length]!,
    })),
  )

export function bytesOf(list: readonly RawFrame[], reader: Role): Buffer {
  return Buffer.concat(list.map((frame) => encode({ ...frame, masked: reader === 'server' }, false)))
}

/** Where to cut, for `cutAnywhere`. */
export const cuts = fc.array(fc.nat(), { maxLength: 8 })

export function cutAnywhere(bytes: Buffer, positions: readonly number[]): Uint8Array[] {
  const ascending = positions.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b)
  return cutAt(bytes, ascending)
}

// Faults of a frame's own, and faults among the bytes.

const frameFault = fc.record({
  at: fc.nat(),
  change: fc.oneof(
    fc.record({ opcode: fc.nat(15) }),
    fc.record({ fin: fc.boolean() }),
    fc.record({ rsv: fc.nat(7) }),
    fc.record({ masked: fc.boolean() }),
    fc.record({ length: fc.constant(undefined), lengthSize: fc.constantFrom(2 as const, 8 as const) }),
    fc.record({
      length: fc.oneof(
        fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n),
        fc.bigInt(0n, 2n ** 64n - 1n),
      ),
      lengthSize: fc.constant(8 as const),
    }),
    fc.record({ opcode: fc.constant(8), payload: fc.uint8Array({ maxLength: 4 }) }),
    fc.record({ payload: fc.uint8Array({ maxLength: 130 }) }),
  ),
})

const byteFault = fc.record({
  kind: fc.constantFrom('change', 'insert', 'remove', 'repeat', 'break off'),
  at: fc.nat(),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0x81, 0x88, 0xc0, 0xff, 126, 127, 254)),
  length: fc.integer({ min: 1, max: 20 }),
})

interface ByteFault {
  kind: string
  at: number
  byte: number
  length: number
}

function changed(bytes: Buffer, { kind, at, byte, length: size }: ByteFault): Buffer {
  const start = at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)]
  if (kind === 'change') return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
  if (kind === 'insert') return Buffer.concat([before, Buffer.from([byte]), after])
  if (kind === 'remove') return Buffer.concat([before, after.subarray(size)])
  if (kind === 'repeat') return Buffer.concat([before, after.subarray(0, size), after])
  return before
}

/** Bytes of a stream with faults in it, as a peer of the role would read it. */
export const faulty: fc.Arbitrary<{ reader: Role; bytes: Buffer }> = fc
  .tuple(
    role,
    frames.filter((list) => list.length > 0),
    fc.array(frameFault, { maxLength: 2 }),
    fc.array(byteFault, { maxLength: 3 }),
  )
  .map(([reader, list, inFrames, inBytes]) => {
    const masked = reader === 'server'
    const wrong: RawFrame[] = list.map((frame) => ({ ...frame, masked }))
    for (const { at, change } of inFrames) Object.assign(wrong[at % wrong.length]!, change)
    const bytes = Buffer.concat(wrong.map((frame) => encode(frame, masked)))
    return { reader, bytes: inBytes.reduce(changed, bytes) }
  })
