// parseQuery, wherever in a text a thing lies. Judged by URLSearchParams; takes long.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { disagreements, range } from '../support/query-disagreements.js'

const MiB = 1024 * 1024

// Vectors, regions of memory and ways to read may change with the size of a text: what lies across such a place must mean
// the same. All that can be cut there is put at every position around it, with text after it and without.
describe('what lies at any place of a text', () => {
  const things = [
    ...['%41', '%4', '%', '%zz', '%%41', '+', '&', '=', '&&', '&b=', 'é', '€', '😀', '\ud83d', '\ude00'],
    ...[
      '%C3%A9',
      '%e2%82%ac',
      '%F0%9F%98%80',
      '%F0%9F%98',
      '%ff',
      '%EF%BB%BF',
      '\ufeff',
      '€%ff',
      '\0',
      '%26%3d',
    ],
  ]
  /** Those that can be cut. */
  const long = ['%41', '%4', '%', '%%41', '&', '&&b=', '=', 'é', '€', '😀', '\ud83d', '%F0%9F%98%80', '😀%ff']

  it('means the same up to 140 bytes in', () => {
    function* queries(fill: string): Generator<string> {
      for (const thing of things)
        for (const place of range(0, 140))
          for (const rest of ['', 'b', 'b'.repeat(15), `${'b'.repeat(40)}&n=c`])
            yield `n=${fill.repeat(place)}`.slice(0, place) + thing + rest
    }
    for (const fill of ['a', 'é', '%41', 'a&', '+']) expect(disagreements(queries(fill))).toEqual([])
  })

  // The desk, and what fits it where a character may be three bytes, less some room for what is written beside it.
  const sizes = [256, 1024, 4096, 16_384, 65_536, deskSize / 3, deskSize / 2, deskSize].map(Math.floor)

  it.each(sizes)('means the same where the text ends with it, at about %i bytes', (size) => {
    function* queries(fill: string): Generator<string> {
      for (const thing of long)
        for (const place of range(size - 24, size + 2))
          yield `n=%${fill.repeat(place)}`.slice(0, place) + thing
    }
    expect(disagreements(queries('z'))).toEqual([])
    expect(disagreements(size > 20_000 ? [] : queries('z&%4'))).toEqual([])
  })

  it('means the same at about each of these sizes in a text that is larger, of one pair and of many', () => {
    function* queries(fill: string, chosen: readonly string[]): Generator<string> {
      const all = Buffer.alloc(deskSize + 1000, fill).toString()
      for (const thing of chosen)
        for (const more of range(-16, 1)) {
          const places = sizes.map((size) => size + more)
          const rests = places.map((place, at) => all.slice(place + thing.length, places[at + 1]))
          yield [`n=%${all.slice(3, places[0])}`, ...rests].join(thing)
        }
    }
    expect(disagreements(queries('z', ['%41', '%4', '&', '=', 'é', '€', '😀%ff', '%F0%9F%98%80']))).toEqual(
      [],
    )
    expect(disagreements(queries('zyxwvutsrqponmlkji&', ['%41', '%&', '😀%ff']))).toEqual([])
  }, 60_000)

  it.each([
    ['a value', 'a=1&big=', '&c=3'],
    ['a name', 'a=1&', '=2&c=3'],
    ['all there is', '', ''],
  ])('means the same in one pair larger than 1 MiB: %s', (_, before, after) => {
    const units = ['abcdefgh', '%41', 'é', '€', '%E2%82%AC', '%ff', '+', '%', '😀%F0%9F%98%80', 'a=']
    for (const unit of units) {
      const big = unit.repeat(Math.ceil((MiB + 100_003) / unit.length))
      expect(disagreements([before + big + after])).toEqual([])
    }
  })

  it('means the same where many pairs fill more than the desk', () => {
    for (const pair of ['name=value&', 'n%61me=v%C3%A4lue+1&', 'ä=ö%ff&', '&a&&', '=&', '%=%&', '😀&']) {
      const many = pair.repeat(Math.ceil((deskSize + 10_007) / pair.length))
      expect(disagreements([many, `xy${many}last=one`])).toEqual([])
    }
    const distinct = Array.from({ length: 20_000 }, (_, at) => `n%${(at % 80) + 20}a${at}=v+${at}é`).join('&')
    expect(disagreements([distinct])).toEqual([])
  })

  it('means the same where short pairs stand among ones that are larger than the desk', () => {
    for (const size of [deskSize - 20, deskSize, deskSize + 20]) {
      for (const big of [`big=${'z%41'.repeat(size / 4)}`, `${'é'.repeat(size / 2)}=big`, '&'.repeat(size)]) {
        const queries = [`${big}&a=1`, `a=1&&${big}`, `&${big}&&b=%`, `${big}&${big}`, `a&${big}&c&${big}&=`]
        expect(disagreements(queries)).toEqual([])
      }
    }
  })

  it('means the same for every number of pairs up to 1100, and of twice as many', () => {
    function* queries(): Generator<string> {
      for (const count of [...range(0, 1100), ...range(2040, 2060)]) {
        const pairs = 'a%=b&'.repeat(count)
        yield pairs
        yield `${pairs}&`
        yield `${pairs}c=%64`
        yield `&&${pairs.slice(0, -1)}`
      }
    }
    expect(disagreements(queries())).toEqual([])
  })

  it('means the same for every number of names up to 1100', () => {
    const names = range(0, 1100).map((at) => `n${(at * 7919) % 1101}=%${at % 90}`)
    function* queries(): Generator<string> {
      for (let count = 0; count <= names.length; count += 7) {
        const pairs = names.slice(0, count)
        yield pairs.join('&')
        yield [...pairs, ...pairs].join('&')
      }
    }
    expect(disagreements(queries())).toEqual([])
  })
})
