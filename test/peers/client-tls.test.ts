// The client and TLS: whom it trusts, what it says of itself, and what it makes of handshakes that go wrong. The other end
// is Node's own server, its certificates are made by openssl for each run.

import { connect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Client, RequestOptions } from '../../src/client.js'
import { type Authority, makeAuthority } from '../support/authority.js'
import { type Certificate, hasOpenssl, makeCertificate } from '../support/certificate.js'
import { codesOf, failureOf } from '../support/client-results.js'
import { type NodeServer, serveNode, serveTcp } from '../support/node-server.js'
import { temporaryFolder } from '../support/programs.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

type TlsOptions = NonNullable<Parameters<typeof serveNode>[1]>['tls'] & object

let authority: Authority
let stranger: Authority
/** Good for localhost and its addresses. */
let good: Certificate
let trust: { ca: string }

beforeAll(() => {
  if (!hasOpenssl) return
  authority = makeAuthority()
  stranger = makeAuthority()
  good = authority.issue({ names: ['localhost'], addresses: ['127.0.0.1', '::1'] })
  trust = { ca: authority.ca }
})

interface Secure extends NodeServer {
  /** Paths of the requests that came. */
  readonly requests: string[]
  /** One for every handshake that succeeded. */
  readonly sockets: TLSSocket[]
}

/** A server with TLS, which answers 'hello'. */
async function serveSecure(tls: TlsOptions, host?: string): Promise<Secure> {
  const requests: string[] = []
  const sockets: TLSSocket[] = []
  const served = await serveNode(
    (request, response) => {
      requests.push(request.url!)
      response.end('hello')
    },
    { tls, ...(host !== undefined && { host }) },
  )
  served.server.on('secureConnection', (socket: TLSSocket) => sockets.push(socket))
  return Object.assign(served, { requests, sockets })
}

const hello = { status: 200, body: 'hello' }

const ask = (client: Client, url: string, options: RequestOptions = {}) =>
  client.get(url, { as: 'text', ...options })

/** Leads names that nobody has registered to a server of ours. */
const finder = (url: URL) => ({ host: '127.0.0.1', port: Number(url.port) })

const title = `TLS${hasOpenssl ? '' : ' (skipped: openssl is not installed)'}`

describe.skipIf(!hasOpenssl)(title, () => {
  describe('a certificate', () => {
    it('of an authority that is trusted is good, for names and addresses', async () => {
      const { port, requests } = await serveSecure(good)
      for (const client of [testClient({ tls: trust }), testClient()]) {
        for (const host of ['localhost', '127.0.0.1', 'LOCALHOST']) {
          expect(await ask(client, `https://${host}:${port}/`, { tls: trust })).toMatchObject(hello)
        }
      }
      expect(requests).toHaveLength(6)
      expect(await ask(testClient({ tls: trust }), `https://localhost:${port}/`)).toMatchObject(hello)
    })

    it.each<[what: string, codes: string, certificate: () => TlsOptions]>([
      ['that signed itself', 'DEPTH_ZERO_SELF_SIGNED_CERT', () => makeCertificate()],
      [
        'of an unknown authority',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        () => stranger.issue({ names: ['localhost'] }),
      ],
      [
        'for another host',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        () => authority.issue({ names: ['elsewhere.test', '*.localhost'] }),
      ],
      [
        'for a name and not for the address',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        () => authority.issue({ addresses: ['127.0.0.1'] }),
      ],
      [
        'that has expired',
        'CERT_HAS_EXPIRED',
        () => authority.issue({ names: ['localhost'], from: 2020, to: 2021 }),
      ],
      [
        'that is not valid yet',
        'CERT_NOT_YET_VALID',
        () => authority.issue({ names: ['localhost'], from: 2080, to: 2081 }),
      ],
    ])('%s is ERR_TLS, with %s as its cause', async (_what, code, certificate) => {
      const { url, requests, server } = await serveSecure(certificate())
      const client = testClient({ tls: trust })
      for (const method of ['get', 'post'] as const) {
        expect(await codesOf(client[method](url, { body: 'secret' }))).toEqual(['ERR_TLS', code])
      }
      expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
      // What nobody vouches for is told nothing.
      expect(requests).toEqual([])
      await expect.poll(() => connectionsOf(server)).toBe(0)
      expect(await ask(client, url, { insecure: true })).toMatchObject(hello)
    })

    it('for a name is none for the address, and the other way round', async () => {
      const named = await serveSecure(authority.issue({ names: ['localhost'] }))
      const numbered = await serveSecure(authority.issue({ addresses: ['127.0.0.1'] }))
      const client = testClient({ tls: trust })
      expect(await ask(client, `https://localhost:${named.port}/`)).toMatchObject(hello)
      expect(await ask(client, `https://127.0.0.1:${numbered.port}/`)).toMatchObject(hello)
      const wrong = ['ERR_TLS', 'ERR_TLS_CERT_ALTNAME_INVALID']
      expect(await codesOf(ask(client, `https://127.0.0.1:${named.port}/`))).toEqual(wrong)
      expect(await codesOf(ask(client, `https://localhost:${numbered.port}/`))).toEqual(wrong)
    })

    it('is asked for by the name in the URL, wherever that leads', async () => {
      const { port, sockets } = await serveSecure(authority.issue({ names: ['*.wild.test', 'one.test'] }))
      const client = testClient({ tls: trust, addressFinder: finder })
      expect(await ask(client, `https://a.wild.test:${port}/`)).toMatchObject(hello)
      expect(await ask(client, `https://one.test:${port}/`)).toMatchObject(hello)
      expect(sockets.map((socket) => (socket as { servername?: unknown }).servername)).toEqual([
        'a.wild.test',
        'one.test',
      ])
      for (const name of ['wild.test', 'a.b.wild.test', 'two.test', 'localhost']) {
        expect((await failureOf(ask(client, `https://${name}:${port}/`))).code).toBe('ERR_TLS')
      }
    })

    it('that signed itself is good where it is the one that is trusted', async () => {
      const certificate = makeCertificate()
      const { url } = await serveSecure(certificate)
      expect(await ask(testClient(), url, { tls: { ca: certificate.cert } })).toMatchObject(hello)
      expect(await ask(testClient({ tls: { ca: certificate.cert } }), url)).toMatchObject(hello)
    })

    it('is looked at by checkServerIdentity, where that is given', async () => {
      const { url } = await serveSecure(good)
      const seen: unknown[] = []
      const checkServerIdentity = (host: string, { subject }: PeerCertificate): Error | undefined => {
        seen.push([host, subject.CN])
        return seen.length > 1 ? Object.assign(new Error('no more'), { code: 'NO_MORE' }) : undefined
      }
      const tls = { ...trust, checkServerIdentity }
      expect(await ask(testClient(), url, { tls })).toMatchObject(hello)
      expect(await codesOf(ask(testClient(), url, { tls }))).toEqual(['ERR_TLS', 'NO_MORE'])
      expect(seen).toEqual([
        ['localhost', 'localhost'],
        ['localhost', 'localhost'],
      ])
    })

    it('of its own is shown by a client that is asked for it', async () => {
      const { url, sockets } = await serveSecure({ ...good, ...trust, requestCert: true })
      const tls = { ...trust, ...authority.issue({ names: ['ann'] }) }
      expect(await ask(testClient(), url, { tls })).toMatchObject(hello)
      expect([sockets[0]!.authorized, sockets[0]!.getPeerCertificate().subject.CN]).toEqual([true, 'ann'])
    })

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'of its own is missed by a server that demands it (%s)',
      async (version) => {
        const demanding = { requestCert: true, rejectUnauthorized: true, maxVersion: version }
        const { url, requests } = await serveSecure({ ...good, ...trust, ...demanding })
        for (const tls of [trust, { ...trust, ...stranger.issue({ names: ['ann'] }) }]) {
          const { code, cause } = await failureOf(ask(testClient(), url, { tls }))
          // In TLS 1.3 the client has done its part before it is told: its first read fails, not its handshake.
          expect(version === 'TLSv1.2' ? ['ERR_TLS'] : ['ERR_TLS', 'ERR_CONNECTION_CLOSED']).toContain(code)
          if (code === 'ERR_TLS') expect(cause).toBeInstanceOf(Error)
        }
        expect(requests).toEqual([])
        const tls = { ...trust, ...authority.issue({ names: ['ann'] }) }
        expect(await ask(testClient(), url, { tls })).toMatchObject(hello)
      },
    )
  })

  describe('a handshake', () => {
    it.each([{}, { insecure: true }])(
      'tells the name of the host, and none for an address (%j)',
      async (how) => {
        const { port, sockets } = await serveSecure(good)
        const client = testClient({ tls: trust, addressFinder: finder })
        const hosts = ['localhost', '127.0.0.1', ...('insecure' in how ? ['bücher.test', 'a_b.test'] : [])]
        for (const host of hosts) {
          expect(await ask(client, `https://${host}:${port}/`, how)).toMatchObject(hello)
        }
        const names = sockets.map((socket) => (socket as { servername?: unknown }).servername || false)
        const expected = [
          'localhost',
          false,
          ...('insecure' in how ? ['xn--bcher-kva.test', 'a_b.test'] : []),
        ]
        expect(names).toEqual(expected)
      },
    )

    it('tells another name where servername says so, and is checked by that', async () => {
      const { port, sockets } = await serveSecure(authority.issue({ names: ['inner.test'] }))
      const tls = { ...trust, servername: 'inner.test' }
      expect(await ask(testClient({ tls }), `https://127.0.0.1:${port}/`)).toMatchObject(hello)
      expect(await ask(testClient(), `https://localhost:${port}/`, { tls })).toMatchObject(hello)
      expect(sockets.map((socket) => (socket as { servername?: unknown }).servername)).toEqual([
        'inner.test',
        'inner.test',
      ])
    })

    it.each([
      ['h2', 'http/1.1'],
      ['http/1.1', 'h2'],
    ])('agrees on http/1.1 where the server speaks %s and %s', async (...protocols) => {
      const { url, sockets } = await serveSecure({ ...good, ALPNProtocols: protocols })
      expect(await ask(testClient(), url, { tls: trust })).toMatchObject(hello)
      expect(sockets[0]!.alpnProtocol).toBe('http/1.1')
    })

    it('fails with a server that speaks h2 alone', async () => {
      const { url } = await serveSecure({ ...good, ALPNProtocols: ['h2'] })
      expect((await failureOf(ask(testClient(), url, { tls: trust }))).code).toBe('ERR_TLS')
    })

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('is made in %s', async (version) => {
      const { url, sockets } = await serveSecure({ ...good, minVersion: version, maxVersion: version })
      expect(await ask(testClient({ tls: trust }), url)).toMatchObject(hello)
      expect(sockets[0]!.getProtocol()).toBe(version)
    })

    it('fails where there is no version that both speak', async () => {
      const { url } = await serveSecure({ ...good, minVersion: 'TLSv1.3' })
      const tls = { ...trust, maxVersion: 'TLSv1.2' } as const
      expect((await failureOf(ask(testClient(), url, { tls }))).code).toBe('ERR_TLS')
    })

    it('fails with a server that speaks plain text', async () => {
      const { port } = await serveNode((_request, response) => response.end('hello'))
      const client = testClient({ tls: trust })
      expect((await failureOf(ask(client, `https://localhost:${port}/`))).code).toBe('ERR_TLS')
      const talking = await serveTcp((socket) => socket.end('220 hello\r\n'))
      expect((await failureOf(ask(client, `https://localhost:${talking}/`))).code).toBe('ERR_TLS')
      await until(() => client.stats().connections === 0)
    })

    it('is missed by a server with TLS, which does not answer in plain text', async () => {
      const { port, requests } = await serveSecure(good)
      const [code] = await codesOf(ask(testClient(), `http://localhost:${port}/`))
      expect(['ERR_CONNECTION_CLOSED', 'ERR_PROTOCOL']).toContain(code)
      expect(requests).toEqual([])
    })

    it('fails where the server leaves', async () => {
      const port = await serveTcp((socket) => socket.once('data', () => socket.end()))
      expect((await failureOf(ask(testClient(), `https://localhost:${port}/`))).code).toBe('ERR_TLS')
      const resetting = await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))
      expect((await failureOf(ask(testClient(), `https://localhost:${resetting}/`))).code).toBe('ERR_TLS')
    })

    it.each([
      ['a piece of nonsense', 'what is that?'],
      ['a fatal alert', '\x15\x03\x03\x00\x02\x02\x28'],
    ])('that is followed by %s in one read fails the request, and nothing else', async (_what, behind) => {
      const { port: inner, requests } = await serveSecure(good)
      let hasSent = false
      const port = await serveTcp((socket) => {
        const way = connect(inner, '127.0.0.1')
        socket.pipe(way).on('error', () => socket.destroy())
        way.on('data', (bytes) => {
          // The server's part of the handshake is one piece, and with it the client's is done, too.
          socket.write(hasSent ? bytes : Buffer.concat([bytes, Buffer.from(behind, 'latin1')]))
          hasSent = true
        })
        socket.once('close', () => way.destroy())
      })
      const { code } = await failureOf(ask(testClient(), `https://localhost:${port}/`, { tls: trust }))
      expect(['ERR_TLS', 'ERR_CONNECTION_CLOSED']).toContain(code)
      expect(requests.length).toBeLessThanOrEqual(1)
      expect(hasSent).toBe(true)
    })

    it('that hangs ends with connectTimeout, deadline or signal, and so does its socket', async () => {
      const sockets: Socket[] = []
      const port = await serveTcp((socket) => void sockets.push(socket.resume()))
      const url = `https://localhost:${port}/`
      const client = testClient()
      expect((await failureOf(ask(client, url, { connectTimeout: 50 }))).code).toBe('ERR_TIMEOUT_CONNECT')
      expect((await failureOf(ask(client, url, { timeout: 50 }))).code).toBe('ERR_TIMEOUT_CONNECT')
      expect((await failureOf(ask(client, url, { deadline: 50 }))).code).toBe('ERR_DEADLINE')
      const signal = AbortSignal.timeout(50)
      expect((await failureOf(ask(client, url, { signal }))).code).toBe('ERR_ABORTED')
      expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
      await until(() => sockets.length > 0 && sockets.every(({ closed }) => closed))
    })

    it('that hangs ends when the client closes', async () => {
      let accepted = 0
      const port = await serveTcp((socket) => {
        accepted++
        socket.resume()
      })
      const client = testClient()
      const asked = ask(client, `https://localhost:${port}/`)
      await until(() => accepted === 1)
      await client.close()
      expect((await failureOf(asked)).code).toBe('ERR_CLIENT_CLOSED')
    })
  })

  describe('a connection', () => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)('is kept, and shared by who is alike (%s)', async (version) => {
      const { url, sockets, requests } = await serveSecure({ ...good, maxVersion: version })
      const client = testClient({ tls: trust })
      for (let index = 0; index < 50; index++) {
        const body = index % 3 ? {} : { body: `${index}` }
        expect(
          await client.request({ url, method: index % 2 ? 'get' : 'post', as: 'text', ...body }),
        ).toMatchObject(hello)
      }
      expect([sockets.length, requests.length]).toEqual([1, 50])
      expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
    })

    it.each([
      ['', {}],
      [', though they have the same TLS options', { tls: {} }],
    ])('that is insecure serves no request that is not%s', async (_what, options) => {
      const { url, sockets, requests } = await serveSecure(makeCertificate())
      const client = testClient()
      for (let round = 0; round < 3; round++) {
        expect(await ask(client, url, { ...options, insecure: true })).toMatchObject(hello)
        expect(await codesOf(ask(client, url, options))).toEqual(['ERR_TLS', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
      }
      expect(requests).toHaveLength(3)
      // Of the insecure ones there was one; the others got no further than the handshake.
      const used = sockets.filter((socket) => socket.bytesRead > 0 && !socket.destroyed)
      expect(used).toHaveLength(1)
      expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
    })

    it('with a certificate serves no request without it, nor with another', async () => {
      const served = await serveNode(
        (request, response) =>
          response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'),
        { tls: { ...good, ...trust, requestCert: true, rejectUnauthorized: false } },
      )
      const client = testClient()
      const [ann, bob] = ['ann', 'bob'].map((name) => ({ ...trust, ...authority.issue({ names: [name] }) }))
      for (let round = 0; round < 3; round++) {
        for (const [tls, name] of [
          [ann, 'ann'] as const,
          [bob, 'bob'] as const,
          [trust, 'nobody'] as const,
        ]) {
          expect((await ask(client, served.url, { tls: tls! })).body).toBe(name)
        }
      }
      expect(served.connections).toBe(3)
    })

    it('that trusts somebody serves no request that does not', async () => {
      const { url, requests } = await serveSecure(good)
      const client = testClient()
      expect(await ask(client, url, { tls: trust })).toMatchObject(hello)
      expect((await failureOf(ask(client, url))).code).toBe('ERR_TLS')
      expect(requests).toHaveLength(1)
    })

    it('with TLS and one without do not meet, whatever their port', async () => {
      const { port, requests } = await serveSecure(good)
      const client = testClient({ tls: trust })
      expect(await ask(client, `https://localhost:${port}/`)).toMatchObject(hello)
      expect((await client.get(`http://localhost:${port}/`)).error).toBeDefined()
      expect(requests).toHaveLength(1)
    })

    it('is opened a hundred times at once', async () => {
      const { url, sockets } = await serveSecure(good)
      const client = testClient({ tls: trust, maxConnections: 25 })
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask(client, url)))
      for (const answer of answers) expect(answer).toMatchObject(hello)
      expect(sockets.length).toBeLessThanOrEqual(25)
    })

    it('over a Unix socket has the name of the URL', async () => {
      const { server, sockets } = await serveSecure(good)
      const path = join(temporaryFolder(), 'server.sock')
      const relay = await serveTcp((socket) => void server.emit('connection', socket), path)
      expect(relay).toBe(0)
      const answer = ask(testClient(), 'https://localhost/', { unixSocket: path, tls: trust })
      expect(await answer).toMatchObject(hello)
      expect((sockets[0] as { servername?: unknown }).servername).toBe('localhost')
    })

    it('that breaks off in the middle of an answer is ERR_CONNECTION_CLOSED', async () => {
      const { url } = await serveNode(
        (_request, response) => {
          response.writeHead(200, { 'Content-Length': 10, 'Content-Type': 'text/plain' })
          response.write('half', () => response.socket!.destroy())
        },
        { tls: good },
      )
      expect((await failureOf(ask(testClient(), url, { tls: trust }))).code).toBe('ERR_CONNECTION_CLOSED')
    })
  })

  describe('a redirect', () => {
    it('from http to https is followed, the other way only where that is allowed', async () => {
      const secure = await serveSecure(good)
      const plain = await serveNode((_request, response) => response.end('plain'))
      const down = await serveNode(
        (_request, response) => response.writeHead(302, { Location: plain.url }).end(),
        { tls: good },
      )
      const up = await serveNode((_request, response) =>
        response.writeHead(302, { Location: `${secure.url}/up` }).end(),
      )
      const client = testClient({ tls: trust })
      expect(await ask(client, up.url)).toMatchObject({ ...hello, opts: { url: `${secure.url}/up` } })
      expect((await failureOf(ask(client, down.url))).code).toBe('ERR_REDIRECT_LOCATION')
      const allowing = { allowInsecureRedirects: true }
      expect(await ask(client, down.url, allowing)).toMatchObject({ status: 200, body: 'plain' })
    })

    it('to a host with a wrong certificate is ERR_TLS', async () => {
      const wrong = await serveSecure(makeCertificate())
      const first = await serveNode(
        (_request, response) => response.writeHead(307, { Location: wrong.url }).end(),
        { tls: good },
      )
      const error = await failureOf(ask(testClient({ tls: trust }), first.url))
      expect(error.code).toBe('ERR_TLS')
      expect(wrong.requests).toEqual([])
    })
  })
})

function connectionsOf(server: Server | NodeServer['server']): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}
