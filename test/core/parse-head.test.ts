// The codec for those who bring their own bytes: a head in one call, or the reason why it is none.
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { ProtocolError, parseRequestHead } from '../../src/core.js'
import { bytesOf, codecOf } from '../support/head-codec.js'

const full = [
  'PATCH /a/b?c=d HTTP/1.1',
  'Host: example.com:8080',
  'Accept: text/html',
  'X-Trace:\t one',
  'ACCEPT: text/plain \t',
  'x-trace: two',
  'Cookie: a=1',
  'cookie: b=2',
  'Content-Length: 5',
  '',
  '',
].join('\r\n')

const { parse, errorOf } = codecOf(parseRequestHead)

describe('a head', () => {
  it('comes back as its parts', () => {
    expect(parse(full)).toMatchObject({
      method: 'PATCH',
      target: '/a/b?c=d',
      protocol: 'HTTP/1.1',
      length: full.length,
    })
  })

  it('has its fields by lower-case names, repeats joined (RFC 9110 §5.3), those of Cookie with a semicolon', () => {
    expect({ ...parse(full).headers }).toEqual({
      host: 'example.com:8080',
      accept: 'text/html, text/plain',
      'x-trace': 'one, two',
      cookie: 'a=1; b=2',
      'content-length': '5',
    })
  })

  it('has every field-line in its order, the name as written', () => {
    expect(parse(full).headersList).toEqual([
      ['Host', 'example.com:8080'],
      ['Accept', 'text/html'],
      ['X-Trace', 'one'],
      ['ACCEPT', 'text/plain'],
      ['x-trace', 'two'],
      ['Cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['Content-Length', '5'],
    ])
  })

  it.each([
    ['absolute-form', 'GET', 'http://a.example/b?c'],
    ['authority-form', 'CONNECT', 'a.example:443'],
    ['asterisk-form', 'OPTIONS', '*'],
    ['a method that nobody registered', "X-1!#$%&'*+.^_`|~", '/'],
  ])('has its target and its method as sent: %s', (_, method, target) => {
    expect(parse(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatchObject({ method, target })
  })

  it('may be of HTTP/1.0, without a field', () => {
    const head = 'GET / HTTP/1.0\r\n\r\n'
    const { protocol, headers, headersList, length } = parse(head)
    expect({ protocol, headers: { ...headers }, headersList, length }).toEqual({
      protocol: 'HTTP/1.0',
      headers: {},
      headersList: [],
      length: head.length,
    })
  })

  it('may follow an empty line, which its length includes (RFC 9112 §2.2)', () => {
    const head = '\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n'
    expect(parse(head)).toMatchObject({ method: 'GET', target: '/a', headersList: [['Host', 'a']] })
    expect(parse(head).length).toBe(head.length)
  })

  it('has obs-text as Latin-1, a character for each byte (RFC 9110 §5.5)', () => {
    const opaque = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => 128 + index))
    const { headers, headersList } = parse(`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${opaque}\r\n\r\n`)
    expect(headers['x-a']).toBe(opaque)
    expect(headersList[1]).toEqual(['X-A', opaque])
  })

  it('leaves what follows it alone', () => {
    for (const rest of [
      'hello',
      'GET / HTTP/1.1\r\nHost: b\r\n\r\n',
      '\0\0\0\0',
      '\r\n\r\n',
      'x'.repeat(deskSize),
    ]) {
      expect(parse(full + rest)).toEqual(parse(full))
    }
  })

  it('is the same for a part of a larger buffer', () => {
    const buffer = bytesOf(`xyz${full}xyz`)
    expect(parseRequestHead(buffer.subarray(3, 3 + full.length))).toEqual(parse(full))
  })

  it('does not change the bytes it was read from', () => {
    const bytes = bytesOf(`${full}HELLO`)
    parseRequestHead(bytes)
    expect(bytes).toEqual(bytesOf(`${full}HELLO`))
  })

  it('is not changed by the head that is read next', () => {
    const first = parse(full)
    parse('DELETE /elsewhere HTTP/1.0\r\nHost: other\r\nX: y\r\n\r\n')
    expect(first).toEqual(parse(full))
  })
})

describe('the map of fields', () => {
  it('inherits nothing', () => {
    const { headers } = parse(full)
    expect('toString' in headers).toBe(false)
    expect('hasOwnProperty' in headers).toBe(false)
    expect(headers.constructor).toBeUndefined()
    expect(headers instanceof Object).toBe(false)
  })

  it('takes names that objects have for fields like others', () => {
    const head = ['__proto__: a', 'Constructor: b', 'TOSTRING: c', '__PROTO__: d', 'valueOf: e'].join('\r\n')
    const { headers } = parse(`GET / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`)
    expect(Object.entries(headers)).toEqual([
      ['host', 'a'],
      ['__proto__', 'a, d'],
      ['constructor', 'b'],
      ['tostring', 'c'],
      ['valueof', 'e'],
    ])
    expect(({} as Record<string, unknown>).d).toBeUndefined()
  })

  it('is each head’s own', () => {
    const { headers } = parse(full)
    headers.host = 'changed'
    expect(parse(full).headers.host).toBe('example.com:8080')
  })
})

describe('an incomplete head', () => {
  it.each([
    ['of HTTP/1.1', full],
    ['of HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['after an empty line', '\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nX-A: \r\n\r\n'],
    [
      'with its target in absolute-form',
      'GET https://a:1/b HTTP/1.1\r\nHOST: a\r\nExpect: 100-continue\r\n\r\n',
    ],
    ['with its target in authority-form', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
  ])('is undefined for every proper prefix: %s', (_, head) => {
    const lengths = Array.from({ length: head.length }, (_, length) => length)
    expect(lengths.filter((length) => parse(head.slice(0, length)) !== undefined)).toEqual([])
    expect(parse(head).length).toBe(head.length)
  })
})

describe('a malformed head', () => {
  const start = 'GET / HTTP/1.1\r\n'

  it.each([
    ['BAD_METHOD', 400, 'G', '@T / HTTP/1.1\r\n\r\n'],
    ['METHOD_NOT_IMPLEMENTED', 501, '', 'get / HTTP/1.1\r\n\r\n'],
    ['BAD_TARGET', 400, 'GET /', '#a HTTP/1.1\r\n\r\n'],
    ['BAD_VERSION', 400, 'GET / HTTP/1.', '2\r\n\r\n'],
    ['BAD_REQUEST_LINE', 400, 'GET /', '\r\n\r\n'],
    ['BARE_LF', 400, 'GET / HTTP/1.1', '\nHost: a\r\n\r\n'],
    ['BARE_CR', 400, `${start}Host: a`, '\rX: y\r\n\r\n'],
    ['BAD_FIELD_NAME', 400, `${start}Host: a\r\nX`, '(Y): z\r\n\r\n'],
    ['SPACE_BEFORE_COLON', 400, `${start}Host`, ' : a\r\n\r\n'],
    ['MISSING_COLON', 400, `${start}Host`, '\r\n\r\n'],
    ['OBS_FOLD', 400, `${start}Host: a\r\n`, ' b\r\n\r\n'],
    ['BAD_FIELD_VALUE', 400, `${start}Host: a\r\nX: y`, '\0z\r\n\r\n'],
    ['BAD_HOST', 400, `${start}Host: `, 'a b\r\n\r\n'],
    ['REPEATED_HOST', 400, `${start}Host: a\r\nHost: `, 'b\r\n\r\n'],
    ['MISSING_HOST', 400, start, '\r\n'],
    ['BAD_CONTENT_LENGTH', 400, `${start}Host: a\r\nContent-Length: `, '+1\r\n\r\n'],
    ['BAD_TRANSFER_ENCODING', 400, `${start}Host: a\r\nTransfer-Encoding: `, 'gzip\r\n\r\n'],
    [
      'LENGTH_AND_TRANSFER_ENCODING',
      400,
      `${start}Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n`,
      '\r\n',
    ],
  ])('is a ProtocolError with its code, its status and the offset of the fault: %s %i', (...row) => {
    const [code, status, before, rest] = row
    const error = errorOf(before + rest)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ name: 'ProtocolError', code, status, offset: before.length })
    expect(error.message).not.toBe('')
  })

  it('is one before it has come whole, where its line has ended', () => {
    expect(errorOf(`${start}Host : a\r\n`).code).toBe('SPACE_BEFORE_COLON')
  })

  it('leaves no trace in the head that is read next', () => {
    errorOf(`${start}Host: a\r\nContent-Length: 5\r\nHost: b\r\n\r\n`)
    expect({ ...parse('GET / HTTP/1.0\r\n\r\n').headers }).toEqual({})
  })
})

// The input is laid on the desk, a region of linear memory; a head right before its end shows a reader that looks past.
describe('a large head', () => {
  const before = 'GET / HTTP/1.1\r\nHost: a\r\nX: '

  function headOf(length: number): string {
    return `${before + 'y'.repeat(length - before.length - 4)}\r\n\r\n`
  }

  it('may fill the desk to its last byte', () => {
    const { length, headers } = parse(headOf(deskSize))
    expect(length).toBe(deskSize)
    expect(headers.x).toBe('y'.repeat(deskSize - before.length - 4))
  })

  it('may be followed by bytes that the desk has no room for', () => {
    expect(parse(`${headOf(deskSize)}hello`).length).toBe(deskSize)
  })

  it('is undefined as long as what is missing has room', () => {
    for (const missing of [1, 2, 3, 4, 5, 17]) {
      expect(parse(headOf(deskSize).slice(0, -missing)), `${missing} missing`).toBeUndefined()
    }
  })

  it.each([1, 2, 3, 4, 5, 17, 100_000])(
    'is HEAD_TOO_LARGE where it is larger than the desk by %i',
    (more) => {
      expect(errorOf(headOf(deskSize + more))).toMatchObject({ code: 'HEAD_TOO_LARGE', status: 431 })
    },
  )

  it('may have 2048 field-lines, and no more', () => {
    const lines = (count: number) => `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(count - 1)}\r\n`
    expect(parse(lines(2048)).headersList).toHaveLength(2048)
    expect(errorOf(lines(2049))).toMatchObject({ code: 'TOO_MANY_FIELDS', status: 431 })
  })
})
