// openWebSocket against servers made with ws.

import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PerMessageDeflateOptions } from 'ws'
import { openWebSocket } from '../../src/client.js'
import type { Channel, ChannelHandlers } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import * as either from '../support/either-end.js'
import { deferred } from '../support/waiting.js'
import {
  abnormal,
  bytesOf,
  ChannelLog,
  echoes,
  expectMessages,
  expectSame,
  type Message,
  manyMessages,
  serveWs,
  sizes,
  textOfSize,
  type WsPeer,
  type WsServerOptions,
} from '../support/websocket-peers.js'

type Options = NonNullable<Parameters<typeof openWebSocket>[2]>

interface Client {
  log: ChannelLog
  channel: Channel
}

/** Opens a WebSocket, closed when the test ends. */
async function open(url: string, options: Options = {}, also: ChannelHandlers = {}): Promise<Client> {
  const log = new ChannelLog(also)
  const channel = await openWebSocket(url, log.handlers, options)
  onTestFinished(() => void channel.close())
  return { log, channel }
}

/** A server of ws and its one client, both ends open. */
async function pair({
  server = {},
  client = {},
  handlers = {},
}: {
  server?: WsServerOptions
  client?: Options
  handlers?: ChannelHandlers
} = {}): Promise<Client & { peer: WsPeer; url: string }> {
  const { url, peers } = await serveWs(server)
  const opened = await open(url, client, handlers)
  return { ...opened, peer: await peers.next(), url }
}

const silent = { onPeer: () => {} }

const end: either.End = {
  ours: 'client',
  theirs: 'server',
  async pair({ handlers = echoes, ours: client = {}, theirs = {} } = {}) {
    const opened = await pair({ server: { ...silent, ...theirs }, client, handlers })
    return { ...opened, gone: () => opened.peer.closed }
  },
}

async function expectEchoes({ log, channel }: Client, messages: Message[]): Promise<void> {
  for (const message of messages) expect(channel.send(message)).toBe(true)
  await expectMessages(log.messages, messages)
}

describe('opening', () => {
  it('calls init, then onOpen, and gives the same channel', async () => {
    const channels: Channel[] = []
    const handlers = {
      init: (channel: Channel) => void channels.push(channel),
      onOpen: (channel: Channel) => void channels.push(channel),
    }
    const { log, channel } = await pair({ handlers })
    expect(log.calls).toEqual(['init', 'onOpen'])
    expect(channels).toEqual([channel, channel])
    expect([channel.isOpen, channel.websocket, channel.bufferedAmount]).toEqual([true, true, 0])
  })

  it('sends path, query, Host and the fields that were asked for', async () => {
    const { url, port, peers } = await serveWs()
    await open(`${url}/chat%20room?a=1&b=%20`, { headers: { Authorization: 'Basic eDp5', Cookie: 'a=1' } })
    const { request } = await peers.next()
    expect(request!.url).toBe('/chat%20room?a=1&b=%20')
    expect(request!.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      authorization: 'Basic eDp5',
      cookie: 'a=1',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
    })
    expect(request!.headers.connection!.toLowerCase()).toBe('upgrade')
    expect(request!.headers).not.toHaveProperty('sec-websocket-extensions')
    expect(request!.headers).not.toHaveProperty('sec-websocket-protocol')
  })

  it('sends the credentials that are in the URL', async () => {
    const { port, peers } = await serveWs()
    await open(`ws://user:p%40ss@127.0.0.1:${port}/`)
    const { headers } = (await peers.next()).request!
    expect(headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    })
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  )

  it.skipIf(!hasIpv6)(
    `goes to IPv6 addresses${hasIpv6 ? '' : ' (skipped: there is none here)'}`,
    async () => {
      const { port, peers } = await serveWs({ host: '::1' })
      const client = await open(`ws://[::1]:${port}/`)
      await expectEchoes(client, ['hello'])
      expect((await peers.next()).request!.headers.host).toBe(`[::1]:${port}`)
    },
  )

  it('sends a key of 16 random bytes', async () => {
    const { url, peers } = await serveWs()
    await Promise.all(Array.from({ length: 20 }, () => open(url)))
    const keys = (await peers.take(20)).map(({ request }) => request!.headers['sec-websocket-key']!)
    expect(new Set(keys).size).toBe(20)
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9+/]{21}[AQgw]==$/)
  })

  it('takes a message that comes with the answer', async () => {
    const { log } = await pair({ server: { onPeer: ({ socket }) => socket.send('welcome') } })
    expect(await log.messages.next()).toBe('welcome')
    expect(log.calls).toEqual(['init', 'onOpen', 'onReceive'])
  })

  it('keeps messages until onOpen has ended', async () => {
    const opening = deferred()
    const handlers: ChannelHandlers = { onOpen: () => opening.promise }
    const { url, peers } = await serveWs({ onPeer: ({ socket }) => socket.send('welcome') })
    const log = new ChannelLog(handlers)
    void openWebSocket(url, log.handlers).then((channel) => onTestFinished(() => void channel.close()))
    // Once this pong is back, the message before it has been read.
    const { socket, pongs } = await peers.next()
    socket.ping('')
    await pongs.next()
    expect(log.calls).not.toContain('onReceive')
    opening.resolve()
    expect(await log.messages.next()).toBe('welcome')
  })

  it.each([
    ['b', 'b'],
    [['a', 'b'], 'a'],
    [['b', 'c'], 'b'],
  ])('offers sub-protocols (%j), of which the server chooses one', async (protocol, chosen) => {
    const { peer } = await pair({
      server: { handleProtocols: (offered) => ['a', 'b'].find((name) => offered.has(name)) ?? false },
      client: { protocol },
    })
    expect(peer.request!.headers['sec-websocket-protocol']!.split(/, ?/)).toEqual([protocol].flat())
    expect(peer.socket.protocol).toBe(chosen)
  })

  it('goes on where the server chooses none of the sub-protocols', async () => {
    const client = await pair({ server: { handleProtocols: () => false }, client: { protocol: ['a', 'b'] } })
    expect(client.peer.socket.protocol).toBe('')
    await expectEchoes(client, ['hello'])
  })
})

describe('messages', () => {
  it.each([
    ['text', textOfSize],
    ['binary', bytesOf],
  ])('of %s go there and back unchanged, from 0 bytes to 4 MiB', async (_kind, made) => {
    const { log, channel, peer } = await pair()
    for (const size of sizes) {
      const message = made(size)
      channel.send(message)
      expectSame(await peer.messages.next(), message)
      expectSame(await log.messages.next(), message)
    }
    expect(peer.errors).toEqual([])
  })

  it('go there and back in order, when all are sent at once', async () => {
    await expectEchoes(await pair(), manyMessages())
  })

  it('that are sent are not changed by masking', async () => {
    const { channel, peer, log } = await pair()
    const bytes = bytesOf(70_000)
    const copy = Buffer.from(bytes)
    for (let sent = 0; sent < 3; sent++) channel.send(bytes)
    await log.messages.take(3)
    expectSame(bytes, copy)
    for (const message of peer.messages.all) expectSame(message, copy)
  })

  either.itTakesMessages(end)

  it('wait, each for the handler of the one before', async () => {
    let busy = 0
    const most: number[] = []
    const handlers: ChannelHandlers = {
      async onReceive() {
        most.push(++busy)
        await sleep(1)
        busy--
      },
    }
    const { log, peer } = await pair({ server: silent, handlers })
    for (let sent = 0; sent < 50; sent++) peer.socket.send(String(sent))
    peer.socket.close()
    await log.closed
    expect(log.messages.all).toEqual(Array.from({ length: 50 }, (_, sent) => String(sent)))
    expect(Math.max(...most)).toBe(1)
  })

  it('of 50 clients at once come back to each in its order', async () => {
    const { url } = await serveWs()
    const clients = await Promise.all(Array.from({ length: 50 }, () => open(url)))
    for (let turn = 0; turn < 100; turn++) {
      for (const [lane, { channel }] of clients.entries()) channel.send(`${lane} ${turn}`)
    }
    for (const [lane, { log }] of clients.entries()) {
      expect(await log.messages.take(100)).toEqual(
        Array.from({ length: 100 }, (_, turn) => `${lane} ${turn}`),
      )
    }
  })

  it('that a server does not read are waited for by drained()', () => either.expectWaiting(end))

  it('that a server does not read end in 1006 past maxBuffered', () => either.expectCutOff(end))
})

describe('pings', () => {
  either.itAnswersPings(end)

  it('of the heartbeat are sent, and the answers told', () => either.expectHeartbeat(end))

  it('of the heartbeat that nobody answers end in 1006', () => either.expectEndUnanswered(end))

  it('unasked-for pongs of the server are told', () => either.expectUnaskedPong(end))
})

describe('a close', () => {
  either.itCloses(end)
})

describe('permessage-deflate', () => {
  // None wider than what is asked for below: ws answers that with 400.
  const settings: PerMessageDeflateOptions[] = [
    {},
    { serverNoContextTakeover: true },
    { clientNoContextTakeover: true },
    { serverMaxWindowBits: 9 },
    { clientMaxWindowBits: 9 },
    {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 9,
    },
  ]
  const requests = [true, ...either.compressions, either.everything(15)] as const

  const combinations = requests.flatMap((request) => settings.map((setting) => [request, setting] as const))

  it.each(combinations)(
    'goes both ways, asked for with %j, with the server set to %j',
    async (request, setting) => {
      const client = await pair({
        server: { perMessageDeflate: { ...setting, threshold: 0 } },
        client: { compression: request },
      })
      const { peer, channel } = client
      expect(peer.request!.headers['sec-websocket-extensions']).toMatch(/^permessage-deflate\b/)
      expect(peer.socket.extensions).toBe('permessage-deflate')
      await expectEchoes(client, either.telling())
      expect(peer.errors).toEqual([])
      channel.close(4000)
      expect(await peer.closed).toMatchObject({ code: 4000 })
    },
  )

  it('asks for what its options say', async () => {
    const { peer } = await pair({
      server: { perMessageDeflate: true },
      client: {
        compression: {
          serverNoContextTakeover: true,
          clientNoContextTakeover: true,
          serverMaxWindowBits: 11,
          clientMaxWindowBits: 12,
        },
      },
    })
    const [name, ...params] = peer.request!.headers['sec-websocket-extensions']!.split(/; ?/)
    expect(name).toBe('permessage-deflate')
    expect(params.sort()).toEqual([
      'client_max_window_bits=12',
      'client_no_context_takeover',
      'server_max_window_bits=11',
      'server_no_context_takeover',
    ])
  })

  it('is done without where the server does not answer it', async () => {
    const client = await pair({ client: { compression: true } })
    expect(client.peer.socket.extensions).toBe('')
    await expectEchoes(client, either.telling())
  })

  it('takes messages that are maxWs long when inflated, and closes with 1009 what is longer', async () => {
    const { log, peer } = await pair({
      server: { ...silent, perMessageDeflate: { threshold: 0 } },
      client: { compression: true, maxWs: 1_000_000 },
    })
    // What cannot be compressed is longer than maxWs on the way.
    for (const bytes of [Buffer.alloc(1_000_000), bytesOf(1_000_000)]) {
      peer.socket.send(bytes)
      expectSame(await log.messages.next(), bytes)
    }
    peer.socket.send(Buffer.alloc(1_000_001))
    expect(await peer.closed).toMatchObject({ code: 1009 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
  })
})

describe.skipIf(!hasOpenssl)(`wss${hasOpenssl ? '' : ' (skipped: no openssl here)'}`, () => {
  it('refuses a certificate that nobody it trusts has signed', async () => {
    const { url, peers } = await serveWs({ tls: makeCertificate() })
    const log = new ChannelLog()
    await expect(openWebSocket(url, log.handlers)).rejects.toMatchObject({ code: 'ERR_TLS' })
    expect(peers.all).toEqual([])
    expect(log.calls).not.toContain('onOpen')
  })

  it('refuses a certificate for another name', async () => {
    const tls = makeCertificate()
    const { url, peers } = await serveWs({ tls, host: '127.0.0.2' })
    const connecting = openWebSocket(url, {}, { tls: { ca: tls.cert } })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_TLS' })
    expect(peers.all).toEqual([])
  })

  it('takes a certificate that tls.ca trusts, by address and by name', async () => {
    const tls = makeCertificate()
    const { url, port } = await serveWs({ tls })
    for (const address of [url, `wss://localhost:${port}`]) {
      const client = await open(address, { tls: { ca: tls.cert } })
      await expectEchoes(client, [textOfSize(100), ...sizes.map(bytesOf)])
    }
  })

  it('takes any certificate where it is told to be insecure', async () => {
    const { url } = await serveWs({ tls: makeCertificate() })
    await expectEchoes(await open(url, { insecure: true }), ['hello', bytesOf(100_000)])
  })

  it('closes both ways, and is 1006 when the server terminates', async () => {
    const server = { tls: makeCertificate() }
    const client = { insecure: true }
    const ours = await pair({ server, client })
    ours.channel.close(4000, 'done')
    expect(await ours.peer.closed).toEqual({ code: 4000, reason: 'done' })
    const theirs = await pair({ server, client })
    theirs.peer.socket.close(4001, 'enough')
    expect(await theirs.log.closed).toEqual({ status: 'unknown', code: 4001, reason: 'enough' })
    const nobodys = await pair({ server, client })
    nobodys.peer.socket.terminate()
    expect(await nobodys.log.closed).toEqual(abnormal)
  })
})

describe('messages on both sides', () => {
  it('go on, each the answer to the last', async () => {
    const { url, peers } = await serveWs({
      onPeer: ({ socket }) => socket.on('message', (data) => socket.send(String(Number(data) + 1))),
    })
    const finished = deferred()
    const handlers: ChannelHandlers = {
      onReceive(channel, message) {
        if (Number(message) >= 2000) finished.resolve()
        else channel.send(String(Number(message) + 1))
      },
    }
    const { log, channel } = await open(url, {}, handlers)
    channel.send('1')
    await finished.promise
    expect((await peers.next()).messages.all).toHaveLength(1000)
    expect(log.messages.all).toHaveLength(1000)
    expect(log.messages.all.at(-1)).toBe('2000')
  })
})
