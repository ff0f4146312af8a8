// Random queries, rich in what means something to a reader, against the platform and the URL Standard's own steps; and
// random params, there and back again.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeQuery, parseQuery } from '../../src/core.js'
import { grouped, pairsOf, platformPairsOf, type Tree, unnest } from '../support/query-reference.js'

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
function check<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>, numRuns: number): void {
  fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

const none = { maxPairs: Number.POSITIVE_INFINITY }
const styles = [undefined, 'array', 'commaSeparated', 'indexed'] as const

const digit = fc.constantFrom(...'0123456789abcdefABCDEF')
const byte = fc.oneof(
  fc.nat(255),
  fc.constantFrom(0x80, 0xbf, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0xf0, 0x9f, 0x98, 0xf4, 0x8f),
)
const escaped = byte.map((value) => `%${value.toString(16).padStart(2, '0')}`)
const whole = fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }).map(encodeURIComponent)
const half = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code))
const letters = fc.string({ unit: fc.constantFrom(...'abcXYZ09-._~*'), maxLength: 20 })
const odd = fc.constantFrom('__proto__', 'constructor', '\ufeff', '\0', ';', '?', '[', ']', '%u00e9', '\r\n')

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('&', '=', '+', '%', '&', '=') },
  { weight: 3, arbitrary: escaped },
  { weight: 2, arbitrary: whole },
  { weight: 2, arbitrary: digit },
  { weight: 2, arbitrary: letters },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  { weight: 1, arbitrary: half },
  { weight: 1, arbitrary: odd },
  { weight: 1, arbitrary: fc.tuple(letters, fc.nat(40)).map(([text, times]) => text.repeat(times)) },
)

const query = fc.array(piece, { maxLength: 60, size: 'max' }).map((pieces) => pieces.join(''))

const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), half, odd, letters)
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), letters, query)

/** As it comes back: halves of surrogate pairs are U+FFFD. */
function wellFormed(value: string): string {
  return Buffer.from(value).toString()
}

describe('any query', () => {
  it('means what the URL Standard’s steps and URLSearchParams say', () => {
    const property = fc.property(query, (input) => {
      const wanted = grouped(platformPairsOf(input))
      expect(grouped(pairsOf(input))).toEqual(wanted)
      expect(Object.entries(parseQuery(input, none))).toEqual(wanted)
    })
    check(property, 5000)
  })

  it('means the same in a long text, at any place of it', () => {
    const property = fc.property(query, fc.nat(200), fc.nat(200), (input, before, after) => {
      const long = `${'a'.repeat(before)}${input}${'b'.repeat(after)}`
      expect(Object.entries(parseQuery(long, none))).toEqual(grouped(platformPairsOf(long)))
    })
    check(property, 2000)
  })

  it('means the same where it stands among others', () => {
    const property = fc.property(fc.array(query, { maxLength: 12, size: 'max' }), (inputs) => {
      const joined = inputs.join('&')
      const pairs = inputs.flatMap(platformPairsOf)
      expect(Object.entries(parseQuery(joined, none))).toEqual(grouped(pairs))
    })
    check(property, 1000)
  })

  it('has as many pairs, and as many bytes, as its limits count', () => {
    const property = fc.property(query, (input) => {
      const [maxPairs, maxBytes] = [pairsOf(input).length, Buffer.byteLength(input)]
      expect(Object.entries(parseQuery(input, { maxPairs, maxBytes }))).toEqual(grouped(pairsOf(input)))
      if (maxPairs > 0)
        expect(() => parseQuery(input, { maxPairs: maxPairs - 1 })).toThrow(
          expect.objectContaining({ code: 'TOO_MANY_PAIRS' }),
        )
      if (maxBytes > 0)
        expect(() => parseQuery(input, { maxBytes: maxBytes - 1 })).toThrow(
          expect.objectContaining({ code: 'QUERY_TOO_LARGE' }),
        )
    })
    check(property, 1000)
  })
})

describe('flat params', () => {
  it('are written as URLSearchParams writes them, and come back', () => {
    const property = fc.property(fc.array(fc.tuple(name, text), { maxLength: 20 }), (pairs) => {
      const written = encodeQuery(pairs)
      expect(written).toBe(new URLSearchParams(pairs).toString())
      const wanted = pairs.map(([key, value]) => [wellFormed(key), wellFormed(value)] as const)
      expect(Object.entries(parseQuery(written, none))).toEqual(grouped(wanted))
    })
    check(property, 3000)
  })

  it('come back with their arrays of two values and more', () => {
    const value = fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 6 }))
    const property = fc.property(fc.dictionary(name, value, { noNullPrototype: false }), (params) => {
      const pairs = Object.entries(params).flatMap(([key, values]) =>
        [values].flat().map((one) => [wellFormed(key), wellFormed(one)] as const),
      )
      expect(Object.entries(parseQuery(encodeQuery(params), none))).toEqual(grouped(pairs))
    })
    check(property, 2000)
  })

  it('are what was parsed, written and parsed again', () => {
    const property = fc.property(query, (input) => {
      const first = parseQuery(input, none)
      expect(parseQuery(encodeQuery(first), none)).toEqual(first)
    })
    check(property, 2000)
  })
})

// A name among others: no brackets, and never a number, which would be an index.
const step = fc.string({ unit: 'binary', maxLength: 6 }).map((value) => `n${value.replace(/[[\]]/g, '')}`)
const leaf = fc.oneof(text, fc.double({ noNaN: true }), fc.boolean(), fc.bigInt(), fc.constant(null))

const { tree } = fc.letrec<{ tree: unknown; list: unknown[]; map: Record<string, unknown> }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('list'), tie('map')),
  list: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
  map: fc.dictionary(step, tie('tree'), { minKeys: 1, maxKeys: 4 }),
}))
const nested = fc.dictionary(step, tree, { maxKeys: 5 })

/** What is left of params when every leaf is text. */
function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return value.map(treeOf)
  if (typeof value !== 'object') return wellFormed(String(value))
  if (value === null) return ''
  return new Map(Object.entries(value).map(([key, below]) => [wellFormed(key), treeOf(below)]))
}

describe('nested params', () => {
  it('come back from indexed as they were', () => {
    const property = fc.property(nested, (params) => {
      fc.pre(hasNamesApart(params))
      const written = encodeQuery(params, 'indexed')
      expect(Object.keys(params).length > 0 ? unnest(written) : written).toEqual(
        Object.keys(params).length > 0 ? treeOf(params) : '',
      )
    })
    check(property, 2000)
  })

  it('are the same as Maps and Sets', () => {
    const property = fc.property(nested, fc.constantFrom(...styles), (params, style) => {
      expect(encodeQuery(collected(params) as Map<string, unknown>, style)).toBe(encodeQuery(params, style))
    })
    check(property, 1000)
  })

  it('have the same leaves in every style, in the same order', () => {
    const property = fc.property(nested, (params) => {
      const [first, ...others] = [undefined, 'array', 'indexed'].map((style) =>
        platformPairsOf(encodeQuery(params, style as 'array')).map(([, value]) => value),
      )
      for (const other of others) expect(other).toEqual(first)
    })
    check(property, 1000)
  })

  it('are read as names and values by anyone: all in brackets is escaped', () => {
    const property = fc.property(nested, fc.constantFrom(...styles), (params, style) => {
      const written = encodeQuery(params, style)
      expect(written).toMatch(/^[*\-._0-9A-Za-z+%&=]*$/)
      expect(new URLSearchParams(written).toString()).toBe(written)
    })
    check(property, 1000)
  })
})

/** Whether no two names of a map become the same when halves of surrogate pairs are replaced. */
function hasNamesApart(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const names = Object.keys(value)
  return new Set(names.map(wellFormed)).size === names.length && Object.values(value).every(hasNamesApart)
}

/** The same with a Map for each map, and for each array something else that is iterable. */
function collected(value: unknown): unknown {
  if (Array.isArray(value)) return new Map(value.map((one, at) => [at, collected(one)])).values()
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, below]) => [key, collected(below)]))
}

describe('params of any kind', () => {
  // Maps are Maps in others above; here their names could be objects, which no query has.
  const anything = fc.anything({
    maxDepth: 4,
    withBigInt: true,
    withBoxedValues: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  })

  it('are never written as [object Object] or the like, in any style', () => {
    const property = fc.property(
      fc.dictionary(fc.string(), anything),
      fc.constantFrom(...styles),
      (params, style) => {
        const pairs = platformPairsOf(encodeQuery(params, style))
        const names = JSON.stringify(params, (_, value) => (typeof value === 'bigint' ? '' : value))
        fc.pre(!names.includes('[object'))
        expect(pairs.filter((pair) => pair.join('=').includes('[object'))).toEqual([])
      },
    )
    check(property, 3000)
  })
})
