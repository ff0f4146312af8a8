// A good handshake: which forms of it are taken, what the 101 says, and that nothing sent on its heels is lost.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { asChannel, type Handler, type RingRequest, type ServerOptions } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { temporaryFolder } from '../support/programs.js'
import { connectPeer, eventually, type PeerAddress, serve } from '../support/raw-peer.js'
import {
  acceptOf,
  close,
  connectRawWebSocket,
  connectWithFrames,
  encode,
  type HeaderChanges,
  handshakeRequest,
  Opcode,
  RawWebSocket,
  text,
} from '../support/raw-websocket.js'

const echo: Handler = (req) => asChannel(req, { onReceive: (channel, message) => void channel.send(message) })
const echoListener: Handler = () => ({ listener: { onMessage: (socket, message) => socket.send(message) } })
const withFields = (headers: HeaderChanges): string => handshakeRequest({ headers })

describe('a good handshake', () => {
  const good: [string, string][] = [
    ['as browsers send it', withFields({ Connection: 'keep-alive, Upgrade' })],
    ['Upgrade: WebSocket', withFields({ Upgrade: 'WebSocket' })],
    ['UPGRADE: WEBSOCKET', withFields({ Upgrade: undefined, UPGRADE: 'WEBSOCKET' })],
    ['Upgrade: h2c, websocket', withFields({ Upgrade: 'h2c, websocket' })],
    ['Upgrade:websocket,h2c', withFields({ Upgrade: 'websocket,h2c' })],
    ['Connection: upgrade', withFields({ Connection: 'upgrade' })],
    ['Connection: UPGRADE', withFields({ Connection: 'UPGRADE' })],
    ['Connection: keep-alive,upgrade', withFields({ Connection: 'keep-alive,upgrade' })],
    [
      'Connection in two fields',
      handshakeRequest({ headers: { connection: 'keep-alive', Connection: 'Upgrade' } }),
    ],
    ['names in lower case', handshakeRequest().replace(/^[A-Z][^:\r\n]+:/gm, (name) => name.toLowerCase())],
    ['names in upper case', handshakeRequest().replace(/^[A-Z][^:\r\n]+:/gm, (name) => name.toUpperCase())],
    ['Content-Length: 0', withFields({ 'Content-Length': '0' })],
    ['an Origin and cookies', withFields({ Origin: 'http://x', Cookie: 'a=b' })],
    ['a key of zeros', withFields({ 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' })],
    ['a key of ones', withFields({ 'Sec-WebSocket-Key': '/////////////////////w==' })],
    ['a target in absolute form', handshakeRequest({ path: 'http://127.0.0.1/chat' })],
    ['an extension unknown here', withFields({ 'Sec-WebSocket-Extensions': 'x-unheard-of; a=b' })],
  ]

  it.each(good)('is answered with 101, and echoes: %s', async (_what, request) => {
    for (const handler of [echo, echoListener]) {
      const server = await serve(handler)
      const tcp = await connectPeer(server.port)
      const answer = await tcp.send(request).response()
      expect(answer.status).toBe(101)
      const key = /^sec-websocket-key: (.*)\r$/im.exec(request)![1]!
      expect(answer.header('sec-websocket-accept')).toBe(acceptOf(key))
      const peer = new RawWebSocket(tcp, true, false)
      expect((await peer.send(text('hi')).message()).payload.toString()).toBe('hi')
    }
  })

  it('is answered with these fields, and no framing', async () => {
    const server = await serve(echo)
    const { answer } = await connectRawWebSocket(server.port)
    expect(answer.reason).toBe('Switching Protocols')
    expect(answer.header('upgrade')).toBe('websocket')
    expect(answer.header('connection')).toBe('Upgrade')
    expect(answer.header('date')).toMatch(/GMT$/)
    expect(answer.header('sec-websocket-protocol')).toBeUndefined()
    expect(answer.header('sec-websocket-extensions')).toBeUndefined()
    expect(answer.header('content-length') ?? answer.header('transfer-encoding')).toBeUndefined()
  })

  it('may come after requests on its connection', async () => {
    const server = await serve((req) => (req.websocket ? echo(req) : { body: 'plain' }))
    const tcp = await connectPeer(server.port)
    const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
    expect((await tcp.send(get).response()).text).toBe('plain')
    const answers = await tcp.send(get + get + handshakeRequest()).responses(3)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 101])
    const peer = new RawWebSocket(tcp, true, false)
    expect((await peer.send(text('hi')).message()).payload.toString()).toBe('hi')
  })

  it('may come a byte at a time', async () => {
    const server = await serve(echo)
    const tcp = await connectPeer(server.port)
    for (const byte of handshakeRequest()) await tcp.send(byte).flushed()
    expect((await tcp.response()).status).toBe(101)
  })

  it('shows the handler the request, with websocket true', async () => {
    const seen: RingRequest[] = []
    const server = await serve((req) => {
      seen.push(req)
      return echo(req)
    })
    await connectRawWebSocket(server.port, { path: '/chat?room=1', headers: { Cookie: 'a=b' } })
    expect(seen[0]).toMatchObject({
      websocket: true,
      uri: '/chat',
      queryString: 'room=1',
      requestMethod: 'get',
    })
    expect(seen[0]!.headers.cookie).toBe('a=b')
    expect(seen[0]!.asyncChannel).toMatchObject({ isOpen: true, websocket: true })
  })
})

describe('frames that come with the handshake', () => {
  const later = (handler: Handler): Handler => {
    return async (req) => {
      await sleep(20)
      return handler(req)
    }
  }
  const takers: [string, Handler][] = [
    ['a handler that answers at once', echo],
    ['an async handler', async (req) => echo(req)],
    ['a handler that takes its time', later(echo)],
    ['a listener', echoListener],
    ['a listener that takes its time', later(echoListener)],
  ]

  it.each(takers)('are delivered, in their order: %s', async (_what, handler) => {
    const server = await serve(handler)
    const words = ['one', 'two', 'three']
    const frames = [...words.map((word) => text(word)), close(1000)]
    const peer = await connectWithFrames(server.port, ...frames)
    expect((await peer.tcp.response()).status).toBe(101)
    for (const word of words) {
      expect((await peer.message()).payload.toString()).toBe(word)
    }
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: '' })
    await peer.closed()
  })

  it.each(takers)('are delivered when they come in pieces before the 101: %s', async (_what, handler) => {
    const server = await serve(handler)
    const tcp = await connectPeer(server.port)
    const frame = encode(text('early'), true)
    for (const piece of [handshakeRequest(), frame.subarray(0, 1), frame.subarray(1, 7), frame.subarray(7)])
      await tcp.send(piece).flushed()
    expect((await tcp.response()).status).toBe(101)
    expect((await new RawWebSocket(tcp, true, false).message()).payload.toString()).toBe('early')
  })

  it('are delivered where the last one is split anywhere', async () => {
    const server = await serve(echo)
    const all = Buffer.concat([Buffer.from(handshakeRequest()), encode(text('hello'), true)])
    for (let at = all.length - 11; at < all.length; at++) {
      const tcp = await connectPeer(server.port)
      await tcp.send(all.subarray(0, at)).flushed()
      expect((await tcp.response()).status).toBe(101)
      const peer = new RawWebSocket(tcp, true, false)
      expect((await peer.sendRaw(all.subarray(at)).message()).payload.toString()).toBe('hello')
    }
  })

  it('are delivered, each in its turn, where there are thousands and both handler and onReceive take their time', async () => {
    const count = 20_000
    const seen: unknown[] = []
    const slow: Handler = (req) =>
      asChannel(req, {
        async onReceive(channel, message) {
          seen.push(message)
          if (seen.length % 1000 === 1) await sleep(1)
          if (seen.length === count) channel.send('all')
        },
      })
    const server = await serve(later(slow))
    const names = Array.from({ length: count }, (_, index) => String(index))
    const frames = names.map((name) => text(name, { maskingKey: [1, 2, 3, 4] }))
    const peer = await connectWithFrames(server.port, ...frames)
    expect((await peer.tcp.response()).status).toBe(101)
    expect((await peer.message()).payload.toString()).toBe('all')
    expect(seen).toEqual(names)
  })

  it('are delivered where the peer has ended its side before the handler has answered', async () => {
    const log: unknown[][] = []
    const server = await serve(
      later((req) =>
        asChannel(req, {
          onOpen: () => void log.push(['open']),
          onReceive: (_channel, message) => void log.push(['message', message]),
          onClose: (_channel, status, code) => void log.push(['close', status, code]),
        }),
      ),
    )
    const { tcp } = await connectWithFrames(server.port, text('early'))
    tcp.finish()
    expect((await tcp.response()).status).toBe(101)
    await eventually(() => log).toEqual([['open'], ['message', 'early'], ['close', 'abnormal', 1006]])
  })

  it('are delivered where there is more of them than is kept for a waiting request', async () => {
    const server = await serve(later(echo), { maxWs: 1_000_000 })
    const payload = Buffer.alloc(400_000, 'x')
    const peer = await connectWithFrames(server.port, text(payload))
    expect((await peer.tcp.response()).status).toBe(101)
    const { opcode, payload: echoed } = await peer.message()
    expect([opcode, echoed.equals(payload)]).toEqual([Opcode.text, true])
  })
})

describe('a WebSocket', () => {
  const path = () => `${temporaryFolder()}/server.sock`

  async function expectEcho(address: PeerAddress): Promise<void> {
    const peer = await connectRawWebSocket(address)
    expect((await peer.send(text('größe')).message()).payload.toString()).toBe('größe')
    expect(await peer.send(close(1000, 'bye')).closeFrame()).toEqual({ code: 1000, reason: 'bye' })
    expect(await peer.closed()).toBe('fin')
    peer.tcp.finish()
  }

  it('runs over a Unix domain socket', async () => {
    const options: ServerOptions = { path: path() }
    const server = await serve(echo, options)
    await expectEcho(options.path!)
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it.skipIf(!hasOpenssl)(`runs over TLS${hasOpenssl ? '' : ' (skipped: no openssl here)'}`, async () => {
    const tls = makeCertificate()
    const server = await serve(echo, { tls })
    const trusting = { ca: tls.cert, servername: 'localhost' }
    await expectEcho({ port: server.port, tls: trusting })
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it('runs behind a PROXY header that came with the handshake and a frame', async () => {
    const server = await serve(
      (req) =>
        asChannel(req, {
          onOpen: (channel) => void channel.send(req.remoteAddr),
          onReceive: (ch, m) => void ch.send(m),
        }),
      { proxyProtocol: 'enable' },
    )
    const tcp = await connectPeer(server.port)
    const preface = Buffer.from(`PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n${handshakeRequest()}`)
    tcp.send(Buffer.concat([preface, encode(text('hi'), true)]))
    expect((await tcp.response()).status).toBe(101)
    const peer = new RawWebSocket(tcp, true, false)
    expect((await peer.message()).payload.toString()).toBe('192.0.2.1')
    expect((await peer.message()).payload.toString()).toBe('hi')
  })
})
