// Headers of answers behind a platform's server: checked as on our own, and framing is the platform's alone.
import { describe, expect, test } from 'vitest'
import type { RingResponse } from '../../src/edge.js'
import { bakesCookies, behindFetch, headerText } from '../support/behind-fetch.js'

async function answered(headers: unknown, body: RingResponse['body'] = 'x') {
  const { fetch, errors } = behindFetch(() => ({ headers, body }) as RingResponse)
  const { status, headers: fields } = await fetch()
  return { status, fields, errors }
}

describe('a value', () => {
  test.each<[value: unknown, expected: string]>([
    ['plain', 'plain'],
    ['', ''],
    ['tab\tinside', 'tab\tinside'],
    ['a, b', 'a, b'],
    [5, '5'],
    [0, '0'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [['one'], 'one'],
    [['one', 'two'], 'one, two'],
    [['one', null, 'two', undefined], 'one, two'],
    [[1, 2], '1, 2'],
  ])('%j is sent as %j', async (value, expected) => {
    const { status, fields, errors } = await answered({ 'X-A': value })
    expect([status, fields.get('x-a'), errors]).toEqual([200, expected, []])
  })

  test.each([null, undefined, [], [null]])('%j leaves the field out', async (value) => {
    const { status, fields } = await answered({ 'X-A': value })
    expect([status, fields.has('x-a')]).toEqual([200, false])
  })

  test.each(['é', '☕ naïve', 'ÿ', 'a\u00a0b', '\ufffd', '😀'])('of %s is sent as UTF-8', async (value) => {
    const { status, fields, errors } = await answered({ 'X-A': value, 'X-B': [value, 'plain'] })
    expect([status, headerText(fields.get('x-a')), headerText(fields.get('x-b'))]).toEqual([
      200,
      value,
      `${value}, plain`,
    ])
    expect(errors).toEqual([])
  })

  const controls = Array.from({ length: 32 }, (_, code) => code).filter((code) => code !== 9)

  test.each([...controls, 127])('with the character %i is refused with 500, and logged', async (code) => {
    const bad = `a${String.fromCharCode(code)}b`
    for (const value of [bad, [bad], ['good', bad]]) {
      const { status, fields, errors } = await answered({ 'X-A': value })
      expect([status, fields.has('x-a')]).toEqual([500, false])
      expect(errors).toMatchObject([{ error: { message: 'a header value holds a control character' } }])
    }
  })

  test.each([
    ['at its begin', '\r\nX-B: c'],
    ['in its middle', 'a\r\nX-B: c'],
    ['at its end', 'a\r\n'],
    ['alone, behind other text', 'é\nX-B: c'],
  ])('with a line end %s is refused', async (_where, value) => {
    const { status, fields } = await answered({ 'X-A': value })
    expect([status, fields.has('x-a'), fields.has('x-b')]).toEqual([500, false, false])
  })

  test.each([{}, () => 'x', Symbol('x')])('that is no text is refused', async (value) => {
    const { status, errors } = await answered({ 'X-A': value })
    expect([status, errors.length]).toEqual([500, 1])
  })
})

describe('a name', () => {
  test.each(['X-A', "x!#$%&'*+-.^_`|~9"])('%s is sent', async (name) => {
    expect((await answered({ [name]: 'b' })).fields.get(name)).toBe('b')
  })

  test.each(['', ' ', 'a b', 'a:', 'a\n', 'a\r\nb: c', 'é', 'a\0', '(a)', ':status'])(
    '%j is refused with 500',
    async (name) => {
      const { status, errors } = await answered({ [name]: 'b' })
      expect([status, errors]).toMatchObject([500, [{ error: { message: 'a header name is not a token' } }]])
    },
  )

  test('in two spellings is one field', async () => {
    const { fields } = await answered({ 'X-A': 'one', 'x-a': 'two' })
    expect(fields.get('x-a')).toBe('one, two')
  })
})

describe.skipIf(!bakesCookies)('set-cookie', () => {
  test('is as many fields as it has values', async () => {
    const { fields } = await answered({ 'Set-Cookie': ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2'] })
    expect(fields.getSetCookie()).toEqual(['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2'])
  })

  test('of a channel’s first message, too', async () => {
    const { fetch } = behindFetch((req) => {
      req.asyncChannel.send({ headers: { 'Set-Cookie': ['a=1', 'b=2'] }, body: 'x' }, false)
      req.asyncChannel.close()
      return { body: req.asyncChannel }
    })
    const response = await fetch()
    expect([response.headers.getSetCookie(), await response.text()]).toEqual([['a=1', 'b=2'], 'x'])
  })
})

describe('framing', () => {
  test.each(['Transfer-Encoding', 'transfer-encoding', 'Connection', 'Keep-Alive'])(
    'is the platform’s: %s is left out',
    async (name) => {
      for (const body of ['x', ['x']]) {
        const { status, fields } = await answered({ [name]: 'chunked' }, body)
        expect([status, fields.has(name)]).toEqual([200, false])
      }
    },
  )
})

describe('headers', () => {
  test.each([undefined, {}, Object.create(null)])('may be %j', async (headers) => {
    const { fetch, errors } = behindFetch(() => ({ headers, body: 'x' }))
    expect([(await fetch()).status, errors]).toEqual([200, []])
  })

  test.each([
    ['null', null],
    ['a string', 'x-a: b'],
    ['a list of pairs', [['x-a', 'b']]],
    ['a Map', new Map([['x-a', 'b']])],
    ['a Headers object', new Headers({ 'x-a': 'b' })],
  ])('that are %s are refused with 500', async (_name, headers) => {
    const { status, errors } = await answered(headers)
    expect([status, errors]).toMatchObject([500, [{ error: expect.any(TypeError) }]])
  })

  test('that are refused end the body that they came with', async () => {
    let isOver = false
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 'x' }),
        return: async () => {
          isOver = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    expect((await answered({ 'X-A': 'a\nb' }, body)).status).toBe(500)
    expect(isOver).toBe(true)
  })
})
