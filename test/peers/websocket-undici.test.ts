// The WebSocket that browsers have, as undici makes it and as Node has it built in (from version 22), against the server.

import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ChannelHandlers, ServerOptions } from '../../src/server.js'
import { serve } from '../support/raw-peer.js'
import { deferred } from '../support/waiting.js'
import {
  bytesOf,
  type ChannelLog,
  echoes,
  expectSame,
  Inbox,
  logged,
  type Message,
  sizes,
  textOfSize,
} from '../support/websocket-peers.js'

type BrowserWebSocket = InstanceType<typeof UndiciWebSocket>
type Implementation = new (url: string, protocols?: string[]) => BrowserWebSocket

const builtIn = (globalThis as { WebSocket?: unknown }).WebSocket as Implementation | undefined

interface Ending {
  code: number
  reason: string
  wasClean: boolean
}

interface Peer {
  socket: BrowserWebSocket
  messages: Inbox<Message>
  closed: Promise<Ending>
}

interface Pair extends Peer {
  log: ChannelLog
}

const implementations: [name: string, WebSocket: Implementation][] = [
  ['undici’s WebSocket', UndiciWebSocket],
  ...(builtIn ? [['the built-in WebSocket', builtIn] as [string, Implementation]] : []),
]

describe.each(implementations)('%s', (_name, WebSocket) => {
  /** Settles when it is open; rejects where it fails to. */
  async function connect(url: string, protocols: string[] = []): Promise<Peer> {
    const socket = new WebSocket(url, protocols)
    const messages = new Inbox<Message>()
    const opening = deferred()
    const closed = deferred<Ending>()
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => opening.resolve()
    socket.onmessage = ({ data }) => messages.put(typeof data === 'string' ? data : Buffer.from(data))
    socket.onerror = () => opening.reject(new Error('not opened'))
    socket.onclose = ({ code, reason, wasClean }) => closed.resolve({ code, reason, wasClean })
    onTestFinished(() => socket.close())
    await opening.promise
    return { socket, messages, closed: closed.promise }
  }

  async function pair(also: ChannelHandlers = echoes, options: ServerOptions = {}): Promise<Pair> {
    const { handler, logs } = logged(also)
    const server = await serve(handler, options)
    const peer = await connect(`ws://127.0.0.1:${server.port}/`)
    return { ...peer, log: await logs.next() }
  }

  async function expectEchoes({ socket, messages }: Peer, sent: Message[]): Promise<void> {
    for (const message of sent) socket.send(message)
    const got = await messages.take(sent.length)
    for (const [index, message] of sent.entries()) expectSame(got[index]!, message)
  }

  it.each<[string, ServerOptions]>([
    ['without compression', {}],
    ['with compression', { compression: true }],
    ['with compression of everything', { compression: { threshold: 0 } }],
    [
      'without context takeover',
      { compression: { serverNoContextTakeover: true, clientNoContextTakeover: true } },
    ],
    ['with the smallest windows', { compression: { serverMaxWindowBits: 9, clientMaxWindowBits: 9 } }],
  ])('sends and reads messages up to 4 MiB, %s', async (_how, options) => {
    const peer = await pair(echoes, options)
    expect(peer.socket.extensions.includes('permessage-deflate')).toBe('compression' in options)
    await expectEchoes(peer, sizes.map(textOfSize))
    await expectEchoes(peer, sizes.map(bytesOf))
    await expectEchoes(peer, sizes.map(textOfSize))
  })

  it('reads a thousand messages that are sent at once', async () => {
    const { messages, log } = await pair()
    const channel = await log.opened
    for (let sent = 0; sent < 1000; sent++) channel.send(String(sent))
    expect(await messages.take(1000)).toEqual(Array.from({ length: 1000 }, (_, sent) => String(sent)))
  })

  it.each([1000, 3000, 4999])('closes with %i and a reason', async (code) => {
    const { socket, closed, log } = await pair()
    socket.close(code, 'größer')
    expect(await closed).toEqual({ code, reason: 'größer', wasClean: true })
    expect(await log.closed).toMatchObject({ code, reason: 'größer' })
  })

  it('closes without a code', async () => {
    const { socket, closed, log } = await pair()
    socket.close()
    expect(await closed).toMatchObject({ wasClean: true })
    expect(await log.closed).toEqual({ status: 'no-status-received', code: 1005, reason: '' })
  })

  it.each([1000, 1001, 1011, 4000])('is closed with %i and a reason', async (code) => {
    const { closed, log } = await pair()
    const channel = await log.opened
    channel.close(code, 'größer')
    expect(await closed).toEqual({ code, reason: 'größer', wasClean: true })
  })

  it('is closed with 1009 where its message is too large', async () => {
    const { socket, closed, log } = await pair(echoes, { maxWs: 1000 })
    socket.send(bytesOf(1001))
    expect(await closed).toMatchObject({ code: 1009 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
  })

  it('is told 1001 when the server stops', async () => {
    const { handler, logs } = logged()
    const server = await serve(handler)
    const { closed } = await connect(`ws://127.0.0.1:${server.port}/`)
    await server.stop()
    expect(await closed).toMatchObject({ code: 1001, wasClean: true })
    expect(await (await logs.next()).closed).toEqual({ status: 'server-close', code: 1001, reason: '' })
  })

  it('answers the heartbeat', async () => {
    const { log, socket } = await pair({ heartbeat: 100 })
    await log.pongs.take(3)
    expect(socket.readyState).toBe(1)
  })

  it('speaks the sub-protocol that both know', async () => {
    const { handler } = logged({ ...echoes, protocol: ['b', 'a'] })
    const server = await serve(handler)
    const peer = await connect(`ws://127.0.0.1:${server.port}/`, ['a', 'b', 'c'])
    expect(peer.socket.protocol).toBe('b')
    await expectEchoes(peer, ['spoken'])
  })

  it('does not open where it is refused', async () => {
    const server = await serve(() => ({ status: 403 }))
    await expect(connect(`ws://127.0.0.1:${server.port}/`)).rejects.toThrow('not opened')
  })
})
