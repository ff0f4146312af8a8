// Everything that one read brings is answered with one write.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { asChannel, broadcast, type Channel, type Handler, type WebSocketListener } from '../../src/server.js'
import { connectDeflating } from '../support/deflate-peer.js'
import { eventually, serve } from '../support/raw-peer.js'
import {
  binary,
  close,
  connectRawWebSocket,
  connectWithFrames,
  continuation,
  ping,
  type RawFrame,
  text,
  textOf,
} from '../support/raw-websocket.js'
import { serveChannels } from '../support/websocket-log.js'
import { countWrites } from '../support/writes.js'

const names = Array.from({ length: 16 }, (_, index) => `message ${index}`)
const viaChannel =
  (onReceive: (channel: Channel, message: string | Uint8Array) => void | Promise<void>): Handler =>
  (req) =>
    asChannel(req, { onReceive })
const viaListener =
  (onMessage: NonNullable<WebSocketListener['onMessage']>): Handler =>
  () => ({ listener: { onMessage } })

const handlers: [string, Handler][] = [
  ['a channel’s handler', viaChannel((channel, message) => void channel.send(message))],
  ['an async handler', viaChannel(async (channel, message) => void channel.send(message))],
  [
    'an async handler that waits for nothing',
    viaChannel(async (channel, message) => {
      await null
      channel.send(message)
    }),
  ],
  [
    'an async handler that sends, waits, and returns',
    viaChannel(async (channel, message) => {
      channel.send(message)
      await Promise.resolve()
      await null
    }),
  ],
  ['a listener', viaListener((socket, message) => socket.send(message))],
  [
    'a listener with callbacks',
    viaListener((socket, message) =>
      socket.send(
        message,
        () => {},
        () => {},
      ),
    ),
  ], // prettier-ignore
  [
    'an async listener',
    viaListener(async (socket, message) => {
      await null
      socket.send(message)
    }),
  ],
]

describe('the echoes of 16 messages that came in one read', () => {
  it.each(handlers)('leave in one write: %s', async (_what, handler) => {
    const writes = countWrites()
    const peer = await connectRawWebSocket((await serve(handler)).port)
    for (let round = 0; round < 3; round++) {
      writes.reset()
      peer.send(...names.map((name) => text(name)))
      for (const name of names) expect(textOf(await peer.message())).toBe(name)
      expect(writes.count).toBe(1)
    }
  })

  it.each(handlers)('leave in one write, compressed: %s', async (_what, handler) => {
    const writes = countWrites()
    const server = await serve(handler, { compression: { threshold: 0 } })
    const peer = await connectDeflating(server.port)
    for (let round = 0; round < 3; round++) {
      const frames: RawFrame[] = []
      for (const name of names) frames.push(await peer.deflated(text(name)))
      writes.reset()
      peer.send(...frames)
      for (const name of names) {
        expect(await peer.message()).toMatchObject({ isCompressed: true, payload: Buffer.from(name) })
      }
      expect(writes.count).toBe(1)
    }
  })

  it.each(handlers)('leave in one write, binary of 1 KiB: %s', async (_what, handler) => {
    const writes = countWrites()
    const peer = await connectRawWebSocket((await serve(handler)).port)
    const frames = names.map((name) => binary(Buffer.alloc(1024, name)))
    writes.reset()
    peer.send(...frames)
    for (const { payload } of frames)
      expect((await peer.message()).payload.equals(payload as Buffer)).toBe(true)
    expect(writes.count).toBe(1)
  })

  it.each(handlers)(
    'leave in one write with the 101, where they came with the handshake: %s',
    async (_what, handler) => {
      const writes = countWrites()
      const frames = names.map((name) => text(name))
      const peer = await connectWithFrames((await serve(handler)).port, ...frames)
      expect((await peer.tcp.response()).status).toBe(101)
      for (const name of names) expect(textOf(await peer.message())).toBe(name)
      expect(writes.count).toBe(1)
    },
  )
})

describe('what one read brings', () => {
  it('is answered in one write: echoes, pongs and the Close', async () => {
    const writes = countWrites()
    const { open } = await serveChannels({ onReceive: (channel, message) => void channel.send(message) })
    const { peer } = await open()
    writes.reset()
    peer.send(
      text('a'),
      ping('p'),
      text('b', { fin: false }),
      ping('q'),
      continuation('c'),
      close(1000, 'bye'),
    )
    expect(textOf(await peer.message())).toBe('a')
    expect(String(await peer.pong())).toBe('p')
    expect(String(await peer.pong())).toBe('q')
    expect(textOf(await peer.message())).toBe('bc')
    expect((await peer.closeFrame()).reason).toBe('bye')
    expect(writes.count).toBe(1)
  })

  it('is answered in one write: 200 pings', async () => {
    const writes = countWrites()
    const { open } = await serveChannels()
    const { peer } = await open()
    writes.reset()
    peer.send(...Array.from({ length: 200 }, (_, index) => ping(String(index))))
    for (let index = 0; index < 200; index++) expect(String(await peer.pong())).toBe(String(index))
    expect(writes.count).toBe(1)
  })

  it('is answered in one write, however often a handler sends, and a Close frame for what is wrong', async () => {
    const writes = countWrites()
    const { open } = await serveChannels({
      onReceive(channel, message) {
        for (let count = 0; count < 10; count++) channel.send(`${message} ${count}`)
      },
    })
    const { peer } = await open()
    writes.reset()
    peer.send(text('x'), text('y'), { opcode: 3 })
    for (let count = 0; count < 20; count++) {
      expect(textOf(await peer.message())).toBe(`${count < 10 ? 'x' : 'y'} ${count % 10}`)
    }
    expect((await peer.closeFrame()).code).toBe(1002)
    expect(writes.count).toBe(1)
  })

  it('reaches each member in one write, where it is broadcast', async () => {
    const members = new Set<Channel>()
    const writes = countWrites()
    const { open } = await serveChannels({
      onOpen: (channel) => void members.add(channel),
      onReceive: (_channel, message) => void broadcast(members, message),
    })
    const peers = [(await open()).peer, (await open()).peer, (await open()).peer]
    writes.reset()
    peers[1]!.send(...names.map((name) => text(name)))
    for (const peer of peers) {
      for (const name of names) expect(textOf(await peer.message())).toBe(name)
    }
    expect(writes.counts).toEqual([1, 1, 1])
  })
})

describe('what is sent out of the blue', () => {
  it('leaves in one write a turn', async () => {
    const writes = countWrites()
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    await nextTurn()
    writes.reset()
    for (const name of names) channel.send(name)
    for (const name of names) expect(textOf(await peer.message())).toBe(name)
    expect(writes.count).toBe(1)
  })

  it('leaves at once, though nothing comes from the peer', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    for (const name of names) {
      setTimeout(() => channel.send(name), 1)
      await eventually(() => peer.tcp.unread.length).toBeGreaterThan(0)
      expect(textOf(await peer.message())).toBe(name)
    }
  })
})
