// encodeQuery: http-kit's table of nested styles, what we write where http-kit writes nothing of use, and the escapes of
// application/x-www-form-urlencoded (URL Standard §5.2), which URLSearchParams knows too.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { encodeQuery, parseQuery } from '../../src/core.js'
import { platformPairsOf } from '../support/query-reference.js'

type Style = 'array' | 'indexed' | 'commaSeparated'

const MiB = 1024 * 1024
const styles = [undefined, 'array', 'commaSeparated', 'indexed'] as const

/** The query with its escapes read, for names in brackets are hard to read without. */
function plain(params: object, style?: Style): string {
  return platformPairsOf(encodeQuery(params, style))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** The same in each style: none, array, commaSeparated, indexed. */
function inEachStyle(params: object): string[] {
  return styles.map((style) => plain(params, style))
}

function fourTimes(query: string): string[] {
  return styles.map(() => query)
}

describe('http-kit’s table', () => {
  const rows: [params: object, none: string, array: string, commaSeparated: string, indexed: string][] = [
    [{ a: [1, 2] }, 'a=1&a=2', 'a%5B%5D=1&a%5B%5D=2', 'a=1%2C2', 'a%5B0%5D=1&a%5B1%5D=2'],
    [{ b: [] }, 'b=', 'b%5B%5D=', 'b=', ''],
    [
      { a: { b: { c: 5 }, e: { f: 6 } } },
      'a%5Bb%5D%5Bc%5D=5&a%5Be%5D%5Bf%5D=6',
      'a%5Bb%5D%5Bc%5D=5&a%5Be%5D%5Bf%5D=6',
      'a%5Bb%5D%5Bc%5D=5&a%5Be%5D%5Bf%5D=6',
      'a%5Bb%5D%5Bc%5D=5&a%5Be%5D%5Bf%5D=6',
    ],
    [
      { c: { d: [1, 2] } },
      'c%5Bd%5D=1&c%5Bd%5D=2',
      'c%5Bd%5D%5B%5D=1&c%5Bd%5D%5B%5D=2',
      'c%5Bd%5D=1%2C2',
      'c%5Bd%5D%5B0%5D=1&c%5Bd%5D%5B1%5D=2',
    ],
    [
      { p: [{ x: 1 }, { x: 2 }] },
      'p%5B0%5D%5Bx%5D=1&p%5B1%5D%5Bx%5D=2',
      'p%5B0%5D%5Bx%5D=1&p%5B1%5D%5Bx%5D=2',
      'p%5B0%5D%5Bx%5D=1&p%5B1%5D%5Bx%5D=2',
      'p%5B0%5D%5Bx%5D=1&p%5B1%5D%5Bx%5D=2',
    ],
  ]

  it.each(rows)('is kept to in every style: %j', (params, ...wanted) => {
    expect(styles.map((style) => encodeQuery(params, style))).toEqual(wanted)
  })

  it.each<[title: string, params: object, query: string]>([
    ['nil is an empty value', { k: null }, 'k='],
    ['booleans are their names', { yes: true, no: false }, 'yes=true&no=false'],
    ['numbers are their digits', { a: 1, b: -2.5, c: 0 }, 'a=1&b=-2.5&c=0'],
    ['an empty map vanishes', { a: {}, b: 1, c: { d: {} } }, 'b=1'],
    [
      'pairs are a map',
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      'a=1&b=2&a=3',
    ],
    ['the order is that of the map', { z: 1, a: 2, m: 3 }, 'z=1&a=2&m=3'],
    ['nothing is nothing', {}, ''],
  ])('says: %s', (_, params, query) => {
    for (const style of styles) expect(encodeQuery(params, style)).toBe(query)
  })
})

describe('the value of a name', () => {
  const when = new Date(Date.UTC(2026, 10, 22, 12, 0, 0, 5))

  it.each<[title: string, value: unknown, text: string]>([
    ['a string', 'text', 'text'],
    ['an empty string', '', ''],
    ['null, as empty', null, ''],
    ['NaN', Number.NaN, 'NaN'],
    ['an infinite number', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['minus zero', -0, '0'],
    ['a large number', 1e21, '1e+21'],
    ['a bigint', 2n ** 70n, '1180591620717411303424'],
    ['a boolean', false, 'false'],
    ['a date, in UTC', when, '2026-11-22T12:00:00.005Z'],
    ['a URL', new URL('https://example.com/a?b=c&d'), 'https://example.com/a?b=c&d'],
    ['an object with a toString of its own', { toString: () => 'mine', x: 1 }, 'mine'],
    [
      'one of a class that has one',
      new (class {
        toString = (): string => 'of a class'
      })(),
      'of a class',
    ],
    ['a regular expression', /a b/g, '/a b/g'],
  ])('is text in every style: %s', (_, value, text) => {
    expect(inEachStyle({ k: value })).toEqual(fourTimes(`k=${text}`))
    expect(inEachStyle({ k: { l: value } })).toEqual(fourTimes(`k[l]=${text}`))
    expect(inEachStyle({ k: [value, 'x'] })).toEqual([
      `k=${text}&k=x`,
      `k[]=${text}&k[]=x`,
      `k=${text},x`,
      `k[0]=${text}&k[1]=x`,
    ])
  })

  it('is left out where it is undefined, wherever it stands', () => {
    expect(inEachStyle({ a: undefined, b: 1, c: undefined })).toEqual(fourTimes('b=1'))
    expect(inEachStyle({ a: { b: undefined, c: 1 }, d: { e: undefined } })).toEqual(fourTimes('a[c]=1'))
    expect(inEachStyle({ k: [1, undefined, 2] })).toEqual([
      'k=1&k=2',
      'k[]=1&k[]=2',
      'k=1,2',
      'k[0]=1&k[2]=2',
    ])
    expect(
      inEachStyle([
        ['a', undefined],
        ['b', 1],
      ]),
    ).toEqual(fourTimes('b=1'))
    expect(inEachStyle({ p: [undefined, { x: 1 }, undefined, { x: undefined, y: 2 }] })).toEqual(
      fourTimes('p[1][x]=1&p[3][y]=2'),
    )
  })

  it('may be null within an array', () => {
    expect(inEachStyle({ k: [1, null, 2] })).toEqual([
      'k=1&k=&k=2',
      'k[]=1&k[]=&k[]=2',
      'k=1,,2',
      'k[0]=1&k[1]=&k[2]=2',
    ])
    expect(inEachStyle({ k: [null] })).toEqual(['k=', 'k[]=', 'k=', 'k[0]='])
  })

  it('may be an array of one', () => {
    expect(inEachStyle({ k: ['v'] })).toEqual(['k=v', 'k[]=v', 'k=v', 'k[0]=v'])
  })

  it('has its commas escaped like those between values', () => {
    expect(encodeQuery({ k: ['a,b', 'c'] }, 'commaSeparated')).toBe('k=a%2Cb%2Cc')
  })
})

describe('arrays that hold maps or arrays', () => {
  it.each<[title: string, params: object, query: string]>([
    ['a map among others', { p: [1, { x: 2 }, 'c'] }, 'p[0]=1&p[1][x]=2&p[2]=c'],
    ['a map that is the last', { p: ['a', 'b', new Map([['x', 1]])] }, 'p[0]=a&p[1]=b&p[2][x]=1'],
    ['maps in maps', { p: [{ x: { y: 1 } }, { x: { z: 2 } }] }, 'p[0][x][y]=1&p[1][x][z]=2'],
    ['maps below a map', { q: { p: [{ x: 1 }] } }, 'q[p][0][x]=1'],
    ['maps in arrays of maps', { p: [{ q: [{ x: 1 }, { x: 2 }] }] }, 'p[0][q][0][x]=1&p[0][q][1][x]=2'],
    ['an empty map, which is left out', { p: [{}, { x: 1 }] }, 'p[1][x]=1'],
    ['null, which is empty', { p: [null, { x: 1 }] }, 'p[0]=&p[1][x]=1'],
  ])('are written with indices in every style: %s', (_, params, query) => {
    expect(inEachStyle(params)).toEqual(fourTimes(query))
  })

  it('leave the style to the arrays in them', () => {
    expect(inEachStyle({ p: [[1, 2], [3]] })).toEqual([
      'p[0]=1&p[0]=2&p[1]=3',
      'p[0][]=1&p[0][]=2&p[1][]=3',
      'p[0]=1,2&p[1]=3',
      'p[0][0]=1&p[0][1]=2&p[1][0]=3',
    ])
    expect(inEachStyle({ p: [{ x: [1, 2] }] })).toEqual([
      'p[0][x]=1&p[0][x]=2',
      'p[0][x][]=1&p[0][x][]=2',
      'p[0][x]=1,2',
      'p[0][x][0]=1&p[0][x][1]=2',
    ])
    expect(inEachStyle({ p: [[], { x: 1 }] })).toEqual([
      'p[0]=&p[1][x]=1',
      'p[0][]=&p[1][x]=1',
      'p[0]=&p[1][x]=1',
      'p[1][x]=1',
    ])
  })

  it('are not those whose objects are text', () => {
    const when = new Date(0)
    const params = { k: [when, new URL('http://a/')] }
    expect(inEachStyle(params)).toEqual([
      'k=1970-01-01T00:00:00.000Z&k=http://a/',
      'k[]=1970-01-01T00:00:00.000Z&k[]=http://a/',
      'k=1970-01-01T00:00:00.000Z,http://a/',
      'k[0]=1970-01-01T00:00:00.000Z&k[1]=http://a/',
    ])
  })
})

describe('params', () => {
  it.each<[title: string, params: () => object]>([
    ['an object', () => ({ a: '1', b: '2' })],
    ['an object without a prototype', () => Object.assign(Object.create(null), { a: '1', b: '2' })],
    [
      'an object of a class',
      () =>
        new (class {
          a = 1
          b = 2
        })(),
    ],
    [
      'a Map',
      () =>
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
    ],
    [
      'a list of pairs',
      () => [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ['URLSearchParams', () => new URLSearchParams('a=1&b=2')],
    [
      'a Set of pairs',
      () =>
        new Set([
          ['a', 1],
          ['b', 2],
        ]),
    ],
    [
      'a generator of pairs',
      function* () {
        yield ['a', 1]
        yield ['b', 2]
      },
    ],
    ['what parseQuery gave', () => parseQuery('a=1&b=2')],
    ['an object with inherited names', () => Object.assign(Object.create({ c: 3 }), { a: 1, b: 2 })],
    ['an object with hidden names', () => Object.defineProperty({ a: '1', b: 2 }, 'c', { value: 3 })],
    ['an object with symbols', () => ({ a: 1, [Symbol('s')]: 3, b: 2 })],
  ])('may be %s', (_, params) => {
    for (const style of styles) expect(encodeQuery(params(), style)).toBe('a=1&b=2')
  })

  it('keep the order and the repeats of a list', () => {
    const pairs = [
      ['b', 1],
      ['a', [2, 3]],
      ['b', { c: 4 }],
      ['a', 5],
    ]
    expect(inEachStyle(pairs)).toEqual([
      'b=1&a=2&a=3&b[c]=4&a=5',
      'b=1&a[]=2&a[]=3&b[c]=4&a=5',
      'b=1&a=2,3&b[c]=4&a=5',
      'b=1&a[0]=2&a[1]=3&b[c]=4&a=5',
    ])
    const params = new URLSearchParams('b=1&a=2&b=3&=&a=')
    expect(encodeQuery(params)).toBe(params.toString())
  })

  it('may hold Maps, Sets and other iterables', () => {
    const params = {
      m: new Map<unknown, unknown>([
        ['x', 1],
        ['y', new Map([['z', 2]])],
      ]),
      s: new Set([1, 2]),
      g: (function* () {
        yield 'a'
        yield 'b'
      })(),
    }
    expect(plain(params)).toBe('m[x]=1&m[y][z]=2&s=1&s=2&g=a&g=b')
    expect(plain({ s: new Set([1, 2]) }, 'array')).toBe('s[]=1&s[]=2')
    expect(plain({ s: new Set([{ x: 1 }]) })).toBe('s[0][x]=1')
    expect(plain({ s: new Set() }, 'array')).toBe('s[]=')
    expect(plain({ m: new Map(), n: 1 }, 'array')).toBe('n=1')
  })

  it('may have any name', () => {
    expect(encodeQuery({ '': 'a', ' ': 'b', 'a&b=c': 'd' })).toBe('=a&+=b&a%26b%3Dc=d')
    expect(encodeQuery({ ü: 1, '😀': { 'é]': 2 } })).toBe('%C3%BC=1&%F0%9F%98%80%5B%C3%A9%5D%5D=2')
    expect(plain({ a: { '': 1, '0': 2 } })).toBe('a[0]=2&a[]=1')
    const odd = JSON.parse('{"__proto__":1,"constructor":{"prototype":2},"toString":3,"length":4,"size":5}')
    expect(plain(odd)).toBe('__proto__=1&constructor[prototype]=2&toString=3&length=4&size=5')
    expect(
      plain(
        new Map<unknown, unknown>([
          [1, 'a'],
          [true, 'b'],
        ]),
      ),
    ).toBe('1=a&true=b')
  })

  it('may hold maps whose names objects have too, which stay maps', () => {
    const names = [
      'toString',
      'toJSON',
      'toISOString',
      'valueOf',
      'length',
      'size',
      'entries',
      'then',
      'next',
    ]
    for (const name of names) {
      expect(plain({ a: { [name]: 'x' } })).toBe(`a[${name}]=x`)
      expect(plain({ a: parseQuery(`${name}=x`) })).toBe(`a[${name}]=x`)
      expect(plain({ [name]: 'x' })).toBe(`${name}=x`)
    }
  })

  it('are not changed', () => {
    const params = Object.freeze({ a: Object.freeze([1, undefined, Object.freeze({ b: null })]) })
    for (const style of styles) expect(plain(params, style)).toBe('a[0]=1&a[2][b]=')
    expect(params).toEqual({ a: [1, undefined, { b: null }] })
  })
})

describe('a character', () => {
  const plainOnes = '*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

  it('stands for itself where it is a letter, a digit or one of *-._ ', () => {
    expect(encodeQuery({ [plainOnes]: plainOnes })).toBe(`${plainOnes}=${plainOnes}`)
  })

  it('is a plus where it is a space, and otherwise an escape in upper case, byte by byte of its UTF-8', () => {
    for (let code = 0; code < 0x80; code++) {
      const character = String.fromCharCode(code)
      if (plainOnes.includes(character)) continue
      const hex = code.toString(16).toUpperCase().padStart(2, '0')
      expect(encodeQuery({ a: character })).toBe(code === 0x20 ? 'a=+' : `a=%${hex}`)
    }
    expect(encodeQuery({ a: '~!\'()"%+&=;,/?:@$#<>[]\\^`{|}\x7f' })).toBe(
      'a=%7E%21%27%28%29%22%25%2B%26%3D%3B%2C%2F%3F%3A%40%24%23%3C%3E%5B%5D%5C%5E%60%7B%7C%7D%7F',
    )
    expect(encodeQuery({ a: '\u0080ÿ\u07ff\u0800€\uffff😀\u{10ffff}' })).toBe(
      'a=%C2%80%C3%BF%DF%BF%E0%A0%80%E2%82%AC%EF%BF%BF%F0%9F%98%80%F4%8F%BF%BF',
    )
    expect(encodeQuery({ a: '\ufeffb' })).toBe('a=%EF%BB%BFb')
  })

  it.each([
    ['\ud83d', '%EF%BF%BD'],
    ['\ude00', '%EF%BF%BD'],
    ['\ude00\ud83d', '%EF%BF%BD%EF%BF%BD'],
    ['\ud83d\ud83d\ude00', '%EF%BF%BD%F0%9F%98%80'],
    ['a\ud83db', 'a%EF%BF%BDb'],
    [`${'x'.repeat(100)}\ud83d`, `${'x'.repeat(100)}%EF%BF%BD`],
  ])('is U+FFFD where it is half a surrogate pair: %j', (text, escaped) => {
    expect(encodeQuery({ k: text })).toBe(`k=${escaped}`)
    expect(encodeQuery({ [text]: 'v' })).toBe(`${escaped}=v`)
  })

  it('is no pair with the half that begins the next name, value or index', () => {
    const halves = '%EF%BF%BD'
    expect(encodeQuery({ '\ud83d': '\ude00' })).toBe(`${halves}=${halves}`)
    expect(encodeQuery({ k: ['\ud83d', '\ude00'] }, 'commaSeparated')).toBe(`k=${halves}%2C${halves}`)
    expect(encodeQuery({ '\ud83d': { '\ude00': 1 } })).toBe(`${halves}%5B${halves}%5D=1`)
  })

  it('is written as URLSearchParams writes it, each there is, in names and values, alone and among others', () => {
    const wrong: number[] = []
    for (let code = 0; code <= 0x10ffff; code += code < 0x10000 ? 1 : 257) {
      const character = String.fromCodePoint(code)
      const pairs = [
        [character, character],
        [`a${character}`, `${'b'.repeat(20)}${character}c`],
      ]
      const wanted = new URLSearchParams(pairs).toString()
      const written = [encodeQuery(pairs), encodeQuery(Object.fromEntries(pairs))]
      if (written.some((one) => one !== wanted)) wrong.push(code)
    }
    expect(wrong.slice(0, 10)).toEqual([])
  })
})

// An escape is longer than what it stands for, up to nine times, and vectors and regions of memory have their ends: what
// is to be escaped is put at every position around such places.
describe('a text of any size', () => {
  const things = [
    '',
    'a',
    ' ',
    '&',
    '%',
    '~',
    '\0',
    'é',
    '€',
    '😀',
    '\ud83d',
    '\ude00',
    '\ufeff',
    '  ',
    '&é€😀&',
  ]

  /** The texts that are not escaped as URLSearchParams escapes them, up to ten. */
  function disagreements(texts: Iterable<string>): string[] {
    const wrong: string[] = []
    for (const text of texts) {
      const wanted = new URLSearchParams([['k', text]]).toString()
      if (encodeQuery({ k: text }) === wanted && encodeQuery({ [text]: 'k' }) === `${wanted.slice(2)}=k`)
        continue
      wrong.push(`${text.slice(0, 50)} … ${text.slice(-50)} (${text.length})`)
      if (wrong.length === 10) break
    }
    return wrong
  }

  function* around(places: Iterable<number>, fill: string, rests: readonly string[]): Generator<string> {
    for (const place of places)
      for (const thing of things)
        for (const rest of rests) yield fill.repeat(place).slice(0, place) + thing + rest
  }

  function range(first: number, last: number): number[] {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  }

  it.each(['a', ' ', '&', 'é', '€', '😀', 'a&b é'])('is escaped alike up to 140 characters: %s', (fill) => {
    expect(disagreements(around(range(0, 140), fill, ['', 'b', '&'.repeat(15), 'b'.repeat(40)]))).toEqual([])
  })

  // A part of the desk holds the text, as UTF-8, and the rest what comes of it. How large a part is, a text may change.
  const shares = [1, 2, 3, 4, 6, 9, 12, 16].map((share) => Math.floor(deskSize / share))
  const sizes = [64, 128, 256, 1024, 8192, 16_384, 65_536, ...shares].sort((one, other) => one - other)

  it.each(['a', '&', 'é'])(
    'is escaped alike at about every size that may matter, in a larger one: %s',
    (fill) => {
      function* texts(): Generator<string> {
        const all = fill.repeat(deskSize + 100)
        for (const thing of ['a', '&', 'é', '€', '😀', '\ud83d', '\ude00'])
          for (const more of range(-3, 1)) {
            const places = sizes.map((size) => size + more)
            const rests = places.map((place, at) => all.slice(place + thing.length, places[at + 1]))
            yield [all.slice(0, places[0]), ...rests].join(thing)
          }
      }
      expect(disagreements(texts())).toEqual([])
    },
  )

  it.each(sizes)('is escaped alike where it ends at about %i characters', (size) => {
    const places = range(size - 2048 / 12 - 4, size - 2048 / 12 + 3).concat(range(size - 4, size + 2))
    const few = size > 20_000 ? ['&', '😀', '\ud83d'] : things
    function* texts(): Generator<string> {
      for (const fill of size > deskSize / 3 ? ['a'] : ['a', '€'])
        for (const place of places)
          for (const thing of few) yield fill.repeat(Math.max(0, Math.floor(place))) + thing
    }
    expect(disagreements(texts())).toEqual([])
  })

  it('is escaped alike where several together come to about such a size', () => {
    const wrong: number[] = []
    for (const size of shares) {
      for (const more of range(-4, 3)) {
        const half = Math.floor((size + more) / 2)
        const pairs = [
          ['x', '€'.repeat(half)],
          ['\ud83d', '😀'.repeat((size + more - half) / 2)],
          ['y&', 'z'],
        ]
        if (encodeQuery(pairs) !== new URLSearchParams(pairs).toString()) wrong.push(size + more)
      }
    }
    expect(wrong).toEqual([])
  })

  it('is escaped alike among any number of others up to 1100', () => {
    const pairs = range(0, 1100).map((at) => [`n ${at}`, at % 3 ? `v${at}` : `é&${at}`.repeat(10)])
    const wrong: number[] = []
    for (let count = 0; count <= pairs.length; count += count < 900 ? 25 : 1) {
      const some = pairs.slice(0, count)
      if (encodeQuery(some) !== new URLSearchParams(some).toString()) wrong.push(count)
    }
    expect(wrong).toEqual([])
  })

  it('is escaped alike where it is larger than 1 MiB, among others', () => {
    for (const unit of ['abc', ' ', '&=', 'é', '€', '😀', '\ud83d', `${'a'.repeat(5000)}&€`]) {
      const big = unit.repeat(Math.ceil((MiB + 100_003) / unit.length))
      const pairs = [
        ['a', '1&2'],
        ['big', big],
        [big, 'small'],
        ['z', 'é'],
      ]
      expect(encodeQuery(pairs) === new URLSearchParams(pairs).toString()).toBe(true)
    }
  })

  it('is escaped alike among many', () => {
    const pairs = Array.from({ length: 100_000 }, (_, at) => [`n ${at}`, at % 3 ? `v${at}` : `é&${at}`])
    expect(encodeQuery(pairs) === new URLSearchParams(pairs).toString()).toBe(true)
    const values = Array.from({ length: 100_000 }, (_, at) => `${at}&`)
    expect(
      encodeQuery({ k: values }, 'commaSeparated') ===
        `k=${values.join(',').replace(/[&,]/g, (character) => (character === '&' ? '%26' : '%2C'))}`,
    ).toBe(true)
  })

  it('leaves nothing of itself to the next', () => {
    const long = { [`SECRET${'é'.repeat(1000)}`]: ['SECRET&'.repeat(100_000), '&SECRET'] }
    for (const text of ['', 'a', '&', 'é', '\ud83d', 'x'.repeat(70), '&'.repeat(70), `${'a'.repeat(69)}&`]) {
      for (const style of styles) expect(encodeQuery(long, style).length).toBeGreaterThan(600_000)
      expect(encodeQuery({ k: text })).toBe(new URLSearchParams([['k', text]]).toString())
    }
  })
})

describe('encodeQuery', () => {
  function deep(levels: number): object {
    let params: object = { end: 1 }
    for (let level = 1; level < levels; level++) params = { a: params }
    return params
  }

  it('goes 64 levels deep, and refuses more', () => {
    expect(plain(deep(64))).toBe(`a${'[a]'.repeat(62)}[end]=1`)
    expect(() => encodeQuery(deep(70))).toThrow(TypeError)
    expect(() => encodeQuery(deep(100_000))).toThrow(TypeError)
    expect(() => encodeQuery(deep(70))).toThrow(/deep/)
  })

  it('refuses what holds itself', () => {
    const map: Record<string, unknown> = { a: 1 }
    map.self = { map }
    const list: unknown[] = []
    list.push(list)
    const keyed = new Map<string, unknown>()
    keyed.set('self', [keyed])
    for (const style of styles) {
      for (const params of [map, { list }, keyed]) expect(() => encodeQuery(params, style)).toThrow(TypeError)
    }
  })

  it('writes what stands in it twice twice', () => {
    const one = { x: 1 }
    expect(plain({ a: one, b: one, c: [one, one] })).toBe('a[x]=1&b[x]=1&c[0][x]=1&c[1][x]=1')
  })

  it.each(styles)('refuses functions and symbols: %s', (style) => {
    for (const value of [() => 1, class {}, Symbol('s'), Symbol.iterator]) {
      expect(() => encodeQuery({ a: value }, style)).toThrow(TypeError)
      expect(() => encodeQuery({ a: { b: value } }, style)).toThrow(TypeError)
      expect(() => encodeQuery({ a: [1, value] }, style)).toThrow(TypeError)
      expect(() => encodeQuery([['a', value]], style)).toThrow(TypeError)
    }
  })

  it('refuses maps and lists as names, for they have none', () => {
    for (const name of [{}, [], new Map(), Object.create(null)]) {
      expect(() => encodeQuery(new Map([[name, 1]]))).toThrow(TypeError)
      expect(() => encodeQuery([[name, 1]])).toThrow(TypeError)
      expect(() => encodeQuery({ a: new Map([[name, 1]]) })).toThrow(TypeError)
    }
    for (const name of [Symbol('s'), () => 1]) {
      expect(() => encodeQuery(new Map([[name, 1]]))).toThrow(TypeError)
      expect(() => encodeQuery([[name, 1]])).toThrow(TypeError)
    }
  })

  it('refuses a list of what are no pairs', () => {
    const lists = [
      ['a'],
      ['ab'],
      [['a']],
      [['a', 1, 2]],
      [[]],
      [null],
      [{ 0: 'a', 1: 'b' }],
      [['a', 1], 5],
      'ab',
    ]
    for (const list of lists) expect(() => encodeQuery(Object(list))).toThrow(TypeError)
  })

  it('refuses a style that it does not know', () => {
    const others = [
      '',
      'Array',
      'comma-separated',
      'nil',
      'toString',
      '__proto__',
      'constructor',
      1,
      {},
      true,
    ]
    for (const style of others) {
      expect(() => encodeQuery({ a: 1 }, style as Style)).toThrow(TypeError)
      expect(() => encodeQuery({}, style as Style)).toThrow(TypeError)
    }
    expect(() => encodeQuery({ a: 1 }, 'comma' as Style)).toThrow(/comma/)
  })

  it('refuses params that are no object', () => {
    for (const params of [undefined, null, 1, 'a=1', true, 1n, Symbol('s'), () => ({})]) {
      expect(() => encodeQuery(params as unknown as object)).toThrow(TypeError)
    }
  })

  it('lets through what params throw, and works on', () => {
    const fault = new RangeError('no value today')
    const params = {
      get a() {
        throw fault
      },
    }
    expect(() => encodeQuery(params)).toThrow(fault)
    expect(() =>
      encodeQuery({
        b: 'x'.repeat(100),
        c: {
          toString: () => {
            throw fault
          },
        },
      }),
    ).toThrow(fault)
    expect(encodeQuery({ d: 'é' })).toBe('d=%C3%A9')
  })

  it('writes and reads others while it asks a getter', () => {
    const params = {
      a: 'first',
      get b() {
        return `${encodeQuery({ x: 'another one' })}${parseQuery('%41=b+c').A as string}`
      },
      c: 'last',
    }
    expect(encodeQuery(params)).toBe('a=first&b=x%3Danother%2Boneb+c&c=last')
  })

  it('writes a query while it writes another', () => {
    const inner = { toString: () => encodeQuery({ x: 'é&'.repeat(30) }) }
    const wanted = new URLSearchParams([
      ['a', 'é&'.repeat(20)],
      ['b', String(inner)],
      ['c', '€'],
    ])
    expect(encodeQuery({ a: 'é&'.repeat(20), b: inner, c: '€' })).toBe(wanted.toString())
    const reading = { toString: () => String(parseQuery(`y=${'%41'.repeat(50)}`).y) }
    expect(encodeQuery({ a: 'é&', b: reading, c: '€' })).toBe(`a=%C3%A9%26&b=${'A'.repeat(50)}&c=%E2%82%AC`)
  })
})
