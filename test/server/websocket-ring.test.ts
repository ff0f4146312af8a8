// Ring's WebSocket API: a handler returns { listener, protocol? }.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { WebSocketListener, WebSocketSocket } from '../../src/server.js'
import { eventually, serve } from '../support/raw-peer.js'
import {
  binary,
  close,
  connectRawWebSocket,
  connectWithFrames,
  continuation,
  Opcode,
  ping,
  pong,
  text,
  textOf,
} from '../support/raw-websocket.js'
import { deferred, until } from '../support/waiting.js'
import { serveListeners } from '../support/websocket-log.js'

describe('a listener', () => {
  it('is told of everything, in order', async () => {
    const { open } = await serveListeners({ onMessage: (socket, message) => socket.send(message) })
    const { peer, log } = await open()
    peer.send(text('Hel', { fin: false }), ping('p'), continuation('lo'), binary('bin'), pong('q'))
    expect((await peer.pong()).toString()).toBe('p')
    expect(textOf(await peer.message())).toBe('Hello')
    expect((await peer.message()).opcode).toBe(Opcode.binary)
    expect(await peer.send(close(4000, 'bye')).closeFrame()).toEqual({ code: 4000, reason: 'bye' })
    await eventually(() => log).toHaveLength(6)
    expect(log).toEqual([
      ['open'],
      ['ping', Buffer.from('p')],
      ['message', 'Hello'],
      ['message', Buffer.from('bin')],
      ['pong', Buffer.from('q')],
      ['close', 4000, 'bye'],
    ])
  })

  it('is called as an object: `this` is the listener', async () => {
    class Counter implements WebSocketListener {
      count = 0
      onMessage(socket: WebSocketSocket): void {
        socket.send(String(++this.count))
      }
    }
    const server = await serve(() => ({ listener: new Counter() }))
    const peer = await connectRawWebSocket(server.port)
    peer.send(text('x'), text('y'))
    expect([textOf(await peer.message()), textOf(await peer.message())]).toEqual(['1', '2'])
  })

  it('may come as a promise, and its first message with the handshake', async () => {
    const server = await serve(async () => {
      await sleep(5)
      return {
        listener: {
          onMessage: (socket: WebSocketSocket, message: string | Uint8Array) => socket.send(message),
        },
      }
    })
    const peer = await connectWithFrames(server.port, text('early'))
    expect((await peer.tcp.response()).status).toBe(101)
    expect(textOf(await peer.message())).toBe('early')
  })

  it('may lack every callback', async () => {
    const server = await serve(() => ({ listener: {} }))
    const peer = await connectRawWebSocket(server.port)
    peer.send(text('x'), binary('y'), pong('z'), ping('p'))
    expect((await peer.pong()).toString()).toBe('p')
    expect(await peer.send(close()).closeFrame()).toEqual({ code: undefined, reason: '' })
    expect(await peer.closed()).toBe('fin')
  })

  it('has its open ended before the first message, and one message at a time', async () => {
    const log: string[] = []
    const opened = deferred()
    const { open } = await serveListeners({
      onOpen: () => opened.promise,
      async onMessage(_socket, message) {
        log.push(`${message} begins`)
        await sleep(1)
        log.push(`${message} ends`)
      },
    })
    const { peer } = await open()
    await peer.send(text('1'), text('2'), text('3')).tcp.flushed()
    await sleep(20)
    expect(log).toEqual([])
    opened.resolve()
    await until(() => log.length === 6)
    expect(log).toEqual(['1', '2', '3'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })
})

describe('onError', () => {
  const throwing = (): never => {
    throw new Error('thrown')
  }
  const failing: [string, WebSocketListener][] = [
    ['onOpen', { onOpen: throwing }],
    ['onMessage', { onMessage: throwing }],
    ['onMessage, with a promise', { onMessage: async () => throwing() }],
    ['onPing', { onPing: throwing }],
    ['onPong', { onPong: throwing }],
  ]

  it.each(failing)(
    'is given what %s throws, which is logged too, and the socket stays open',
    async (_which, listener) => {
      const { open, server } = await serveListeners(listener)
      const { peer, log, socket } = await open()
      peer.send(text('x'), ping('p'), pong('q'))
      expect((await peer.pong()).toString()).toBe('p')
      await eventually(() => log.filter(([what]) => what === 'error')).toEqual([['error', 'thrown']])
      expect(server.errors.map(({ error }) => (error as Error).message)).toEqual(['thrown'])
      expect(socket.isOpen).toBe(true)
      socket.send('still there')
      expect(textOf(await peer.message())).toBe('still there')
    },
  )

  it('is given an Error also where something else was thrown', async () => {
    const seen: unknown[] = []
    const { open } = await serveListeners({
      onMessage: () => Promise.reject('a string'),
      onError: (_socket, error) => void seen.push(error),
    })
    const { peer } = await open()
    peer.send(text('x'))
    await until(() => seen.length === 1)
    expect(seen[0]).toBeInstanceOf(Error)
  })

  it('may throw itself: that is logged, and the socket stays open', async () => {
    const { open, server } = await serveListeners({ onMessage: throwing, onError: throwing })
    const { peer, socket } = await open()
    peer.send(text('x'), text('y'), ping('p'))
    await peer.pong()
    await until(() => server.errors.length >= 4)
    expect(socket.isOpen).toBe(true)
  })

  it('is not needed', async () => {
    const listener = { onMessage: throwing }
    const server = await serve(() => ({ listener }))
    const peer = await connectRawWebSocket(server.port)
    peer.send(text('x'), ping('p'))
    await peer.pong()
    await eventually(() => server.errors).toHaveLength(1)
  })
})
