// Pieces larger than the desk the core reads from, delimiters at every place around its ends, and pieces of no bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PART_HEAD } from '../../src/core/multipart-reader.js'
import { deskSize } from '../../src/core/wasm.js'
import { decodeMultipart } from '../../src/core.js'
import { logOf, streamOf } from '../support/multipart-log.js'
import { faultyBody, goodBody } from '../support/multipart-random.js'
import { differenceOf, readReference } from '../support/multipart-reference.js'
import { END, FORM, formPart, MIXED, readForm } from '../support/multipart-source.js'
import { cutAt, cutEvery } from '../support/replay.js'

const MIB = 1024 * 1024
const HEAD = '--b\r\n\r\n'
/** What of a larger piece is laid on the desk at once: beside it lies what was left of the piece before. */
const DESK = deskSize - MAX_PART_HEAD - 128

/** Bytes of no period, some of which begin delimiters. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = state >>> 24
  }
  for (let at = 1000; at + 5 < length; at += 5000) bytes.write('\r\n--a', at)
  return bytes
}

const large = pattern(3 * MIB + 500)

async function demandParts(
  pieces: Iterable<Uint8Array>,
  wanted: readonly Uint8Array[],
  note: string,
): Promise<void> {
  const parts = await readForm(streamOf(pieces), { maxFieldSize: 1e9 }, MIXED)
  expect(
    parts.map(([, { length }]) => length),
    note,
  ).toEqual(wanted.map(({ length }) => length))
  expect(
    parts.every(([, data], at) => data.equals(wanted[at]!)),
    note,
  ).toBe(true)
}

function bodyOf(parts: readonly Uint8Array[]): Buffer {
  const written = parts.flatMap((data) => [Buffer.from(HEAD), data, Buffer.from('\r\n')])
  return Buffer.concat([...written, END])
}

describe('a piece larger than the desk', () => {
  it.each([1, 3])('of %i MiB comes out as it went in', async (size) => {
    const data = large.subarray(0, size * MIB)
    await demandParts([bodyOf([data])], [data], 'one piece')
  })

  it('of 3 MiB comes out as it went in where another part follows', async () => {
    const parts = [large.subarray(0, 3 * MIB), large.subarray(5, 10), large.subarray(0, 0), large.subarray(7)]
    await demandParts([bodyOf(parts)], parts, 'one piece')
  })

  // The first delimiter of the data that ends at `end` of the piece begins there.
  it.each([1, 2, 3])('finds a delimiter at every place around %i desks', async (desks) => {
    for (let end = desks * DESK - 90; end <= desks * DESK + 30; end++) {
      const first = large.subarray(0, end - HEAD.length)
      const parts = [first, large.subarray(0, 100)]
      await demandParts([bodyOf(parts)], parts, `delimiter at ${end}`)
    }
  })

  it('finds the first delimiter at every place around a desk’s end', async () => {
    for (let length = DESK - 20; length <= DESK + 20; length++) {
      const preamble = Buffer.concat([large.subarray(0, length), Buffer.from('\r\n')])
      const parts = [large.subarray(0, 50)]
      await demandParts([Buffer.concat([preamble, bodyOf(parts)])], parts, `delimiter at ${length}`)
    }
  })

  it('reads a head at every place around a desk’s end', async () => {
    const file = formPart('name', 'data', 'file.txt', 'Content-Type: text/html\r\n')
    for (let length = DESK - file.length - 30; length <= DESK + 5; length++) {
      const field = formPart('a', large.subarray(0, length))
      const parts = await readForm(Buffer.concat([field, file, END]))
      expect(
        parts.map(([name, data]) => [name, data.length]),
        `head at ${field.length}`,
      ).toEqual([
        ['a', length],
        ['name', 4],
      ])
    }
  })

  it('reads thousands of parts', async () => {
    const parts = Array.from({ length: 20_000 }, (_, at) => formPart(`n${at}`, `data ${at}`))
    const read = await readForm(Buffer.concat([...parts, END]), { maxParts: 1e9, maxFields: 1e9 })
    expect(read.map(([name, data]) => `${name}: ${data}`)).toEqual(
      Array.from({ length: 20_000 }, (_, at) => `n${at}: data ${at}`),
    )
  })
})

describe('random bodies that reach over the ends of desks', () => {
  it('give what the plain reader finds, whole and cut in two', async () => {
    const property = fc.asyncProperty(
      fc.oneof(goodBody, faultyBody),
      fc.nat(),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: -120, max: 120 }),
      fc.constantFrom('x', '\r\n', '\r\n--', 'a: b\r\n'),
      async ({ body, contentType }, position, desks, shift, unit) => {
        const at = position % (body.length + 1)
        const filling = Buffer.alloc(desks * DESK + shift - at, unit)
        const longer = Buffer.concat([body.subarray(0, at), filling, body.subarray(at)])
        const whole = await logOf([longer], contentType)
        expect(differenceOf(whole, readReference(longer, contentType)) === undefined).toBe(true)
        const cut = await logOf(cutAt(longer, [position % longer.length]), contentType)
        expect(cut.join('\n') === whole.join('\n')).toBe(true)
      },
    )
    await fc.assert(property, { numRuns: 150, interruptAfterTimeLimit: 15_000 })
  })
})

describe('pieces', () => {
  it('of no bytes change nothing, wherever they stand', async () => {
    const nothing = new Uint8Array(0)
    const body = bodyOf([large.subarray(0, 30), large.subarray(0, 0), large.subarray(30, 60)])
    const pieces = cutEvery(body, 1).flatMap((piece) => [nothing, piece, nothing, nothing])
    await demandParts(
      pieces,
      [large.subarray(0, 30), large.subarray(0, 0), large.subarray(30, 60)],
      'empty pieces',
    )
    await expect(readForm(streamOf([nothing]))).rejects.toThrow(
      expect.objectContaining({ code: 'MISSING_FINAL_BOUNDARY' }),
    )
  })

  it('of all sizes give the same', async () => {
    const parts = [large.subarray(0, 1500), large.subarray(0, 0), large.subarray(900, 1100)]
    const body = bodyOf(parts)
    for (let size = 1; size <= 130; size++)
      await demandParts(cutEvery(body, size), parts, `pieces of ${size}`)
  })

  it('that end around the desk’s size give the same', async () => {
    const parts = [large.subarray(0, DESK + 70), large.subarray(0, 100)]
    const body = bodyOf(parts)
    for (let at = DESK - 80; at < DESK + 100; at++) {
      await demandParts(cutAt(body, [at]), parts, `cut at ${at}`)
    }
  })

  it('may be views into something larger', async () => {
    const body = bodyOf([large.subarray(0, 2000)])
    const room = Buffer.concat([Buffer.from('--b--'), body, Buffer.from('--b--')])
    const view = new Uint8Array(room.buffer, room.byteOffset + 5, body.length)
    await demandParts(cutEvery(view, 100), [large.subarray(0, 2000)], 'views')
  })

  it('are not written to', async () => {
    const body = Buffer.concat([
      formPart('a', large.subarray(0, 5000)),
      formPart('%22', '\r\n--x', '\\"'),
      END,
    ])
    const before = Buffer.from(body)
    await readForm(body)
    await readForm(streamOf(cutEvery(body, 11)))
    expect(body.equals(before)).toBe(true)
  })

  it('come out in a part as they came in: none waits for the next one', async () => {
    const source = [
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n`),
      'one',
      'two\r',
      '\n-x',
      'y\r\n--b--',
    ]
    const pieces = source.map((piece) => Buffer.from(piece))
    let given = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (const piece of pieces) {
        given++
        yield piece
      }
    }
    const seen: string[] = []
    for await (const part of decodeMultipart(counted(), FORM)) {
      for await (const piece of part) seen.push(`${given} ${JSON.stringify(String(Buffer.from(piece)))}`)
    }
    expect(seen.slice(0, 2)).toEqual(['2 "one"', '3 "two"'])
    expect(seen.map((line) => JSON.parse(line.slice(2))).join('')).toBe('onetwo\r\n-xy')
    expect(Math.max(...seen.map((line) => Number(line[0])))).toBeLessThanOrEqual(5)
  })
})
