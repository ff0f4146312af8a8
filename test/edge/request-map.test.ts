// The request map behind a platform's server: every key of it, from a Request.
import { describe, expect, test } from 'vitest'
import { type FetchOptions, type RingRequest, toFetch } from '../../src/edge.js'
import { behindFetch, requestOf } from '../support/behind-fetch.js'

/** The map that a handler is given for it. */
async function mapOf(
  target: string | Request,
  init?: RequestInit,
  options?: FetchOptions,
): Promise<RingRequest> {
  let map: RingRequest | undefined
  const { fetch, errors } = behindFetch((req) => {
    map = req
    return { status: 204 }
  }, options)
  const { status } = await fetch(target, init)
  expect([status, errors]).toEqual([204, []])
  return map!
}

const mapWith = (headers: HeadersInit) => mapOf('/', { headers })

describe('the URL', () => {
  test.each([
    ['http://h/', { scheme: 'http', serverName: 'h', serverPort: 80, uri: '/', queryString: undefined }],
    ['https://h/', { scheme: 'https', serverName: 'h', serverPort: 443 }],
    ['http://h:8080/', { serverName: 'h', serverPort: 8080 }],
    ['http://h:443/', { scheme: 'http', serverPort: 443 }],
    ['https://h:80/', { scheme: 'https', serverPort: 80 }],
    ['http://h:80/', { serverPort: 80 }],
    ['http://192.0.2.1:65535/', { serverName: '192.0.2.1', serverPort: 65535 }],
    ['http://[::1]/', { serverName: '[::1]', serverPort: 80 }],
    ['http://[2001:db8::1]:81/a', { serverName: '[2001:db8::1]', serverPort: 81, uri: '/a' }],
    ['http://h?q', { uri: '/', queryString: 'q' }],
    ['http://h/a%20b/%C3%A9', { uri: '/a%20b/%C3%A9', queryString: undefined }],
    ['http://h//x//y:80?a?b/c', { serverName: 'h', uri: '//x//y:80', queryString: 'a?b/c' }],
    ['http://h/@x:9/', { serverName: 'h', serverPort: 80, uri: '/@x:9/' }],
    ['http://h/?', { uri: '/', queryString: '' }],
    ['http://h/?a=%20+b&&=', { queryString: 'a=%20+b&&=' }],
    ['http://h/a#f?x', { uri: '/a', queryString: undefined }],
    ['http://h/a?x#f?y', { uri: '/a', queryString: 'x' }],
  ])('%s is told apart', async (url, parts) => {
    expect(await mapOf(url)).toMatchObject(parts)
  })

  test('has its key queryString where it has no query', async () => {
    expect('queryString' in (await mapOf('/'))).toBe(true)
  })

  test('that is not of http is answered with 500, and logged', async () => {
    const { fetch, errors } = behindFetch(() => ({}))
    const request = Object.defineProperty(requestOf('/'), 'url', { value: 'ftp://h/' })
    expect((await fetch(request)).status).toBe(500)
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining('ftp://h/') } }])
  })
})

describe('the method', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    '%s is in lower case',
    async (method) => {
      expect((await mapOf('/', { method })).requestMethod).toBe(method.toLowerCase())
    },
  )
})

describe('the headers', () => {
  test('have lower-case names', async () => {
    const { headers } = await mapWith({ 'X-Some': 'Value', ACCEPT: '*/*' })
    expect(headers).toMatchObject({ 'x-some': 'Value', accept: '*/*' })
  })

  test('inherit nothing', async () => {
    const { headers } = await mapWith({})
    expect(Object.keys(Object.getPrototypeOf(headers) ?? {})).toEqual([])
    expect(
      ['toString', 'constructor', '__proto__', 'hasOwnProperty'].filter((name) => name in headers),
    ).toEqual([])
  })

  test('have what others inherit under names of their own', async () => {
    const { headers } = await mapWith([
      ['constructor', 'a'],
      ['__proto__', 'b'],
      ['toString', 'c'],
    ])
    const own = Object.entries(headers)
    expect(own).toEqual(
      expect.arrayContaining([
        ['constructor', 'a'],
        ['__proto__', 'b'],
        ['tostring', 'c'],
      ]),
    )
  })

  test('join a field that came more than once', async () => {
    const all = new Headers([
      ['accept', 'a/b'],
      ['accept', 'c/d'],
    ])
    expect((await mapWith(all)).headers.accept).toBe('a/b, c/d')
  })

  test('keep an empty value', async () => {
    expect((await mapWith({ 'x-empty': '' })).headers['x-empty']).toBe('')
  })

  test.each([
    ['http://h/', 'h'],
    ['http://h:81/', 'h:81'],
    ['https://h:443/', 'h'],
    ['http://[::1]:82/', '[::1]:82'],
  ])('of a request for %s have host, where the platform leaves it out', async (url, host) => {
    const request = requestOf(url)
    request.headers.delete('host')
    expect((await mapOf(request)).headers.host).toBe(host)
  })

  test('keep the host that was sent', async () => {
    expect((await mapOf('http://h:81/', { headers: { host: 'other.example:99' } })).headers.host).toBe(
      'other.example:99',
    )
  })
})

describe('Content-Type', () => {
  test.each([
    ['text/plain', 'text/plain', undefined],
    ['text/plain; charset=utf-8', 'text/plain', 'utf-8'],
    ['text/html;charset="ISO-8859-1"', 'text/html', 'ISO-8859-1'],
    ['multipart/form-data; boundary=x', 'multipart/form-data; boundary=x', undefined],
    ['text/plain; charset=', 'text/plain; charset=', undefined],
  ])('%s gives contentType and characterEncoding', async (type, contentType, characterEncoding) => {
    const map = await mapOf('/', { method: 'POST', body: 'x', headers: { 'content-type': type } })
    expect(map).toMatchObject({ contentType, characterEncoding })
  })

  test('that is not there leaves both undefined', async () => {
    expect(await mapOf('/')).toMatchObject({ contentType: undefined, characterEncoding: undefined })
  })
})

describe('contentLength', () => {
  test.each([
    ['0', 0],
    ['5', 5],
    ['8388608', 8388608],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['9999999999999999', undefined],
  ])('of %j is %s', async (length, contentLength) => {
    const map = await mapOf('/', { method: 'POST', body: 'hello', headers: { 'content-length': length } })
    expect(map.contentLength).toBe(contentLength)
  })

  test('is undefined where nothing is stated', async () => {
    const request = requestOf('/', { method: 'POST', body: 'hello' })
    request.headers.delete('content-length')
    expect((await mapOf(request)).contentLength).toBe(undefined)
  })
})

describe('the body', () => {
  test('is undefined where the request has none', async () => {
    expect((await mapOf('/')).body).toBe(undefined)
    expect((await mapOf('/', { method: 'DELETE' })).body).toBe(undefined)
  })

  test('is there where the request has one', async () => {
    expect((await mapOf('/', { method: 'POST', body: 'x' })).body).toBeTypeOf('object')
  })
})

describe('websocket', () => {
  test.each([
    [{ upgrade: 'websocket', connection: 'upgrade' }, true],
    [{ upgrade: 'WebSocket', connection: 'keep-alive, Upgrade' }, true],
    [{ upgrade: 'h2c, websocket' }, true],
    [{ upgrade: 'websocketx' }, false],
    [{ upgrade: 'h2c' }, false],
    [{ connection: 'upgrade' }, false],
    [{}, false],
  ])('of %j is %s', async (headers, websocket) => {
    expect((await mapWith(headers as HeadersInit)).websocket).toBe(websocket)
  })
})

describe('remoteAddr', () => {
  const addrOf = async (platform: unknown, headers: HeadersInit = {}, cf?: object): Promise<string> => {
    let addr: string | undefined
    const request = requestOf('/', { headers })
    if (cf) Object.defineProperty(request, 'cf', { value: cf })
    await toFetch((req) => {
      addr = req.remoteAddr
      return {}
    })(request, platform)
    return addr!
  }
  const bun = (address: string | undefined) => ({
    upgrade: () => false,
    requestIP: () => (address === undefined ? null : { address, family: 'IPv6', port: 1 }),
  })

  test.each([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['bindings', { KEY: 'value', remoteAddr: 'a binding' }, ''],
    ['what Deno knows', { remoteAddr: { transport: 'tcp', hostname: '192.0.2.7', port: 5 } }, '192.0.2.7'],
    ['what Deno knows of a Unix socket', { remoteAddr: { transport: 'unix', path: '/x' } }, ''],
    ["Bun's server", bun('2001:db8::7'), '2001:db8::7'],
    ["Bun's server, that has an IPv4 address in IPv6", bun('::ffff:192.0.2.7'), '192.0.2.7'],
    ["Bun's server, of a client that has gone", bun(undefined), ''],
  ])('comes of %s', async (_what, platform, expected) => {
    expect(await addrOf(platform)).toBe(expected)
  })

  test("is what Cloudflare's own field says, where Cloudflare has sent it", async () => {
    expect(await addrOf({}, { 'cf-connecting-ip': '192.0.2.8' }, { colo: 'x' })).toBe('192.0.2.8')
    expect(await addrOf({}, {}, { colo: 'x' })).toBe('')
  })

  test('is not what a client claims', async () => {
    const forged = { 'x-forwarded-for': '192.0.2.9', 'x-real-ip': '192.0.2.9', forwarded: 'for=192.0.2.9' }
    expect(await addrOf({}, forged)).toBe('')
  })

  test('is what the option makes of all that the platform has handed over', async () => {
    let addr: string | undefined
    const given: unknown[] = []
    const fetch = toFetch(
      (req) => {
        addr = req.remoteAddr
        return {}
      },
      {
        remoteAddr(...all) {
          given.push(...all)
          return all[0].headers.get('x-real-ip') ?? ''
        },
      },
    )
    const [request, platform, context] = [requestOf('/', { headers: { 'x-real-ip': '192.0.2.1' } }), {}, {}]
    await fetch(request, platform, context)
    expect(addr).toBe('192.0.2.1')
    expect([given[0] === request, given[1] === platform, given[2] === context]).toEqual([true, true, true])
  })

  test('that fails is answered with 500, and logged', async () => {
    const { fetch, errors } = behindFetch(() => ({}), {
      remoteAddr: () => {
        throw new Error('no address')
      },
    })
    expect((await fetch()).status).toBe(500)
    expect(errors).toMatchObject([{ error: { message: 'no address' } }])
  })
})

test('all else is as on our own server', async () => {
  const before = performance.now()
  const map = await mapOf('/')
  expect(map.protocol).toBe('HTTP/1.1')
  expect(map.startTime).toBeGreaterThanOrEqual(before)
  expect(map.startTime).toBeLessThanOrEqual(performance.now())
  expect(map.asyncChannel).toMatchObject({ websocket: false })
})

test('a worker is asked to go on until its channel is closed', async () => {
  const promises: Promise<unknown>[] = []
  const context = { waitUntil: (promise: Promise<unknown>) => void promises.push(promise) }
  let end!: () => void
  const fetch = toFetch((req) => {
    end = () => void req.asyncChannel.send('late')
    return { body: req.asyncChannel }
  })
  const answer = fetch(requestOf('/'), {}, context)
  let isOver = false
  void Promise.all(promises).then(() => (isOver = true))
  await new Promise((resolve) => setTimeout(resolve))
  expect([promises.length, isOver]).toEqual([1, false])
  end()
  expect(await (await answer).text()).toBe('late')
  await expect.poll(() => isOver).toBe(true)
})

test('each request has a map and a channel of its own', async () => {
  const [one, other] = [await mapOf('/'), await mapOf('/')]
  expect(one).not.toBe(other)
  expect(one.asyncChannel).not.toBe(other.asyncChannel)
})
