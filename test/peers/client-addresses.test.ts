// Where the client connects to, and from where: addresses of both families, names of all kinds, finders of addresses, and
// connections that its user makes.

import dns from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientOptions, makeClient } from '../../src/client.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { codesOf, failureOf, jsonOf, sha256 } from '../support/client-results.js'
import { freePort } from '../support/nginx.js'
import { bodyOf, type Mirrored, mirror, serveNode } from '../support/node-server.js'
import { start, temporaryFolder } from '../support/programs.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
type Dialled = ReturnType<NonNullable<ClientOptions['connect']>>

const isLinux = process.platform === 'linux'

const hostOf = ({ rawHeaders }: Mirrored): string => rawHeaders[rawHeaders.indexOf('Host') + 1]!

describe('an address', () => {
  it.skipIf(!hasIPv6)(
    `of IPv6 stands in brackets${hasIPv6 ? '' : ' (skipped: this machine has no ::1)'}`,
    async () => {
      const { port, server } = await serveNode(mirror, { host: '::1' })
      expect(server.address()).toMatchObject({ family: 'IPv6' })
      const client = testClient()
      for (const host of ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]']) {
        const mirrored = await jsonOf<Mirrored>(client.get(`http://${host}:${port}/a`))
        expect(mirrored).toMatchObject({ url: '/a', address: '::1' })
        expect(hostOf(mirrored)).toBe(`[::1]:${port}`)
      }
      expect(client.stats().connections).toBe(1)
    },
  )

  it('of IPv4 may be written as a number', async () => {
    const { port } = await serveNode(mirror)
    const mirrored = await jsonOf<Mirrored>(testClient().get(`http://0x7f000001:${port}/`))
    expect(hostOf(mirrored)).toBe(`127.0.0.1:${port}`)
  })

  it('where nobody listens is ERR_CONNECT', async () => {
    const port = await freePort()
    expect(await codesOf(testClient().get(`http://127.0.0.1:${port}/`))).toEqual([
      'ERR_CONNECT',
      'ECONNREFUSED',
    ])
  })

  it.skipIf(!isLinux)('of which nothing comes back is given up after connectTimeout', async () => {
    const port = await blackHole()
    const client = testClient()
    const error = await failureOf(client.get(`http://127.0.0.1:${port}/`, { connectTimeout: 100 }))
    expect(error.code).toBe('ERR_TIMEOUT_CONNECT')
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })
})

/** A port of an address where connections are neither taken nor refused: its queue is full for ever. */
async function blackHole(host = '127.0.0.1'): Promise<number> {
  const code = `
    const server = require('node:net').createServer().listen({ port: 0, host: '${host}', backlog: 1 }, () => {
      process.stdout.write(server.address().port + '\\n', () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      })
    })`
  const program = start(process.execPath, ['-e', code])
  const port = Number((await program.prints(/\d+/))[0])
  const waiting: Socket[] = Array.from({ length: 4 }, () => connectTcp(port, host))
  onTestFinished(() => {
    for (const socket of waiting) socket.destroy()
  })
  // The queue holds one more than its length says.
  await until(() => waiting.filter(({ pending }) => !pending).length >= 2)
  return port
}

/** Lets names of .test be known by these addresses, in their order, until the test ends. */
function know(names: Record<string, readonly string[]>): void {
  const original = dns.lookup
  const known = (name: string, options: unknown, callback: unknown): void => {
    const addresses = names[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (!addresses) return (original as (...all: unknown[]) => void)(name, options, callback)
    const answer = callback as (error: null, ...rest: unknown[]) => void
    if ((options as { all?: boolean }).all) process.nextTick(answer, null, addresses)
    else process.nextTick(answer, null, addresses[0]!.address, addresses[0]!.family)
  }
  dns.lookup = known as unknown as typeof dns.lookup
  onTestFinished(() => {
    dns.lookup = original
  })
}

describe('a name', () => {
  it('that nobody knows is ERR_CONNECT', async () => {
    const [code, cause] = await codesOf(testClient().get('http://nobody-has-this-name.invalid/'))
    expect(code).toBe('ERR_CONNECT')
    // The second is said where no name server can be asked.
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(cause)
  })

  it.each(['127.0.0.1', '::1'])('localhost is found where only %s listens', async (host) => {
    const known = await lookup('localhost', { all: true })
    // Where localhost has one address only, the other is not its.
    if (!known.some(({ address }) => address === host)) know({ localhost: ['127.0.0.1', '::1'] })
    if (host === '::1' && !hasIPv6) know({ localhost: ['127.0.0.2', '127.0.0.1'] })
    const { port } = await serveNode(mirror, { host: host === '::1' && !hasIPv6 ? '127.0.0.1' : host })
    for (let round = 0; round < 3; round++) {
      const mirrored = await jsonOf<Mirrored>(testClient().get(`http://localhost:${port}/`))
      expect(hostOf(mirrored)).toBe(`localhost:${port}`)
    }
  })

  it.skipIf(!isLinux)('with many addresses is found where the first ones refuse', async () => {
    know({ 'many.test': ['127.0.0.8', ...(hasIPv6 ? ['::1'] : []), '127.0.0.9', '127.0.0.1'] })
    const { port } = await serveNode(mirror)
    expect(await jsonOf<Mirrored>(testClient().get(`http://many.test:${port}/`))).toMatchObject({ url: '/' })
  })

  it.skipIf(!isLinux)('with many addresses is found where nothing comes back from the first', async () => {
    const port = await blackHole('127.0.0.8')
    know({ 'many.test': ['127.0.0.8', '127.0.0.1'] })
    await serveNode(mirror, { port })
    const options = { connectTimeout: 10_000 }
    expect(await jsonOf<Mirrored>(testClient().get(`http://many.test:${port}/`, options))).toMatchObject({
      url: '/',
    })
  })

  it('with many addresses that all refuse is ERR_CONNECT', async () => {
    know({ 'many.test': ['127.0.0.1', ...(hasIPv6 ? ['::1'] : []), '127.0.0.2'] })
    const port = await freePort()
    const error = await failureOf(testClient().get(`http://many.test:${port}/`))
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: expect.any(Error) })
  })

  it.each([
    ['bücher.test', 'xn--bcher-kva.test'],
    ['BÜCHER.test', 'xn--bcher-kva.test'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['a_b.test', 'a_b.test'],
    ['_dmarc.a--b.test', '_dmarc.a--b.test'],
    ['UPPER.test', 'upper.test'],
    ['dot.test.', 'dot.test.'],
  ])('%s is asked for as %s', async (name, sent) => {
    const { port } = await serveNode(mirror)
    const asked: string[] = []
    const addressFinder = ({ hostname }: URL) => {
      asked.push(hostname)
      return { host: '127.0.0.1', port }
    }
    const client = testClient({ addressFinder })
    const mirrored = await jsonOf<Mirrored>(client.get(`http://${name}:${port}/`))
    expect(hostOf(mirrored)).toBe(`${sent}:${port}`)
    expect(new Set(asked)).toEqual(new Set([sent]))
  })

  it('stands without the port in Host where that is the scheme’s', async () => {
    const { port } = await serveNode(mirror)
    const addresses: unknown[] = []
    const connect: ClientOptions['connect'] = (address) => {
      addresses.push(address)
      return connectTcp(port, '127.0.0.1')
    }
    const client = testClient({ connect })
    for (const url of ['http://one.test/', 'http://two.test:80/', 'http://three.test:81/']) {
      expect(hostOf(await jsonOf<Mirrored>(client.get(url)))).toBe(new URL(url).host)
    }
    expect(addresses).toEqual([
      { host: 'one.test', port: 80 },
      { host: 'two.test', port: 80 },
      { host: 'three.test', port: 81 },
    ])
  })
})

describe('bindAddress', () => {
  it.skipIf(!isLinux)('is where connections come from', async () => {
    const { url } = await serveNode(mirror)
    for (const bindAddress of ['127.0.0.2', '127.0.0.3']) {
      const client = testClient({ bindAddress })
      expect(await jsonOf<Mirrored>(client.get(url))).toMatchObject({ address: bindAddress })
    }
  })

  it('that is not ours is ERR_CONNECT', async () => {
    const { url } = await serveNode(mirror)
    const client = testClient({ bindAddress: '203.0.113.1' })
    expect(await codesOf(client.get(url))).toEqual(['ERR_CONNECT', 'EADDRNOTAVAIL'])
  })

  it('that is no address is ERR_INVALID_ARGUMENT', () => {
    expect(() => makeClient({ bindAddress: 'localhost' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    )
  })
})

describe('addressFinder', () => {
  it('says where a URL leads, at once or later', async () => {
    const one = await serveNode((_request, response) => response.end('one'))
    const two = await serveNode((_request, response) => response.end('two'))
    const client = testClient({
      addressFinder: async (url) => {
        expect(url).toBeInstanceOf(URL)
        await new Promise(setImmediate)
        return { host: '127.0.0.1', port: url.hostname === 'one.test' ? one.port : two.port }
      },
    })
    for (const name of ['one', 'two', 'one', 'two']) {
      expect(await client.get(`http://${name}.test/`, { as: 'text' })).toMatchObject({ body: name })
    }
    expect([one.connections, two.connections]).toEqual([1, 1])
  })

  it('may lead to a Unix socket', async () => {
    const path = join(temporaryFolder(), 'server.sock')
    const server = createHttpServer(mirror)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    onTestFinished(() => void server.close().closeAllConnections())
    const client = testClient({ addressFinder: () => ({ path }) })
    expect(hostOf(await jsonOf<Mirrored>(client.get('http://socket.test/')))).toBe('socket.test')
  })

  it('is asked again where a redirect leads elsewhere', async () => {
    const { port } = await serveNode((request, response) => {
      if (request.headers.host!.startsWith('one.test')) {
        response.writeHead(302, { Location: 'http://two.test/there' }).end()
      } else {
        response.end(`${request.headers.host} ${request.url}`)
      }
    })
    const client = testClient({ addressFinder: () => ({ host: '127.0.0.1', port }) })
    expect(await client.get('http://one.test/', { as: 'text' })).toMatchObject({
      status: 200,
      body: 'two.test /there',
    })
  })

  it.each<[how: string, addressFinder: () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('not here')
      },
    ],
    ['rejects', () => Promise.reject(new Error('not here'))],
  ])('that %s is ERR_CONNECT', async (_how, addressFinder) => {
    const client = testClient({ addressFinder })
    const error = await failureOf(client.get('http://one.test/'))
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { message: 'not here' } })
    expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
  })

  it('that never answers is waited for until connectTimeout', async () => {
    const client = testClient({ addressFinder: () => new Promise(() => {}) })
    const error = await failureOf(client.get('http://one.test/', { connectTimeout: 50 }))
    expect(error.code).toBe('ERR_TIMEOUT_CONNECT')
  })
})

describe('connect', () => {
  it('makes the connections, which are kept', async () => {
    const served = await serveNode(mirror)
    const calls: unknown[][] = []
    const client = testClient({
      connect: async (...call) => {
        calls.push(call)
        await new Promise(setImmediate)
        return connectTcp(served.port, '127.0.0.1')
      },
    })
    for (let index = 0; index < 5; index++) {
      const body = `body ${index}`
      expect(await jsonOf<Mirrored>(client.post('http://one.test:81/', { body }))).toMatchObject({ body })
    }
    expect(calls).toHaveLength(1)
    expect(calls[0]![0]).toEqual({ host: 'one.test', port: 81 })
    expect(calls[0]![1]).toBeUndefined()
  })

  it('is told the path of a Unix socket', async () => {
    const served = await serveNode(mirror)
    const addresses: unknown[] = []
    const connect: ClientOptions['connect'] = (address) => {
      addresses.push(address)
      return connectTcp(served.port, '127.0.0.1')
    }
    await testClient({ connect }).get('http://one.test/', { unixSocket: '/a/b.sock' }).unwrap()
    expect(addresses).toEqual([{ path: '/a/b.sock' }])
  })

  it('may return streams that are no sockets', async () => {
    const { server } = await serveNode(async (request, response) => {
      const body = await bodyOf(request)
      response.setHeader('Content-Type', 'text/plain')
      response.end(`${body.length} ${sha256(body)}`)
    })
    const ends: Duplex[] = []
    const client = testClient({
      connect: () => {
        const [ours, theirs] = duplexPair()
        ends.push(ours)
        server.emit('connection', theirs)
        return ours
      },
    })
    const content = Buffer.alloc(5_000_000, 'some bytes, ')
    for (let round = 0; round < 3; round++) {
      expect(await client.post('http://memory.test/', { body: content })).toMatchObject({
        status: 200,
        body: `${content.length} ${sha256(content)}`,
      })
    }
    expect(ends).toHaveLength(1)
    await client.close()
    expect(ends[0]!.destroyed).toBe(true)
  })

  it.each<[how: string, connect: () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('not now')
      },
    ],
    ['rejects', () => Promise.reject(new Error('not now'))],
  ])('that %s is ERR_CONNECT', async (_how, connect) => {
    const client = testClient({ connect })
    const error = await failureOf(client.get('http://one.test/'))
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { message: 'not now' } })
    expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
  })

  it('that never answers is waited for until connectTimeout, and what comes then is destroyed', async () => {
    const { port } = await serveNode(mirror)
    let answer = (_socket: Duplex): void => {}
    const client = testClient({
      connect: () => new Promise<Duplex>((resolve) => (answer = resolve)),
    })
    const error = await failureOf(client.get('http://one.test/', { connectTimeout: 50 }))
    expect(error.code).toBe('ERR_TIMEOUT_CONNECT')
    const late = connectTcp(port, '127.0.0.1')
    answer(late)
    await until(() => late.destroyed)
  })

  it('may return what fails later, which is ERR_CONNECTION_CLOSED with its error', async () => {
    const { server } = await serveNode(() => {})
    const ends: Duplex[] = []
    const client = testClient({
      connect: () => {
        const [ours, theirs] = duplexPair()
        server.emit('connection', theirs)
        ends.push(ours)
        return ours
      },
    })
    const asked = client.get('http://memory.test/')
    await until(() => ends.length === 1)
    await new Promise(setImmediate)
    ends[0]!.destroy(new Error('torn'))
    expect(await failureOf(asked)).toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
      cause: { message: 'torn' },
    })
  })

  const tlsTitle = `makes them secure, too${hasOpenssl ? '' : ' (skipped: openssl is not installed)'}`

  it.skipIf(!hasOpenssl)(tlsTitle, async () => {
    const certificate = makeCertificate()
    const served = await serveNode(mirror, { tls: certificate })
    const told: ConnectionOptions[] = []
    const client = testClient({
      tls: { ca: certificate.cert },
      connect: (address, tls) => {
        expect(address).toEqual({ host: 'localhost', port: 444 })
        told.push(tls!)
        return connectTls({ ...tls, host: '127.0.0.1', port: served.port })
      },
    })
    for (const path of ['/1', '/2']) {
      expect(await jsonOf<Mirrored>(client.get(`https://localhost:444${path}`))).toMatchObject({ url: path })
    }
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      ca: certificate.cert,
    })
  })

  const dialTls = (port: number, tls: ConnectionOptions | undefined): TLSSocket =>
    connectTls({ ...tls, host: '127.0.0.1', port })

  it.skipIf(!hasOpenssl).each<[when: string, connect: (...where: Parameters<typeof dialTls>) => Dialled]>([
    ['at once', (...where) => dialTls(...where)],
    ['later', async (...where) => dialTls(...where)],
    [
      'with the handshake under way',
      async (...where) => {
        const socket = dialTls(...where)
        await once(socket, 'connect')
        return socket
      },
    ],
  ])(
    'that returns what turns out not to be secure (%s) is an error, and nothing is sent',
    async (_when, connect) => {
      const served = await serveNode(mirror, { tls: makeCertificate() })
      let requests = 0
      served.server.on('request', () => requests++)
      const client = testClient({ connect: (_address, tls) => connect(served.port, tls) })
      for (const method of ['get', 'post'] as const) {
        expect((await client[method]('https://localhost/', { body: 'secret' })).error).toBeDefined()
      }
      expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
      expect(requests).toBe(0)
    },
  )
})
