// A response's head in one call, or the reason why it is none (RFC 9112 §4).
import { describe, expect, it } from 'vitest'
import { deskSize } from '../../src/core/wasm.js'
import { ProtocolError, parseRequestHead, parseResponseHead } from '../../src/core.js'
import { bytesOf, codecOf } from '../support/head-codec.js'

const full = [
  'HTTP/1.1 207 Multi-Status',
  'Date: Sun, 22 Nov 2026 12:00:00 GMT',
  'Set-Cookie: a=1',
  'X-Trace:\t one \t',
  'set-cookie: b=2',
  'SET-COOKIE: c=3',
  'Host: not@judged:here',
  'Content-Length: 5',
  '',
  '',
].join('\r\n')

const { parse, errorOf } = codecOf(parseResponseHead)

describe('a response’s head', () => {
  it('comes back as its parts; a field that came more than once is an array', () => {
    const { headers, headersList, ...rest } = parse(full)
    expect(rest).toEqual({ status: 207, reason: 'Multi-Status', protocol: 'HTTP/1.1', length: full.length })
    expect({ ...headers }).toEqual({
      date: 'Sun, 22 Nov 2026 12:00:00 GMT',
      'set-cookie': ['a=1', 'b=2', 'c=3'],
      'x-trace': 'one',
      host: 'not@judged:here',
      'content-length': '5',
    })
    expect(headersList).toEqual([
      ['Date', 'Sun, 22 Nov 2026 12:00:00 GMT'],
      ['Set-Cookie', 'a=1'],
      ['X-Trace', 'one'],
      ['set-cookie', 'b=2'],
      ['SET-COOKIE', 'c=3'],
      ['Host', 'not@judged:here'],
      ['Content-Length', '5'],
    ])
  })

  it.each([
    ['HTTP/1.1 200 OK', 200, 'OK', 'HTTP/1.1'],
    ['HTTP/1.0 404 Not Found', 404, 'Not Found', 'HTTP/1.0'],
    ['HTTP/1.1 100 ', 100, '', 'HTTP/1.1'],
    ['HTTP/1.1 204', 204, '', 'HTTP/1.1'],
    ['HTTP/1.1 999 \t a  b', 999, '\t a  b', 'HTTP/1.1'],
    ['HTTP/1.1 500 gr\xfc\xdfe', 500, 'gr\xfc\xdfe', 'HTTP/1.1'],
  ])('has the status, the reason and the version of %j', (line, status, reason, protocol) => {
    expect(parse(`${line}\r\n\r\n`)).toMatchObject({ status, reason, protocol, headersList: [] })
  })

  it('leaves what follows it alone, and does not change its bytes', () => {
    for (const rest of ['hello', full, '\0\0\0\0', 'x'.repeat(deskSize)]) {
      const bytes = bytesOf(full + rest)
      expect(parseResponseHead(bytes)).toEqual(parse(full))
      expect(bytes).toEqual(bytesOf(full + rest))
    }
  })

  it('takes names that objects have for fields like others, and inherits nothing', () => {
    const { headers } = parse('HTTP/1.1 200 OK\r\n__proto__: a\r\nConstructor: b\r\n__PROTO__: c\r\n\r\n')
    expect(Object.entries(headers)).toEqual([
      ['__proto__', ['a', 'c']],
      ['constructor', 'b'],
    ])
    expect('toString' in headers).toBe(false)
  })

  it('and a request’s have nothing of each other', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    expect(parse(full).status).toBe(207)
    expect(parseRequestHead(bytesOf(request))).toMatchObject({ method: 'GET', target: '/' })
    expect(errorOf(request).code).toBe('BAD_VERSION')
    expect(() => parseRequestHead(bytesOf(full))).toThrow(ProtocolError)
  })
})

describe('an incomplete response’s head', () => {
  it.each([
    ['a long one', full],
    ['without a field', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['without a reason', 'HTTP/1.1 304 \r\nA: b\r\n\r\n'],
    ['without a reason and its space', 'HTTP/1.1 304\r\nA: b\r\n\r\n'],
  ])('is undefined for every proper prefix: %s', (_, head) => {
    const lengths = Array.from({ length: head.length }, (_, length) => length)
    expect(lengths.filter((length) => parse(head.slice(0, length)) !== undefined)).toEqual([])
    expect(parse(head).length).toBe(head.length)
  })
})

describe('a malformed response’s head', () => {
  it.each([
    ['BAD_VERSION', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['BAD_VERSION', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['BAD_VERSION', 'http/1.1 200 OK\r\n\r\n'],
    ['BAD_VERSION', 'HTTP/x'],
    ['BAD_VERSION', ' HTTP/1.1 200 OK\r\n\r\n'],
    ['BAD_VERSION', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['BAD_VERSION', 'ICY 200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1\t200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 +20 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 2x'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 200OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 200 O\x7fK\r\n\r\n'],
    ['BARE_LF', 'HTTP/1.1 200 OK\n\n'],
    ['BARE_CR', 'HTTP/1.1 200 OK\rX\r\n\r\n'],
    ['BAD_FIELD_VALUE', 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n'],
    ['OBS_FOLD', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['REPEATED_CONTENT_LENGTH', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['BAD_TRANSFER_ENCODING', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    [
      'LENGTH_AND_TRANSFER_ENCODING',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
  ])('is a ProtocolError: %s for %j', (code, text) => {
    const error = errorOf(text)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ code, offset: expect.any(Number) })
    expect(error.offset).toBeLessThanOrEqual(text.length)
  })

  it('is HEAD_TOO_LARGE where it is larger than the desk', () => {
    const headOf = (length: number): string => {
      const before = 'HTTP/1.1 200 OK\r\nX: '
      return `${before}${'y'.repeat(length - before.length - 4)}\r\n\r\n`
    }
    expect(parse(headOf(deskSize)).length).toBe(deskSize)
    expect(errorOf(headOf(deskSize + 1)).code).toBe('HEAD_TOO_LARGE')
    expect(errorOf(`HTTP/1.1 200 ${'y'.repeat(deskSize)}\r\n\r\n`).code).toBe('HEAD_TOO_LARGE')
  })
})
