// Twice the query takes twice the time, whatever it is made of: one of 2 MiB is held to a shorter one. Were time to grow with
// the square, twice the query would take four times as long.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { encodeQuery, parseQuery } from '../../src/core.js'
import { growthOf, leastTimes, type Run } from '../support/growth.js'

const MiB = 1024 * 1024
/** The length of the longest, where the test does not say. */
const LONGEST = 2 * MiB
const none = { maxPairs: Number.POSITIVE_INFINITY }

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
  ])('for twice as many of %s', async (unit) => {
    const repeating = parsing((length) => filled(unit, length))
    expect(await growthOf(repeating, LONGEST)).toBeLessThan(3)
  })

  it.each<[title: string, nameOf: (index: number) => string]>([
    ['names', (index) => `n${index}`],
    ['numbers', (index) => `${index}`],
    ['numbers far apart', (index) => `${index * 65_537}`],
    ['names with an escape', (index) => `%6e${index}`],
    ['names beyond ASCII', (index) => `é${index}`],
    ['pairs', (index) => `name${index}=value+${index}`],
  ])('for twice as many distinct %s', async (_, nameOf) => {
    const distinct = (length: number): string => {
      const names: string[] = []
      for (let size = 0; size < length; size += names.at(-1)!.length + 1) names.push(nameOf(names.length))
      return names.join('&')
    }
    // Of more than these, all caches are too small for the result.
    expect(await growthOf(parsing(distinct), MiB / 2)).toBeLessThan(3)
  })

  // What is passed over in one place must not be looked at anew from each other place.
  it.each([
    ['names before the only equals sign', 'a&', 'a='],
    ['values before a long name', 'a=+&', 'a'],
    ['escapes after a long value', 'a', '%41'],
    ['ampersands after a long value', '%', '&'],
    ['ampersands before a long value', '&', '%'],
  ])('for twice as many %s', async (_, before, after) => {
    const mixed = (length: number): string => filled(before, length / 2) + filled(after, length / 2)
    expect(await growthOf(parsing(mixed), LONGEST)).toBeLessThan(3)
  })
})

describe('parseQuery', () => {
  it('takes as long for what comes before a value larger than the desk as for what comes after it', async () => {
    const [value, others] = [filled('%', deskSize + 1000), filled('&', MiB / 2)]
    const runs = [value + others, others + value].map((text) => parsing(() => text)(MiB))
    const [after, before] = await leastTimes(runs)
    expect(before! / after!).toBeLessThan(5)
  })

  it.each(['a&', 'a=b&', '%41=1&'])(
    'takes at most twice as long to refuse twice as many of %s',
    async (unit) => {
      const refusing = (length: number): Run => {
        const text = filled(unit, length)
        return () => expect(() => parseQuery(text)).toThrow(/too many/)
      }
      expect(await growthOf(refusing, LONGEST)).toBeLessThan(3)
    },
  )
})

describe('encodeQuery takes twice as long', () => {
  it.each([...['a', ' ', '&', '%', 'é', '€', '😀', '\0'], `${'a'.repeat(31)}&`])(
    'for twice as many of %j in a value, and in a name',
    async (unit) => {
      const encoding = (length: number): Run => {
        const text = filled(unit, length)
        return () => encodeQuery({ [text]: text })
      }
      expect(await growthOf(encoding, LONGEST)).toBeLessThan(3)
    },
  )

  it.each([undefined, 'array', 'commaSeparated', 'indexed'] as const)(
    'for twice as many values and names in the style %s',
    async (style) => {
      const encoding = (length: number): Run => {
        const list = Array.from({ length: length / 32 }, (_, at) => `v&${at}`)
        const map = Object.fromEntries(list.map((value) => [value, value]))
        const params = { list, map, maps: list.map((value) => ({ value })) }
        return () => encodeQuery(params, style)
      }
      expect(await growthOf(encoding, MiB / 2)).toBeLessThan(3)
    },
  )

  it('for names twice as long, in maps in maps', async () => {
    const encoding = (length: number): Run => {
      let params: object = { end: 'x' }
      for (let level = 0; level < 60; level++) params = { [filled('a&', length / 60)]: params }
      return () => encodeQuery(params)
    }
    expect(await growthOf(encoding, LONGEST)).toBeLessThan(3)
  })
})
