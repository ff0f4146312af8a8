// The client's end of a WebSocket: connect, ask for the upgrade, check the answer (RFC 6455 §4.1); from there on it is the
// same connection as a server's.
import type { ConnectionOptions } from 'node:tls'
import { perEvent } from '#runtime'
import type { ResponseHead } from '../core/parse-head.js'
import { type DeflateParameters, makeOffer, readAnswer } from '../core/permessage-deflate.js'
import { type ResponseHeaders, writeFields } from '../core/response-head.js'
import { base64Of, bytesOf } from '../core/text.js'
import { isToken } from '../core/token.js'
import { memory, windowStart } from '../core/wasm.js'
import { Outbox, type OutboxOwner } from '../io/outbox.js'
import { handOver, own, type SocketOwner } from '../io/read-window.js'
import type { ByteSocket } from '../io/socket.js'
import { MAX_DELAY_MS, TimerWheel } from '../io/timer-wheel.js'
import type { Channel, ChannelCallbacks } from '../ring/contract.js'
import { furtherFields, hasToken } from '../ring/handshake.js'
import { WebSocketChannel } from '../websocket/channel.js'
import { checkedHeartbeat, type WebSocketHost } from '../websocket/connection.js'
import { canDeflate, Deflate } from '../websocket/deflate.js'
import { type DeflateOptions, deflateOptions } from '../websocket/deflate-options.js'
import { type Address, addressOf } from './address.js'
import { dial } from './dial.js'
import { HttpKitError } from './error.js'
import { HeadCollector } from './head-collector.js'
import type { RequestOptions } from './options.js'
import { type Route, routeOf } from './route.js'

/** How a WebSocket is opened. */
export interface WebSocketOptions {
  /** Accepts any certificate; the name is still sent. */
  insecure?: boolean
  /** `node:tls` options: ca, cert, key … */
  tls?: ConnectionOptions
  /** An HTTP proxy to tunnel through; `user:pass@` is sent as Proxy-Authorization. */
  proxyUrl?: string
  /** Sub-protocols to offer. */
  protocol?: string | readonly string[]
  /** Further fields of the request. */
  headers?: ResponseHeaders
  /** Milliseconds between pings; a server that is silent for two of them is taken for lost. */
  heartbeat?: number
  /** Bytes of one message (default 4 MiB), also after inflating; close 1009 past it. */
  maxWs?: number
  /** Offers permessage-deflate, but in workerd, which cannot compress messages (default false). */
  compression?: boolean | DeflateOptions
  /** Bytes queued to a slow server before the connection is cut (default 16 MiB). */
  maxBuffered?: number
  /** Milliseconds until it must be open (default 60 s). */
  connectTimeout?: number
  /** Gives up, as long as it is not open. */
  signal?: AbortSignal
  /** Callbacks that failed (default: to stderr). */
  errorLogger?: (message: string, error?: unknown) => void
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const CONNECT_TIMEOUT_MS = 60_000
const MAX_WS = 4 * 1024 * 1024
const MAX_BUFFERED = 16 * 1024 * 1024
/** How late a timeout may come, in milliseconds. */
const TICK_MS = 20

const wheel = perEvent(() => new TimerWheel(TICK_MS))

/**
 * Opens a WebSocket.
 *
 * @param url ws: or wss: (http: and https: mean the same); userinfo is sent as Basic credentials
 * @param handlers as for `asChannel`; `onOpen` has ended before the first `onReceive` starts
 * @returns the channel, open
 * @throws HttpKitError: ERR_CONNECT, ERR_TLS, ERR_PROXY, ERR_TIMEOUT_CONNECT, ERR_ABORTED, ERR_INVALID_ARGUMENT;
 * ERR_WEBSOCKET_REFUSED with the answer's `status` and `headers`; ERR_PROTOCOL for an answer that is no right handshake
 */
export async function openWebSocket(
  url: string | URL,
  handlers: ChannelCallbacks,
  options: WebSocketOptions = {},
): Promise<Channel> {
  const handshake = new Handshake(parse(url), handlers, options)
  return handshake.run()
}

function parse(url: string | URL): Address {
  try {
    return addressOf(String(url).replace(/^ws(?=s?:)/i, 'http'))
  } catch (cause) {
    throw new HttpKitError('ERR_INVALID_ARGUMENT', `not a WebSocket's URL: ${String(url)}`, { cause })
  }
}

class Handshake implements SocketOwner, OutboxOwner {
  private readonly address: Address
  private readonly handlers: ChannelCallbacks
  private readonly options: WebSocketOptions
  private readonly route: Route
  private readonly wishes: DeflateOptions | undefined
  private readonly offered: readonly string[]
  private readonly key = randomKey()
  /** What the server makes of the key. */
  private accepted = ''
  private readonly head: string
  private readonly collector = new HeadCollector()
  private socket: ByteSocket | undefined = undefined
  private outbox: Outbox | undefined = undefined
  private settle!: { resolve(channel: WebSocketChannel): void; reject(error: Error): void }

  constructor(address: Address, handlers: ChannelCallbacks, options: WebSocketOptions) {
    this.address = address
    this.handlers = handlers
    this.options = options
    try {
      checkedHeartbeat(options.heartbeat)
      this.route = routeOf(address, { ...options, tunnel: true } as RequestOptions)
      const wishes = deflateOptions(options.compression)
      this.wishes = canDeflate ? wishes : undefined
      this.offered = subProtocols(options.protocol)
      this.head = this.writeHead()
    } catch (cause) {
      throw new HttpKitError('ERR_INVALID_ARGUMENT', (cause as Error).message, { cause })
    }
  }

  private writeHead(): string {
    const { address, offered } = this
    const { credentials } = address
    const fields = {
      Host: address.authority,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': this.key,
      'Sec-WebSocket-Version': '13',
      ...(offered.length > 0 && { 'Sec-WebSocket-Protocol': offered.join(', ') }),
      ...(this.wishes && { 'Sec-WebSocket-Extensions': makeOffer(this.wishes) }),
      ...(credentials && { Authorization: credentials }),
      ...furtherFields(this.options.headers),
    }
    return `GET ${address.pathAndQuery} HTTP/1.1\r\n${writeFields(fields).lines}Connection: Upgrade\r\n\r\n`
  }

  /** Runs it to its end, or for as long as it may take. */
  async run(): Promise<WebSocketChannel> {
    const { signal, connectTimeout = CONNECT_TIMEOUT_MS } = this.options
    const opened = new Promise<WebSocketChannel>((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    const onTimeout = (): void =>
      this.fail(new HttpKitError('ERR_TIMEOUT_CONNECT', `not open after ${connectTimeout} ms`))
    const onAbort = (): void =>
      this.fail(new HttpKitError('ERR_ABORTED', 'aborted', { cause: signal?.reason }))
    if (signal?.aborted) onAbort()
    else this.begin().catch((error) => this.fail(error))
    const timer = setTimeout(onTimeout, Math.min(connectTimeout, MAX_DELAY_MS))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await opened
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  private async begin(): Promise<void> {
    const accepted = acceptedBy(this.key)
    const socket = await dial(this.route, {}, (one) => {
      this.socket = one
    })
    this.socket = socket
    this.outbox = new Outbox(socket, this)
    own(socket, this)
    this.accepted = await accepted
    this.outbox.writeText(this.head)
    this.outbox.flush()
  }

  private fail(error: Error): void {
    this.socket?.destroy()
    this.settle.reject(error)
  }

  takeTurn(): void {}

  onSent(): void {}

  onBytes(length: number): boolean {
    try {
      const answer = this.collector.push(memory.subarray(windowStart, windowStart + length))
      if (answer === undefined) return true
      const channel = this.accept(answer.head)
      const end = windowStart + length
      channel.take(end - answer.rest, end)
      return channel.pace()
    } catch (error) {
      this.fail(error as Error)
      return false
    }
  }

  private accept(head: ResponseHead): WebSocketChannel {
    const { outbox, options, handlers } = this
    const socket = this.socket!
    const deflate = this.check(head)
    const channel = new WebSocketChannel(handlers, hostOf(options), socket, outbox!, {
      isServer: false,
      maxMessage: options.maxWs ?? MAX_WS,
      maxBuffered: options.maxBuffered ?? MAX_BUFFERED,
      heartbeat: options.heartbeat,
      deflate,
    })
    handlers.init?.(channel)
    handOver(socket, channel)
    channel.open()
    this.settle.resolve(channel)
    return channel
  }

  // RFC 6455 §4.1, the numbered list after the opening handshake's request.
  private check({ status, protocol: version, headers }: ResponseHead): Deflate | undefined {
    if (status !== 101) {
      throw new HttpKitError('ERR_WEBSOCKET_REFUSED', `the server answered ${status}`, { status, headers })
    }
    const one = (name: string): string | undefined => headers[name]?.toString()
    const demand = (isRight: boolean, what: string): void => {
      if (!isRight)
        throw new HttpKitError('ERR_PROTOCOL', `the server's handshake is wrong: ${what}`, {
          status,
          headers,
        })
    }
    demand(version === 'HTTP/1.1', version)
    demand(hasToken(one('upgrade'), 'websocket'), 'Upgrade')
    demand(hasToken(one('connection'), 'upgrade'), 'Connection')
    demand(one('sec-websocket-accept') === this.accepted, 'Sec-WebSocket-Accept')
    const protocol = one('sec-websocket-protocol')
    demand(protocol === undefined || this.offered.includes(protocol), 'Sec-WebSocket-Protocol')
    const extensions = one('sec-websocket-extensions')
    if (extensions === undefined) return undefined
    const agreed = this.wishes && answerTo(this.wishes, extensions)
    demand(agreed !== undefined, 'Sec-WebSocket-Extensions')
    return new Deflate(false, agreed!, this.wishes!)
  }

  onPeerEnd(): void {
    this.onGone()
  }

  onGone(): void {
    this.fail(new HttpKitError('ERR_CONNECTION_CLOSED', 'the server closed the connection'))
  }
}

function randomKey(): string {
  return base64Of(crypto.getRandomValues(new Uint8Array(16)))
}

async function acceptedBy(key: string): Promise<string> {
  return base64Of(new Uint8Array(await crypto.subtle.digest('SHA-1', bytesOf(key + GUID) as BufferSource)))
}

// Each a token, none twice (RFC 6455 §4.1).
function subProtocols(protocol: string | readonly string[] | undefined): readonly string[] {
  const offered = protocol === undefined ? [] : typeof protocol === 'string' ? [protocol] : protocol
  if (offered.every(isToken) && new Set(offered).size === offered.length) return offered
  throw new TypeError(`sub-protocols are tokens, each named once: ${offered.join(', ')}`)
}

function answerTo(wishes: DeflateOptions, extensions: string): DeflateParameters | undefined {
  try {
    return readAnswer(extensions, wishes)
  } catch {
    return undefined
  }
}

function hostOf({ errorLogger = console.error }: WebSocketOptions): WebSocketHost {
  return {
    wheel: wheel(),
    bytesIn: 0,
    bytesOut: 0,
    joined() {},
    left() {},
    refused() {},
    overflowed() {},
    callbackFailed(error) {
      errorLogger('httpkit-wasm: a WebSocket callback failed', error)
    },
    crashed(error) {
      errorLogger('httpkit-wasm: a WebSocket failed', error)
    },
  }
}
