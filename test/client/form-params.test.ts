// formParams: a body of application/x-www-form-urlencoded, made from a map.
import { describe, expect, it } from 'vitest'
import { get, post, type RequestOptions, request } from '../../src/client.js'
import { type RecordedRequest, record, redirect } from '../support/recording-server.js'

const FORM = 'application/x-www-form-urlencoded'

async function sent(options: Omit<RequestOptions, 'url'>): Promise<RecordedRequest> {
  const server = await record()
  const { error } = await post(server.url, options)
  expect(error).toBeUndefined()
  return server.last
}

describe('formParams', () => {
  it('are the body, with its type and length', async () => {
    const req = await sent({ formParams: { a: 1, b: 'x y', c: 'ü€😀' } })
    expect(req.text).toBe('a=1&b=x+y&c=%C3%BC%E2%82%AC%F0%9F%98%80')
    expect(req.header('content-type')).toBe(FORM)
    expect([req.framing, req.header('content-length')]).toEqual(['length', String(req.body.length)])
  })

  it('are read by others as they were given', async () => {
    const params = { 'na me': 'a&b=c', list: ['1', '2'], empty: '', lines: 'a\r\nb\n' }
    const { text } = await sent({ formParams: params })
    expect([...new URLSearchParams(text)]).toEqual([
      ['na me', 'a&b=c'],
      ['list', '1'],
      ['list', '2'],
      ['empty', ''],
      ['lines', 'a\r\nb\n'],
    ])
  })

  it('replace a body and its type', async () => {
    const req = await sent({ formParams: { a: 1 }, body: 'other', headers: { 'content-type': 'text/plain' } })
    expect(req.text).toBe('a=1')
    expect(req.headerAll('content-type')).toEqual([FORM])
  })

  it('leave a body that they replace alone', async () => {
    let pulls = 0
    const body = {
      *[Symbol.iterator](): Generator<string> {
        pulls++
        yield 'x'
      },
    }
    expect((await sent({ formParams: { a: 1 }, body })).text).toBe('a=1')
    expect(pulls).toBe(0)
  })

  it('that are none are an empty body', async () => {
    const req = await sent({ formParams: {} })
    expect([req.framing, req.text, req.header('content-type')]).toEqual(['length', '', FORM])
  })

  it.each(['get', 'delete', 'put', 'patch', 'report'])('go with %s too', async (method) => {
    const server = await record()
    await request({ url: server.url, method, formParams: { a: 1 } })
    expect([server.last.method, server.last.text]).toEqual([method.toUpperCase(), 'a=1'])
  })

  it('may be a list of pairs', async () => {
    const formParams = [
      ['a', '1'],
      ['a', '2'],
    ]
    expect((await sent({ formParams })).text).toBe('a=1&a=2')
  })

  it('may be large', async () => {
    const large = 'ü '.repeat(300_000)
    const { text } = await sent({ formParams: { large } })
    expect(new URLSearchParams(text).get('large')).toBe(large)
  })

  it('are sent again by 307, and not by 302', async () => {
    const server = await record((req) =>
      req.target === '/there' ? 'ok' : redirect(Number(req.target.slice(1)), '/there'),
    )
    await post(`${server.url}/307`, { formParams: { a: 1 } })
    await post(`${server.url}/302`, { formParams: { a: 1 } })
    const there = server.requests.filter(({ target }) => target === '/there')
    expect(there.map(({ method, text }) => [method, text])).toEqual([
      ['POST', 'a=1'],
      ['GET', ''],
    ])
    expect(there[0]!.header('content-type')).toBe(FORM)
    expect(there[1]!.header('content-type')).toBeUndefined()
  })

  it('may come as URLSearchParams in the body, too', async () => {
    const body = new URLSearchParams([
      ['a', 'x y'],
      ['a', 'ü'],
    ])
    const req = await sent({ body })
    expect([req.framing, req.text]).toEqual(['length', 'a=x+y&a=%C3%BC'])
    expect(req.header('content-type')).toBe(FORM)
    expect((await sent({ body, headers: { 'Content-Type': 'a/b' } })).headerAll('content-type')).toEqual([
      'a/b',
    ])
  })

  it.each<[string, unknown]>([
    ['a function', { a: () => 1 }],
    ['a symbol', { a: [Symbol('a')] }],
  ])('with a value that is %s are ERR_INVALID_ARGUMENT', async (_, formParams) => {
    const server = await record()
    const { error } = await get(server.url, { formParams } as never)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })
})
