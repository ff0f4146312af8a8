// The client behind HTTP proxies: tinyproxy, as people run it, and a small one that hides nothing of what it is told.

import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { type Authority, makeAuthority } from '../support/authority.js'
import { type Certificate, hasOpenssl, makeCertificate } from '../support/certificate.js'
import { codesOf, failureOf, jsonOf, readAll, sha256 } from '../support/client-results.js'
import { basic, openTunnel, startForwardProxy } from '../support/forward-proxy.js'
import { freePort } from '../support/nginx.js'
import { type Mirrored, mirror, type NodeServer, serveNode, serveTcp } from '../support/node-server.js'
import { testClient } from '../support/test-client.js'
import { startTinyproxy, tinyproxy } from '../support/tinyproxy.js'
import { until } from '../support/waiting.js'

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

let authority: Authority
let good: Certificate
let tls: { ca: string }

beforeAll(() => {
  if (!hasOpenssl) return
  authority = makeAuthority()
  good = authority.issue({ names: ['localhost'], addresses: ['127.0.0.1', '::1'] })
  tls = { ca: authority.ca }
})

const fieldOf = ({ rawHeaders }: Mirrored, name: string): string | undefined => {
  const index = rawHeaders.findIndex((one, at) => at % 2 === 0 && one.toLowerCase() === name)
  return index < 0 ? undefined : rawHeaders[index + 1]
}

const secureMirror = (): Promise<NodeServer> => serveNode(mirror, { tls: good })

interface Kind {
  isMissing: boolean
  start(credentials?: string): Promise<{ url: string }>
}

const kinds: [name: string, kind: Kind][] = [
  [
    `tinyproxy${tinyproxy ? '' : ' (skipped: tinyproxy is not installed)'}`,
    {
      isMissing: tinyproxy === undefined,
      start: (credentials) => startTinyproxy(credentials && `BasicAuth ${credentials.replace(':', ' ')}`),
    },
  ],
  [
    'a proxy of Node',
    {
      isMissing: false,
      start: (credentials) => startForwardProxy(credentials === undefined ? {} : { credentials }),
    },
  ],
]

describe.each(kinds)('%s', (_name, { isMissing, start }) => {
  describe.skipIf(isMissing)('passes on', () => {
    it('requests for http, of every kind', async () => {
      const { url } = await serveNode(mirror)
      const { url: proxyUrl } = await start()
      const client = testClient()
      const mirrored = await jsonOf<Mirrored>(
        client.get(`${url}/a?b#c`, { proxyUrl, headers: { 'X-A': 'b' } }),
      )
      expect(mirrored).toMatchObject({ method: 'GET', url: '/a?b' })
      expect([fieldOf(mirrored, 'host'), fieldOf(mirrored, 'x-a')]).toEqual([new URL(url).host, 'b'])
      expect(await client.head(`${url}/`, { proxyUrl })).toMatchObject({ status: 200, body: '' })
      for (const body of ['a body', Readable.from(['a', ' body'])]) {
        // tinyproxy closes each connection, and does not say that it will.
        const options = { proxyUrl, body, keepalive: -1 }
        expect(await jsonOf<Mirrored>(client.put(`${url}/b`, options))).toMatchObject({
          method: 'PUT',
          url: '/b',
          body: 'a body',
        })
      }
    })

    it('large bodies both ways', async () => {
      const { url } = await serveNode((request, response) => request.pipe(response))
      const { url: proxyUrl } = await start()
      const content = Buffer.alloc(5_000_000, 'some bytes, ')
      for (const tunnel of [false, true]) {
        const options = { proxyUrl, tunnel, body: Readable.from([content]), as: 'stream' } as const
        const { body } = await testClient().post(url, options).unwrap()
        expect(sha256(await readAll(body))).toBe(sha256(content))
      }
    })

    it('a hundred requests at once', async () => {
      const served = await serveNode((request, response) => response.end(request.url))
      const { url: proxyUrl } = await start()
      const client = testClient({ maxConnections: 10 })
      for (const tunnel of [false, true]) {
        const answers = Array.from({ length: 100 }, (_, index) =>
          client.get(`${served.url}/${index}`, { proxyUrl, tunnel, as: 'text' }).unwrap(),
        )
        expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(
          answers.map((_, index) => `/${index}`),
        )
      }
    })

    it('that the target is not there', async () => {
      const port = await freePort()
      const { url: proxyUrl } = await start()
      const client = testClient()
      const answer = await client.get(`http://127.0.0.1:${port}/`, { proxyUrl })
      expect(answer.status).toBeGreaterThanOrEqual(500)
      for (const url of [`https://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/`]) {
        const { code, status } = await failureOf(client.get(url, { proxyUrl, tunnel: true }))
        expect(code).toBe('ERR_PROXY')
        expect(status).toBeGreaterThanOrEqual(500)
      }
    })
  })

  describe.skipIf(isMissing)('opens tunnels', () => {
    it('for http, where that is wanted, and the connection is kept', async () => {
      const served = await serveNode(mirror)
      const { url: proxyUrl } = await start()
      const client = testClient()
      for (const body of ['1', '2', '3']) {
        const options = { proxyUrl, tunnel: true, body }
        const mirrored = await jsonOf<Mirrored>(client.post(served.url, options))
        expect(mirrored.body).toBe(body)
        expect(fieldOf(mirrored, 'via')).toBeUndefined()
      }
      expect([served.connections, client.stats().connections]).toEqual([1, 1])
    })

    it.skipIf(!hasOpenssl)('for https, and the target’s certificate is looked at', async () => {
      const served = await secureMirror()
      const names: unknown[] = []
      served.server.on('secureConnection', (socket) => names.push(socket.servername))
      const { url: proxyUrl } = await start()
      const client = testClient()
      for (const body of ['1', '2', '3']) {
        const mirrored = await jsonOf<Mirrored>(client.post(served.url, { proxyUrl, tls, body }))
        expect(mirrored.body).toBe(body)
      }
      expect([served.connections, names]).toEqual([1, ['localhost']])
      const [code] = await codesOf(client.get(served.url, { proxyUrl }))
      expect(code).toBe('ERR_TLS')
      expect(await client.get(served.url, { proxyUrl, insecure: true })).toMatchObject({ status: 200 })
      const wrong = await serveNode(mirror, { tls: authority.issue({ names: ['elsewhere.test'] }) })
      expect(await codesOf(client.get(wrong.url, { proxyUrl, tls }))).toEqual([
        'ERR_TLS',
        'ERR_TLS_CERT_ALTNAME_INVALID',
      ])
    })

    it.skipIf(!hasOpenssl)('where a redirect leads from http to https', async () => {
      const secure = await secureMirror()
      const plain = await serveNode((_request, response) =>
        response.writeHead(302, { Location: `${secure.url}/there` }).end(),
      )
      const { url: proxyUrl } = await start()
      expect(await jsonOf<Mirrored>(testClient().get(plain.url, { proxyUrl, tls }))).toMatchObject({
        url: '/there',
      })
    })
  })

  describe.skipIf(isMissing)('serves those who say who they are', () => {
    it('and the target is not told', async () => {
      const { url } = await serveNode(mirror)
      const proxyUrl = (await start('ann:secret')).url.replace('http://', 'http://ann:secret@')
      const client = testClient()
      for (const tunnel of [false, true]) {
        const options = { proxyUrl, tunnel, basicAuth: 'bob:own', keepalive: -1 }
        const mirrored = await jsonOf<Mirrored>(client.post(url, options))
        expect(fieldOf(mirrored, 'authorization')).toBe(basic('bob:own'))
        // The small proxy passes on whatever it is sent; that it is sent this cannot be helped there.
        if (tunnel) expect(fieldOf(mirrored, 'proxy-authorization')).toBeUndefined()
      }
    })

    it.skipIf(!hasOpenssl)('for https, too', async () => {
      const { url } = await secureMirror()
      const proxyUrl = (await start('ann:secret')).url.replace('http://', 'http://ann:secret@')
      const options = { proxyUrl, tls, basicAuth: 'bob:own' }
      const mirrored = await jsonOf<Mirrored>(testClient().get(url, options))
      expect(fieldOf(mirrored, 'authorization')).toBe(basic('bob:own'))
      expect(fieldOf(mirrored, 'proxy-authorization')).toBeUndefined()
    })

    it('and nobody else', async () => {
      let requests = 0
      const { url } = await serveNode((_request, response) => {
        requests++
        response.end()
      })
      const { url: bare } = await start('ann:secret')
      const client = testClient()
      for (const proxyUrl of [bare, bare.replace('http://', 'http://ann:wrong@')]) {
        const { status } = await client.get(url, { proxyUrl }).unwrap()
        // tinyproxy says 401 to credentials that are wrong.
        expect([401, 407]).toContain(status)
        const error = await failureOf(client.get(url, { proxyUrl, tunnel: true }))
        expect(error.code).toBe('ERR_PROXY')
        expect([401, 407]).toContain(error.status)
        const asks = error.headers?.['proxy-authenticate'] ?? error.headers?.['www-authenticate']
        expect(asks).toMatch(/^Basic realm=/)
        expect((await failureOf(client.get(url.replace('http', 'https'), { proxyUrl }))).code).toBe(
          'ERR_PROXY',
        )
      }
      expect(requests).toBe(0)
      expect(client.stats().active).toBe(0)
    })
  })
})

describe('a proxy is told', () => {
  it('the whole URL of a request for http', async () => {
    const { port, url } = await serveNode(mirror)
    const proxy = await startForwardProxy()
    const client = testClient()
    const proxyUrl = proxy.url
    await client.get(`${url}/a/../b?c=d&e=%20#f`, { proxyUrl, queryParams: { g: 'h' } }).unwrap()
    await client.get(`http://ann:pass@localhost:${port}`, { proxyUrl }).unwrap()
    expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
      `GET ${url}/b?c=d&e=%20&g=h`,
      `GET http://localhost:${port}/`,
    ])
    expect(proxy.asked.map(({ headers }) => headers.host)).toEqual([`127.0.0.1:${port}`, `localhost:${port}`])
  })

  it('names that nobody else knows, and the port only where it is not the scheme’s', async () => {
    const asked: string[] = []
    const { url: proxyUrl } = await serveNode((request, response) => {
      asked.push(`${request.url} ${request.headers.host}`)
      response.end('from the proxy')
    })
    const client = testClient()
    for (const url of ['http://bücher.test', 'http://bücher.test:80/a', 'http://a_b.test:81/?c']) {
      expect(await client.get(url, { proxyUrl, as: 'text' })).toMatchObject({ body: 'from the proxy' })
    }
    expect(asked).toEqual([
      'http://xn--bcher-kva.test/ xn--bcher-kva.test',
      'http://xn--bcher-kva.test/a xn--bcher-kva.test',
      'http://a_b.test:81/?c a_b.test:81',
    ])
  })

  it('host and port alone where it is to open a tunnel', async () => {
    const proxy = await startForwardProxy({ onConnect: (socket) => socket.end('HTTP/1.1 403 No\r\n\r\n') })
    const proxyUrl = proxy.url.replace('http://', 'http://ann:s%40cr%3Aet@')
    const client = testClient()
    const secrets = { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Secret': 'x' }
    for (const url of [
      'https://one.test/a?b',
      'https://two.test:8443/',
      'https://[::1]/',
      'http://three.test/c',
    ]) {
      const options = { proxyUrl, tunnel: true, headers: secrets, body: 'secret' }
      expect((await failureOf(client.post(url, options))).code).toBe('ERR_PROXY')
    }
    expect(proxy.asked.map(({ method, target, headers }) => `${method} ${target} ${headers.host}`)).toEqual([
      'CONNECT one.test:443 one.test:443',
      'CONNECT two.test:8443 two.test:8443',
      'CONNECT [::1]:443 [::1]:443',
      'CONNECT three.test:80 three.test:80',
    ])
    for (const { headers } of proxy.asked) {
      expect(headers['proxy-authorization']).toBe(basic('ann:s@cr:et'))
      for (const name of ['authorization', 'cookie', 'x-secret', 'content-length', 'transfer-encoding']) {
        expect(headers).not.toHaveProperty(name)
      }
    }
  })

  it.skipIf(!hasIPv6)('addresses of IPv6 in brackets', async () => {
    const { port } = await serveNode(mirror, { host: '::1' })
    const proxy = await startForwardProxy()
    for (const tunnel of [false, true]) {
      const options = { proxyUrl: proxy.url, tunnel }
      expect(await jsonOf<Mirrored>(testClient().get(`http://[::1]:${port}/a`, options))).toMatchObject({
        url: '/a',
        address: '::1',
      })
    }
    expect(proxy.asked.map(({ target }) => target)).toEqual([`http://[::1]:${port}/a`, `[::1]:${port}`])
  })

  it('credentials of the caller, and tells them to the proxy alone', async () => {
    const { url } = await serveNode(mirror)
    const proxy = await startForwardProxy({ credentials: 'ann:secret' })
    const client = testClient()
    const headers = { 'Proxy-Authorization': basic('ann:secret') }
    const asked = { proxyUrl: proxy.url, tunnel: true }
    expect(
      fieldOf(await jsonOf<Mirrored>(client.get(url, { ...asked, headers })), 'proxy-authorization'),
    ).toBeUndefined()
    expect(proxy.asked.map(({ headers }) => headers['proxy-authorization'])).toEqual([basic('ann:secret')])
    // Who has none cannot use the tunnel of somebody who has.
    expect((await failureOf(client.get(url, asked))).code).toBe('ERR_PROXY')
    expect((await client.get(url, { proxyUrl: proxy.url, headers })).status).toBe(200)
  })

  it('who asks, once, wherever a redirect leads', async () => {
    const two = await serveNode(mirror)
    const one = await serveNode((_request, response) =>
      response.writeHead(307, { Location: `${two.url}/there` }).end(),
    )
    const proxy = await startForwardProxy({ credentials: 'ann:secret' })
    const proxyUrl = proxy.url.replace('http://', 'http://ann:secret@')
    const options = { proxyUrl, basicAuth: 'bob:own', body: 'a body' }
    const mirrored = await jsonOf<Mirrored>(testClient().post(one.url, options))
    expect(mirrored).toMatchObject({ url: '/there', body: 'a body' })
    expect(fieldOf(mirrored, 'authorization')).toBeUndefined()
    const told = proxy.asked.map(({ rawHeaders }) =>
      rawHeaders.filter((_, index) => rawHeaders[index - 1] === 'Proxy-Authorization'),
    )
    expect(told).toEqual([[basic('ann:secret')], [basic('ann:secret')]])
  })

  it('the same by proxyHost and proxyPort', async () => {
    const { url } = await serveNode(mirror)
    const proxy = await startForwardProxy()
    const client = testClient()
    for (const proxyHost of ['127.0.0.1', 'http://127.0.0.1']) {
      await client.get(url, { proxyHost, proxyPort: proxy.port }).unwrap()
    }
    expect(proxy.asked.map(({ target }) => target)).toEqual([`${url}/`, `${url}/`])
  })
})

describe('connections to a proxy', () => {
  it('are kept, and not mistaken for direct ones', async () => {
    const served = await serveNode(mirror)
    const proxy = await startForwardProxy()
    const client = testClient()
    for (let round = 0; round < 5; round++) {
      await client.get(served.url, { proxyUrl: proxy.url }).unwrap()
      await client.get(served.url).unwrap()
    }
    expect(proxy.connections).toBe(1)
    expect(proxy.asked).toHaveLength(5)
  })

  it('of one user serve no other', async () => {
    const served = await serveNode(mirror)
    const proxy = await startForwardProxy()
    const client = testClient()
    for (let round = 0; round < 2; round++) {
      for (const user of ['ann', 'bob']) {
        const proxyUrl = proxy.url.replace('http://', `http://${user}:x@`)
        await client.get(served.url, { proxyUrl, tunnel: true }).unwrap()
      }
    }
    expect(proxy.asked.map(({ headers }) => headers['proxy-authorization'])).toEqual([
      basic('ann:x'),
      basic('bob:x'),
    ])
    expect(served.connections).toBe(2)
  })

  it('through a tunnel and without one are not mistaken for each other', async () => {
    const served = await serveNode(mirror)
    const proxy = await startForwardProxy()
    const client = testClient()
    for (let round = 0; round < 2; round++) {
      for (const tunnel of [true, false]) {
        expect(await jsonOf<Mirrored>(client.get(served.url, { proxyUrl: proxy.url, tunnel }))).toMatchObject(
          {
            url: '/',
          },
        )
      }
    }
    expect(proxy.asked.map(({ method }) => method)).toEqual(['CONNECT', 'GET', 'GET'])
  })

  it('that the proxy has closed meanwhile are opened again', async () => {
    const served = await serveNode((request, response) => response.end(request.url))
    const tunnels: Socket[] = []
    const proxy = await startForwardProxy({
      onConnect: (socket, asked) => {
        tunnels.push(socket)
        openTunnel(socket, asked)
      },
    })
    const client = testClient()
    for (const path of ['/1', '/2', '/3']) {
      const options = { proxyUrl: proxy.url, tunnel: true, as: 'text' } as const
      expect((await client.get(served.url + path, options)).body).toBe(path)
      tunnels.at(-1)!.destroy()
    }
    expect(proxy.asked).toHaveLength(3)
  })
})

describe('a proxy that', () => {
  const url = 'https://target.test/'

  it('is not there is ERR_CONNECT', async () => {
    const proxyUrl = `http://127.0.0.1:${await freePort()}`
    const client = testClient()
    for (const target of [url, 'http://target.test/']) {
      expect(await codesOf(client.get(target, { proxyUrl }))).toEqual(['ERR_CONNECT', 'ECONNREFUSED'])
    }
  })

  it.each([403, 302, 404, 503])(
    'answers CONNECT with %i is ERR_PROXY, with status and headers',
    async (status) => {
      const sockets: Socket[] = []
      const { url: proxyUrl, asked } = await startForwardProxy({
        onConnect: (socket) => {
          sockets.push(socket)
          socket.write(
            `HTTP/1.1 ${status} No\r\nX-Why: because\r\nLocation: /\r\nContent-Length: 1000\r\n\r\nsome`,
          )
        },
      })
      const client = testClient()
      const error = await failureOf(client.post(url, { proxyUrl, body: 'secret' }))
      expect(error).toMatchObject({ code: 'ERR_PROXY', status, headers: { 'x-why': 'because' } })
      expect(asked).toHaveLength(1)
      expect(client.stats().connections).toBe(0)
      // The server of Node lets its end stay open.
      await until(() => sockets[0]!.readableEnded || sockets[0]!.destroyed)
      expect(sockets[0]!.bytesRead).toBeLessThan(500)
    },
  )

  it.each<[what: string, onConnect: (socket: Socket) => unknown]>([
    ['closes without an answer', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['breaks off in the middle of its answer', (socket) => socket.end('HTTP/1.1 200 OK\r\nX-')],
    ['answers garbage', (socket) => socket.end('220 welcome\r\n\r\n')],
    ['answers garbage without a line end', (socket) => socket.write(Buffer.alloc(100_000, 0xff))],
    ['answers without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`)],
    ['answers in HTTP/2', (socket) => socket.write('HTTP/2 200 OK\r\n\r\n')],
  ])('%s is ERR_PROXY', async (_what, onConnect) => {
    const { url: proxyUrl } = await startForwardProxy({ onConnect })
    const client = testClient()
    for (const target of [url, 'http://target.test/']) {
      expect((await failureOf(client.get(target, { proxyUrl, tunnel: true }))).code).toBe('ERR_PROXY')
    }
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  it.each<[what: string, onConnect: (socket: Socket) => unknown]>([
    ['drops a tunnel that it has opened', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')],
    [
      'drops it in the middle of the handshake',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.once('data', () => socket.end(Buffer.from([0x16, 3, 3, 0])))
      },
    ],
    ['talks into it', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nhello, who is there?\r\n')],
  ])('%s is ERR_TLS', async (_what, onConnect) => {
    const { url: proxyUrl } = await startForwardProxy({ onConnect })
    const client = testClient()
    expect((await failureOf(client.get(url, { proxyUrl }))).code).toBe('ERR_TLS')
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  it.each<[what: string, onConnect: (socket: Socket) => unknown]>([
    ['does not answer', (socket) => socket.resume()],
    ['answers by half', (socket) => socket.write('HTTP/1.1 200 OK\r\n')],
    ['opens a tunnel into nothing', (socket) => socket.resume().write('HTTP/1.1 200 OK\r\n\r\n')],
  ])('%s is waited for until connectTimeout, deadline or signal', async (_what, onConnect) => {
    const sockets: Socket[] = []
    const { url: proxyUrl } = await startForwardProxy({
      onConnect: (socket) => {
        sockets.push(socket)
        onConnect(socket)
      },
    })
    const client = testClient()
    const cases: [RequestOptions, string][] = [
      [{ connectTimeout: 60 }, 'ERR_TIMEOUT_CONNECT'],
      [{ deadline: 60 }, 'ERR_DEADLINE'],
      [{ signal: AbortSignal.timeout(60) }, 'ERR_ABORTED'],
    ]
    for (const [options, code] of cases) {
      expect((await failureOf(client.get(url, { proxyUrl, ...options }))).code).toBe(code)
    }
    expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
    await until(() => sockets.every(({ destroyed, readableEnded }) => destroyed || readableEnded))
  })

  it('says how long its answer is, or something before it, is understood', async () => {
    const served = await serveNode(mirror)
    for (const answer of [
      'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      'HTTP/1.0 200\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    ]) {
      const { url: proxyUrl } = await startForwardProxy({
        onConnect: (socket) => {
          socket.write(answer)
          served.server.emit('connection', socket)
        },
      })
      const options = { proxyUrl, tunnel: true, body: answer }
      expect(await jsonOf<Mirrored>(testClient().post(served.url, options))).toMatchObject({ body: answer })
    }
  })

  it('dies with an answer under way is ERR_CONNECTION_CLOSED', async () => {
    const tunnels: Socket[] = []
    const { url: target } = await serveNode((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 10 })
      response.write('half', () => tunnels[0]!.destroy())
    })
    const { url: proxyUrl } = await startForwardProxy({
      onConnect: (socket, asked) => {
        tunnels.push(socket)
        openTunnel(socket, asked)
      },
    })
    const error = await failureOf(testClient().get(target, { proxyUrl, tunnel: true }))
    expect(error.code).toBe('ERR_CONNECTION_CLOSED')
  })

  it('has no URL that is one is ERR_INVALID_ARGUMENT', async () => {
    for (const proxyUrl of ['', 'nonsense', 'socks5://127.0.0.1:1080', 'ftp://a.test']) {
      expect((await failureOf(testClient().get(url, { proxyUrl }))).code).toBe('ERR_INVALID_ARGUMENT')
    }
  })
})

const secureTitle = `a proxy with TLS${hasOpenssl ? '' : ' (skipped: openssl is not installed)'}`

describe.skipIf(!hasOpenssl)(secureTitle, () => {
  it('passes on requests for http and https, also within each other’s TLS', async () => {
    const plain = await serveNode(mirror)
    const secure = await secureMirror()
    const proxy = await startForwardProxy({ tls: good, credentials: 'ann:secret' })
    const proxyUrl = proxy.url.replace('https://', 'https://ann:secret@')
    const client = testClient({ tls })
    for (let round = 0; round < 3; round++) {
      for (const [url, tunnel] of [
        [plain.url, false],
        [plain.url, true],
        [secure.url, false],
      ] as const) {
        const body = `body ${round}`
        expect(await jsonOf<Mirrored>(client.post(url, { proxyUrl, tunnel, body }))).toMatchObject({ body })
      }
    }
    expect(proxy.connections).toBe(3)
    expect(secure.connections).toBe(1)
  })

  it('carries large bodies', async () => {
    const { url } = await serveNode((request, response) => request.pipe(response), { tls: good })
    const proxy = await startForwardProxy({ tls: good })
    const content = Buffer.alloc(5_000_000, 'some bytes, ')
    const options = { proxyUrl: proxy.url, body: Readable.from([content]), as: 'stream' } as const
    const { body } = await testClient({ tls }).post(url, options).unwrap()
    expect(sha256(await readAll(body))).toBe(sha256(content))
  })

  it('that nobody vouches for is ERR_TLS, and is told nothing', async () => {
    const { url } = await serveNode(mirror)
    const proxy = await startForwardProxy({ tls: makeCertificate() })
    const proxyUrl = proxy.url.replace('https://', 'https://ann:secret@')
    for (const tunnel of [false, true]) {
      const error = await failureOf(testClient({ tls }).get(url, { proxyUrl, tunnel }))
      expect(error.code).toBe('ERR_TLS')
    }
    expect(proxy.asked).toEqual([])
  })

  it('that says nothing is waited for until connectTimeout', async () => {
    const port = await serveTcp((socket) => socket.resume())
    const options = { proxyUrl: `https://127.0.0.1:${port}`, connectTimeout: 60 }
    expect((await failureOf(testClient().get('http://target.test/', options))).code).toBe(
      'ERR_TIMEOUT_CONNECT',
    )
  })
})
