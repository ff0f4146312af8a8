// The types that users see. What is wrong here does not compile; that is the test, and running it shows that it is true.
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as client from '../../src/client.js'
import {
  type BodyFilter,
  type Client,
  type ClientOptions,
  type ClientResponse,
  type ErrorCode,
  file,
  get,
  HttpKitError,
  makeClient,
  maxBodyFilter,
  type RequestOptions,
  type ResponsePromise,
  request,
  setDefaultClient,
} from '../../src/client.js'
import { withFakeHttp } from '../../src/fake.js'
import { record } from '../support/recording-server.js'

describe('a request', () => {
  it('is promised a response', async () => {
    const { url } = await record()
    const promise = get(url)
    expectTypeOf(promise).toExtend<Promise<ClientResponse>>()
    expectTypeOf(promise.realized).toEqualTypeOf<boolean>()
    expectTypeOf(promise.deref<string>).returns.resolves.toEqualTypeOf<ClientResponse | string>()
    expectTypeOf(promise.unwrap).returns.resolves.toEqualTypeOf<ClientResponse>()
    const { status, headers, error, opts } = await promise
    expectTypeOf(status).toEqualTypeOf<number | undefined>()
    expectTypeOf(headers!['x-one']!).toEqualTypeOf<string | string[]>()
    expectTypeOf(error).toEqualTypeOf<HttpKitError | undefined>()
    expectTypeOf(opts).toEqualTypeOf<RequestOptions>()
    expect(status).toBe(200)
  })

  it('with a callback is promised what that returns', async () => {
    const { url } = await record()
    const length = get(url, { as: 'text' }, (response) => {
      expectTypeOf(response).toEqualTypeOf<ClientResponse>()
      return String(response.body).length
    })
    expectTypeOf(length.realized).toEqualTypeOf<boolean>()
    expect(await length).toBe(2)
    expect(await get(url, async ({ status }) => status)).toBe(200)
  })

  it('takes every option of the contract', async () => {
    const { url } = await record()
    const options: RequestOptions = {
      url,
      method: 'post',
      headers: { 'X-One': '1', 'X-Two': ['1', '2'], 'X-Three': 3, 'X-Four': null, 'X-Five': undefined },
      queryParams: { a: 1, b: { c: [true, null] } },
      nestedParamStyle: 'indexed',
      body: 'x',
      basicAuth: ['user', 'pass'],
      oauthToken: 'token',
      userAgent: null,
      timeout: 1000,
      connectTimeout: 1000,
      idleTimeout: 1000,
      deadline: 10_000,
      keepalive: -1,
      followRedirects: true,
      maxRedirects: 3,
      allowUnsafeRedirectMethods: false,
      allowInsecureRedirects: false,
      insecure: false,
      as: 'byteArray',
      autoCompression: false,
      filter: maxBodyFilter(1000),
      signal: new AbortController().signal,
      client: makeClient({}),
      onUploadProgress: (bytes, total) =>
        expectTypeOf([bytes, total]).toEqualTypeOf<(number | undefined)[]>(),
      onDownloadProgress: (bytes) => expectTypeOf(bytes).toEqualTypeOf<number>(),
      myState: { anything: 1 },
    }
    const { status, body } = await request(options)
    expect([status, body]).toEqual([200, new Uint8Array([111, 107])])
  })

  it('takes bodies of every type', () => {
    expectTypeOf('text').toExtend<RequestOptions['body']>()
    expectTypeOf(new Uint8Array(1)).toExtend<RequestOptions['body']>()
    expectTypeOf(Buffer.alloc(1)).toExtend<RequestOptions['body']>()
    expectTypeOf(new Blob([])).toExtend<RequestOptions['body']>()
    expectTypeOf(file('package.json')).toExtend<RequestOptions['body']>()
    expectTypeOf(['a', new Uint8Array(1)]).toExtend<RequestOptions['body']>()
    expectTypeOf<AsyncGenerator<string>>().toExtend<RequestOptions['body']>()
    expectTypeOf<ReadableStream<Uint8Array>>().toExtend<RequestOptions['body']>()
    expectTypeOf<import('node:stream').Readable>().toExtend<RequestOptions['body']>()
    expectTypeOf<number>().not.toExtend<RequestOptions['body']>()
    expect(file('package.json')).toMatchObject({ name: 'package.json' })
  })

  it('does not take what is wrong', async () => {
    // @ts-expect-error a value of `as` that there is not
    const as = await get('http://127.0.0.1', { as: 'mist' })
    // @ts-expect-error a method is a text
    const method = await request({ url: 'http://127.0.0.1', method: 1 })
    // @ts-expect-error a URL is a text, or a URL
    const url = await get(1)
    // @ts-expect-error a time is a number
    const timeout = await get('http://127.0.0.1', { timeout: '1' })
    for (const { error } of [as, method, url, timeout]) expect(error?.code).toBe('ERR_INVALID_ARGUMENT')
  })
})

describe('errors', () => {
  it('have a code of those listed', () => {
    const error = new HttpKitError('ERR_ABORTED', 'mine')
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>()
    expectTypeOf<'ERR_CONNECT'>().toExtend<ErrorCode>()
    expectTypeOf<'ERR_BODY_NOT_REPLAYABLE'>().toExtend<ErrorCode>()
    expectTypeOf<'ERR_MIST'>().not.toExtend<ErrorCode>()
    expectTypeOf(error).toExtend<Error>()
    expect(error).toBeInstanceOf(Error)
  })
})

describe('clients', () => {
  it('have the methods of the module, stats and close', async () => {
    const { url } = await record()
    const options: ClientOptions = {
      maxConnections: 1,
      maxQueue: 2,
      addressFinder: (one: URL) => ({ host: one.hostname, port: Number(one.port) }),
    }
    const own = makeClient(options)
    expectTypeOf(own).toEqualTypeOf<Client>()
    expectTypeOf(own.get).toEqualTypeOf<typeof get>()
    expectTypeOf(own.request).toEqualTypeOf<typeof request>()
    expectTypeOf(own.delete).toEqualTypeOf<typeof client.del>()
    expectTypeOf(own.stats()).toEqualTypeOf<{
      connections: number
      idle: number
      active: number
      queued: number
      requests: number
    }>()
    expectTypeOf(own.close).returns.toEqualTypeOf<Promise<void>>()
    expectTypeOf(setDefaultClient).parameter(0).toEqualTypeOf<Client>()
    expect(await own.get(url)).toMatchObject({ status: 200 })
    await own.close()
  })

  it('have promises of the same type', () => {
    expectTypeOf(get('http://a.test', { as: 'mist' as never })).toEqualTypeOf<ResponsePromise>()
    expectTypeOf(makeClient().put('::')).toEqualTypeOf<ResponsePromise>()
    expect(Object.keys(client)).toEqual(
      expect.arrayContaining(['get', 'del', 'delete', 'request', 'makeClient']),
    )
  })
})

it('filters may have either method', () => {
  expectTypeOf<{ accept(status: number): boolean }>().toExtend<BodyFilter>()
  expectTypeOf<{ acceptBody(bytes: number): boolean }>().toExtend<BodyFilter>()
  expectTypeOf(maxBodyFilter).returns.toEqualTypeOf<BodyFilter>()
  expect(maxBodyFilter(1).acceptBody!(2)).toBe(false)
})

it('fakes give back what their function returns', async () => {
  const length = withFakeHttp(
    [
      ['http://a.test/', 'body'],
      [/b/, 404],
      [
        { method: /get/i, url: 'http://c.test/' },
        { status: 201, body: 'x' },
      ],
      [(options) => options.method === 'put', (options) => ({ body: String(options.url) })],
      ['http://d.test/', 'allow'],
    ],
    async () => String((await get('http://a.test/')).body).length,
  )
  expectTypeOf(length).resolves.toEqualTypeOf<number>()
  expect(await length).toBe(4)
})
