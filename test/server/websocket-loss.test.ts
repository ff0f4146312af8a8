// WebSockets that end without a Close frame of the peer: lost connections, callbacks that fail, and server.stop.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ChannelHandlers } from '../../src/server.js'
import { asChannel } from '../../src/server.js'
import { connectPeer, eventually, serve } from '../support/raw-peer.js'
import {
  close,
  connectRawWebSocket,
  encode,
  handshakeRequest,
  type RawWebSocket,
  text,
} from '../support/raw-websocket.js'
import { deferred, timeOf, until } from '../support/waiting.js'
import { type Entry, serveChannels, serveListeners } from '../support/websocket-log.js'

const abnormal: Entry = ['close', 'abnormal', 1006, '']

describe('a peer that is lost', () => {
  const losses: [string, (peer: RawWebSocket) => unknown][] = [
    ['with a reset', (peer) => peer.tcp.reset()],
    ['with FIN and no Close', (peer) => peer.tcp.finish()],
    ['by closing its socket', (peer) => peer.tcp.destroy()],
    ['within a frame', (peer) => peer.sendRaw(peer.encode(text('half')).subarray(0, 8)).tcp.finish()],
    ['within a message', (peer) => peer.send(text('half', { fin: false })).tcp.finish()],
  ]

  it.each(losses)('%s is abnormal, 1006, to onClose', async (_how, lose) => {
    const { open, server } = await serveChannels()
    const { peer, log, channel } = await open()
    lose(peer)
    await eventually(() => log).toEqual([['open'], abnormal])
    expect([channel.isOpen, channel.bufferedAmount, channel.send('x')]).toEqual([false, 0, false])
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0, inFlight: 0 })
    expect(server.errors).toEqual([])
  })

  it.each(losses)('%s is 1006 to a listener', async (_how, lose) => {
    const { open, server } = await serveListeners()
    const { peer, log } = await open()
    lose(peer)
    await eventually(() => log).toEqual([['open'], ['close', 1006, '']])
    expect(server.errors).toEqual([])
  })

  it('with FIN has its messages handled first, and the connection is ended', async () => {
    const { open } = await serveChannels({ onReceive: () => sleep(5) })
    const { peer, log } = await open()
    peer.send(text('1'), text('2'), text('3')).tcp.finish()
    await peer.tcp.closed()
    await eventually(() => log).toEqual([
      ['open'],
      ['message', '1'],
      ['message', '2'],
      ['message', '3'],
      abnormal,
    ])
  })

  it('while a handler is busy is told to onClose once that has ended', async () => {
    const busy = deferred()
    const order: string[] = []
    const { open, server } = await serveChannels({
      async onReceive() {
        await busy.promise
        order.push('handler ends')
      },
      onClose: () => void order.push('close'),
    })
    const { peer, log } = await open()
    peer.send(text('1'))
    await until(() => log.length === 2)
    peer.tcp.reset()
    await until(() => server.stats().connections === 0)
    await sleep(20)
    expect(order).toEqual([])
    busy.resolve()
    await eventually(() => order).toEqual(['handler ends', 'close'])
  })

  it('after our close is not told twice', async () => {
    const { open, server } = await serveChannels()
    const { peer, channel, log } = await open()
    channel.close(4000, 'x')
    await peer.closeFrame()
    peer.tcp.reset()
    await until(() => server.stats().connections === 0)
    expect(log).toEqual([['open'], ['close', 'server-close', 4000, 'x']])
  })

  it('before its handler has answered opens nothing', async () => {
    const answer = deferred()
    const calls: string[] = []
    const server = await serve(async (req) => {
      await answer.promise
      return asChannel(req, {
        onOpen: () => void calls.push('open'),
        onClose: () => void calls.push('close'),
      })
    })
    const peer = await connectPeer(server.port)
    peer.send(handshakeRequest())
    await until(() => server.stats().inFlight === 1)
    peer.reset()
    await until(() => server.stats().connections === 0)
    answer.resolve()
    await sleep(30)
    expect(calls).not.toContain('open')
    expect(server.stats()).toMatchObject({ websockets: 0, inFlight: 0 })
    expect(server.errors).toEqual([])
  })
})

describe('a callback that throws', () => {
  const fail = (): never => {
    throw new Error('oh')
  }
  const failing: [string, ChannelHandlers][] = [
    ['onOpen', { onOpen: fail }],
    ['onPing', { onPing: fail }],
    ['onPong', { onPong: fail }],
    ['onReceive', { onReceive: fail }],
  ]

  it.each(failing)('is logged, and the socket stays open: %s', async (_which, handlers) => {
    const { open, server } = await serveChannels(handlers)
    const { peer, channel } = await open()
    peer.send(text('x'), { opcode: 9, payload: 'p' }, { opcode: 10 })
    expect((await peer.pong()).toString()).toBe('p')
    await eventually(() => server.errors.map(({ error }) => (error as Error).message)).toEqual(['oh'])
    channel.send('still there')
    expect((await peer.message()).payload.toString()).toBe('still there')
    expect(await peer.send(close(1000)).closeFrame()).toMatchObject({ code: 1000 })
    expect(await peer.closed()).toBe('fin')
  })

  it.each<[string, (peer: RawWebSocket) => unknown]>([
    ['the peer closes', (peer) => peer.send(close(1000))],
    ['the peer is lost', (peer) => peer.tcp.reset()],
  ])('is logged, and told as an event: onClose, when %s', async (_how, end) => {
    const { open, server } = await serveChannels({ onClose: fail })
    const { peer, log } = await open()
    end(peer)
    await until(() => server.errors.length === 1)
    expect(server.events).toContain('httpkit.server.channel.close.error')
    expect(log.filter(([what]) => what === 'close')).toHaveLength(1)
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })
})

describe('server.stop', () => {
  it('sends 1001 to every WebSocket and waits for no answer beyond 2 s', async () => {
    const { open, server } = await serveChannels()
    const sessions = [await open(), await open(), await open()]
    const stopped = timeOf(server.stop())
    for (const { peer } of sessions) expect((await peer.closeFrame()).code).toBe(1001)
    for (const { peer } of sessions.slice(1)) peer.send(close(1001))
    for (const { peer } of sessions.slice(1)) {
      await peer.tcp.closed()
      peer.tcp.finish()
    }
    expect(await stopped).toBeLessThan(3000)
    for (const { log } of sessions) expect(log).toEqual([['open'], ['close', 'server-close', 1001, '']])
    expect(server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it('with a timeout does so too, and ends as soon as they have answered', async () => {
    const { open, server } = await serveChannels()
    const sessions = [await open(), await open()]
    const stopped = timeOf(server.stop({ timeout: 10_000 }))
    for (const { peer } of sessions) {
      expect((await peer.closeFrame()).code).toBe(1001)
      expect(await peer.send(close(1001)).closed()).toBe('fin')
      peer.tcp.finish()
    }
    expect(await stopped).toBeLessThan(1500)
    for (const { log } of sessions) expect(log).toEqual([['open'], ['close', 'server-close', 1001, '']])
  })

  it('delivers what was sent before, then the Close', async () => {
    const { open, server } = await serveChannels()
    const { peer, channel } = await open()
    channel.send('last words')
    const stopped = server.stop({ timeout: 1000 })
    expect((await peer.message()).payload.toString()).toBe('last words')
    expect((await peer.closeFrame()).code).toBe(1001)
    peer.send(close(1001)).tcp.finish()
    await stopped
  })

  it('tells a listener 1001', async () => {
    const { open, server } = await serveListeners()
    const { peer, log } = await open()
    const stopped = server.stop()
    expect((await peer.closeFrame()).code).toBe(1001)
    peer.send(close(1001)).tcp.finish()
    await stopped
    expect(log).toEqual([['open'], ['close', 1001, '']])
  })

  it('ends also where a peer never reads, and a handler never does', async () => {
    const { open, server } = await serveChannels({ onReceive: () => new Promise(() => {}) })
    const { peer, channel, log } = await open()
    peer.send(text('x'))
    await until(() => log.length === 2)
    peer.tcp.pause()
    channel.send(Buffer.alloc(12_000_000))
    expect(await timeOf(server.stop())).toBeLessThan(3500)
    expect(channel.isOpen).toBe(false)
  })

  it('may be called by a WebSocket’s own callbacks', async () => {
    const { open, server } = await serveChannels({ onReceive: () => void server.stop() })
    const { peer, log } = await open()
    peer.send(text('stop'))
    expect((await peer.closeFrame()).code).toBe(1001)
    peer.send(close(1001)).tcp.finish()
    await server.join()
    expect(log).toEqual([['open'], ['message', 'stop'], ['close', 'server-close', 1001, '']])
  })
})

describe('stats().websockets', () => {
  it('counts those that are open, among the connections', async () => {
    const server = await serve((req) =>
      asChannel(req, { onOpen: (ch) => void (ch.websocket || ch.send('polled')) }),
    )
    const plain = await connectPeer(server.port)
    await plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').response()
    expect(server.stats()).toMatchObject({ connections: 1, websockets: 0 })
    const peers = [await connectRawWebSocket(server.port), await connectRawWebSocket(server.port)]
    expect(server.stats()).toMatchObject({ connections: 3, websockets: 2, inFlight: 0, served: 3 })
    peers[0]!.tcp.reset()
    await eventually(() => server.stats()).toMatchObject({ connections: 2, websockets: 1 })
    await peers[1]!.send(close(1000)).closeFrame()
    peers[1]!.tcp.finish()
    await eventually(() => server.stats()).toMatchObject({ connections: 1, websockets: 0 })
  })

  it('has bytes counted once that came with the handshake, at once or before its answer', async () => {
    const answer = deferred()
    const server = await serve(async (req) => {
      if (req.uri === '/later') await answer.promise
      return asChannel(req, { onReceive: (channel, message) => void channel.send(message) })
    })
    let sent = 0
    for (const path of ['/now', '/later']) {
      const tcp = await connectPeer(server.port)
      const bytes = Buffer.concat([Buffer.from(handshakeRequest({ path })), encode(text('hello'), true)])
      sent += bytes.length
      tcp.send(bytes)
      await until(() => server.stats().bytesIn === sent)
      answer.resolve()
      await tcp.response()
      expect((await tcp.take(7)).toString('latin1', 2)).toBe('hello')
    }
    expect(server.stats().bytesIn).toBe(sent)
  })

  it('takes no place among the handler calls at once', async () => {
    const { open, server } = await serveChannels({}, { thread: 1, queueSize: 0 })
    const sessions = [await open(), await open(), await open()]
    expect(server.stats()).toMatchObject({ websockets: 3, inFlight: 0, queued: 0 })
    expect(sessions.every(({ channel }) => channel.isOpen)).toBe(true)
  })

  it('has its bytes counted with the others', async () => {
    const { open, server } = await serveChannels({
      onReceive: (channel, message) => void channel.send(message),
    })
    const { peer } = await open()
    const before = server.stats()
    const frame = peer.encode(text('x'.repeat(1000)))
    peer.sendRaw(frame)
    await peer.message()
    expect(server.stats().bytesIn - before.bytesIn).toBe(frame.length)
    expect(server.stats().bytesOut - before.bytesOut).toBe(1004)
  })
})
