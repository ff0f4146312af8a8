// Middleware behind a platform's server: the same maps of queries and forms as on our own.
import { describe, expect, test } from 'vitest'
import { asChannel, type RingRequest } from '../../src/edge.js'
import { wrapMultipartParams, wrapParams } from '../../src/middleware.js'
import { behindFetch, textStream } from '../support/behind-fetch.js'

const json = (value: unknown) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
})

const params = wrapParams((req) => json(req.params))

describe('wrapParams', () => {
  const told = async (target: string, body?: BodyInit, type?: string) => {
    const { fetch, errors } = behindFetch(params)
    const headers: HeadersInit = type === undefined ? {} : { 'content-type': type }
    const response = await fetch(target, body === undefined ? {} : { method: 'POST', body, headers })
    expect(errors).toEqual([])
    return response.ok ? response.json() : response.status
  }
  const FORM = 'application/x-www-form-urlencoded'

  test('reads the query', async () => {
    expect(await told('/?a=1&b=%C3%A9+%20&a=2&toString=x')).toEqual({
      a: ['1', '2'],
      b: 'é  ',
      toString: 'x',
    })
    expect(await told('/')).toEqual({})
    expect(await told('/?')).toEqual({})
  })

  test('reads a form, which beats the query', async () => {
    expect(await told('/?a=1&b=2', 'a=%E2%98%95', FORM)).toEqual({ a: '☕', b: '2' })
    expect(await told('/', new URLSearchParams({ a: 'é', b: '+' }), `${FORM};charset=UTF-8`)).toEqual({
      a: 'é',
      b: '+',
    })
  })

  test('reads a form that comes in pieces', async () => {
    expect(await told('/', textStream('a=%', 'C3', '%A9&', 'b=', '2'), FORM)).toEqual({ a: 'é', b: '2' })
  })

  test('reads a form in another charset', async () => {
    const bytes = Uint8Array.of(0x61, 0x3d, 0xe9)
    expect(await told('/', bytes, `${FORM}; charset=iso-8859-1`)).toEqual({ a: 'é' })
    expect(await told('/', bytes, `${FORM}; charset=klingon`)).toBe(415)
  })

  test('answers 413 for a form, and 414 for a query, of too many pairs', async () => {
    const pairs = (count: number) => Array.from({ length: count }, () => 'a').join('&')
    expect(await told(`/?${pairs(1001)}`)).toBe(414)
    expect(await told('/', pairs(1001), FORM)).toBe(413)
    expect(Object.keys(await told('/', pairs(1000), FORM))).toEqual(['a'])
  })

  test('answers 413 for a form past maxBody', async () => {
    const { fetch, errors } = behindFetch(params, { maxBody: 10 })
    const post = (body: BodyInit) => fetch('/', { method: 'POST', body, headers: { 'content-type': FORM } })
    expect((await post('a=12345678')).status).toBe(200)
    expect([(await post(textStream('a=123', '456789'))).status, errors]).toEqual([413, []])
  })
})

describe('wrapMultipartParams', () => {
  type Upload = { filename: string; contentType: string; size: number }
  const upload = wrapMultipartParams((req) =>
    json(
      Object.entries(req.multipartParams).map(([name, value]) => {
        if (typeof value === 'string') return [name, value]
        const { filename, contentType, size } = value as Upload
        return [name, filename, contentType, size]
      }),
    ),
  )

  test('reads what FormData sends', async () => {
    const form = new FormData()
    form.set('title', 'naïve ☕\r\nsecond')
    const hello = new Blob(['hello'], { type: 'text/plain' })
    form.set('file', hello, 'größe "1".txt')
    form.set('big', new Blob([new Uint8Array(300_000)]), 'big.bin')
    const { fetch, errors } = behindFetch(upload)
    const response = await fetch('/', { method: 'POST', body: form })
    expect([response.status, await response.json(), errors]).toEqual([
      200,
      [
        ['title', 'naïve ☕\r\nsecond'],
        ['file', 'größe "1".txt', hello.type, 5],
        ['big', 'big.bin', 'application/octet-stream', 300_000],
      ],
      [],
    ])
  })

  test('gives files to a store of the handler’s, as they come', async () => {
    const stored: number[] = []
    const handler = wrapMultipartParams((req) => json(req.multipartParams), {
      async store(part) {
        let size = 0
        for await (const piece of part) size += piece.length
        stored.push(size)
        return { where: 'there' }
      },
    })
    const form = new FormData()
    form.set('file', new Blob([new Uint8Array(100_000)]), 'a')
    const response = await behindFetch(handler).fetch('/', { method: 'POST', body: form })
    expect([await response.json(), stored]).toMatchObject([
      { file: { where: 'there', size: 100_000 } },
      [100_000],
    ])
  })

  test.each([
    ['malformed', 'multipart/form-data; boundary=x', '--x\r\n', 400],
    ['without a boundary', 'multipart/form-data', '--x--\r\n', 400],
    [
      'past a limit',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name=a\r\n\r\n0123456789\r\n--x--\r\n',
      413,
    ],
  ])('refuses one that is %s', async (_what, type, body, status) => {
    const handler = wrapMultipartParams(() => ({ body: 'reached' }), { maxFieldSize: 9 })
    const { fetch, errors } = behindFetch(handler)
    const response = await fetch('/', { method: 'POST', body, headers: { 'content-type': type } })
    expect([response.status, errors]).toEqual([status, []])
  })

  test('stands below and above wrapParams, and before a channel', async () => {
    const answer = (req: RingRequest & { params?: object }) =>
      asChannel(req, { onOpen: (channel) => void channel.send(JSON.stringify(req.params)) })
    const form = () => {
      const data = new FormData()
      data.set('a', 'form')
      data.set('b', '2')
      return data
    }
    for (const handler of [
      wrapParams(wrapMultipartParams(answer)),
      wrapMultipartParams(wrapParams(answer)),
    ]) {
      const response = await behindFetch(handler).fetch('/?c=3', { method: 'POST', body: form() })
      expect(await response.json()).toEqual({ a: 'form', b: '2', c: '3' })
    }
  })
})
