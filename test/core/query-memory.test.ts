// What the query codec does to memory: it writes where its own records and the desk lie, and what it gives holds on to no
// text that is much larger.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import * as wasm from '../../src/core/wasm.js'
import { encodeQuery, parseQuery } from '../../src/core.js'

const MiB = 1024 * 1024
const none = { maxPairs: Number.POSITIVE_INFINITY }

/** Room behind a region for vectors that reach past its end. */
const SLACK = 64

/** Bytes of linear memory that a run changes, but for those of the desk and of the query record. */
function strayWrites(run: () => unknown): number[] {
  const ours = [
    [wasm.deskStart, wasm.deskStart + wasm.deskSize + SLACK],
    [4 * wasm.PAIR_COUNT, 4 * (wasm.PAIRS + 2 * wasm.MAX_PAIRS_READ)],
  ] as const
  const traysEnd = wasm.traysStart + wasm.traySize * wasm.trayCount
  wasm.window.fill(0xa5)
  wasm.memory.fill(0xa5, wasm.traysStart, traysEnd)
  const before = Uint8Array.from(wasm.memory)
  run()
  const changed: number[] = []
  for (let at = 0; at < before.length; at++) {
    if (before[at] === wasm.memory[at] || ours.some(([start, end]) => at >= start && at < end)) continue
    changed.push(at)
  }
  return changed
}

describe('linear memory', () => {
  const { deskSize } = wasm
  const lengths = [
    16,
    64,
    deskSize / 9,
    deskSize / 3,
    deskSize - 16,
    deskSize,
    1.2 * deskSize,
    2 * deskSize,
  ].flatMap((length) => [-17, -16, -2, -1, 0, 1, 2, 16].map((more) => Math.max(0, Math.floor(length) + more)))

  it.each(['%', '&', '%41', 'é%', '€', '€%', 'a=%&', '😀+'])(
    'is written by parseQuery nowhere but on its desk: much of %s',
    (unit) => {
      const stray = strayWrites(() => {
        for (const length of lengths) parseQuery(`%${Buffer.alloc(length, unit)}`, none)
      })
      expect(stray).toEqual([])
    },
  )

  it.each(['a', '&', 'é', '€', '😀', '\ud83d'])(
    'is written by encodeQuery nowhere but on its desk: much of %j',
    (unit) => {
      const stray = strayWrites(() => {
        for (const length of lengths.filter((one) => one < deskSize / 2)) {
          const text = unit.repeat(length / 4)
          encodeQuery({ [text]: 1, k: [text, text.slice(0, 100), text] })
        }
        encodeQuery(Array.from({ length: 5000 }, (_, at) => [unit, `${unit}${at}`]))
      })
      expect(stray).toEqual([])
    },
  )
})

describe('what is kept', () => {
  /** Bytes that 40 results hold on to. */
  function heldBy(make: (index: number) => unknown): number {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const inUse = (): number => {
      collect()
      collect()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    make(-1)
    const before = inUse()
    const kept = Array.from({ length: 40 }, (_, index) => make(index))
    const held = inUse() - before
    expect(kept).toHaveLength(40)
    return held
  }

  it.each([
    ['as it is', 'a=b&'],
    ['with escapes', 'a=%41&'],
    ['beyond ASCII', 'é=é&'],
    ['of one value', '%41'],
    ['of one value as it is', 'a'],
  ])('of a query of 1 MiB is no more than the value that is kept: %s', (_, unit) => {
    const held = heldBy((index) => {
      const query = `${Buffer.alloc(MiB, unit)}&token=${'v'.repeat(30)}${index}&name-of-its-own-${index}`
      const { token } = parseQuery(query, none)
      expect(token).toBe(`${'v'.repeat(30)}${index}`)
      return token
    })
    expect(held).toBeLessThan(4 * MiB)
  })

  it('of names that come again and again is no query', () => {
    const held = heldBy((index) => {
      const names = ['a1', 'a2'].map((start) => `${start}${'x'.repeat(14)}${index}`)
      return Object.keys(parseQuery(`${`${names.join('&')}&`.repeat(5)}z=${'v'.repeat(MiB)}`)).length
    })
    expect(held).toBeLessThan(4 * MiB)
  })
})
