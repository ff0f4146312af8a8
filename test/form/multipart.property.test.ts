// Random bodies full of what is nearly a delimiter, right ones and broken ones, against the plain reader of the tests:
// the same parts, the same bytes, the same end, however the body is cut and however its parts are read.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MultipartPart } from '../../src/core.js'
import { logOf, type PartReading, piecewise } from '../support/multipart-log.js'
import {
  anyBody,
  faultyBody,
  goodBody,
  limit,
  type RandomBody,
  waysToCut,
} from '../support/multipart-random.js'
import { differenceOf, readReference } from '../support/multipart-reference.js'
import { cuts } from '../support/random-frames.js'
import { cutAt, cutEvery } from '../support/replay.js'

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
async function check<T extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

/** Each way to read a part whole. */
const readings: readonly PartReading[] = [
  piecewise,
  async (part, take) => take(await part.bytes()),
  async (part, take) => {
    for await (const piece of part.stream()) take(piece)
  },
  async (part, take) => {
    const pieces = part[Symbol.asyncIterator]()
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) take(next.value)
  },
]

describe.each([
  ['bodies that are right', goodBody, 400],
  ['bodies with faults in them', faultyBody, 1200],
  ['delimiters and heads in any order', anyBody, 1200],
] as const)('%s', (_, bodies, runs) => {
  it('give what the plain reader finds, whole, in small pieces and cut anywhere', async () => {
    const property = fc.asyncProperty(bodies, cuts, async ({ body, contentType }, positions) => {
      const whole = await logOf([body], contentType)
      expect(differenceOf(whole, readReference(body, contentType))).toBeUndefined()
      for (const pieces of waysToCut(body, positions)) {
        expect(await logOf(pieces, contentType)).toEqual(whole)
      }
    })
    await check(property, runs)
  })

  it('give what the plain reader finds, cut in two at every position', async () => {
    const property = fc.asyncProperty(bodies, async ({ body, contentType }) => {
      const short = body.subarray(0, 300)
      const expected = readReference(short, contentType)
      for (let at = 0; at <= short.length; at++) {
        expect(differenceOf(await logOf(cutAt(short, [at]), contentType), expected)).toBeUndefined()
      }
    })
    await check(property, runs / 20)
  })

  it('give what the plain reader finds under a limit', async () => {
    const property = fc.asyncProperty(
      bodies,
      limit,
      cuts,
      async ({ body, contentType }, limits, positions) => {
        const whole = await logOf([body], contentType, limits)
        expect(differenceOf(whole, readReference(body, contentType, limits))).toBeUndefined()
        for (const pieces of waysToCut(body, positions)) {
          expect(await logOf(pieces, contentType, limits)).toEqual(whole)
        }
      },
    )
    await check(property, runs)
  })

  it('give the same whichever way the parts are read', async () => {
    const property = fc.asyncProperty(
      bodies,
      fc.array(fc.nat(readings.length - 1), { minLength: 8, maxLength: 8 }),
      async ({ body, contentType }, order) => {
        const expected = await logOf([body], contentType)
        let parts = 0
        const read: PartReading = (part, take) => readings[order[parts++ % order.length]!]!(part, take)
        const lines = await logOf(cutEvery(body, 5), contentType, {}, read)
        expect(withoutCutData(lines)).toEqual(withoutCutData(expected))
      },
    )
    await check(property, runs / 2)
  })

  it('give the same parts when some are skipped or left half read', async () => {
    const property = fc.asyncProperty(
      bodies,
      fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
      async ({ body, contentType }, bytesRead) => {
        const expected = readReference(body, contentType)
        let parts = 0
        const read: PartReading = (part) => readSome(part, bytesRead[parts++ % bytesRead.length]!)
        for (const pieces of [[body], cutEvery(body, 3)]) {
          parts = 0
          const lines = await logOf(pieces, contentType, {}, read)
          expect(
            differenceOf(withoutData(lines), { ...expected, lines: withoutData(expected.lines) }),
          ).toBeUndefined()
        }
      },
    )
    await check(property, runs / 2)
  })
})

/** Takes a few pieces of a part, and what they say of its end; what it throws is told by the next part. */
async function readSome(part: MultipartPart, pieces: number): Promise<void> {
  if (pieces === 0) return
  let left = pieces
  try {
    for await (const piece of part) {
      if (piece.length > 0 && --left === 0) break
    }
  } catch {}
}

// A reader that waits for the whole of a part throws what came of it away.
function withoutCutData(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^cut .*/, 'cut'))
}

function withoutData(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith('data ') && !line.startsWith('cut '))
}

describe('the random bodies', () => {
  const endsOf = (bodies: fc.Arbitrary<RandomBody>): string[] =>
    fc.sample(bodies, { numRuns: 2000, seed: 1 }).map(({ body, contentType }) => {
      const { codes } = readReference(body, contentType)
      return codes[0] ?? 'end'
    })

  it('are read to their end where they are to be right', () => {
    expect(endsOf(goodBody).filter((end) => end === 'end').length).toBeGreaterThan(1000)
  })

  it('end in every way where they are to be broken', () => {
    const ends = new Set([...endsOf(faultyBody), ...endsOf(anyBody)])
    expect([...ends].sort()).toEqual(['BAD_DELIMITER', 'BAD_PART_HEAD', 'MISSING_FINAL_BOUNDARY', 'end'])
  })
})
