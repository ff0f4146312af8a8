// ws as a client against the server.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type PerMessageDeflateOptions, WebSocket } from 'ws'
import {
  asChannel,
  broadcast,
  type Channel,
  type ChannelHandlers,
  type Handler,
  type ServerOptions,
} from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import * as either from '../support/either-end.js'
import { type Agreement, readAgreement } from '../support/raw-deflate.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'
import {
  abnormal,
  bytesOf,
  type ChannelLog,
  connectWs,
  echoes,
  expectMessages,
  expectSame,
  type Inbox,
  logged,
  type Message,
  manyMessages,
  sizes,
  textOfSize,
  type WsClientOptions,
  type WsPeer,
} from '../support/websocket-peers.js'

interface Service {
  server: TestServer
  url: string
  logs: Inbox<ChannelLog>
}

async function serveAt(also: ChannelHandlers = echoes, options: ServerOptions = {}): Promise<Service> {
  const { handler, logs } = logged(also)
  const server = await serve(handler, options)
  return { server, url: `ws://127.0.0.1:${server.port}/`, logs }
}

/** One client of a server of its own, both ends open. */
async function pair(
  also: ChannelHandlers = echoes,
  { server: serverOptions = {}, client = {} }: { server?: ServerOptions; client?: WsClientOptions } = {},
): Promise<{ server: TestServer; peer: WsPeer; log: ChannelLog; channel: Channel }> {
  const { server, url, logs } = await serveAt(also, serverOptions)
  const peer = await connectWs(url, client)
  const log = await logs.next()
  return { server, peer, log, channel: await log.opened }
}

const end: either.End = {
  ours: 'server',
  theirs: 'client',
  async pair({ handlers = echoes, ours: { heartbeat, ...server } = {}, theirs: client = {} } = {}) {
    const opened = await pair({ ...handlers, ...(heartbeat && { heartbeat }) }, { server, client })
    return { ...opened, gone: () => until(() => opened.server.stats().connections === 0) }
  },
}

/** What the server answers when it refuses to open a WebSocket. */
async function refusal(
  url: string,
  options: WsClientOptions = {},
): Promise<{ status: number; version: unknown }> {
  const socket = new WebSocket(url, options.protocols ?? [], options)
  const answered = deferred<{ status: number; version: unknown }>()
  socket.on('unexpected-response', (_, { statusCode, headers }) =>
    answered.resolve({ status: statusCode!, version: headers['sec-websocket-version'] }),
  )
  socket.on('error', answered.reject)
  onTestFinished(() => socket.terminate())
  return answered.promise
}

describe('messages', () => {
  it.each([
    ['text', textOfSize],
    ['binary', bytesOf],
  ])('of %s go there and back unchanged, from 0 bytes to 4 MiB', async (_kind, made) => {
    const { server, peer, log } = await pair()
    for (const size of sizes) {
      const message = made(size)
      peer.socket.send(message)
      expectSame(await log.messages.next(), message)
      expectSame(await peer.messages.next(), message)
    }
    expect(server.errors).toEqual([])
  })

  it('go there and back in order, when all are sent at once', async () => {
    const { peer } = await pair()
    const messages = manyMessages()
    for (const message of messages) peer.socket.send(message)
    await expectMessages(peer.messages, messages)
  })

  either.itTakesMessages(end)

  it('are put together from fragments of 64 KiB up to 4 MiB, and from empty ones', async () => {
    const { peer } = await pair()
    const bytes = bytesOf(4 * 1024 * 1024)
    for (let at = 0; at < bytes.length; at += 65_536) {
      peer.socket.send(bytes.subarray(at, at + 65_536), { fin: false })
      peer.socket.send(Buffer.alloc(0), { fin: false })
    }
    peer.socket.send(Buffer.alloc(0), { fin: true })
    expectSame(await peer.messages.next(), bytes)
  })

  it('of more than maxWs are closed with 1009, though no fragment is larger', async () => {
    const { peer, log } = await pair(echoes, { server: { maxWs: 1000 } })
    for (const isLast of [false, false, true]) peer.socket.send(bytesOf(400), { fin: isLast })
    expect(await peer.closed).toMatchObject({ code: 1009 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
    expect(log.messages.all).toEqual([])
  })

  it('of 50 clients at once, each waiting for a handler, come back to each in its order', async () => {
    const slowly: ChannelHandlers = {
      async onReceive(channel, message) {
        // Not all take the same time, or none could overtake another.
        if (Number(message.slice(-1)) % 4 === 0) await sleep(Number(message.slice(-1)) / 4)
        channel.send(message)
      },
    }
    const { url, server } = await serveAt(slowly)
    const peers = await Promise.all(Array.from({ length: 50 }, () => connectWs(url)))
    expect(server.stats()).toMatchObject({ websockets: 50, connections: 50 })
    for (let turn = 0; turn < 100; turn++) {
      for (const [lane, { socket }] of peers.entries()) socket.send(`${lane} ${turn}`)
    }
    for (const [lane, { messages }] of peers.entries()) {
      expect(await messages.take(100)).toEqual(Array.from({ length: 100 }, (_, turn) => `${lane} ${turn}`))
    }
    for (const { socket } of peers) socket.close()
    await Promise.all(peers.map(({ closed }) => closed))
    await until(() => server.stats().connections === 0)
    expect(server.stats().websockets).toBe(0)
  })

  it('reach every client of a broadcast once, whether it reads compressed ones or not', async () => {
    const { url, logs } = await serveAt({}, { compression: { threshold: 0 } })
    const peers = await Promise.all(
      Array.from({ length: 20 }, (_, lane) => connectWs(url, { perMessageDeflate: lane % 2 === 0 })),
    )
    const channels = await Promise.all((await logs.take(20)).map(({ opened }) => opened))
    const messages = [textOfSize(100), bytesOf(70_000), '', textOfSize(5000)]
    for (const message of messages) expect(broadcast(channels, message)).toBe(20)
    for (const channel of channels) channel.send('last')
    for (const peer of peers) {
      await expectMessages(peer.messages, [...messages, 'last'])
      expect(peer.errors).toEqual([])
    }
  })
})

describe('pings', () => {
  either.itAnswersPings(end)

  it('of the client are answered though a handler is busy', async () => {
    const busy = deferred()
    const { peer, log } = await pair({ onReceive: () => busy.promise })
    peer.socket.send('work')
    await log.messages.next()
    peer.socket.ping('meanwhile')
    expect(await peer.pongs.next()).toBe('meanwhile')
    busy.resolve()
  })

  it('of the server come by the heartbeat, and the client’s answers are told', () =>
    either.expectHeartbeat(end))

  it('of the server that nobody answers end in 1006', () => either.expectEndUnanswered(end))

  it('of the server that nobody answers are no matter while the client sends something', async () => {
    const { peer, log } = await pair({ heartbeat: 100 }, { client: { autoPong: false } })
    for (let sent = 0; sent < 20; sent++) {
      peer.socket.send('here')
      await sleep(25)
    }
    expect(log.calls).not.toContain('onClose')
    expect(peer.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('unasked-for pongs of the client are told, and nothing comes of them', () =>
    either.expectUnaskedPong(end))
})

describe('a close', () => {
  either.itCloses(end)

  it('of the client is told after the messages before it, though each is waited for', async () => {
    const { peer, log } = await pair({ onReceive: () => sleep(2) })
    for (let sent = 0; sent < 20; sent++) peer.socket.send(String(sent))
    peer.socket.close(4000)
    await log.closed
    expect(log.messages.all).toEqual(Array.from({ length: 20 }, (_, sent) => String(sent)))
    expect(log.calls.at(-1)).toBe('onClose')
  })

  it('of both at once is one close for each', async () => {
    const { server, peer, log, channel } = await pair()
    peer.socket.close(4001, 'theirs')
    channel.close(4002, 'ours')
    expect(await peer.closed).toEqual({ code: 4002, reason: 'ours' })
    expect(await log.closed).toMatchObject({ status: 'server-close', code: 4002 })
    await until(() => server.stats().connections === 0)
    expect(log.calls.filter((name) => name === 'onClose')).toHaveLength(1)
  })

  it('is 1006 when the client terminates in the middle of compressed messages', async () => {
    const { server, url, logs } = await serveAt(echoes, { compression: { threshold: 0 } })
    for (let round = 0; round < 20; round++) {
      const peer = await connectWs(url, { perMessageDeflate: { threshold: 0 } })
      const log = await logs.next()
      for (let sent = 0; sent < 4; sent++) peer.socket.send(Buffer.alloc(400_000, `${sent}`))
      if (round > 0) await log.messages.next()
      if (round % 2) await new Promise(setImmediate)
      peer.socket.terminate()
      expect(await log.closed).toEqual(abnormal)
      expect(log.calls.at(-1)).toBe('onClose')
    }
    await until(() => server.stats().connections === 0)
    expect(server.errors).toEqual([])
  })

  it('of a stopping server is 1001 for everyone', async () => {
    const { server, url, logs } = await serveAt()
    const peers = await Promise.all(Array.from({ length: 20 }, () => connectWs(url)))
    await server.stop()
    for (const peer of peers) expect(await peer.closed).toEqual({ code: 1001, reason: '' })
    for (const log of await logs.take(20)) {
      expect(await log.closed).toEqual({ status: 'server-close', code: 1001, reason: '' })
    }
    expect(server.stats()).toMatchObject({ websockets: 0, connections: 0 })
  })
})

describe('a server that stops', () => {
  it.each([
    ['as they are', false],
    ['compressed', true],
  ])('says so after the messages that were sent before (%s)', async (_how, compression) => {
    const { server, peer, channel } = await pair(echoes, {
      server: { compression },
      client: { perMessageDeflate: true },
    })
    const messages = [bytesOf(1_000_000), 'short', bytesOf(2_000_000)]
    for (const message of messages) channel.send(message)
    await server.stop()
    expect(await peer.closed).toEqual({ code: 1001, reason: '' })
    for (const message of messages) expectSame(await peer.messages.next(), message)
  })
})

describe('a client that stops reading', () => {
  it('is waited for by drained(), and gets everything when it reads again', () => either.expectWaiting(end))

  it('is waited for by drained() where messages have to be compressed first', async () => {
    const { server, peer, channel } = await pair(
      {},
      { server: { compression: true }, client: { perMessageDeflate: true } },
    )
    for (let sent = 0; sent < 5; sent++) channel.send(bytesOf(1_000_000))
    expect(channel.bufferedAmount).toBeGreaterThan(0)
    await channel.drained()
    expect(channel.bufferedAmount).toBe(0)
    expect(server.stats().bytesOut).toBeGreaterThan(5_000_000)
    for (const got of await peer.messages.take(5)) expectSame(got, bytesOf(1_000_000))
  })

  it('is cut off with 1006 once more than maxBuffered waits for it', () => either.expectCutOff(end))
})

describe('sub-protocols', () => {
  it.each([
    [['a', 'b'], ['b', 'a'], 'b'],
    [['a', 'b'], 'a', 'a'],
    [['b', 'c', 'a'], ['x', 'a'], 'a'],
  ])('of those offered (%j) the server’s first (%j) is chosen', async (offered, spoken, chosen) => {
    const { peer } = await pair({ ...echoes, protocol: spoken }, { client: { protocols: offered } })
    expect(peer.socket.protocol).toBe(chosen)
    peer.socket.send('spoken')
    expect(await peer.messages.next()).toBe('spoken')
  })

  it('are not answered where none was offered', async () => {
    const { peer } = await pair({ ...echoes, protocol: ['a', 'b'] })
    expect(peer.socket.protocol).toBe('')
    expect(peer.answer!.headers).not.toHaveProperty('sec-websocket-protocol')
  })

  it('that the server does not speak are not answered, and the client gives up', async () => {
    const { url } = await serveAt({ ...echoes, protocol: 'x' })
    await expect(connectWs(url, { protocols: ['a', 'b'] })).rejects.toThrow('Server sent no subprotocol')
  })

  it('that differ in case are not the same', async () => {
    const { url } = await serveAt({ ...echoes, protocol: 'Chat' })
    await expect(connectWs(url, { protocols: ['chat'] })).rejects.toThrow('Server sent no subprotocol')
  })
})

describe('the handshake', () => {
  it('carries the fields that a handler adds, and the client’s own', async () => {
    const handlers = { ...echoes, headers: { 'X-Name': 'value', 'Set-Cookie': 'a=1; Path=/' } }
    let asked: unknown
    const server = await serve((req) => {
      asked = [req.websocket, req.uri, req.queryString, req.headers['x-token'], req.headers.cookie]
      return asChannel(req, handlers)
    })
    const headers = { 'X-Token': 'secret', Cookie: 'b=2' }
    const peer = await connectWs(`ws://127.0.0.1:${server.port}/chat?room=1`, { headers })
    expect(asked).toEqual([true, '/chat', 'room=1', 'secret', 'b=2'])
    expect(peer.answer!.statusCode).toBe(101)
    expect(peer.answer!.headers).toMatchObject({ 'x-name': 'value', 'set-cookie': ['a=1; Path=/'] })
  })

  it.each([401, 403, 404, 503])('is refused with the handler’s %i', async (status) => {
    const server = await serve(() => ({ status, body: 'no' }))
    expect(await refusal(`ws://127.0.0.1:${server.port}/`)).toMatchObject({ status })
  })

  it('may wait for a handler that decides later', async () => {
    const server = await serve(async (req) => {
      await sleep(20)
      return asChannel(req, echoes)
    })
    const peer = await connectWs(`ws://127.0.0.1:${server.port}/`)
    peer.socket.send('late')
    expect(await peer.messages.next()).toBe('late')
  })

  it('of another version is refused with 426 and the one that is spoken', async () => {
    const { url } = await serveAt()
    expect(await refusal(url, { protocolVersion: 8 })).toEqual({ status: 426, version: '13' })
  })

  it.skipIf(!hasOpenssl)(`goes over TLS${hasOpenssl ? '' : ' (skipped: no openssl here)'}`, async () => {
    const certificate = makeCertificate()
    const { server, logs } = await serveAt(echoes, { tls: certificate })
    const peer = await connectWs(`wss://localhost:${server.port}/`, { ca: certificate.cert })
    for (const size of sizes) {
      peer.socket.send(bytesOf(size))
      expectSame(await peer.messages.next(), bytesOf(size))
    }
    peer.socket.close(4000, 'done')
    expect(await peer.closed).toEqual({ code: 4000, reason: 'done' })
    expect(await (await logs.next()).closed).toMatchObject({ code: 4000, reason: 'done' })
  })
})

describe('permessage-deflate', () => {
  // What the client asks for, and what the server is set to.
  const offers: PerMessageDeflateOptions[] = [
    {},
    { clientMaxWindowBits: false },
    { serverNoContextTakeover: true },
    { clientNoContextTakeover: true },
    { serverMaxWindowBits: 9 },
    { clientMaxWindowBits: 9 },
    { clientMaxWindowBits: 8 },
    {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 12,
      clientMaxWindowBits: 12,
    },
  ]
  const settings = [true, ...either.compressions, either.everything(9)] as const

  /** What was answered; undefined where the extension was not. */
  function granted(peer: WsPeer): Agreement | undefined {
    const field = peer.answer!.headers['sec-websocket-extensions']
    return field === undefined ? undefined : readAgreement(field)
  }

  async function expectEchoes(peer: WsPeer, messages: Message[]): Promise<void> {
    for (const message of messages) peer.socket.send(message)
    await expectMessages(peer.messages, messages)
    expect(peer.errors).toEqual([])
  }

  const combinations = settings.flatMap((setting) => offers.map((offer) => [offer, setting] as const))

  it.each(combinations)(
    'goes both ways, offered %j, with the server set to %j',
    async (offer, compression) => {
      const { peer } = await pair(echoes, {
        server: { compression },
        client: { perMessageDeflate: { ...offer, threshold: 0 } },
      })
      const set = compression === true ? {} : compression
      const params = granted(peer)!
      expect(params).toBeDefined()
      // RFC 7692 §7.1: what the client asks of the server must be in the answer, and no wider than asked.
      const serverBits = Math.min(offer.serverMaxWindowBits ?? 15, set.serverMaxWindowBits ?? 15)
      expect(params.serverMaxWindowBits ?? 15).toBeLessThanOrEqual(serverBits)
      if (offer.serverNoContextTakeover || set.serverNoContextTakeover)
        expect(params.serverNoContextTakeover).toBe(true)
      if (set.clientNoContextTakeover) expect(params.clientNoContextTakeover).toBe(true)
      // A client that did not say it can do with a smaller window must not be told to.
      if (offer.clientMaxWindowBits === false) expect(params.clientMaxWindowBits).toBeUndefined()
      else if (set.clientMaxWindowBits)
        expect(params.clientMaxWindowBits).toBeLessThanOrEqual(set.clientMaxWindowBits)
      await expectEchoes(peer, either.telling())
      peer.socket.close(4000)
      expect(await peer.closed).toMatchObject({ code: 4000 })
    },
  )

  // RFC 7692 lets a client ask for it, but zlib makes no window of 256 bytes.
  it('is done without where the client asks for the smallest window of all', async () => {
    const { peer } = await pair(echoes, {
      server: { compression: true },
      client: { perMessageDeflate: { serverMaxWindowBits: 8 } },
    })
    expect(granted(peer)).toBeUndefined()
    await expectEchoes(peer, either.telling())
  })

  it('is not answered where the server was not asked to, or the client does not offer it', async () => {
    const off = await pair(echoes, { client: { perMessageDeflate: true } })
    expect(granted(off.peer)).toBeUndefined()
    await expectEchoes(off.peer, either.telling())
    const unoffered = await pair(echoes, { server: { compression: true } })
    expect(granted(unoffered.peer)).toBeUndefined()
    await expectEchoes(unoffered.peer, either.telling())
  })

  it.each([
    [false, 2000],
    [true, 10_000],
  ])(
    'remembers the messages before, unless there is no context takeover (%s)',
    async (noContextTakeover, bytes) => {
      const { server, peer } = await pair(echoes, {
        server: { compression: { threshold: 0, serverNoContextTakeover: noContextTakeover } },
        client: { perMessageDeflate: { threshold: 0 } },
      })
      const before = server.stats().bytesOut
      await expectEchoes(peer, Array<Message>(10).fill(bytesOf(1000)))
      const sent = server.stats().bytesOut - before
      if (noContextTakeover) expect(sent).toBeGreaterThan(bytes)
      else expect(sent).toBeLessThan(bytes)
    },
  )

  it('leaves alone what is smaller than the threshold', async () => {
    const { server, peer } = await pair(echoes, {
      server: { compression: { threshold: 500 } },
      client: { perMessageDeflate: { threshold: 0 } },
    })
    const sentFor = async (message: string): Promise<number> => {
      const before = server.stats().bytesOut
      await expectEchoes(peer, [message])
      return server.stats().bytesOut - before
    }
    expect(await sentFor('x'.repeat(499))).toBeGreaterThanOrEqual(499)
    expect(await sentFor('x'.repeat(500))).toBeLessThan(100)
    // It counts bytes, not characters.
    expect(await sentFor('ä'.repeat(250))).toBeLessThan(100)
  })

  it('is put together from compressed fragments, with pings in between', async () => {
    const { peer } = await pair(echoes, {
      server: { compression: true },
      client: { perMessageDeflate: { threshold: 0 } },
    })
    for (let round = 0; round < 3; round++) {
      const bytes = bytesOf(10_000)
      for (let at = 0; at < bytes.length; at += 1000) {
        peer.socket.send(bytes.subarray(at, at + 1000), { fin: at === 9000 })
        peer.socket.ping(String(at))
      }
      expectSame(await peer.messages.next(), bytes)
      expect(await peer.pongs.take(10)).toEqual(Array.from({ length: 10 }, (_, index) => `${index * 1000}`))
    }
  })

  it('takes messages that are maxWs long when inflated, and closes with 1009 what is longer', async () => {
    const { server, peer, log } = await pair(echoes, {
      server: { compression: true },
      client: { perMessageDeflate: { threshold: 0 } },
    })
    const largest = 4 * 1024 * 1024
    await expectEchoes(peer, [Buffer.alloc(largest)])
    expect(server.stats().bytesIn).toBeLessThan(100_000)
    // What cannot be compressed is longer than maxWs on the way.
    await expectEchoes(peer, [bytesOf(largest)])
    peer.socket.send(Buffer.alloc(largest + 1))
    expect(await peer.closed).toMatchObject({ code: 1009 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
  })

  it('closes a bomb with 1009', async () => {
    const { peer, log } = await pair(echoes, {
      server: { compression: true },
      client: { perMessageDeflate: { threshold: 0 } },
    })
    const zeros = Buffer.alloc(1024 * 1024)
    for (let sent = 0; sent < 100; sent++) peer.socket.send(zeros, { fin: sent === 99 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
    expect(log.messages.all).toEqual([])
  })

  it('keeps 50 clients with their own contexts apart', async () => {
    const { url } = await serveAt(echoes, { compression: { threshold: 0 } })
    const client = { perMessageDeflate: { threshold: 0 } }
    const peers = await Promise.all(Array.from({ length: 50 }, () => connectWs(url, client)))
    for (let turn = 0; turn < 20; turn++) {
      for (const [lane, { socket }] of peers.entries())
        socket.send(`${lane} ${turn} ${'and so on '.repeat(lane)}`)
    }
    for (const [lane, { messages }] of peers.entries()) {
      const sent = Array.from({ length: 20 }, (_, turn) => `${lane} ${turn} ${'and so on '.repeat(lane)}`)
      expect(await messages.take(20)).toEqual(sent)
    }
  })
})

describe('a Ring listener', () => {
  it('is told everything that a client does', async () => {
    const told: string[] = []
    const ended = deferred()
    const handler: Handler = () => ({
      listener: {
        onOpen: (socket) => void told.push(`open ${socket.isOpen}`),
        onMessage(socket, message) {
          told.push(typeof message === 'string' ? `text ${message}` : `binary ${message.length}`)
          socket.send(message)
        },
        onPing: (_, data) => void told.push(`ping ${Buffer.from(data)}`),
        onPong: (_, data) => void told.push(`pong ${Buffer.from(data)}`),
        onClose(socket, code, reason) {
          told.push(`close ${code} ${reason} ${socket.isOpen}`)
          ended.resolve()
        },
      },
      protocol: 'b',
    })
    const server = await serve(handler)
    const peer = await connectWs(`ws://127.0.0.1:${server.port}/`, { protocols: ['a', 'b'] })
    expect(peer.socket.protocol).toBe('b')
    peer.socket.send('a text')
    peer.socket.send(bytesOf(300))
    expect(await peer.messages.next()).toBe('a text')
    expectSame(await peer.messages.next(), bytesOf(300))
    peer.socket.ping('one')
    peer.socket.pong('two')
    peer.socket.close(4000, 'bye')
    await ended.promise
    expect(told).toEqual([
      'open true',
      'text a text',
      'binary 300',
      'ping one',
      'pong two',
      'close 4000 bye false',
    ])
    expect(await peer.closed).toEqual({ code: 4000, reason: 'bye' })
  })

  it('pings, sends with word of success, and closes', async () => {
    const ponged = deferred<string>()
    const sent = deferred()
    const failed = deferred<Error>()
    const handler: Handler = () => ({
      listener: {
        onOpen(socket) {
          socket.ping(Buffer.from('are you there'))
          socket.send('a text', sent.resolve, sent.reject)
        },
        onPong(socket, data) {
          ponged.resolve(Buffer.from(data).toString())
          socket.close(3000, 'enough')
          socket.send('too late', () => failed.reject(new Error('sent')), failed.resolve)
        },
      },
    })
    const server = await serve(handler)
    const peer = await connectWs(`ws://127.0.0.1:${server.port}/`)
    expect(await peer.pings.next()).toBe('are you there')
    expect(await ponged.promise).toBe('are you there')
    await sent.promise
    expect(await failed.promise).toBeInstanceOf(Error)
    expect(await peer.closed).toEqual({ code: 3000, reason: 'enough' })
    expect(peer.messages.all).toEqual(['a text'])
  })
})
