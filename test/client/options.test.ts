// Options that are wrong: ERR_INVALID_ARGUMENT in the response, nothing is thrown and nothing connected. And the edges of
// those that are right.
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { get, makeClient, post, request } from '../../src/client.js'
import { record } from '../support/recording-server.js'

type Loose = Record<string, unknown>

async function expectRefused(options: Loose): Promise<void> {
  const server = await record()
  const { error, status, opts } = await post(server.url, options as never)
  expect(error).toMatchObject({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' })
  expect(error!.message).not.toBe('')
  expect(status).toBeUndefined()
  expect(opts.url).toBe(server.url)
  expect(server.accepted).toBe(0)
}

function shown(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY })
}

const cases: Record<string, unknown[]> = {
  as: ['', 'mist', 'TEXT', 'json', 1, {}, true],
  nestedParamStyle: ['', 'mist', 'Array', 1, true],
  timeout: [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, '100', {}, true, 10n],
  connectTimeout: [0, -1, Number.NaN, '100', {}],
  idleTimeout: [0, -1, Number.NaN, '100', {}],
  deadline: [0, -1, Number.NaN, '100', {}],
  keepalive: [Number.NaN, '100', {}],
  maxRedirects: [-1, Number.NaN, '3', {}],
  headers: ['X: y', 1, true, [['X', 'y']], new Map([['X', 'y']]), new Headers({ X: 'y' })],
  queryParams: ['a=1', 1, true, () => 1],
  formParams: ['a=1', 1, true, () => 1],
  basicAuth: [1, {}, [], ['user'], ['user', 1], [1, 'pass'], ['us:er', 'pass']],
  oauthToken: [1, {}, []],
  userAgent: [1, {}, []],
  body: [1, true, {}, () => 'x', Symbol('x'), new Date(), Promise.resolve('x'), 1n],
  multipart: [
    'x',
    1,
    {},
    [{}],
    [{ name: 'a' }],
    [{ content: 'a' }],
    [{ name: 1, content: 'a' }],
    [null],
    [{ name: 'a', content: {} }],
  ],
  filter: ['x', 1, () => true, { accept: 1 }, { acceptBody: 'yes' }],
  signal: ['x', {}, true, { aborted: false }],
  client: ['x', {}, true],
  proxyUrl: ['', 'proxy', 'ftp://proxy:1', 'socks5://proxy:1', 'http://', 1, {}],
  unixSocket: ['', 1, {}],
  onUploadProgress: ['x', 1, {}],
  onDownloadProgress: ['x', 1, {}],
}

for (const [name, values] of Object.entries(cases)) {
  describe(name, () => {
    it.each(values.map((value) => [shown(value), value]))('may not be %s', async (_, value) => {
      await expectRefused({ [name]: value })
    })
  })
}

describe('what cannot be together', () => {
  it('body and multipart', async () => {
    await expectRefused({ body: 'x', multipart: [{ name: 'a', content: 'b' }] })
  })

  it('also where the body is empty', async () => {
    await expectRefused({ body: '', multipart: [{ name: 'a', content: 'b' }] })
  })
})

it('is seen before a body is touched', async () => {
  let pulls = 0
  const body = new Readable({
    read() {
      pulls++
      this.push(null)
    },
  })
  await expectRefused({ body, as: 'mist' })
  expect(pulls).toBe(0)
  body.destroy()
})

it('that cannot be read is an error like any other', async () => {
  const server = await record()
  const { error } = await get(server.url, {
    get headers(): never {
      throw new Error('mine')
    },
  })
  expect(error).toMatchObject({ name: 'HttpKitError' })
  expect(server.accepted).toBe(0)
})

describe('at the edge', () => {
  const fine: [string, Loose][] = [
    ['times without an end', { timeout: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY }],
    ['a keepalive without an end', { keepalive: Number.POSITIVE_INFINITY }],
    ['times beyond what a timer of Node takes', { timeout: 2 ** 40, deadline: 2 ** 40, keepalive: 2 ** 40 }],
    ['times that are no whole numbers', { timeout: 9000.5, deadline: 9000.5 }],
    ['any number of redirects', { maxRedirects: Number.POSITIVE_INFINITY }],
    ['a password with a colon', { basicAuth: ['user', 'pass:word'] }],
    ['empty credentials', { basicAuth: ['', ''] }],
    ['a user-agent that is empty', { userAgent: '' }],
    ['a signal', { signal: new AbortController().signal }],
    ['AbortSignal.timeout', { signal: AbortSignal.timeout(10_000) }],
    ['no headers', { headers: {} }],
    ['no params', { queryParams: {}, formParams: {} }],
    ['no parts', { multipart: [] }],
    ['one that accepts', { filter: { accept: () => true } }],
    ['what nobody knows', { mist: () => {}, retries: 3 }],
    ['an empty proxy, but no proxy', { proxyUrl: undefined, proxyHost: undefined }],
  ]

  it.each(fine)('is right: %s', async (_, options) => {
    const server = await record()
    expect(await post(server.url, options as never)).toMatchObject({ status: 200 })
  })
})

describe('the URL', () => {
  const bad = [
    undefined,
    null,
    '',
    ' ',
    1,
    {},
    [],
    'example.com',
    '/path',
    '//host/path',
    'http://',
    'http:///',
    'http://:80/',
    'http://h:65536/',
    'http://h:-1/',
    'http://h:port/',
    'http://h o/',
    'http://[::1/',
    'http://[::g]/',
    'http://a%00b/',
    'http://1.2.3.256/',
    'ftp://h/',
    'ws://h/',
    'file:///etc/passwd',
    'data:,x',
    'javascript:1',
    'mailto:a@b',
    'httpss://h/',
    'unix:/a',
  ]

  it.each(bad.map((url) => [shown(url), url]))('may not be %s', async (_, url) => {
    const { error, opts } = await request({ url } as never)
    expect(error).toMatchObject({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' })
    expect(opts.url).toBe(url)
  })

  it.each([
    '\r\nX: y',
    '\n',
    '\r',
    '\0',
    '/a\r\nX: y',
    '/a\nb',
    '/a\rb',
    '/a\0b',
    '/a\tb',
    '/a\x7fb',
    '/?a\r\nb',
    '/?a\0b',
    '/#a\r\nb',
    '/ HTTP/1.1\r\nHost: x\r\n\r\n',
  ])('may not have a control character: %j', async (rest) => {
    const server = await record()
    const { error } = await get(server.url + rest)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })
})

describe('makeClient', () => {
  const wrong: Record<string, unknown[]> = {
    maxConnections: [0, -1, Number.NaN, '5', {}],
    maxQueue: [-1, Number.NaN, '5', {}],
    addressFinder: ['x', 1, {}],
    connect: ['x', 1, {}],
    tls: ['x', 1, true],
    bindAddress: [1, {}, 'not an address', '', '127.0.0.1:80'],
    errorLogger: ['x', 1, {}],
    eventLogger: ['x', 1, {}],
  }
  const flat = Object.entries(wrong).flatMap(([name, values]) =>
    values.map((value): [string, string, unknown] => [name, shown(value), value]),
  )

  it.each(flat)('throws where %s is %s', (name, _, value) => {
    expect(() => makeClient({ [name]: value } as never)).toThrow(
      expect.objectContaining({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' }),
    )
  })

  it('takes no options at all, and undefined ones', async () => {
    const server = await record()
    const none = { maxConnections: undefined, maxQueue: undefined, connect: undefined, tls: undefined }
    for (const client of [makeClient(), makeClient({}), makeClient(none as never)]) {
      expect(await client.get(server.url)).toMatchObject({ status: 200 })
      await client.close()
    }
  })

  it('does not write to its options', async () => {
    const server = await record()
    const client = makeClient(Object.freeze({ maxConnections: 1, maxQueue: 1, tls: Object.freeze({}) }))
    expect(await client.get(server.url)).toMatchObject({ status: 200 })
    await client.close()
  })
})
