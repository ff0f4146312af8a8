// What a channel sends on a WebSocket, and what it says of itself.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { asChannel, type Channel, type RingResponse } from '../../src/server.js'
import { serve } from '../support/raw-peer.js'
import {
  close,
  connectRawWebSocket,
  Opcode,
  type RawWebSocket,
  text,
  textOf,
} from '../support/raw-websocket.js'
import { until } from '../support/waiting.js'
import { type Entry, serveChannels } from '../support/websocket-log.js'

describe('send', () => {
  const sendings: [string, string | Uint8Array | RingResponse, number, string][] = [
    ['a string as text', 'größe', Opcode.text, 'größe'],
    ['an empty string', '', Opcode.text, ''],
    ['a long string', 'é'.repeat(70_000), Opcode.text, 'é'.repeat(70_000)],
    ['a lone surrogate as U+FFFD', 'a\ud800b', Opcode.text, 'a\ufffdb'],
    ['a Uint8Array as binary', new Uint8Array([104, 105]), Opcode.binary, 'hi'],
    ['a part of a larger buffer', Buffer.from('xxhixx').subarray(2, 4), Opcode.binary, 'hi'],
    ['no bytes', new Uint8Array(0), Opcode.binary, ''],
    ['a map’s body of text', { body: 'hi' }, Opcode.text, 'hi'],
    ['a map’s body of bytes', { status: 200, headers: {}, body: Buffer.from('hi') }, Opcode.binary, 'hi'],
  ]

  it.each(sendings)('sends %s, in one frame, and returns true', async (_what, data, opcode, payload) => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.send(data)).toBe(true)
    const message = await peer.message()
    expect([message.opcode, textOf(message), message.frames]).toEqual([opcode, payload, 1])
  })

  it('sends nothing of a map without a body, and returns true', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.send({})).toBe(true)
    expect(channel.send({ body: null })).toBe(true)
    channel.send('after')
    expect(textOf(await peer.message())).toBe('after')
  })

  it.each([[42], [true], [{ body: 42 }], [{ body: ['a', 'b'] }]])(
    'throws a TypeError for %j',
    async (data) => {
      const { open } = await serveChannels()
      const { peer, channel } = await open()
      expect(() => channel.send(data as never)).toThrow(TypeError)
      expect(channel.isOpen).toBe(true)
      channel.send('after')
      expect(textOf(await peer.message())).toBe('after')
    },
  )

  it('works in onOpen: it comes right behind the 101', async () => {
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channel.send('welcome') }))
    const peer = await connectRawWebSocket(server.port)
    expect(textOf(await peer.message())).toBe('welcome')
  })

  it('keeps the order of many, large and small, from many places', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    const parts = Array.from({ length: 60 }, (_, index) =>
      `${index}:`.padEnd(index % 7 === 0 ? 80_000 : 30, 'x'),
    )
    for (const [index, part] of parts.entries()) {
      channel.send(index % 2 === 0 ? part : Buffer.from(part))
      if (index % 5 === 0) await Promise.resolve()
      if (index % 11 === 0) await sleep(1)
    }
    for (const part of parts) expect(textOf(await peer.message())).toBe(part)
  })

  it('closes afterwards where told to: the message, then Close 1000', async () => {
    const { open } = await serveChannels()
    const { peer, channel, log } = await open()
    expect(channel.send('last', true)).toBe(true)
    expect(channel.isOpen).toBe(false)
    expect(channel.send('more')).toBe(false)
    expect(textOf(await peer.message())).toBe('last')
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: '' })
    expect(await peer.send(close(1000)).closed()).toBe('fin')
    expect(log).toEqual([['open'], ['close', 'server-close', 1000, '']] satisfies Entry[])
  })

  it('returns false once the channel is closed, by whomever', async () => {
    const { server, open } = await serveChannels()
    const [one, two, three] = [await open(), await open(), await open()]
    one.channel.close()
    two.peer.send(close())
    three.peer.tcp.reset()
    await until(() => server.stats().websockets <= 1 && !two.channel.isOpen && !three.channel.isOpen)
    for (const { channel } of [one, two, three]) {
      expect(channel.send('x')).toBe(false)
      expect(channel.send({ body: 'x' }, true)).toBe(false)
      expect(channel.close()).toBe(false)
    }
  })
})

describe('the channel', () => {
  it('says that it is open, and a WebSocket', async () => {
    const { open } = await serveChannels()
    const { channel } = await open()
    expect([channel.isOpen, channel.websocket, channel.bufferedAmount]).toEqual([true, true, 0])
  })

  it('tells how much the peer has yet to take, and when that has left', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    peer.tcp.pause()
    const piece = Buffer.alloc(4_000_000, 'x')
    channel.send(piece)
    channel.send(piece)
    expect(channel.bufferedAmount).toBeGreaterThan(4_000_000)
    let hasDrained = false
    const drained = channel.drained().then(() => {
      hasDrained = true
    })
    await sleep(50)
    expect([hasDrained, channel.bufferedAmount > 0]).toEqual([false, true])
    peer.tcp.resume()
    await drained
    expect(channel.bufferedAmount).toBe(0)
    for (let count = 0; count < 2; count++) expect((await peer.message()).payload.equals(piece)).toBe(true)
  })

  it('has drained where nothing was sent, also once it is closed', async () => {
    const { open } = await serveChannels()
    const { channel, peer } = await open()
    await channel.drained()
    peer.tcp.pause()
    channel.send(Buffer.alloc(8_000_000))
    const drained = channel.drained()
    peer.tcp.reset()
    await drained
    await channel.drained()
    expect(channel.bufferedAmount).toBe(0)
  })

  it('may be kept and sent to from anywhere, by any number of requests', async () => {
    const members = new Set<Channel>()
    const { open } = await serveChannels({
      onOpen: (channel) => void members.add(channel),
      onReceive: (_channel, message) => {
        for (const member of members) member.send(message)
      },
      onClose: (channel) => void members.delete(channel),
    })
    const peers: RawWebSocket[] = []
    for (let count = 0; count < 5; count++) peers.push((await open()).peer)
    peers[2]!.send(text('to all'))
    for (const peer of peers) expect(textOf(await peer.message())).toBe('to all')
    peers[0]!.send(close(1000))
    await until(() => members.size === 4)
  })
})
