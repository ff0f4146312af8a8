// Pings and pongs (RFC 6455 §5.5.2, §5.5.3), and the heartbeat that finds peers which have gone without a word.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { asChannel, type ChannelHandlers } from '../../src/server.js'
import { eventually, serve } from '../support/raw-peer.js'
import { binary, connectRawWebSocket, ping, pong, type RawWebSocket, text } from '../support/raw-websocket.js'
import { deferred, until } from '../support/waiting.js'
import { type Entry, serveChannels } from '../support/websocket-log.js'

describe('a ping', () => {
  it.each([0, 1, 125])('is answered with a pong of the same %i bytes, and onPing is told', async (size) => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    const payload = Buffer.alloc(size, 0xfe)
    expect((await peer.send(ping(payload)).pong()).equals(payload)).toBe(true)
    await eventually(() => log).toEqual([['open'], ['ping', payload]])
  })

  it('is answered before onPing is called', async () => {
    const { open } = await serveChannels({
      onPing: (channel, data) => void channel.send(`ping ${data.length}`),
    })
    const { peer } = await open()
    peer.send(ping('abc'))
    expect((await peer.pong()).toString()).toBe('abc')
    expect((await peer.message()).payload.toString()).toBe('ping 3')
  })

  it('is answered without onPing, and where onPing throws, which is logged', async () => {
    const throwing: ChannelHandlers = {
      onPing: () => {
        throw new Error('oh')
      },
      onReceive: (channel, message) => void channel.send(message),
    }
    for (const handlers of [{}, throwing]) {
      const server = await serve((req) => asChannel(req, handlers))
      const peer = await connectRawWebSocket(server.port)
      for (const payload of ['1', '2'])
        expect((await peer.send(ping(payload)).pong()).toString()).toBe(payload)
      if (handlers !== throwing) continue
      expect((await peer.send(text('still there')).message()).payload.toString()).toBe('still there')
      expect(server.errors.map(({ error }) => (error as Error).message)).toEqual(['oh', 'oh'])
    }
  })

  it('is answered at once while a message’s handler is busy', async () => {
    const busy = deferred()
    const { open } = await serveChannels({ onReceive: () => busy.promise })
    const { peer, log } = await open()
    peer.send(text('long work'))
    await until(() => log.length === 2)
    for (const payload of ['1', '2', '3'])
      expect((await peer.send(ping(payload)).pong()).toString()).toBe(payload)
    busy.resolve()
    await until(() => log.length === 5)
  })

  it('is answered each time, of many in one write', async () => {
    const { open } = await serveChannels()
    const { peer } = await open()
    const names = Array.from({ length: 200 }, (_, index) => String(index))
    peer.send(...names.map((name) => ping(name)))
    for (const name of names) expect((await peer.pong()).toString()).toBe(name)
  })

  it('may be larger than maxWs: control frames are bounded by themselves', async () => {
    const { open } = await serveChannels({}, { maxWs: 10 })
    const { peer } = await open()
    expect((await peer.send(ping('x'.repeat(125))).pong()).length).toBe(125)
  })
})

describe('a pong', () => {
  it('is told to onPong, asked for or not, and answered with nothing', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    peer.send(pong(), pong('unasked'), ping('p'))
    expect((await peer.pong()).toString()).toBe('p')
    const pongs: Entry[] = [
      ['pong', Buffer.from('')],
      ['pong', Buffer.from('unasked')],
    ]
    await eventually(() => log).toEqual([['open'], ...pongs, ['ping', Buffer.from('p')]])
  })

  it('may come without an onPong', async () => {
    const server = await serve((req) => asChannel(req, {}))
    const peer = await connectRawWebSocket(server.port)
    expect((await peer.send(pong('x'), ping('y')).pong()).toString()).toBe('y')
  })
})

describe('a heartbeat', () => {
  it('pings again and again; a peer that answers stays', async () => {
    const { open, server } = await serveChannels({ heartbeat: 40 })
    const { peer, channel, log } = await open()
    for (let count = 0; count < 8; count++) peer.send(pong(await peer.ping()))
    expect(channel.isOpen).toBe(true)
    expect(server.stats().websockets).toBe(1)
    expect(log.filter(([what]) => what === 'close')).toEqual([])
  })

  it('leaves alone a peer that sends messages, but no pongs', async () => {
    const { open } = await serveChannels({ heartbeat: 60 })
    const { peer, channel, log } = await open()
    for (let count = 0; count < 30; count++) {
      peer.send(text('here'))
      await sleep(20)
    }
    expect(channel.isOpen).toBe(true)
    expect(log.filter(([what]) => what !== 'message')).toEqual([['open']])
  })

  it('closes with 1006 a peer that has been silent for two of them', async () => {
    const heartbeat = 100
    const { open, server } = await serveChannels({ heartbeat })
    const { peer, channel, log } = await open()
    const start = performance.now()
    await peer.ping()
    await until(() => !channel.isOpen)
    const passed = performance.now() - start
    expect(passed).toBeGreaterThan(heartbeat * 1.5)
    expect(passed).toBeLessThan(heartbeat * 2 + 1000)
    expect(log).toEqual([['open'], ['close', 'abnormal', 1006, '']])
    await peer.tcp.closed()
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it('closes a peer that sends part of a frame and no more', async () => {
    const { open } = await serveChannels({ heartbeat: 50 })
    const { peer, log } = await open()
    peer.sendRaw(peer.encode(text('never whole')).subarray(0, 9))
    await eventually(() => log).toEqual([['open'], ['close', 'abnormal', 1006, '']])
    await peer.tcp.closed()
  })

  it('does not take for silence that we have stopped reading', async () => {
    const busy = deferred()
    const heartbeat = 50
    const { open, server } = await serveChannels({ heartbeat, onReceive: () => busy.promise })
    const { peer, channel, log } = await open()
    const flood = binary(Buffer.alloc(60_000))
    for (let count = 0; count < 400; count++) peer.send(flood)
    await until(() => log.length > 1)
    await sleep(heartbeat * 8)
    expect(channel.isOpen).toBe(true)
    expect(server.stats().bytesIn).toBeLessThan(20_000_000)
    busy.resolve()
    await until(() => log.length === 401)
    expect(log.at(-1)![0]).toBe('message')
  })

  it('stops with its channel: nothing is sent after the Close', async () => {
    const { open } = await serveChannels({ heartbeat: 30 })
    const { peer, channel } = await open()
    await peer.ping()
    channel.close()
    const { code } = await untilClose(peer)
    expect(code).toBe(1000)
    expect(await peer.closed()).toBe('fin')
  })

  it('is off unless asked for', async () => {
    const { open } = await serveChannels({}, { keepAliveTimeout: 50, headersTimeout: 50, bodyTimeout: 50 })
    const { peer, channel } = await open()
    await sleep(400)
    expect([channel.isOpen, peer.tcp.unread.length]).toEqual([true, 0])
    expect((await peer.send(ping('x')).pong()).toString()).toBe('x')
  })

  /** The Close frame, past the pings before it. */
  async function untilClose(peer: RawWebSocket) {
    for (;;) {
      const { opcode, payload } = await peer.frame()
      if (opcode === 8) return { code: payload.readUInt16BE() }
    }
  }
})
