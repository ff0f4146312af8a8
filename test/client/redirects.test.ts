// Redirects: which are followed, with which method and body, what is dropped on the way to another origin, and where they end.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  type ClientResponse,
  file,
  get,
  makeClient,
  post,
  type RequestOptions,
  request,
} from '../../src/client.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { readableOf } from '../support/multipart-source.js'
import { type RecordedRequest, type RecordingServer, record, redirect } from '../support/recording-server.js'
import { sourceFolder } from '../support/upload-sources.js'

type Options = Omit<RequestOptions, 'url'>

/** `/301?to` leads to /to with that status; everything else answers with its target. */
function route({ target }: RecordedRequest) {
  const [, status, location] = /^\/(3\d\d)\?(.*)$/.exec(target) ?? []
  return status === undefined
    ? { headers: { 'Content-Type': 'text/plain' }, body: target }
    : redirect(Number(status), location!)
}

const following = [301, 302, 303, 307, 308]
const bodied = ['post', 'put', 'patch', 'delete', 'report']

async function followed(server: RecordingServer, status: number, options: Options): Promise<RecordedRequest> {
  const response = await request({ url: `${server.url}/${status}?/there`, ...options })
  expect(response.error).toBeUndefined()
  expect(response.status).toBe(200)
  expect(server.last.target).toBe('/there')
  return server.last
}

describe('what is followed', () => {
  it.each(following)('%i is', async (status) => {
    const { url } = await record(route)
    expect(await get(`${url}/${status}?/there`)).toMatchObject({ status: 200, body: '/there' })
  })

  it.each([200, 201, 300, 304, 305, 306, 309, 399, 404, 503])(
    '%i is an answer, Location or not',
    async (status) => {
      const server = await record(() => ({ status, headers: { Location: '/there' }, body: '' }))
      expect(await get(`${server.url}/`)).toMatchObject({ status, headers: { location: '/there' } })
      expect(server.requests).toHaveLength(1)
    },
  )

  it.each(following)('%i is an answer without followRedirects', async (status) => {
    const server = await record(() => ({
      status,
      headers: { Location: '/there', 'Content-Type': 'text/plain' },
      body: 'moved',
    }))
    const response = await get(`${server.url}/`, { followRedirects: false })
    expect(response).toMatchObject({ status, headers: { location: '/there' }, body: 'moved' })
    expect(response.opts.traceRedirects ?? []).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  it.each(following)('%i without a Location is ERR_REDIRECT_LOCATION', async (status) => {
    const { url } = await record(() => ({ status, body: 'moved' }))
    const response = await get(url)
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expect(response.error).toMatchObject({ code: 'ERR_REDIRECT_LOCATION' })
  })
})

describe('301, 302 and 303', () => {
  const dropping = [301, 302, 303]

  it.each(dropping.flatMap((status) => bodied.map((method) => [status, method] as const)))(
    '%i of %s is GET, without a body',
    async (status, method) => {
      const server = await record(route)
      const last = await followed(server, status, {
        method,
        body: 'hello',
        headers: {
          'Content-Type': 'text/plain',
          'content-language': 'en',
          'Content-Location': '/x',
          'Content-Encoding': 'x-mine',
          'CONTENT-LENGTH': '5',
          'X-One': '1',
        },
      })
      expect([last.method, last.framing, last.text]).toEqual(['GET', 'none', ''])
      expect(
        last.fields.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith('content-')),
      ).toEqual([])
      expect(last.header('x-one')).toBe('1')
    },
  )

  it.each(dropping)('%i of GET and HEAD keeps the method', async (status) => {
    const server = await record(route)
    expect((await followed(server, status, { method: 'get' })).method).toBe('GET')
    expect((await followed(server, status, { method: 'head' })).method).toBe('HEAD')
  })

  it.each(dropping)('%i of a GET with a body drops it', async (status) => {
    const server = await record(route)
    const last = await followed(server, status, {
      method: 'get',
      body: 'hello',
      headers: { 'Content-Type': 'a/b' },
    })
    expect([last.method, last.framing, last.header('content-type')]).toEqual(['GET', 'none', undefined])
  })

  it.each(dropping)('%i drops forms and parts', async (status) => {
    const server = await record(route)
    for (const options of [{ formParams: { a: 1 } }, { multipart: [{ name: 'a', content: 'b' }] }]) {
      const last = await followed(server, status, { method: 'post', ...options })
      expect([last.method, last.framing]).toEqual(['GET', 'none'])
      expect(last.header('content-type')).toBeUndefined()
    }
  })

  it.each(dropping)('%i does not need the body again: a stream will do', async (status) => {
    const server = await record(route)
    await followed(server, status, { method: 'post', body: Readable.from(['a']) })
    expect(server.requests.map(({ text }) => text)).toEqual(['a', ''])
  })

  it.each(dropping)('%i keeps method and body with allowUnsafeRedirectMethods', async (status) => {
    const server = await record(route)
    for (const method of bodied) {
      const headers = { 'Content-Type': 'a/b' }
      const last = await followed(server, status, {
        method,
        body: 'hello',
        headers,
        allowUnsafeRedirectMethods: true,
      })
      expect([last.method, last.text, last.header('content-type')]).toEqual([
        method.toUpperCase(),
        'hello',
        'a/b',
      ])
    }
  })
})

describe('307 and 308', () => {
  const keeping = [307, 308]

  it.each(
    keeping.flatMap((status) =>
      ['get', 'head', 'options', ...bodied].map((method) => [status, method] as const),
    ),
  )('%i of %s keeps the method', async (status, method) => {
    const server = await record(route)
    expect((await followed(server, status, { method })).method).toBe(method.toUpperCase())
  })

  const replayable: [string, () => RequestOptions['body'], string][] = [
    ['a text', () => 'hé', 'hé'],
    ['an empty text', () => '', ''],
    ['bytes', () => Buffer.from('hé'), 'hé'],
    ['a Blob', () => new Blob(['hé']), 'hé'],
    ['a file', () => file(sourceFolder().write('a.txt', 'hé')), 'hé'],
    ['an array', () => ['h', Buffer.from('é')], 'hé'],
    ['a set', () => new Set(['h', 'é']), 'hé'],
  ]

  it.each(keeping.flatMap((status) => replayable.map((row) => [status, ...row] as const)))(
    '%i sends the body again: %s',
    async (status, _, body, wanted) => {
      const server = await record(route)
      const last = await followed(server, status, {
        method: 'post',
        body: body()!,
        headers: { 'X-One': '1' },
      })
      const [first] = server.requests
      expect([last.method, last.text, last.header('x-one')]).toEqual(['POST', wanted, '1'])
      expect([last.framing, last.header('content-type')]).toEqual([
        first!.framing,
        first!.header('content-type'),
      ])
    },
  )

  const oneShot: [string, () => RequestOptions['body']][] = [
    ['a Readable', () => Readable.from(['a'])],
    ['a ReadableStream', () => readableOf([Buffer.from('a')])],
    [
      'a generator',
      () =>
        (function* () {
          yield 'a'
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* () {
          yield 'a'
        })(),
    ],
  ]

  it.each(keeping.flatMap((status) => oneShot.map((row) => [status, ...row] as const)))(
    '%i of a stream is ERR_BODY_NOT_REPLAYABLE: %s',
    async (status, _, body) => {
      const server = await record(route)
      const response = await post(`${server.url}/${status}?/there`, { body: body()! })
      expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
      expect(response.error).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' })
      expect(server.requests).toHaveLength(1)
    },
  )
})

describe('Location', () => {
  const rows: [string, string][] = [
    ['/there', '/there'],
    ['there', '/a/there'],
    ['../there', '/there'],
    ['../../../there', '/there'],
    ['./there?x=1', '/a/there?x=1'],
    ['?x=1', '/a/b?x=1'],
    ['', '/a/b?q=1'],
    ['#f', '/a/b?q=1'],
    ['/there#f', '/there'],
    ['/a b/ä?ü', '/a%20b/%C3%A4?%C3%BC'],
    ['/a%20b', '/a%20b'],
  ]

  it.each(rows)('%j leads to %s', async (location, wanted) => {
    const latin1 = Buffer.from(location).toString('latin1') // as a server would send UTF-8
    const server = await record(({ target }) =>
      target === '/a/b?q=1' && server.requests.length === 1
        ? { raw: `HTTP/1.1 302 Found\r\nLocation: ${latin1}\r\nContent-Length: 0\r\n\r\n` }
        : 'ok',
    )
    expect(await get(`${server.url}/a/b?q=1`)).toMatchObject({ status: 200 })
    expect(server.last.target).toBe(wanted)
  })

  it('may be absolute, or lack only the scheme', async () => {
    const server = await record(route)
    const { host } = new URL(server.url)
    for (const location of [`http://${host}/there`, `HTTP://${host}/there`, `//${host}/there`]) {
      expect(await get(`${server.url}/302?${location}`)).toMatchObject({ body: '/there' })
    }
  })

  it.each([
    'http://',
    'http://[::1/',
    'http://a b/',
    'http://h:99999/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'mailto:a@b',
    'ws://127.0.0.1/',
  ])('that cannot be gone to is ERR_REDIRECT_LOCATION: %s', async (location) => {
    const server = await record(() => redirect(302, location))
    const { error } = await get(server.url)
    expect(error).toMatchObject({ code: 'ERR_REDIRECT_LOCATION' })
    expect(server.requests).toHaveLength(1)
  })

  it('that comes twice is ERR_REDIRECT_LOCATION', async () => {
    const { url } = await record(() => ({ status: 302, headers: { Location: ['/a', '/b'] } }))
    expect((await get(url)).error).toMatchObject({ code: 'ERR_REDIRECT_LOCATION' })
  })

  it('without a fragment inherits it, and none is ever sent', async () => {
    const server = await record((req) => {
      if (req.target === '/kept') return redirect(302, '/end')
      if (req.target === '/replaced') return redirect(302, '/end#new')
      return 'ok'
    })
    expect((await get(`${server.url}/kept#old`)).opts.url).toBe(`${server.url}/end#old`)
    expect((await get(`${server.url}/replaced#old`)).opts.url).toBe(`${server.url}/end#new`)
    expect(server.requests.map(({ target }) => target)).toEqual(['/kept', '/end', '/replaced', '/end'])
  })

  it('with userinfo is asked with it', async () => {
    const server = await record(route)
    const { host } = new URL(server.url)
    await get(`${server.url}/302?http://user:pass@${host}/there`)
    expect(server.last.header('authorization')).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`)
  })
})

describe('maxRedirects', () => {
  const endless = () => record((req) => redirect(302, `${req.target}x`))

  it.each([0, 1, 2, 5])('of %i lets as many be followed, and no more', async (maxRedirects) => {
    const server = await endless()
    const response = await get(`${server.url}/`, { maxRedirects })
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expect(response.error).toMatchObject({ code: 'ERR_TOO_MANY_REDIRECTS' })
    expect(server.requests).toHaveLength(maxRedirects + 1)
  })

  it('is 10 where nothing is said', async () => {
    const server = await endless()
    expect((await get(`${server.url}/`)).error).toMatchObject({ code: 'ERR_TOO_MANY_REDIRECTS' })
    expect(server.requests).toHaveLength(11)
  })

  it('that is just enough is enough', async () => {
    const { url } = await record((req) => (req.target === '/xxx' ? 'ok' : redirect(302, `${req.target}x`)))
    expect(await get(`${url}/`, { maxRedirects: 3 })).toMatchObject({ status: 200 })
    expect(await get(`${url}/`, { maxRedirects: 2 })).toMatchObject({
      error: { code: 'ERR_TOO_MANY_REDIRECTS' },
    })
  })

  it('of 0 harms no answer that is no redirect', async () => {
    const { url } = await record()
    expect(await get(url, { maxRedirects: 0 })).toMatchObject({ status: 200 })
  })
})

describe('traceRedirects', () => {
  it('has the URLs before the last, in their order', async () => {
    const { url } = await record(route)
    const server = await record((req) => {
      if (req.target === '/1') return redirect(301, '/2')
      if (req.target === '/2') return redirect(307, `${url}/there`)
      return 'unreached'
    })
    const { opts } = await get(`${server.url}/1`)
    expect(opts.traceRedirects).toEqual([`${server.url}/1`, `${server.url}/2`])
    expect(opts.url).toBe(`${url}/there`)
  })

  it('is none where there was no redirect', async () => {
    const { url } = await record()
    expect((await get(url)).opts.traceRedirects ?? []).toEqual([])
  })

  it('is there with an error, too', async () => {
    const server = await record((req) => redirect(302, `${req.target}x`))
    const { opts } = await get(`${server.url}/`, { maxRedirects: 2 })
    expect(opts.traceRedirects?.slice(0, 2)).toEqual([`${server.url}/`, `${server.url}/x`])
  })
})

describe('credentials', () => {
  const secrets: Options = {
    headers: {
      Authorization: 'mine',
      Cookie: 'a=b',
      'Proxy-Authorization': 'mine',
      Host: 'mine.example',
      'X-One': '1',
    },
  }
  const names = ['authorization', 'cookie', 'proxy-authorization']

  function secretsOf(req: RecordedRequest): (string | undefined)[] {
    return names.map((name) => req.header(name))
  }

  /** The request that a redirect from one server to another becomes. */
  async function across(options: Options, from = '127.0.0.1', to = '127.0.0.1'): Promise<RecordedRequest> {
    const there = await record()
    const here = await record(() => redirect(307, `http://${to}:${there.port}/there`))
    const response = await request({ url: `http://${from}:${here.port}/`, ...options })
    expect(response.error).toBeUndefined()
    expect(here.requests).toHaveLength(1)
    return there.last
  }

  it('in headers stay where the origin does', async () => {
    const server = await record(route)
    const last = await followed(server, 302, secrets)
    expect(secretsOf(last)).toEqual(['mine', 'a=b', 'mine'])
    expect(last.header('host')).toBe('mine.example')
  })

  it('in headers are dropped on the way to another port, and Host with them', async () => {
    const last = await across(secrets)
    expect(secretsOf(last)).toEqual([undefined, undefined, undefined])
    expect(last.header('host')).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(last.header('x-one')).toBe('1')
  })

  it('in headers are dropped however they are spelled', async () => {
    const headers = { aUTHORIZATION: 'a', COOKIE: 'b', 'proxy-AUTHORIZATION': 'c', hOST: 'd' }
    const last = await across({ headers })
    expect(secretsOf(last)).toEqual([undefined, undefined, undefined])
    expect(last.header('host')).toMatch(/^127/)
  })

  it.each<[string, Options, string]>([
    ['basicAuth', { basicAuth: 'a:b' }, `Basic ${Buffer.from('a:b').toString('base64')}`],
    ['oauthToken', { oauthToken: 'token' }, 'Bearer token'],
  ])('of %s stay where the origin does, and are dropped elsewhere', async (_, options, wanted) => {
    const server = await record(route)
    expect((await followed(server, 307, options)).header('authorization')).toBe(wanted)
    expect((await across(options)).header('authorization')).toBeUndefined()
  })

  it('of the URL are dropped elsewhere', async () => {
    const there = await record()
    const here = await record(() => redirect(302, `${there.url}/there`))
    await get(here.url.replace('//', '//user:pass@'))
    expect(here.last.header('authorization')).toMatch(/^Basic /)
    expect(there.last.header('authorization')).toBeUndefined()
  })

  it('of the URL stay where the origin does', async () => {
    const server = await record(route)
    await get(`${server.url.replace('//', '//user:pass@')}/302?/there`)
    const sent = server.requests.map((req) => req.header('authorization'))
    expect(sent[0]).toMatch(/^Basic /)
    expect(sent[1]).toBe(sent[0])
  })

  it('are dropped for another name of the same host', async () => {
    const last = await across(secrets, '127.0.0.1', 'localhost')
    expect(secretsOf(last)).toEqual([undefined, undefined, undefined])
    expect(last.header('host')).toMatch(/^localhost:/)
  })

  it('are not found again on the way back', async () => {
    const here: RecordingServer = await record((req) =>
      req.target === '/back' ? 'ok' : redirect(302, `${there.url}/there`),
    )
    const there = await record(() => redirect(302, `${here.url}/back`))
    await get(`${here.url}/`, { ...secrets, basicAuth: 'a:b' })
    expect(here.last.target).toBe('/back')
    expect(secretsOf(here.last)).toEqual([undefined, undefined, undefined])
  })

  it('are not left in opts for the other origin', async () => {
    const there = await record()
    const here = await record(() => redirect(302, `${there.url}/there`))
    const { opts } = await get(here.url, { ...secrets, basicAuth: 'a:b', oauthToken: 'token' })
    await request(opts)
    expect(there.requests).toHaveLength(2)
    expect(secretsOf(there.last)).toEqual([undefined, undefined, undefined])
  })

  it('stay where only the default port is written out', async () => {
    const server = await record((req) =>
      req.target === '/' ? redirect(302, 'http://example.test:80/there') : 'ok',
    )
    const client = makeClient({ addressFinder: () => ({ host: '127.0.0.1', port: server.port }) })
    await client.get('http://example.test/', secrets)
    expect(secretsOf(server.last)).toEqual(['mine', 'a=b', 'mine'])
    await client.get('http://EXAMPLE.test/', secrets)
    expect(secretsOf(server.last)).toEqual(['mine', 'a=b', 'mine'])
    await client.close()
  })

  it('are dropped for a domain below, and one above', async () => {
    for (const [from, to] of [
      ['example.test', 'sub.example.test'],
      ['sub.example.test', 'example.test'],
    ]) {
      const server = await record((req) => (req.target === '/' ? redirect(302, `http://${to}/there`) : 'ok'))
      const client = makeClient({ addressFinder: () => ({ host: '127.0.0.1', port: server.port }) })
      await client.get(`http://${from}/`, secrets)
      expect(server.last.header('host')).toBe(to)
      expect(secretsOf(server.last)).toEqual([undefined, undefined, undefined])
      await client.close()
    }
  })

  it('in a body go where 307 says', async () => {
    const last = await across({ method: 'post', formParams: { a: 1 } })
    expect([last.method, last.text]).toEqual(['POST', 'a=1'])
  })
})

describe.runIf(hasOpenssl)('from https', () => {
  const tls = hasOpenssl ? makeCertificate() : { key: '', cert: '' }

  it('to http is ERR_REDIRECT_LOCATION', async () => {
    const plain = await record()
    const secure = await record(() => redirect(302, `${plain.url}/there`), { tls })
    const { error } = await get(secure.url, { insecure: true })
    expect(error).toMatchObject({ code: 'ERR_REDIRECT_LOCATION' })
    expect(plain.accepted).toBe(0)
  })

  it('to http is followed with allowInsecureRedirects, without credentials', async () => {
    const plain = await record()
    const secure = await record(() => redirect(302, `${plain.url}/there`), { tls })
    const options = { insecure: true, allowInsecureRedirects: true, basicAuth: 'a:b' }
    expect(await get(secure.url, options)).toMatchObject({ status: 200 })
    expect(plain.last.target).toBe('/there')
    expect(plain.last.header('authorization')).toBeUndefined()
  })

  it('to https is followed', async () => {
    const server = await record(route, { tls })
    expect(await get(`${server.url}/302?/there`, { insecure: true })).toMatchObject({ body: '/there' })
  })

  it('http to https is followed', async () => {
    const secure = await record(undefined, { tls })
    const plain = await record(() => redirect(302, `${secure.url}/there`))
    expect(await get(plain.url, { insecure: true })).toMatchObject({ status: 200 })
    expect(secure.last.target).toBe('/there')
  })

  it('and back again through http is refused, too', async () => {
    const plain: RecordingServer = await record(() => redirect(302, `${secure.url}/end`))
    const secure = await record((req) => (req.target === '/end' ? 'ok' : redirect(302, plain.url)), { tls })
    expect((await get(secure.url, { insecure: true })).error).toMatchObject({ code: 'ERR_REDIRECT_LOCATION' })
    expect(plain.accepted).toBe(0)
  })
})

describe('on the way', () => {
  it('connections are used again', async () => {
    const server = await record((req) =>
      req.target === '/xxxxx' ? 'ok' : redirect(302, `${req.target}x`, 'moved'),
    )
    expect(await get(`${server.url}/`)).toMatchObject({ status: 200 })
    expect(server.requests).toHaveLength(6)
    expect(server.accepted).toBe(1)
  })

  it('the body of a redirect that has no end is not read for ever', async () => {
    const server = await record((req) =>
      req.target === '/there'
        ? 'ok'
        : {
            status: 302,
            headers: { Location: '/there' },
            body: (function* () {
              for (;;) yield Buffer.alloc(64 * 1024)
            })(),
          },
    )
    expect(await get(`${server.url}/`, { as: 'text', deadline: 15_000 })).toMatchObject({
      status: 200,
      body: 'ok',
    })
  })

  it('the deadline is for all of it', async () => {
    const server = await record(async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return redirect(302, `${req.target}x`)
    })
    const { error } = await get(`${server.url}/`, { deadline: 200, maxRedirects: 1000 })
    expect(error).toMatchObject({ code: 'ERR_DEADLINE' })
    expect(server.requests.length).toBeLessThan(10)
  })

  it('a signal ends it, too', async () => {
    const abort = new AbortController()
    const server = await record((req) => {
      if (req.target === '/xxx') abort.abort('enough')
      return redirect(302, `${req.target}x`)
    })
    const { error } = await get(`${server.url}/`, { signal: abort.signal, maxRedirects: 1000 })
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' })
    expect(server.requests.length).toBeLessThan(10)
  })

  it('the callback is called once, with the last response', async () => {
    const { url } = await record(route)
    const seen: ClientResponse[] = []
    await get(`${url}/302?/there`, (response) => void seen.push(response))
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ status: 200, body: '/there' })
  })

  it('headers and other options stay', async () => {
    const server = await record((req) =>
      req.target === '/'
        ? redirect(302, '/there')
        : { headers: { 'Content-Type': 'text/plain' }, body: 'ok' },
    )
    const { body } = await get(`${server.url}/`, {
      headers: { 'X-One': ['1', '2'] },
      userAgent: 'mine',
      as: 'byteArray',
    })
    expect(body).toBeInstanceOf(Uint8Array)
    expect(server.last.headerAll('x-one')).toEqual(['1', '2'])
    expect(server.last.header('user-agent')).toBe('mine')
  })

  it('a compressed redirect is not decoded', async () => {
    const server = await record((req) =>
      req.target === '/'
        ? { status: 302, headers: { Location: '/there', 'Content-Encoding': 'zstd' }, body: 'x' }
        : 'ok',
    )
    expect(await get(`${server.url}/`, { as: 'text' })).toMatchObject({ status: 200, body: 'ok' })
  })
})
