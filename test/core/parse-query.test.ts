// parseQuery: the application/x-www-form-urlencoded parser of the URL Standard (§5.1), with repeated names as arrays.
// What a query means is written down here, or, where every case of a kind is tried, told by URLSearchParams.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { type Params, ProtocolError, parseQuery, type QueryLimits } from '../../src/core.js'
import { disagreements, none, range, read } from '../support/query-disagreements.js'

const MiB = 1024 * 1024

function errorOf(query: string, limits?: QueryLimits): ProtocolError | undefined {
  try {
    parseQuery(query, limits)
    return undefined
  } catch (error) {
    return error as ProtocolError
  }
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`
}

describe('a query', () => {
  it.each<[title: string, query: string, wanted: Params]>([
    ['nothing', '', {}],
    ['a name and a value', 'a=b', { a: 'b' }],
    ['a name with an empty value', 'a=', { a: '' }],
    ['a name alone', 'a', { a: '' }],
    ['an empty name', '=b', { '': 'b' }],
    ['an equals sign alone', '=', { '': '' }],
    ['two equals signs', '==', { '': '=' }],
    ['equals signs in a value', 'a=b=c==', { a: 'b=c==' }],
    ['pairs', 'a=1&b=2&c=3', { a: '1', b: '2', c: '3' }],
    ['names alone', 'a&b&c', { a: '', b: '', c: '' }],
    ['an ampersand alone', '&', {}],
    ['ampersands alone', '&&&&', {}],
    ['ampersands before, between and after', '&&a=1&&&b&&', { a: '1', b: '' }],
    ['empty names between ampersands', '&=&=1&', { '': ['', '1'] }],
    ['a question mark, which is of the name', '?a=1', { '?a': '1' }],
    ['a question mark alone', '?', { '?': '' }],
    ['semicolons, which separate nothing', 'a=1;b=2', { a: '1;b=2' }],
    ['a fragment, which is of the value', 'a=1#b=2', { a: '1#b=2' }],
    ['brackets, which mean nothing', 'a[]=1&a[]=2&b[c]=3', { 'a[]': ['1', '2'], 'b[c]': '3' }],
    ['white space, which is kept', ' a = \tb \r\n&\n', { ' a ': ' \tb \r\n', '\n': '' }],
    ['quotes, which mean nothing', `a="b&c'='`, { a: '"b', "c'": "'" }],
    ['characters beyond ASCII', 'grün=ÿ&日本=語&😀=🎉', { grün: 'ÿ', 日本: '語', '😀': '🎉' }],
    ['NUL as it is and as an escape', 'a\0b=%00&%00', { 'a\0b': '\0', '\0': '' }],
    ['control characters', '\x01=\x7f&\x1f', { '\x01': '\x7f', '\x1f': '' }],
    ['names that are numbers', 'b=1&10=2&9=3', { '9': '3', '10': '2', b: '1' }],
  ])('may hold %s', (_, query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it.each<[title: string, query: string, wanted: Params]>([
    ['two', 'a=1&a=2', { a: ['1', '2'] }],
    ['many', 'a=1&a=2&a=3&a=4&a=5', { a: ['1', '2', '3', '4', '5'] }],
    ['empty ones', 'a&a=&a', { a: ['', '', ''] }],
    ['equal ones', 'a=1&a=1', { a: ['1', '1'] }],
    ['others between them', 'a=1&b=2&a=3&c=4&b=5', { a: ['1', '3'], b: ['2', '5'], c: '4' }],
    ['names escaped in other ways', '%61b=1&a%62=2&ab=3&%61%62=4', { ab: ['1', '2', '3', '4'] }],
    ['names whose case differs, which are two', 'a=1&A=2&a=3', { a: ['1', '3'], A: '2' }],
    ['empty names', '=1&=2&=', { '': ['1', '2', ''] }],
    ['names that become the same', 'a%FF=1&a%FE=2&a\ufffd=3', { 'a\ufffd': ['1', '2', '3'] }],
  ])('gives the values of a repeated name in order: %s', (_, query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it.each<[query: string, wanted: Params]>([
    ['+', { ' ': '' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['+=+', { ' ': ' ' }],
    ['a=++1++', { a: '  1  ' }],
    ['a%2Bb=%2B', { 'a+b': '+' }],
    ['a=+%2B+%20+', { a: ' +   ' }],
    ['a=1%2b1', { a: '1+1' }],
  ])('has a space for each plus: %j', (query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it.each<[query: string, wanted: Params]>([
    ['%61=%7A', { a: 'z' }],
    ['%3D=%3d', { '=': '=' }],
    ['a%26b=c%26d', { 'a&b': 'c&d' }],
    ['a=%2541', { a: '%41' }],
    ['a=%25%34%31', { a: '%41' }],
    ['%C3%A9=%c3%a9', { é: 'é' }],
    ['a=%E2%82%AC&b=%F0%9F%98%80', { a: '€', b: '😀' }],
    ['a=é%C3%A9€%e2%82%ac😀%F0%9F%98%80', { a: 'éé€€😀😀' }],
    ['a=%F4%8F%BF%BF&b=%EF%BF%BF', { a: '\u{10ffff}', b: '\uffff' }],
  ])('has the character of each escape: %j', (query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it.each<[query: string, wanted: Params]>([
    ['%', { '%': '' }],
    ['%=%', { '%': '%' }],
    ['%&%', { '%': ['', ''] }],
    ['%%', { '%%': '' }],
    ['%%%', { '%%%': '' }],
    ['a=%2', { a: '%2' }],
    ['a=%zz', { a: '%zz' }],
    ['a=%4g%g4', { a: '%4g%g4' }],
    ['a=%u0041', { a: '%u0041' }],
    ['a=%u0041%41', { a: '%u0041A' }],
    ['a=%%41', { a: '%A' }],
    ['a=%%%41', { a: '%%A' }],
    ['a=%4%41', { a: '%4A' }],
    ['a=%41%', { a: 'A%' }],
    ['a=%41%4', { a: 'A%4' }],
    ['a=%2%35', { a: '%25' }],
    ['a=%4+1', { a: '%4 1' }],
    ['a=%+41', { a: '% 41' }],
    ['a=% 41&b=%4 1', { a: '% 41', b: '%4 1' }],
    ['%4=1', { '%4': '1' }],
    ['%4&1', { '%4': '', '1': '' }],
    ['a=%4&1=%', { '1': '%', a: '%4' }],
    ['a=%-1%+1%0x41', { a: '%-1% 1%0x41' }],
    ['a=%é9%4é', { a: '%é9%4é' }],
    ['a=%４１%4１', { a: '%４１%4１' }],
    ['a=%ı1%ſ1', { a: '%ı1%ſ1' }],
    ['a=\u0125\u0134\u0131%41', { a: '\u0125\u0134\u0131A' }],
    ['a=%\0%4\0', { a: '%\0%4\0' }],
  ])('keeps a percent that begins no escape: %j', (query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it('tells an escape from other text whatever two characters come after a percent', () => {
    const characters = [...range(0, 0x7f), 0x80, 0xb1, 0xe9, 0x130, 0x141, 0x2041, 0xff11, 0xff21, 0xd83d]
    const texts = characters.map((code) => String.fromCharCode(code))
    function* queries(before: string, after: string): Generator<string> {
      for (const one of texts) for (const other of texts) yield `${before}%${one}${other}${after}`
    }
    expect(disagreements(queries('', ''))).toEqual([])
    expect(disagreements(queries('a=', ''))).toEqual([])
    expect(disagreements(queries(`name=${'b'.repeat(40)}`, `${'c'.repeat(40)}&d=e`))).toEqual([])
  })
})

describe('bytes of escapes that are no UTF-8', () => {
  it.each(
    Object.entries({
      '80': '\ufffd',
      'BF 80': '\ufffd\ufffd',
      '41 80 42': 'A\ufffdB',
      C3: '\ufffd',
      'C3 41': '\ufffdA',
      'C3 C3 A9': '\ufffdé',
      'C3 A9 A9': 'é\ufffd',
      'C0 80': '\ufffd\ufffd',
      'C1 BF': '\ufffd\ufffd',
      'E2 82': '\ufffd',
      'E2 82 41': '\ufffdA',
      'E2 E2 82 AC': '\ufffd€',
      'E0 80 80': '\ufffd\ufffd\ufffd',
      'E0 9F BF': '\ufffd\ufffd\ufffd',
      'E0 A0': '\ufffd',
      'ED A0 80': '\ufffd\ufffd\ufffd',
      'ED BF BF': '\ufffd\ufffd\ufffd',
      'ED A0 BD ED B8 80': '\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd',
      F0: '\ufffd',
      'F0 9F': '\ufffd',
      'F0 9F 98': '\ufffd',
      'F0 9F 98 41': '\ufffdA',
      'F0 9F 98 F0 9F 98 80': '\ufffd😀',
      'F0 80 80 80': '\ufffd\ufffd\ufffd\ufffd',
      'F0 8F BF BF': '\ufffd\ufffd\ufffd\ufffd',
      'F4 90 80 80': '\ufffd\ufffd\ufffd\ufffd',
      'F5 80 80 80': '\ufffd\ufffd\ufffd\ufffd',
      'F8 88 80 80 80': '\ufffd\ufffd\ufffd\ufffd\ufffd',
      'FE FF': '\ufffd\ufffd',
      'F1 80 80 41 F1 80 42 F1 43': '\ufffdA\ufffdB\ufffdC',
      'E1 80 E2 F0 91 92 F1 BF 41': '\ufffd\ufffd\ufffd\ufffdA',
    }),
  )('are U+FFFD, one for each maximal subpart: %s', (bytes, text) => {
    const query = bytes.replace(/^| /g, '%')
    expect(read(query)).toEqual(Object.entries({ [text]: '' }))
    expect(read(`a=${query}&b=${query}c`)).toEqual(Object.entries({ a: text, b: `${text}c` }))
    const long = 'x'.repeat(50)
    expect({ ...parseQuery(`a=${long}${query}${long}`) }).toEqual({ a: long + text + long })
  })

  it.each<[query: string, wanted: Params]>([
    ['a=%C3é%A9', { a: '\ufffdé\ufffd' }],
    ['a=é%ff', { a: 'é\ufffd' }],
    ['a=%ff日本&b=%E6%97', { a: '\ufffd日本', b: '\ufffd' }],
    ['a=%E2%82+%AC', { a: '\ufffd \ufffd' }],
    ['a=%E2%82%zz%AC', { a: '\ufffd%zz\ufffd' }],
    ['%C3=%A9', { '\ufffd': '\ufffd' }],
    ['%C3&%A9=1', { '\ufffd': ['', '1'] }],
    ['a=%F0%9F&b=%98%80', { a: '\ufffd', b: '\ufffd\ufffd' }],
  ])('are not completed by what is not an escape beside them: %j', (query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it('are read as URLSearchParams does: every two, in a short query and in a long one', () => {
    function* queries(before: string, after: string): Generator<string> {
      for (const one of range(0, 255))
        for (const other of range(0, 255)) yield before + percent(one) + percent(other) + after
    }
    expect(disagreements(queries('', ''))).toEqual([])
    expect(disagreements(queries(`a=${'b'.repeat(33)}`, 'c'.repeat(33)))).toEqual([])
  })

  it('are read as URLSearchParams does: three and four at the bounds of every row of the table', () => {
    const firsts = [0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
    const seconds = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe2, 0xf0]
    const rest = [0x41, 0x80, 0xbf, 0xc3]
    function* queries(): Generator<string> {
      for (const one of firsts)
        for (const two of seconds)
          for (const three of rest)
            for (const four of rest) yield `a=${[one, two, three, four].map(percent).join('')}`
    }
    expect(disagreements(queries())).toEqual([])
  })
})

describe('characters of the text itself', () => {
  it.each<[title: string, query: string, wanted: Params]>([
    ['a byte order mark as it is', '\ufeffa=\ufeffb', { '\ufeffa': '\ufeffb' }],
    ['a byte order mark of escapes', '%EF%BB%BFa=%EF%BB%BF', { '\ufeffa': '\ufeff' }],
    ['two byte order marks', '\ufeff%EF%BB%BF=', { '\ufeff\ufeff': '' }],
    ['a byte order mark before an invalid escape', 'a=%EF%BB%BF%FF', { a: '\ufeff\ufffd' }],
    ['U+FFFD', '\ufffd=%EF%BF%BD', { '\ufffd': '\ufffd' }],
    ['noncharacters', '\uffff=\ufdd0', { '\uffff': '\ufdd0' }],
    ['U+2028 and U+0085', '\u2028=\u0085', { '\u2028': '\u0085' }],
  ])('stay as they are: %s', (_, query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it.each<[title: string, query: string, wanted: Params]>([
    ['a high one at the end', 'a=b\ud83d', { a: 'b\ufffd' }],
    ['a low one at the begin', '\ude00a=b', { '\ufffda': 'b' }],
    ['a pair the wrong way round', 'a=\ude00\ud83d', { a: '\ufffd\ufffd' }],
    ['a high one before a pair', 'a=\ud83d\ud83d\ude00', { a: '\ufffd😀' }],
    ['halves in a name and in its value', '\ud83d=\ude00', { '\ufffd': '\ufffd' }],
    ['halves in two names', '\ud83d&\ude00=1', { '\ufffd': ['', '1'] }],
    ['halves with a plus between them', 'a=\ud83d+\ude00', { a: '\ufffd \ufffd' }],
    ['with escapes', 'a=%41\ud83d%42', { a: 'A\ufffdB' }],
    ['with escapes that are no UTF-8', 'a=%ff\ud83d%ff', { a: '\ufffd\ufffd\ufffd' }],
    ['in a long value', `a=${'é'.repeat(99)}\udc00`, { a: `${'é'.repeat(99)}\ufffd` }],
  ])('are U+FFFD where they are half a surrogate pair: %s', (_, query, wanted) => {
    expect(read(query)).toEqual(Object.entries(wanted))
  })

  it('are read as URLSearchParams does, each there is', () => {
    function* queries(): Generator<string> {
      for (let first = 0; first < 0x10000; first += 16) {
        const codes = range(first, first + 15)
        yield codes.map((code) => `${String.fromCharCode(code)}=${String.fromCharCode(code)}%41`).join('&')
      }
      for (let first = 0x10000; first < 0x110000; first += 4096)
        yield `a=${range(first, first + 63)
          .map((code) => String.fromCodePoint(code))
          .join('%20')}`
    }
    expect(disagreements(queries())).toEqual([])
  })

  it('mean the same however the engine keeps the text', () => {
    const query = 'name=some+value%21&other=value%20of%20its%20own&third'
    const wanted = { name: 'some value!', other: 'value of its own', third: '' }
    const twoBytes = `€${query}€`.slice(1, -1)
    const joined = [...query].reduce((text, character) => text + character, '')
    const slice = `${'x'.repeat(100)}${query}${'y'.repeat(100)}`.slice(100, -100)
    for (const text of [query, twoBytes, joined, slice]) expect({ ...parseQuery(text) }).toEqual(wanted)
  })
})

describe('names that objects have', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length']

  it.each(names)('are names like others: %s', (name) => {
    expect(read(`${name}=1`)).toEqual(Object.entries({ [name]: '1' }))
    expect(read(`a&${name}=1&${name}&${name}=3`)).toEqual(
      Object.entries({
        a: '',
        [name]: ['1', '', '3'],
      }),
    )
    expect(read(`%${name.charCodeAt(0).toString(16)}${name.slice(1)}`)).toEqual(
      Object.entries({
        [name]: '',
      }),
    )
  })

  it('are not there where the query does not have them', () => {
    for (const params of [parseQuery(''), parseQuery('a=1&b=2'), parseQuery('__proto__=1')]) {
      const inherited = Object.getOwnPropertyNames(Object.prototype).filter((name) => name in params)
      expect(inherited).toEqual(Object.keys(params).filter((name) => name === '__proto__'))
      expect(params instanceof Object).toBe(false)
    }
  })

  it('change no other query’s result, nor any object', () => {
    const params = parseQuery('__proto__=evil&__proto__=twice&constructor=x&__proto__[polluted]=yes')
    expect(Object.keys(params)).toEqual(['__proto__', 'constructor', '__proto__[polluted]'])
    expect([({} as { polluted?: string }).polluted, parseQuery('a').polluted]).toEqual([undefined, undefined])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect([Object.hasOwn(Object.prototype, 'polluted'), Array.isArray({})]).toEqual([false, false])
    expect(Object.keys(parseQuery(''))).toEqual([])
  })

  it('may be set, read and deleted in the result', () => {
    const params: Record<string, string | string[]> = parseQuery('a=1')
    const proto = '__proto__'
    params[proto] = 'mine'
    params.b = ['2', '3']
    expect(Object.entries(params)).toEqual(Object.entries({ a: '1', [proto]: 'mine', b: ['2', '3'] }))
    delete params.a
    expect(Object.keys(params)).toEqual(['__proto__', 'b'])
    expect({ ...parseQuery('a=1') }).toEqual({ a: '1' })
  })
})

describe('the limit for pairs', () => {
  it('is 1000, unless it is stated', () => {
    const pairs = (count: number): string =>
      Array.from({ length: count }, (_, at) => `n${at}=${at}`).join('&')
    expect(Object.keys(parseQuery(pairs(1000)))).toHaveLength(1000)
    expect(errorOf(pairs(1001))).toMatchObject({ code: 'TOO_MANY_PAIRS', status: 413 })
    expect(errorOf(pairs(1001))).toBeInstanceOf(ProtocolError)
    expect(Object.keys(parseQuery(pairs(1001), { maxPairs: 1001 }))).toHaveLength(1001)
    expect(Object.keys(parseQuery(pairs(5000), none))).toHaveLength(5000)
  })

  it.each([
    ['a=1&b=2&c=3', 1, 3],
    ['a=1&a=2&a=3', 1, 3],
    ['a&&&b&&&&c&&', 1, 3],
    ['&&&', 1, 0],
    ['', 1, 0],
    ['=', 1, 1],
    ['=&=', 1, 2],
    ['%26&%3D', 1, 2],
    ['&', 5000, 0],
    ['a&&b=%&&', 70, 140],
  ])('counts what is between ampersands, where something is: %j, %i times', (unit, times, count) => {
    const query = unit.repeat(times)
    expect(errorOf(query, { maxPairs: count })).toBeUndefined()
    if (count > 0) expect(errorOf(query, { maxPairs: count - 1 })).toMatchObject({ code: 'TOO_MANY_PAIRS' })
  })

  it('holds for a query of any size', () => {
    for (const size of [100, 65_536, deskSize, MiB]) {
      for (const pair of ['a&', 'name=some%20value&']) {
        const count = Math.floor(size / pair.length)
        expect(errorOf(pair.repeat(count), { maxPairs: count })).toBeUndefined()
        expect(errorOf(pair.repeat(count), { maxPairs: count - 1 })?.code).toBe('TOO_MANY_PAIRS')
        expect(errorOf(`${pair.repeat(count)}last`, { maxPairs: count })?.code).toBe('TOO_MANY_PAIRS')
      }
    }
  })

  it('counts a pair that is larger than the desk as one', () => {
    const pair = `a%=${'b'.repeat(deskSize)}&`
    for (const [query, count] of [
      [pair, 1],
      [pair.repeat(3), 3],
      [`c&${pair}${pair}d=%`, 4],
    ] as const) {
      expect(errorOf(query, { maxPairs: count })).toBeUndefined()
      expect(errorOf(query, { maxPairs: count - 1 })?.code).toBe('TOO_MANY_PAIRS')
    }
  })

  it('is met by a query that is refused without a trace in the next', () => {
    expect(errorOf('a=1&b=2&c=3', { maxPairs: 2 })?.code).toBe('TOO_MANY_PAIRS')
    expect({ ...parseQuery('d=4&e') }).toEqual({ d: '4', e: '' })
  })
})

describe('the limit for bytes', () => {
  it.each([
    ['', 1, 0],
    ['&', 1, 1],
    ['a=b', 1, 3],
    ['é', 1, 2],
    ['€=€', 1, 7],
    ['😀', 1, 4],
    ['\ud83d', 1, 3],
    ['%E2%82%AC', 1, 9],
    ['x', 65_536, 65_536],
    ['é', 40_000, 80_000],
    ['€', 40_000, 120_000],
    ['😀', MiB / 4, MiB],
    ['a€', MiB / 4, MiB],
  ])('counts the text as UTF-8: %j, %i times', (unit, times, bytes) => {
    const query = unit.repeat(times)
    expect(errorOf(query, { maxBytes: bytes })).toBeUndefined()
    if (bytes === 0) return
    const error = errorOf(query, { maxBytes: bytes - 1 })
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ code: 'QUERY_TOO_LARGE', status: 413 })
  })

  it('is none, unless it is stated', () => {
    expect(parseQuery(`a=${'x'.repeat(9 * MiB)}`).a).toHaveLength(9 * MiB)
    expect(errorOf('a'.repeat(100), { maxBytes: Number.POSITIVE_INFINITY })).toBeUndefined()
  })

  it('stands beside that for pairs', () => {
    expect(errorOf('a&b&c', { maxBytes: 5, maxPairs: 3 })).toBeUndefined()
    expect(errorOf('a&b&c', { maxBytes: 5, maxPairs: 2 })?.code).toBe('TOO_MANY_PAIRS')
    expect(errorOf('a&b&c', { maxBytes: 4, maxPairs: 3 })?.code).toBe('QUERY_TOO_LARGE')
  })
})

describe('parseQuery', () => {
  it.each(['maxPairs', 'maxBytes'])('refuses a %s that is no number from 0 up', (name) => {
    for (const limit of [-1, Number.NaN, Number.NEGATIVE_INFINITY, '5', null, {}, 5n, true]) {
      expect(() => parseQuery('a', { [name]: limit } as QueryLimits)).toThrow(RangeError)
    }
    expect(() => parseQuery('a', { [name]: -1 })).toThrow(new RegExp(`${name}.*-1`))
  })

  it('takes a limit that is undefined for none stated', () => {
    const limits = { maxPairs: undefined, maxBytes: undefined } as unknown as QueryLimits
    expect({ ...parseQuery('a=1', limits) }).toEqual({ a: '1' })
    expect(errorOf('a&'.repeat(1001), limits)?.code).toBe('TOO_MANY_PAIRS')
  })

  it('refuses what is no string', () => {
    const others = [
      undefined,
      null,
      1,
      {},
      [],
      Buffer.from('a=1'),
      new String('a=1'),
      new URLSearchParams('a'),
    ]
    for (const other of others) expect(() => parseQuery(other as string)).toThrow(TypeError)
  })
})

describe('one query after another', () => {
  const secret = 'SECRET'
  const long = [
    `${`${secret}=${secret}&`.repeat(50_000)}`,
    `${secret}=${secret.repeat(75_000)}`,
    `${`%53ECRET=%53%45%43%52%45%54&`.repeat(15_000)}`,
    `é=${`${secret}é`.repeat(50_000)}`,
  ]
  const short = [
    '',
    'a',
    'a=',
    '=',
    '&',
    '%',
    'a=%',
    'a=%4',
    '%41',
    'a=%41',
    'a=%C3',
    'a=é',
    'é%ff',
    'a=\ud83d',
  ]
  const medium = short.flatMap((query) => [
    query,
    `${'b'.repeat(70)}${query}`,
    `${'b=c&'.repeat(40)}${query}`,
  ])

  it('has nothing of the one before', () => {
    for (const before of long) {
      for (const query of medium) {
        expect(Object.keys(parseQuery(before, none))).toHaveLength(1)
        expect(disagreements([query])).toEqual([])
        expect(JSON.stringify(parseQuery(query))).not.toContain(secret)
      }
    }
  }, 60_000)

  it('does not change what the one before gave', () => {
    const first = parseQuery('a=%41%42&b=some+text+of+more+than+a+few+bytes&a=%C3%A9')
    const wanted = { a: ['AB', 'é'], b: 'some text of more than a few bytes' }
    parseQuery(`a=${'%7A'.repeat(1000)}&b=${'z+'.repeat(1000)}&a=%7A`)
    parseQuery('')
    expect({ ...first }).toEqual(wanted)
  })

  it('has an object and arrays of its own', () => {
    const [first, second] = [parseQuery('a=1&a=2'), parseQuery('a=1&a=2')]
    ;(first.a as string[]).push('3')
    expect([first === second, second.a]).toEqual([false, ['1', '2']])
  })
})
