// Twice the query takes twice the time, whatever it is made of: one of 2 MiB is held to its own half, and that to its half,
// so that the speed of a machine does not matter. Were time to grow with the square, it would double twice each time.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { encodeQuery, parseQuery } from '../../src/core.js'

const MiB = 1024 * 1024
const none = { maxPairs: Number.POSITIVE_INFINITY }

const DOUBLINGS = 3
const ROUNDS = 7
/** Short runs are repeated to fill this, for clocks and collectors of garbage have their grain. */
const LEAST_MS = 2
/** After so many runs the engine has compiled the loops, and what it makes of them may be slower in its order, too. */
const WARMING_UP = 8
/** What takes so long has told what it had to tell. */
const ENOUGH_MS = 8000

type Run = () => unknown

/** Milliseconds that the processor takes for a run: what else it does meanwhile does not count. */
function timeOf(run: Run, times: number): number {
  const start = process.cpuUsage()
  for (let time = 0; time < times; time++) run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000 / times
}

/** The least times that the runs take, which take turns. */
function leastTimes(runs: readonly Run[]): number[] {
  const begin = performance.now()
  for (let run = 0; run < WARMING_UP; run++) runs[0]!()
  const times = runs.map((run) => Math.ceil(LEAST_MS / Math.max(timeOf(run, 1), 0.001)))
  const least = runs.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0 && performance.now() > begin + ENOUGH_MS) break
    for (const [at, run] of runs.entries()) least[at] = Math.min(least[at]!, timeOf(run, times[at]!))
  }
  return least
}

/** How many times longer a run takes for twice the length: the mean of a few doublings, up to `longest`. */
function growthOf(runOf: (length: number) => Run, longest = 2 * MiB): number {
  const [least, most] = leastTimes([runOf(longest >> DOUBLINGS), runOf(longest)])
  return (most! / least!) ** (1 / DOUBLINGS)
}

/** A text of a length, in one run of memory. */
function filled(unit: string, length: number): string {
  return Buffer.alloc(length - (length % Buffer.byteLength(unit)), unit).toString()
}

function parsing(textOf: (length: number) => string): (length: number) => Run {
  return (length) => {
    const text = Buffer.from(textOf(length)).toString()
    return () => parseQuery(text, none)
  }
}

describe('parseQuery takes twice as long', () => {
  it.each([
    ...['&', '=', '%', '+', 'a', '%4', '%41', '%%41', '%ff', '%F0%9F%98', '%C3%A9', 'é', '€', '😀', 'é%ff'],
    ...['a&', 'a=&', '=&', 'a=b&', '%&', '%41=%41&', 'a+b=c%20d&', '&=', `${'a'.repeat(32)}%41`],
  ])('for twice as many of %s', (unit) => {
    expect(growthOf(parsing((length) => filled(unit, length)))).toBeLessThan(3)
  })

  it.each<[title: string, nameOf: (index: number) => string]>([
    ['names', (index) => `n${index}`],
    ['numbers', (index) => `${index}`],
    ['numbers far apart', (index) => `${index * 65_537}`],
    ['names with an escape', (index) => `%6e${index}`],
    ['names beyond ASCII', (index) => `é${index}`],
    ['pairs', (index) => `name${index}=value+${index}`],
  ])('for twice as many distinct %s', (_, nameOf) => {
    const distinct = (length: number): string => {
      const names: string[] = []
      for (let size = 0; size < length; size += names.at(-1)!.length + 1) names.push(nameOf(names.length))
      return names.join('&')
    }
    // Of more than these, all caches are too small for the result.
    expect(growthOf(parsing(distinct), MiB / 2)).toBeLessThan(3)
  })

  // What is passed over in one place must not be looked at anew from each other place.
  it.each([
    ['names before the only equals sign', 'a&', 'a='],
    ['values before a long name', 'a=+&', 'a'],
    ['escapes after a long value', 'a', '%41'],
    ['ampersands after a long value', '%', '&'],
    ['ampersands before a long value', '&', '%'],
  ])('for twice as many %s', (_, before, after) => {
    const mixed = (length: number): string => filled(before, length / 2) + filled(after, length / 2)
    expect(growthOf(parsing(mixed))).toBeLessThan(3)
  })
})

describe('parseQuery', () => {
  it('takes as long for what comes before a value larger than the desk as for what comes after it', () => {
    const [value, others] = [filled('%', deskSize + 1000), filled('&', MiB / 2)]
    const runs = [value + others, others + value].map((text) => parsing(() => text)(MiB))
    const [after, before] = leastTimes(runs)
    expect(before! / after!).toBeLessThan(5)
  })

  it.each(['a&', 'a=b&', '%41=1&'])('takes at most twice as long to refuse twice as many of %s', (unit) => {
    const refusing = (length: number): Run => {
      const text = filled(unit, length)
      return () => expect(() => parseQuery(text)).toThrow(/too many/)
    }
    expect(growthOf(refusing)).toBeLessThan(3)
  })
})

describe('encodeQuery takes twice as long', () => {
  it.each([...['a', ' ', '&', '%', 'é', '€', '😀', '\0'], `${'a'.repeat(31)}&`])(
    'for twice as many of %j in a value, and in a name',
    (unit) => {
      const encoding = (length: number): Run => {
        const text = filled(unit, length)
        return () => encodeQuery({ [text]: text })
      }
      expect(growthOf(encoding)).toBeLessThan(3)
    },
  )

  it.each([undefined, 'array', 'commaSeparated', 'indexed'] as const)(
    'for twice as many values and names in the style %s',
    (style) => {
      const encoding = (length: number): Run => {
        const list = Array.from({ length: length / 32 }, (_, at) => `v&${at}`)
        const map = Object.fromEntries(list.map((value) => [value, value]))
        const params = { list, map, maps: list.map((value) => ({ value })) }
        return () => encodeQuery(params, style)
      }
      expect(growthOf(encoding, MiB / 2)).toBeLessThan(3)
    },
  )

  it('for names twice as long, in maps in maps', () => {
    const encoding = (length: number): Run => {
      let params: object = { end: 'x' }
      for (let level = 0; level < 60; level++) params = { [filled('a&', length / 60)]: params }
      return () => encodeQuery(params)
    }
    expect(growthOf(encoding)).toBeLessThan(3)
  })
})
