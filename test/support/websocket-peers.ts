// Both ends of a WebSocket in tests, and what they are told, kept until a test asks for it.
//
//   const log = new ChannelLog()
//   asChannel(req, log.handlers)    or openWebSocket(url, log.handlers)
//   await log.opened                                the channel
//   await log.messages.next()                       the next message; pings and pongs likewise, as text
//   await log.closed                                { status, code, reason }
//
//   const peer = await connectWs(url, options)      ws as a client, open
//   const { url, peers } = await serveWs(options)   ws as a server; await peers.next() is who came
//   await peer.messages.next()                      and so on; await peer.closed is { code, reason }
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { expect, onTestFinished } from 'vitest'
import { type ClientOptions, type ServerOptions, WebSocket, WebSocketServer } from 'ws'
import type { Channel, ChannelHandlers, CloseStatus, Handler } from '../../src/server.js'
import { asChannel } from '../../src/server.js'
import type { Certificate } from './certificate.js'
import { deferred } from './waiting.js'

const WAIT_MS = 10_000

export type Message = string | Uint8Array

/** What arrives one by one, and those who wait for it. */
export class Inbox<T> {
  /** Everything that came, taken or not. */
  readonly all: T[] = []
  private taken = 0
  private wake = (): void => {}

  put(item: T): void {
    this.all.push(item)
    this.wake()
  }

  async next(): Promise<T> {
    const [item] = await this.take(1)
    return item!
  }

  /** The next so many, when they are there; rejects where they do not come. */
  async take(count: number): Promise<T[]> {
    const giveUpAt = performance.now() + WAIT_MS
    while (this.all.length < this.taken + count) {
      const left = giveUpAt - performance.now()
      if (left <= 0) throw new Error(`only ${this.all.length - this.taken} of ${count} came`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.taken += count
    return this.all.slice(this.taken - count, this.taken)
  }
}

export interface Closing {
  status: CloseStatus
  code: number | undefined
  reason: string
}

/** Everything a channel's handlers are told; those given are called as well. */
export class ChannelLog {
  readonly messages = new Inbox<Message>()
  readonly pings = new Inbox<string>()
  readonly pongs = new Inbox<string>()
  /** The handlers' names in the order of their calls. */
  readonly calls: string[] = []
  readonly opened: Promise<Channel>
  readonly closed: Promise<Closing>
  readonly handlers: ChannelHandlers

  constructor(also: ChannelHandlers = {}) {
    const opened = deferred<Channel>()
    const closed = deferred<Closing>()
    this.opened = opened.promise
    this.closed = closed.promise
    this.handlers = {
      ...also,
      init: (channel) => {
        this.calls.push('init')
        also.init?.(channel)
      },
      onOpen: (channel) => {
        this.calls.push('onOpen')
        opened.resolve(channel)
        return also.onOpen?.(channel)
      },
      onReceive: (channel, message) => {
        this.calls.push('onReceive')
        this.messages.put(message)
        return also.onReceive?.(channel, message)
      },
      onPing: (channel, data) => {
        this.calls.push('onPing')
        this.pings.put(textOf(data))
        also.onPing?.(channel, data)
      },
      onPong: (channel, data) => {
        this.calls.push('onPong')
        this.pongs.put(textOf(data))
        also.onPong?.(channel, data)
      },
      onClose: (channel, status, code, reason) => {
        this.calls.push('onClose')
        closed.resolve({ status, code, reason })
        also.onClose?.(channel, status, code, reason)
      },
    }
  }
}

/** Sends back what comes. */
export const echoes: ChannelHandlers = { onReceive: (channel, message) => void channel.send(message) }

/** A handler that opens a WebSocket for whoever comes, each with a log of its own. */
export function logged(also: ChannelHandlers = echoes): { handler: Handler; logs: Inbox<ChannelLog> } {
  const logs = new Inbox<ChannelLog>()
  const handler: Handler = (req) => {
    const log = new ChannelLog(also)
    logs.put(log)
    return asChannel(req, log.handlers)
  }
  return { handler, logs }
}

/** A WebSocket of ws, whichever end it is, and what it is told. */
export class WsPeer {
  readonly socket: WebSocket
  readonly messages = new Inbox<Message>()
  readonly pings = new Inbox<string>()
  readonly pongs = new Inbox<string>()
  readonly closed: Promise<{ code: number; reason: string }>
  /** The request that asked for it, where ws is the server. */
  readonly request: IncomingMessage | undefined
  /** The answer to that request, where ws is the client. */
  answer: IncomingMessage | undefined
  readonly errors: Error[] = []

  constructor(socket: WebSocket, request?: IncomingMessage) {
    this.socket = socket
    this.request = request
    const closed = deferred<{ code: number; reason: string }>()
    this.closed = closed.promise
    socket.on('message', (data, isBinary) => this.messages.put(isBinary ? data : data.toString()))
    socket.on('ping', (data) => this.pings.put(data.toString()))
    socket.on('pong', (data) => this.pongs.put(data.toString()))
    socket.on('upgrade', (answer) => {
      this.answer = answer
    })
    socket.on('error', (error) => this.errors.push(error))
    socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }))
  }
}

export interface WsClientOptions extends ClientOptions {
  protocols?: readonly string[]
}

/** Connects with ws; it is terminated when the test ends. Compression is not offered unless asked for. */
export async function connectWs(url: string, options: WsClientOptions = {}): Promise<WsPeer> {
  const { protocols = [], ...rest } = options
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...rest })
  onTestFinished(() => socket.terminate())
  const peer = new WsPeer(socket)
  const opening = deferred()
  socket.on('open', opening.resolve)
  socket.on('error', opening.reject)
  await opening.promise
  return peer
}

export interface WsService {
  server: WebSocketServer
  port: number
  url: string
  peers: Inbox<WsPeer>
}

export interface WsServerOptions extends ServerOptions {
  tls?: Certificate
  /** What is done with each who comes, at once; default: its messages are sent back. */
  onPeer?: (peer: WsPeer) => void
}

/** Sends back what comes, as it came. */
export function echoWs({ socket }: WsPeer): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/** Serves with ws on a free port of 127.0.0.1, or another address, until the test ends. */
export async function serveWs(options: WsServerOptions = {}): Promise<WsService> {
  const { tls, host = '127.0.0.1', onPeer = echoWs, ...rest } = options
  const secure = tls && createTlsServer(tls)
  const server = new WebSocketServer({
    ...(secure ? { server: secure } : { host, port: 0 }),
    perMessageDeflate: false,
    ...rest,
  })
  const peers = new Inbox<WsPeer>()
  server.on('connection', (socket, request) => {
    const peer = new WsPeer(socket, request)
    onPeer(peer)
    peers.put(peer)
  })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
    secure?.close()
  })
  secure?.listen(0, host)
  await new Promise((resolve) => (secure ?? server).once('listening', resolve))
  const { port } = server.address()
  return { server, port, url: `${tls ? 'wss' : 'ws'}://${host}:${port}`, peers }
}

// Messages.

/** Lengths around every change of a frame's header, and up to the largest message that is taken by default. */
export const sizes = [0, 1, 125, 126, 127, 1000, 65_535, 65_536, 65_537, 1_000_000, 4 * 1024 * 1024]

/** Bytes that differ from one another, and are the same for the same size. */
export function bytesOf(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0, word = size + 1; at < size; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = word >>> 24
  }
  return bytes
}

const letters = 'abc äöü €uro 𝄞 ﷺ '

/** Text of so many bytes of UTF-8, of characters of one byte to four. */
export function textOfSize(size: number): string {
  const length = Buffer.byteLength(letters)
  return letters.repeat(Math.floor(size / length)) + 'x'.repeat(size % length)
}

/** Expects the same message, and says no more than where it differs: these are large. */
export function expectSame(got: Message, sent: Message): void {
  expect(kindOf(got)).toBe(kindOf(sent))
  const [gotBytes, sentBytes] = [Buffer.from(got as string), Buffer.from(sent as string)]
  expect(gotBytes.length).toBe(sentBytes.length)
  const at = gotBytes.equals(sentBytes) ? -1 : gotBytes.findIndex((byte, index) => byte !== sentBytes[index])
  expect(at, 'the first byte that differs').toBe(-1)
}

/** Expects these to come next. */
export async function expectMessages(inbox: Inbox<Message>, messages: readonly Message[]): Promise<void> {
  const got = await inbox.take(messages.length)
  for (const [index, message] of messages.entries()) expectSame(got[index]!, message)
}

/** Text and binary ones of every length up to 2000. */
export const manyMessages = (): Message[] =>
  Array.from({ length: 2000 }, (_, index) => (index % 3 ? textOfSize(index) : bytesOf(index)))

function kindOf(message: Message): string {
  if (typeof message === 'string') return 'text'
  return message instanceof Uint8Array ? 'binary' : `neither text nor binary: ${message}`
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data).toString()
}

// Closing.

/** Codes that either side may send, and how each is called where the other side sent it. */
export const closeCodes: [code: number, status: CloseStatus][] = [
  [1000, 'normal'],
  [1001, 'going-away'],
  [1002, 'protocol-error'],
  [1003, 'unsupported'],
  [1007, 'invalid-payload-data'],
  [1008, 'policy-violation'],
  [1009, 'message-too-big'],
  [1010, 'mandatory-extension'],
  [1011, 'internal-server-error'],
  [1012, 'unknown'],
  [1013, 'unknown'],
  [1014, 'unknown'],
  [3000, 'unknown'],
  [4000, 'unknown'],
  [4999, 'unknown'],
]

/** A reason as long as it may be: 123 bytes of UTF-8. */
export const longestReason = `${'ä'.repeat(61)}!`

export const abnormal: Closing = { status: 'abnormal', code: 1006, reason: '' }
