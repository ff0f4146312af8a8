// Options come back in the response: state for whoever reads it. The caller's own object is never written to.
import { describe, expect, it } from 'vitest'
import {
  type ClientResponse,
  file,
  get,
  makeClient,
  maxBodyFilter,
  post,
  put,
  request,
} from '../../src/client.js'
import { closedPort, record, redirect } from '../support/recording-server.js'

type Loose = Record<string, unknown>

/** Frozen to the bottom, but for what the platform keeps its state in. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  if (isPlain) for (const inner of Object.values(value)) frozen(inner)
  return isPlain ? Object.freeze(value) : value
}

describe('opts', () => {
  it('has what nobody knows, as the very same values', async () => {
    const { url } = await record()
    const state = { id: 7, nested: { list: [1, 2] }, when: new Date(), fn: () => 1, map: new Map() }
    const { opts } = await get(url, { state, 'other-thing': state.nested, zero: 0, nothing: null } as never)
    const back = opts as unknown as Loose
    expect(back.state).toBe(state)
    expect(back['other-thing']).toBe(state.nested)
    expect([back.zero, back.nothing]).toEqual([0, null])
  })

  it('has what is under a symbol, too', async () => {
    const { url } = await record()
    const key = Symbol('mine')
    const state = {}
    expect(
      ((await get(url, { [key]: state } as never)).opts as unknown as Record<symbol, unknown>)[key],
    ).toBe(state)
    const { opts } = await request({ url, [key]: state } as never)
    expect((opts as unknown as Record<symbol, unknown>)[key]).toBe(state)
  })

  it('has nothing that the caller’s object only inherits', async () => {
    const server = await record()
    const options = Object.create({ headers: { 'X-Inherited': '1' }, inherited: 1 }) as Loose
    const { opts } = await get(server.url, options)
    expect('inherited' in opts).toBe(false)
    expect(server.last.header('x-inherited')).toBeUndefined()
  })

  it('has what we do know, as it was given', async () => {
    const { url } = await record()
    const given = {
      headers: { 'X-One': ['1', '2'] },
      queryParams: { a: { b: 1 } },
      formParams: { c: [1] },
      as: 'text' as const,
      timeout: 5000,
      filter: maxBodyFilter(1000),
      signal: new AbortController().signal,
      client: makeClient({}),
    }
    const { opts } = await post(url, given)
    for (const [name, value] of Object.entries(given))
      expect((opts as unknown as Loose)[name], name).toBe(value)
    await given.client.close()
  })

  it('has the URL and the method that a helper was called by', async () => {
    const { url } = await record()
    const { opts } = await put(`${url}/a?b=c#d`, { mine: 1 } as never)
    expect(opts).toMatchObject({ url: `${url}/a?b=c#d`, mine: 1 })
    expect(String(opts.method).toLowerCase()).toBe('put')
  })

  it('has the URL of the call, not that of the options', async () => {
    const server = await record()
    const { opts } = await get(`${server.url}/call`, {
      url: 'http://127.0.0.1:1/options',
      method: 'post',
    } as never)
    expect(opts.url).toBe(`${server.url}/call`)
    expect([server.last.method, server.last.target]).toEqual(['GET', '/call'])
  })

  it('comes with an error too', async () => {
    const state = {}
    const refused = await get(`http://127.0.0.1:${await closedPort()}/`, { state } as never)
    const invalid = await get('no url', { state } as never)
    for (const { error, opts } of [refused, invalid]) {
      expect(error).toBeDefined()
      expect((opts as unknown as Loose).state).toBe(state)
    }
    expect(invalid.opts.url).toBe('no url')
  })

  it('comes after redirects too, and the last URL with it', async () => {
    const state = {}
    const server = await record((req) => (req.target === '/' ? redirect(303, '/there') : 'ok'))
    const { opts } = await post(`${server.url}/`, { body: 'x', state } as never)
    expect((opts as unknown as Loose).state).toBe(state)
    expect(opts.url).toBe(`${server.url}/there`)
    expect(String(opts.method).toLowerCase()).toBe('get')
  })

  it('is each request’s own where many are made with one object', async () => {
    const { url } = await record((req) => req.target)
    const shared = { as: 'text' as const, state: {} }
    const responses = await Promise.all(['a', 'b', 'c'].map((name) => get(`${url}/${name}`, shared as never)))
    expect(responses.map(({ opts, body }) => [opts.url, body])).toEqual(
      ['a', 'b', 'c'].map((name) => [`${url}/${name}`, `/${name}`]),
    )
  })
})

describe('the caller’s object', () => {
  const given: [string, () => Loose][] = [
    ['headers', () => ({ headers: { Host: 'x', 'X-One': ['1'], Authorization: 'a' } })],
    [
      'queries and forms',
      () => ({ queryParams: { a: [1, { b: 2 }] }, formParams: { c: 1 }, nestedParamStyle: 'array' }),
    ],
    ['a body of pieces', () => ({ body: ['a', 'b'] })],
    ['bytes', () => ({ body: new Uint8Array([1, 2]) })],
    [
      'parts',
      () => ({
        multipart: [
          { name: 'a', content: 'b' },
          { name: 'f', content: file('package.json') },
        ],
      }),
    ],
    ['credentials', () => ({ basicAuth: ['user', 'pass'], userAgent: 'mine' })],
    ['times', () => ({ timeout: 9000, deadline: 9000, keepalive: -1 })],
    ['a filter', () => ({ filter: { accept: () => true, acceptBody: () => true } })],
    ['redirects', () => ({ traceRedirects: ['mine'], maxRedirects: 3 })],
    ['nothing', () => ({})],
  ]

  it.each(given)('may be frozen, and is not written to: %s', async (_, options) => {
    const { url } = await record((req) => (req.target === '/' ? redirect(307, '/there') : 'ok'))
    const object = frozen({ url: `${url}/`, method: 'post', ...options() })
    const before = { ...object }
    const { error, status } = await request(object as never)
    expect(error).toBeUndefined()
    expect(status).toBe(200)
    expect(object).toEqual(before)
    for (const [name, value] of Object.entries(before)) expect((object as Loose)[name]).toBe(value)
  })

  it('is not written to by the helpers, with or without a callback', async () => {
    const { url } = await record()
    const object = frozen({ as: 'text' as const })
    await get(url, object)
    await post(url, object, () => {})
    expect(object).toEqual({ as: 'text' })
  })

  it.each([null, undefined])('may be %s: no options', async (none) => {
    const { url } = await record()
    expect(await get(url, none as never)).toMatchObject({ status: 200, opts: { url } })
    expect(await post(url, none as never, ({ status }) => status)).toBe(200)
  })

  it('may have no prototype', async () => {
    const { url } = await record()
    const object = Object.assign(Object.create(null) as Loose, {
      url,
      headers: Object.create(null),
      as: 'text',
    })
    expect(await request(object as never)).toMatchObject({ status: 200, body: 'ok' })
  })

  it('may have undefined for any option: it is as if that were not there', async () => {
    const server = await record()
    await get(server.url, { as: 'text' })
    const { head } = server.last
    const names =
      'headers queryParams formParams nestedParamStyle body multipart multipartMixed basicAuth oauthToken userAgent timeout ' +
      'connectTimeout idleTimeout deadline keepalive followRedirects maxRedirects traceRedirects insecure autoCompression ' +
      'filter proxyUrl proxyHost proxyPort tunnel signal client tls unixSocket onUploadProgress onDownloadProgress'
    const none = Object.fromEntries(names.split(' ').map((name) => [name, undefined]))
    const response = await get(server.url, { ...none, as: 'text' } as never)
    expect(response).toMatchObject({ status: 200, body: 'ok' })
    expect(server.last.head).toBe(head)
  })

  it('is read when the request is made: what becomes of it later changes nothing', async () => {
    const server = await record()
    const object = { headers: { 'X-Mine': 'before' }, body: 'before' }
    const promise = post(server.url, object)
    object.headers['X-Mine'] = 'after'
    object.body = 'after'
    expect(await promise).toMatchObject({ status: 200 })
    expect([server.last.header('x-mine'), server.last.text]).toEqual(['before', 'before'])
  })

  it('may be changed in the callback and used again', async () => {
    const server = await record()
    const seen: ClientResponse[] = []
    const { opts } = await get(server.url, { n: 1 } as never, (response) => {
      seen.push(response)
      return response
    })
    await request({ ...opts, n: 2 } as never)
    expect(server.requests.map(({ head }) => head)).toEqual([
      server.requests[0]!.head,
      server.requests[0]!.head,
    ])
    expect(seen).toHaveLength(1)
  })
})
