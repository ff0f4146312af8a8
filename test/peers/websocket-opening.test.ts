// openWebSocket where something stands in its way: servers that refuse, err, lie or say nothing, and proxies. And what
// its frames look like on the wire.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openWebSocket } from '../../src/client.js'
import type { Channel } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { drip } from '../support/drip-feed.js'
import { freePort } from '../support/nginx.js'
import { RawPeer } from '../support/raw-peer.js'
import {
  acceptOf,
  type HeaderChanges,
  Opcode,
  ping,
  type RawRequest,
  type RawWebSocket,
  type RawWebSocketServerOptions,
  type ReadFrame,
  serveRawWebSocket,
  text,
} from '../support/raw-websocket.js'
import { bytesOf, ChannelLog, expectSame, Inbox, serveWs } from '../support/websocket-peers.js'

type Options = NonNullable<Parameters<typeof openWebSocket>[2]>

interface Failure extends Error {
  code: string
  status?: number
  headers?: Record<string, string>
}

/** What opening fails with; no handler may have been told that it was open. */
async function failureOf(url: string, options: Options = {}): Promise<Failure> {
  const log = new ChannelLog()
  const failure = await openWebSocket(url, log.handlers, options).then(
    () => expect.fail('it opened'),
    (error) => error,
  )
  expect(log.calls).not.toContain('onOpen')
  expect(log.calls).not.toContain('onClose')
  expect(failure).toBeInstanceOf(Error)
  return failure
}

/** Opens at a raw server; both ends. */
async function openRaw(
  options: Options = {},
): Promise<{ peer: RawWebSocket; channel: Channel; log: ChannelLog }> {
  const server = await serveRawWebSocket()
  const log = new ChannelLog()
  const channel = await openWebSocket(server.url, log.handlers, options)
  onTestFinished(() => void channel.close())
  return { peer: await server.peer(), channel, log }
}

/** A server that reads the request, and leaves the answer to the test. */
const silent: RawWebSocketServerOptions = { answer: () => '' }

/** The answer that opens a WebSocket. */
function rightAnswer({ headers }: RawRequest): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(headers['sec-websocket-key']!)}`,
    '\r\n',
  ].join('\r\n')
}

/** A port where whoever connects is taken, and nothing else happens. */
async function listen(): Promise<{ port: number; peers: Inbox<RawPeer> }> {
  const peers = new Inbox<RawPeer>()
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => peers.put(new RawPeer(socket)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const peer of peers.all) peer.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, peers }
}

describe('a server that refuses', () => {
  async function serveHttp(listener: RequestListener): Promise<string> {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    onTestFinished(() => server.closeAllConnections())
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/path`
  }

  it.each([
    [401, { 'www-authenticate': 'Basic realm="x"' }],
    [403, {}],
    [404, {}],
    [302, { location: 'ws://127.0.0.1:1/' }],
    [200, { 'content-type': 'text/html' }],
    [426, { 'sec-websocket-version': '99' }],
    [503, { 'retry-after': '5' }],
  ])('with %i is ERR_WEBSOCKET_REFUSED, with status and headers', async (status, headers) => {
    let requests = 0
    const url = await serveHttp((_, response) => {
      requests++
      response.writeHead(status, headers).end('a body that nobody reads')
    })
    const failure = await failureOf(url)
    expect(failure).toMatchObject({ code: 'ERR_WEBSOCKET_REFUSED', status, headers })
    expect(requests).toBe(1)
  })

  it('has its connection closed', async () => {
    const answer = () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\nbegun'
    const server = await serveRawWebSocket(undefined, { answer })
    expect(await failureOf(server.url)).toMatchObject({ code: 'ERR_WEBSOCKET_REFUSED', status: 403 })
    await (await server.peer()).closed()
  })
})

describe('a server whose answer is wrong', () => {
  async function expectProtocolError(
    answer: RawWebSocketServerOptions,
    options: Options = {},
  ): Promise<void> {
    const server = await serveRawWebSocket(undefined, answer)
    expect(await failureOf(server.url, options)).toMatchObject({ code: 'ERR_PROTOCOL' })
    await (await server.peer()).tcp.closed()
  }

  const otherCase = (letter: string): string => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase())

  it.each<[what: string, answer: (request: RawRequest) => string]>([
    ['is garbage', () => 'what do you want?\r\n\r\n'],
    ['is garbage without a line end', () => `\u0000${'\u00ff'.repeat(100_000)}`],
    ['is of HTTP/1.0', (request) => rightAnswer(request).replace('HTTP/1.1', 'HTTP/1.0')],
    ['has a field without a colon', (request) => rightAnswer(request).replace('Upgrade:', 'Upgrade')],
    [
      'has a head without end',
      () => `HTTP/1.1 101 Switching Protocols\r\n${'X-Name: value\r\n'.repeat(10_000)}`,
    ],
    [
      'has Sec-WebSocket-Accept in another case',
      (request) =>
        rightAnswer(request).replace(/(?<=Accept: ).*/, (accept) => accept.replace(/[a-z]/gi, otherCase)),
    ],
  ])('that %s is ERR_PROTOCOL', async (_what, answer) => {
    await expectProtocolError({ answer })
  })

  const wrongAccept = Buffer.alloc(20, 'wrong').toString('base64')

  it.each<[what: string, headers: HeaderChanges]>([
    ['has no Upgrade', { Upgrade: undefined }],
    ['has another Upgrade', { Upgrade: 'h2c' }],
    ['has no Connection', { Connection: undefined }],
    ['has another Connection', { Connection: 'close' }],
    ['has no Sec-WebSocket-Accept', { 'Sec-WebSocket-Accept': undefined }],
    ['has a wrong Sec-WebSocket-Accept', { 'Sec-WebSocket-Accept': wrongAccept }],
    ['has a sub-protocol that nobody asked for', { 'Sec-WebSocket-Protocol': 'a' }],
    ['has an extension that nobody asked for', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }],
  ])('that %s is ERR_PROTOCOL', async (_what, headers) => {
    await expectProtocolError({ headers })
  })

  it.each(['c', 'A', 'a, b', ''])(
    'that chooses the sub-protocol %j of a and b is ERR_PROTOCOL',
    async (chosen) => {
      await expectProtocolError({ headers: { 'Sec-WebSocket-Protocol': chosen } }, { protocol: ['a', 'b'] })
    },
  )

  const compression = { serverMaxWindowBits: 10, clientMaxWindowBits: 10 }

  it.each([
    'x-webkit-deflate-frame',
    'permessage-deflate; unknown',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=09',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
    'permessage-deflate; server_max_window_bits=10; client_max_window_bits=11',
    'permessage-deflate; server_max_window_bits=10; client_max_window_bits',
    'permessage-deflate; server_max_window_bits=10; server_no_context_takeover=1',
    'permessage-deflate; server_max_window_bits=11',
    'permessage-deflate; server_max_window_bits=10, permessage-deflate',
    'permessage-deflate; server_max_window_bits=10, other',
  ])('that agrees to %s is ERR_PROTOCOL', async (extensions) => {
    const headers = { 'Sec-WebSocket-Extensions': extensions }
    await expectProtocolError({ headers }, { compression })
  })

  it.each(['', 'HTTP/1.1 101 Switching Protocols\r\nUpgr'])(
    'that breaks off after %j is ERR_CONNECTION_CLOSED',
    async (begun) => {
      const server = await serveRawWebSocket(undefined, { answer: () => begun })
      const failing = failureOf(server.url)
      const { tcp } = await server.peer()
      tcp.finish()
      expect(await failing).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    },
  )
})

describe('a server whose answer is right', () => {
  it.each<[how: string, headers: HeaderChanges]>([
    ['in another case', { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' }],
    ['with more fields', { Server: 'x', Date: 'Sun, 22 Nov 2026 12:00:00 GMT', 'X-Empty': '' }],
  ])('%s is taken', async (_how, headers) => {
    const { url } = await serveRawWebSocket(undefined, { headers })
    const channel = await openWebSocket(url, {})
    expect(channel.isOpen).toBe(true)
    channel.close()
  })

  it('though it comes byte by byte is taken, with the frames behind it', async () => {
    const server = await serveRawWebSocket(undefined, silent)
    const log = new ChannelLog()
    const opening = openWebSocket(server.url, log.handlers)
    const { tcp, request } = await server.peer()
    await drip(tcp, `${rightAnswer(request)}\x81\x05hello\x88\x02\x03\xe8`)
    await opening
    expect(await log.messages.next()).toBe('hello')
    expect(await log.closed).toEqual({ status: 'normal', code: 1000, reason: '' })
  })
})

describe('nobody there', () => {
  it('is ERR_CONNECT, with the socket’s error as its cause', async () => {
    const failure = await failureOf(`ws://127.0.0.1:${await freePort()}/`)
    expect(failure).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ECONNREFUSED' } })
  })

  it('who speaks TLS is ERR_TLS', async () => {
    const { port, peers } = await listen()
    const failing = failureOf(`wss://127.0.0.1:${port}/`)
    const peer = await peers.next()
    peer.send('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await failing).toMatchObject({ code: 'ERR_TLS' })
  })
})

describe('a server that never answers', () => {
  async function expectTimeout(url: string, options: Options = {}): Promise<void> {
    const start = performance.now()
    expect(await failureOf(url, { connectTimeout: 200, ...options })).toMatchObject({
      code: 'ERR_TIMEOUT_CONNECT',
    })
    expect(performance.now() - start).toBeGreaterThan(190)
    expect(performance.now() - start).toBeLessThan(5000)
  }

  it('is ERR_TIMEOUT_CONNECT after connectTimeout, and its connection closed', async () => {
    const server = await serveRawWebSocket(undefined, silent)
    await expectTimeout(server.url)
    await (await server.peer()).closed()
  })

  it('is ERR_TIMEOUT_CONNECT before TLS as well', async () => {
    const { port, peers } = await listen()
    await expectTimeout(`wss://127.0.0.1:${port}/`)
    await (await peers.next()).closed()
  })

  it('but for a byte now and then, is ERR_TIMEOUT_CONNECT', async () => {
    const server = await serveRawWebSocket(undefined, silent)
    const timingOut = expectTimeout(server.url)
    const { tcp, request } = await server.peer()
    const answer = rightAnswer(request)
    let sent = 0
    const dripping = setInterval(() => tcp.send(answer[sent++]!), 20)
    onTestFinished(() => clearInterval(dripping))
    await timingOut
    clearInterval(dripping)
    expect(sent).toBeLessThan(answer.length)
  })

  it('as a proxy is ERR_TIMEOUT_CONNECT', async () => {
    const { port, peers } = await listen()
    await expectTimeout('ws://127.0.0.1:1/', { proxyUrl: `http://127.0.0.1:${port}` })
    await (await peers.next()).closed()
  })

  it('is no matter for connectTimeout once the WebSocket is open', async () => {
    const { peer, channel, log } = await openRaw({ connectTimeout: 1000 })
    await new Promise((resolve) => setTimeout(resolve, 1200))
    peer.send(text('hello'))
    expect(await log.messages.next()).toBe('hello')
    expect(channel.isOpen).toBe(true)
  })
})

describe('an abort', () => {
  it('is ERR_ABORTED, and connects to nobody, when the signal is aborted already', async () => {
    const { port, peers } = await listen()
    const failure = await failureOf(`ws://127.0.0.1:${port}/`, { signal: AbortSignal.abort() })
    expect(failure).toMatchObject({ code: 'ERR_ABORTED' })
    expect(peers.all).toEqual([])
  })

  it('is ERR_ABORTED, and closes the connection, while the answer is waited for', async () => {
    const server = await serveRawWebSocket(undefined, silent)
    const aborter = new AbortController()
    const failing = failureOf(server.url, { signal: aborter.signal })
    const peer = await server.peer()
    aborter.abort()
    expect(await failing).toMatchObject({ code: 'ERR_ABORTED' })
    await peer.closed()
  })
})

describe('arguments that cannot be', () => {
  it.each<[what: string, url: string, options: Options]>([
    ['no URL', 'somewhere', {}],
    ['a URL of another scheme', 'ftp://127.0.0.1/', {}],
    ['a sub-protocol that is no token', 'ws://127.0.0.1:1/', { protocol: 'a b' }],
    ['a sub-protocol named twice', 'ws://127.0.0.1:1/', { protocol: ['a', 'a'] }],
    ['a field name that is no token', 'ws://127.0.0.1:1/', { headers: { 'X Name': 'x' } }],
    ['a field value with a line end', 'ws://127.0.0.1:1/', { headers: { 'X-Name': 'x\r\nY: z' } }],
    ['a field of the handshake itself', 'ws://127.0.0.1:1/', { headers: { 'Sec-WebSocket-Key': 'x' } }],
    ['a proxy that is no URL', 'ws://127.0.0.1:1/', { proxyUrl: 'somewhere' }],
    ['a heartbeat below nothing', 'ws://127.0.0.1:1/', { heartbeat: -1 }],
    ['windows of unheard-of size', 'ws://127.0.0.1:1/', { compression: { clientMaxWindowBits: 99 } }],
  ])('are ERR_INVALID_ARGUMENT: %s', async (_what, url, options) => {
    expect(await failureOf(url, options)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })
})

describe('an HTTP proxy', () => {
  interface Proxy {
    url: string
    host: string
    /** Who asked it to connect. */
    requests: Inbox<IncomingMessage>
  }

  /** Runs a proxy; `answer` is what it says to CONNECT, where that is anything but yes. */
  async function proxyAt(answer?: string): Promise<Proxy> {
    const requests = new Inbox<IncomingMessage>()
    const sockets = new Set<Socket>()
    const server = createServer((_, response) => response.writeHead(400).end('CONNECT alone'))
    server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
      requests.put(request)
      sockets.add(client.on('error', () => {}))
      if (answer !== undefined) return void client.end(answer)
      const [host, port] = request.url!.split(':')
      const upstream = connect(Number(port), host!, () => {
        client.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
        upstream.write(head)
        upstream.pipe(client).pipe(upstream)
      })
      sockets.add(upstream.on('error', () => client.destroy()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url: `http://${host}`, host, requests }
  }

  async function expectEcho(url: string, options: Options): Promise<void> {
    const log = new ChannelLog()
    const channel = await openWebSocket(url, log.handlers, options)
    channel.send('through it')
    channel.send(bytesOf(1_000_000))
    expect(await log.messages.next()).toBe('through it')
    expectSame(await log.messages.next(), bytesOf(1_000_000))
    channel.close(4000, 'done')
    expect(await log.closed).toMatchObject({ code: 4000, reason: 'done' })
  }

  it('is asked to connect to the server, and passes frames on', async () => {
    const { url, port, peers } = await serveWs()
    const proxy = await proxyAt()
    await expectEcho(`${url}/path`, { proxyUrl: proxy.url, headers: { 'X-Token': 'secret' } })
    const request = await proxy.requests.next()
    expect([request.method, request.url]).toEqual(['CONNECT', `127.0.0.1:${port}`])
    expect(request.headers.host).toBe(`127.0.0.1:${port}`)
    // What is meant for the server is no business of the proxy's, nor the other way round.
    expect(request.headers).not.toHaveProperty('x-token')
    expect(request.headers).not.toHaveProperty('proxy-authorization')
    const peer = await peers.next()
    expect([peer.request!.url, peer.request!.headers['x-token']]).toEqual(['/path', 'secret'])
    expect(await peer.closed).toEqual({ code: 4000, reason: 'done' })
  })

  it('is given its credentials, and the server is not', async () => {
    const { url, peers } = await serveWs()
    const proxy = await proxyAt()
    await expectEcho(url, { proxyUrl: `http://user:p%40ss%3A@${proxy.host}` })
    const { headers } = await proxy.requests.next()
    expect(headers['proxy-authorization']).toBe(`Basic ${Buffer.from('user:p@ss:').toString('base64')}`)
    expect((await peers.next()).request!.headers).not.toHaveProperty('proxy-authorization')
  })

  it.skipIf(!hasOpenssl)(
    `passes TLS on, which the server’s certificate is checked in${hasOpenssl ? '' : ' (skipped: no openssl here)'}`,
    async () => {
      const tls = makeCertificate()
      const { url, port } = await serveWs({ tls })
      const proxy = await proxyAt()
      await expectEcho(url, { proxyUrl: proxy.url, tls: { ca: tls.cert } })
      await expectEcho(url, { proxyUrl: proxy.url, insecure: true })
      expect(await failureOf(url, { proxyUrl: proxy.url })).toMatchObject({ code: 'ERR_TLS' })
      for (const request of await proxy.requests.take(3)) expect(request.url).toBe(`127.0.0.1:${port}`)
    },
  )

  it.each([
    ['407', 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n'],
    ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
    ['502', 'HTTP/1.1 502 Bad Gateway\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ['garbage', 'what is it?\r\n\r\n'],
    ['nothing, and hangs up', ''],
  ])('that answers %s is ERR_PROXY', async (_what, answer) => {
    const { url, peers } = await serveWs()
    const proxy = await proxyAt(answer)
    expect(await failureOf(url, { proxyUrl: proxy.url })).toMatchObject({ code: 'ERR_PROXY' })
    expect(peers.all).toEqual([])
  })

  it('that is not there is ERR_CONNECT', async () => {
    const { url } = await serveWs()
    const proxyUrl = `http://127.0.0.1:${await freePort()}`
    expect(await failureOf(url, { proxyUrl })).toMatchObject({ code: 'ERR_CONNECT' })
  })

  it('does not hide that the server refuses', async () => {
    const answer = () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'
    const { url } = await serveRawWebSocket(undefined, { answer })
    const proxy = await proxyAt()
    const failure = await failureOf(url, { proxyUrl: proxy.url })
    expect(failure).toMatchObject({ code: 'ERR_WEBSOCKET_REFUSED', status: 403 })
  })
})

describe('the frames of a client', () => {
  /** The keys of so many frames, each a text of eight bytes, which is taken off to see that it is right. */
  async function keysOf({ tcp }: RawWebSocket, message: string, count: number): Promise<number[]> {
    const keys: number[] = []
    while (keys.length < count) {
      const frame = await tcp.take(2 + 4 + 8)
      const key = frame.subarray(2, 6)
      expect(frame.toString('hex', 0, 2)).toBe('8188')
      expect(String(frame.subarray(6).map((byte, at) => byte ^ key[at % 4]!))).toBe(message)
      keys.push(key.readUInt32BE())
    }
    return keys
  }

  it('are masked, each with a key of its own that cannot be guessed', async () => {
    const { peer, channel } = await openRaw()
    for (let sent = 0; sent < 2000; sent++) channel.send('the same')
    const keys = await keysOf(peer, 'the same', 2000)
    // Of two thousand random keys, two are the same once in some 2,000 runs; three pairs, never.
    expect(new Set(keys).size).toBeGreaterThan(1997)
    // Each bit is set in half of them, give or take nine standard deviations.
    for (let bit = 0; bit < 32; bit++) {
      const ones = keys.filter((key) => (key >>> bit) & 1).length
      expect(Math.abs(ones - 1000), `bit ${bit}`).toBeLessThan(200)
    }
    // No key tells the next: the differences do not come again either.
    const steps = keys.slice(1).map((key, index) => (key - keys[index]!) >>> 0)
    expect(new Set(steps).size).toBeGreaterThan(1996)
  })

  it('are masked with other keys on another connection', async () => {
    const all: number[] = []
    for (let connection = 0; connection < 20; connection++) {
      const { peer, channel } = await openRaw()
      for (let sent = 0; sent < 5; sent++) channel.send('the same')
      all.push(...(await keysOf(peer, 'the same', 5)))
    }
    expect(new Set(all).size).toBeGreaterThan(98)
  })

  it('are masked where they are large, empty, pings, pongs and closes too', async () => {
    const { peer, channel } = await openRaw({ heartbeat: 20 })
    const sent = [Buffer.alloc(0), bytesOf(65_535), bytesOf(65_536), bytesOf(300_000)]
    peer.send(ping('ping'))
    for (const message of sent) channel.send(message)
    channel.send('')
    // A frame that is not masked is an error here.
    const frames: ReadFrame[] = []
    const of = (opcode: number): Buffer[] =>
      frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload)
    while (frames.length < 6 || of(Opcode.ping).length === 0 || of(Opcode.pong).length === 0)
      frames.push(await peer.frame())
    channel.close(4000, 'done')
    while (of(Opcode.close).length === 0) frames.push(await peer.frame())
    for (const [index, message] of sent.entries()) expectSame(of(Opcode.binary)[index]!, message)
    expect(of(Opcode.text).map(String)).toEqual([''])
    expect(of(Opcode.pong).map(String)).toEqual(['ping'])
    expect(of(Opcode.close)[0]).toEqual(Buffer.from('\x0f\xa0done', 'latin1'))
  })
})

describe('a close that the server does not answer', () => {
  it('ends the connection after 2 s', async () => {
    const { peer, channel, log } = await openRaw()
    channel.close(4000)
    const start = performance.now()
    expect(await peer.closeFrame()).toEqual({ code: 4000, reason: '' })
    expect(await log.closed).toMatchObject({ status: 'client-close', code: 4000 })
    await peer.closed()
    const took = performance.now() - start
    expect(took).toBeGreaterThan(1500)
    expect(took).toBeLessThan(5000)
  })

  it('ends the connection at once when the server ends it', async () => {
    const { peer, channel } = await openRaw()
    channel.close()
    await peer.closeFrame()
    const start = performance.now()
    peer.tcp.finish()
    await peer.closed()
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
