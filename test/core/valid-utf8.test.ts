// validUtf8 against RFC 3629 §4, the platform's two judges and a table; then the same sequences inside text frames, where they may
// be cut anywhere. Blocks of bytes are judged at once, so what matters is also where in them a sequence lies.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { FrameDecoder, validUtf8 } from '../../src/core.js'
import { continuation, encode, ping, text } from '../support/raw-frames.js'
import { differenceOf, push, Utf8Judge, utf8Rows } from '../support/reference-frames.js'
import { cutEvery } from '../support/replay.js'

const decoder = new TextDecoder('utf-8', { fatal: true })

function decodes(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

function fitsTable(bytes: Uint8Array): boolean {
  const judge = new Utf8Judge()
  return bytes.every((byte) => judge.take(byte)) && judge.isBetweenCharacters
}

/** Node's judge, and where there is none the table: the platform's decoder is too slow for millions of sequences. */
const { process: node } = globalThis as { process?: NodeJS.Process }
const isUtf8: (bytes: Uint8Array) => boolean = node?.getBuiltinModule?.('node:buffer').isUtf8 ?? fitsTable

/** The sequences that validUtf8 and the judge do not agree on, up to ten. */
function disagreements(sequences: Iterable<Uint8Array>, judge: (bytes: Uint8Array) => boolean): string[] {
  const wrong: string[] = []
  for (const bytes of sequences) {
    if (validUtf8(bytes) === judge(bytes)) continue
    wrong.push(Buffer.from(bytes).toString('hex'))
    if (wrong.length === 10) break
  }
  return wrong
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** Every sequence with a byte of each list; one array, written over again and again. */
function* product(...lists: readonly number[][]): Generator<Uint8Array> {
  const bytes = new Uint8Array(lists.length)
  const places = lists.map(() => 0)
  const last = lists.length - 1
  for (let at = 0; at >= 0; ) {
    bytes[at] = lists[at]![places[at]!]!
    if (at < last) {
      at++
      continue
    }
    yield bytes
    while (at >= 0 && ++places[at]! === lists[at]!.length) places[at--] = 0
  }
}

const all = range(0, 255)
// The bounds of every row of the table, and the bytes next to them.
const edges = [
  ...new Set(
    utf8Rows.flat().flatMap(([least, most]) => [least - 1, least, least + 1, most - 1, most, most + 1]),
  ),
].filter((byte) => byte >= 0 && byte <= 255)

// A sequence of each kind, right and wrong.
const right = [
  '7f',
  'c280',
  'dfbf',
  'e0a080',
  'e0bfbf',
  'ec8080',
  'ed9fbf',
  'ee8080',
  'efbfbf',
  'f0908080',
  'f3bfbfbf',
  'f48fbfbf',
]
const wrong = [
  ...[
    '80',
    'bf',
    'c0',
    'c1',
    'c080',
    'c1bf',
    'c2',
    'c27f',
    'c2c0',
    'df',
    'e0',
    'e080',
    'e08080',
    'e09fbf',
    'e0a0',
    'e0a07f',
  ],
  ...[
    'e18080e1',
    'e1ff80',
    'eda080',
    'edbfbf',
    'ed9f',
    'ef',
    'efbf',
    'efbfc0',
    'f0',
    'f08f',
    'f08fbfbf',
    'f090',
    'f09080',
  ],
  ...[
    'f0908041',
    'f0808080',
    'f3bfbf',
    'f490',
    'f4908080',
    'f48fbf',
    'f5',
    'f5808080',
    'f8888080',
    'fc',
    'fe',
    'ff',
    'c28080',
  ],
]
const sequences = [...right, ...wrong].map((hex) => Buffer.from(hex, 'hex'))

describe('validUtf8', () => {
  it('agrees with RFC 3629’s table and TextDecoder on every sequence of up to two bytes', () => {
    expect(validUtf8(new Uint8Array(0))).toBe(true)
    for (const judge of [fitsTable, decodes, isUtf8]) {
      expect(disagreements(product(all), judge)).toEqual([])
      expect(disagreements(product(all, all), judge)).toEqual([])
    }
  })

  it('agrees with Node, or the table, on every sequence of three bytes whose first is no ASCII', () => {
    expect(disagreements(product(range(0x80, 0xff), all, edges), isUtf8)).toEqual([])
    expect(disagreements(product(range(0xe0, 0xef), all, all), isUtf8)).toEqual([])
  })

  it('agrees with Node, or the table, on sequences of four bytes at the bounds of every row', () => {
    expect(disagreements(product(range(0xef, 0xff), all, edges, edges), isUtf8)).toEqual([])
    expect(disagreements(product([0xf0, 0xf1, 0xf4], [0x80, 0x8f, 0x90, 0xbf], all, all), isUtf8)).toEqual([])
    expect(disagreements(product(edges, edges, edges, [0x7f, 0x80, 0xbf, 0xc0]), fitsTable)).toEqual([])
  })

  it('takes every character there is, and no surrogate', () => {
    const wrong: number[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      const isSurrogate = code >= 0xd800 && code <= 0xdfff
      const bytes = isSurrogate
        ? Uint8Array.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
        : Buffer.from(String.fromCodePoint(code))
      if (validUtf8(bytes) === isSurrogate) wrong.push(code)
    }
    expect(wrong).toEqual([])
  })

  const surroundings = ['a', 'é', '€', '😀', 'aé€😀'] as const
  const afters = [0, 1, 2, 3, 4, 12, 13, 14, 15, 16, 17, 29, 31, 32, 33, 48, 63, 64, 65, 70]

  it.each(surroundings)(
    'agrees with Node, or the table, on a sequence of each kind at offsets 0 to 70 in text of %s',
    (character) => {
      const disagreed: string[] = []
      for (const sequence of sequences) {
        const isRight = isUtf8(sequence)
        for (const [before, after] of range(0, 70).flatMap((one) =>
          afters.map((other) => [one, other] as const),
        )) {
          const [start, end] = [filled(character, before), filled(character, after)]
          const bytes = Buffer.concat([start, sequence, end])
          if (validUtf8(bytes) !== isRight)
            disagreed.push(`${sequence.toString('hex')} after ${before}, before ${after}`)
        }
      }
      expect(disagreed).toEqual([])
    },
  )

  it('agrees with Node, or the table, on text cut off at every length, and with any byte of it changed', () => {
    const whole = filled('aé€😀\u07ff\uffff\u{10ffff}', 150)
    for (let length = 0; length <= whole.length; length++) {
      const cut = whole.subarray(0, length)
      expect([length, validUtf8(cut)]).toEqual([length, isUtf8(cut)])
      for (const byte of [...edges, 0x41]) {
        const changed = Buffer.from(whole)
        changed[length] = byte
        if (validUtf8(changed) !== isUtf8(changed)) expect([length, byte]).toBeUndefined()
      }
    }
  })

  it('judges bytes of any size, also where a character lies across the core’s memory for them', () => {
    for (const size of [65_536, deskSize, 2 * deskSize, 1024 * 1024]) {
      for (let before = size - 5; before <= size + 1; before++) {
        for (const hex of ['f09f9880', 'e282ac', 'f09f98', 'eda080', 'ff', 'f09f9841']) {
          const bytes = Buffer.concat([
            Buffer.alloc(before, 'a'),
            Buffer.from(hex, 'hex'),
            Buffer.alloc(20, 'b'),
          ])
          expect([before, hex, validUtf8(bytes)]).toEqual([before, hex, isUtf8(bytes)])
        }
        const bytes = Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from('f09f98', 'hex')])
        expect([before, validUtf8(bytes)]).toEqual([before, false])
      }
    }
  })

  it('remembers nothing, and changes nothing', () => {
    const half = Buffer.from('f09f', 'hex')
    const rest = Buffer.from('9880', 'hex')
    expect([
      validUtf8(half),
      validUtf8(rest),
      validUtf8(Buffer.concat([half, rest])),
      validUtf8(half),
    ]).toEqual([false, false, true, false])
    expect(half.toString('hex')).toBe('f09f')
  })

  it('reads views of an odd offset, and of shared memory', () => {
    for (const buffer of [new ArrayBuffer(100), new SharedArrayBuffer(100)]) {
      for (let offset = 0; offset < 20; offset++) {
        const view = new Uint8Array(buffer, offset, 70).fill(0x61)
        new Uint8Array(buffer)[offset + 70] = 0xff
        expect(validUtf8(view)).toBe(true)
        view[69] = 0xc3
        expect(validUtf8(view)).toBe(false)
      }
    }
  })
})

/** So many bytes of a text that repeats the characters, and ASCII where the last does not fit. */
function filled(characters: string, length: number): Buffer {
  const bytes = Buffer.from(characters.repeat(length))
  let end = length
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return Buffer.concat([bytes.subarray(0, end), Buffer.alloc(length - end, '.')])
}

describe('text in frames', () => {
  /** The text in fragments cut at the positions. */
  function fragmented(payload: Buffer, cuts: readonly number[], masked: boolean): Buffer {
    const ends = [...cuts, payload.length]
    const pieces = ends.map((end, index) => payload.subarray(ends[index - 1] ?? 0, end))
    const frames = pieces.map((piece, index) => {
      const parts = { fin: index === cuts.length, maskingKey: [0x81, 0x7f, 0xc3, index & 0xff], masked }
      return index === 0 ? text(piece, parts) : continuation(piece, parts)
    })
    return Buffer.concat(frames.map((frame) => encode(frame, masked)))
  }

  const padded = sequences.flatMap((sequence) =>
    ['', 'a', 'é€', '.'.repeat(13), `${'.'.repeat(14)}é`, '😀'.repeat(5)].map((before) =>
      Buffer.concat([Buffer.from(before), sequence, Buffer.from('ö')]),
    ),
  )

  it('is judged alike wherever its fragments are cut in two, whole and byte by byte', () => {
    const wrong: string[] = []
    for (const payload of padded) {
      for (let cut = 0; cut <= payload.length; cut++) {
        const bytes = fragmented(payload, [cut], true)
        for (const pieces of [[bytes], cutEvery(bytes, 1)]) {
          const difference = differenceOf(pieces, { role: 'server' })
          if (difference) wrong.push(`${payload.toString('hex')} at ${cut}: ${difference}`)
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([])
  })

  it('is judged alike wherever it is cut in three fragments', () => {
    const wrong: string[] = []
    for (const sequence of sequences) {
      const payload = Buffer.concat([Buffer.from('aé'), sequence])
      for (let one = 0; one <= payload.length; one++) {
        for (let two = one; two <= payload.length; two++) {
          const difference = differenceOf([fragmented(payload, [one, two], false)], { role: 'client' })
          if (difference) wrong.push(`${payload.toString('hex')} at ${one}, ${two}: ${difference}`)
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([])
  })

  it('is judged alike at every offset in a block, in a frame that comes in two pushes', () => {
    const wrong: string[] = []
    for (const sequence of sequences) {
      for (let before = 0; before <= 36; before += 1) {
        const bytes = encode(text(Buffer.concat([filled('é', before), sequence, filled('€', 40)])), true)
        const at = bytes.length - 40 - sequence.length
        for (let cut = at - 1; cut <= at + sequence.length + 1; cut++) {
          const difference = differenceOf([bytes.subarray(0, cut), bytes.subarray(cut)], { role: 'server' })
          if (difference)
            wrong.push(`${sequence.toString('hex')} after ${before}, cut at ${cut}: ${difference}`)
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([])
  })

  it('stops within any character for a ping, and goes on after it', () => {
    for (const hex of right) {
      const sequence = Buffer.from(hex, 'hex')
      for (let cut = 0; cut <= sequence.length; cut++) {
        const reader = new FrameDecoder({ role: 'client' })
        const frames = [
          text(sequence.subarray(0, cut), { fin: false }),
          ping(Buffer.from([0xff])),
          continuation(sequence.subarray(cut)),
        ]
        const lines = frames.flatMap((frame) => push(reader, encode(frame, false)))
        expect(lines.at(-1), `${hex} at ${cut}`).toBe(
          `continuation fin ${sequence.subarray(cut).toString('hex')}`,
        )
      }
    }
  })
})
