// One accepted socket: its requests one after another, each answered before the next is read (RFC 9112 §9.3).
//
// A read's bytes lie in the inbox, which all connections share, and are worked off in one go: every request that is
// answered at once, then one write. Where a handler takes its time, what follows its request is parked, a bounded
// number of bytes, and the socket is read on only to see it close. Parked bytes go through the inbox again in a turn of
// their own, never inside another connection's read.
import type { Socket } from 'node:net'
import type { Headers } from '../core/fields.js'
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import { END, ERROR, HEAD, PIECE, RequestReader, TRAILERS } from '../core/request-reader.js'
import { latin1 } from '../core/text.js'
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  EXPECT_CONTINUE,
  FLAGS,
  memory,
  u32,
  VERSION_1_1,
  windowSize,
  windowStart,
} from '../core/wasm.js'
import { readerOf, readIntoWindow, unsentBytes, type WindowReader } from '../io/read-window.js'
import type { Timed } from '../io/timer-wheel.js'
import type { ServerContext, Tracked } from './context.js'
import { IDLE_TIMEOUT, LOOP_ERROR, WRITE_TIMEOUT } from './events.js'
import type { Outlet } from './exchange.js'
import { HttpChannel } from './http-channel.js'
import type { Proxied } from './proxy-preface.js'
import { type Origin, readRequest, requestMethod } from './request.js'
import { type BodySource, IncomingBody } from './request-body.js'
import { answerForServer, fail, respond } from './respond.js'
import type { CloseStatus, RingRequest, RingResponse } from './ring.js'
import { isQueueFull } from './worker.js'

/** Bytes of further requests that may wait behind one that is being answered. */
const MAX_PARKED = windowSize
/** Bytes of output that are handed to the socket without waiting for the end of a turn. */
const MAX_GATHERED = 64 * 1024
/** Bytes up to which a binary body is joined to the text before it. */
const JOINED_BYTES = 4 * 1024
/** Bytes of an unread body that are read past to keep the connection. */
const MAX_SKIPPED = 64 * 1024
/** Milliseconds a closing connection is read on, so that the peer gets to read what we said last. */
const LINGER_MS = 5000

export class Connection implements WindowReader, Timed, Outlet, BodySource, Tracked, Origin {
  readonly context: ServerContext
  now: number
  dueAt: number
  filedAt = -1
  private readonly socket: Socket
  private readonly reader: RequestReader
  private exchange: HttpChannel | undefined = undefined
  private body: IncomingBody | undefined = undefined
  private gathered = ''
  private parked: Uint8Array | undefined = undefined
  /** Calls of `drained` that have not settled; while there are any, no further request is read. */
  private undrained = 0
  private headDueAt: number
  private lastUnsent = 0
  private isReading = true
  private isCorked = false
  private isInEvent = false
  private isTurnDue = false
  private isLingering = false
  private peerHasEnded = false
  private isGone = false
  private address: string | undefined
  readonly proxyFields: Headers | undefined

  /** @param proxied the client's address and the fields that a PROXY header brought */
  constructor(context: ServerContext, socket: Socket, proxied?: Proxied) {
    this.context = context
    this.socket = socket
    this.reader = new RequestReader(context.settings)
    this.address = proxied?.address
    this.proxyFields = proxied?.fields
    this.now = performance.now()
    this.dueAt = this.headDueAt = this.now + context.settings.headersTimeout
    context.connections.add(this)
    context.wheel.file(this)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    readIntoWindow(socket, this)
  }

  // Origin

  get scheme(): 'http' | 'https' {
    return this.context.scheme
  }

  get remoteAddr(): string {
    return (this.address ??= (this.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''))
  }

  get localName(): string {
    return (this.socket.localAddress ?? 'localhost').replace(/^::ffff:(?=\d+\.)/, '')
  }

  get localPort(): number {
    return this.context.port
  }

  get trustsForwardedFor(): boolean {
    return this.context.settings.legacyUnsafeRemoteAddr
  }

  // Reading

  onBytes(length: number): boolean {
    try {
      this.context.bytesIn += length
      this.now = performance.now()
      if (this.isLingering) return true
      if (this.isHeld) this.park(windowStart, windowStart + length)
      else this.readThrough(windowStart, windowStart + length)
      return (this.isReading = this.wantsBytes)
    } catch (error) {
      this.crash(error)
      return false
    }
  }

  /** Bytes that a PROXY header was followed by in its read. */
  begin(rest: Uint8Array): void {
    memory.set(rest, windowStart)
    if (!this.onBytes(rest.length)) this.socket.pause()
  }

  // Nothing more can be read before the request in hand is answered, or the client reads what it was sent.
  private get isHeld(): boolean {
    return (this.exchange !== undefined && !this.reader.isInBody) || this.undrained > 0
  }

  private get wantsBytes(): boolean {
    if (this.isHeld) return this.parked === undefined || this.parked.length < MAX_PARKED
    return this.body === undefined || !this.body.isFull
  }

  private park(start: number, end: number): void {
    if (start === end) return
    const earlier = this.parked
    const parked = Buffer.allocUnsafeSlow((earlier?.length ?? 0) + end - start)
    if (earlier) parked.set(earlier)
    parked.set(memory.subarray(start, end), earlier?.length ?? 0)
    this.parked = parked
  }

  private readThrough(start: number, end: number): void {
    this.isInEvent = true
    this.reader.feed(start, end)
    this.readEvents()
    this.isInEvent = false
    this.endTurn()
  }

  private endTurn(): void {
    if (this.isGone) return
    this.flush()
    if (this.peerHasEnded) this.endIfDone()
    this.setDue()
  }

  private readEvents(): void {
    const { reader } = this
    while (!this.isLingering && !this.isGone) {
      if (this.isHeld) return this.park(reader.at, reader.end)
      switch (reader.next()) {
        case HEAD:
          this.beginExchange()
          break
        case PIECE:
          this.pushPiece()
          break
        case END:
        case TRAILERS:
          this.endBody()
          break
        case ERROR:
          return this.refuse(reader.error!)
        default:
          return
      }
    }
  }

  private beginExchange(): void {
    const { reader, context } = this
    const flags = u32[FLAGS]!
    const text = latin1(reader.headStart, reader.at)
    const method = requestMethod(text)
    const is1_0 = (flags & VERSION_1_1) === 0
    const keepsAlive = (flags & CONNECTION_CLOSE) === 0 && (!is1_0 || (flags & CONNECTION_KEEP_ALIVE) !== 0)
    const exchange = new HttpChannel(this, method, is1_0, keepsAlive)
    const request = readRequest(text, method, this, exchange, this.now)
    this.exchange = exchange
    context.begun()
    if (reader.isInBody && !this.beginBody(request, exchange, flags)) return
    this.handle(request, exchange)
    if (this.exchange === exchange) exchange.body?.keep()
  }

  // What came of the body with its head is at hand before the handler runs; if it is wrong already, it never does.
  private beginBody(request: RingRequest, exchange: HttpChannel, flags: number): boolean {
    const { reader } = this
    const body = new IncomingBody(this, request.characterEncoding)
    const isHeldBack = reader.at === reader.end
    exchange.body = this.body = request.body = body
    for (;;) {
      switch (reader.next()) {
        case PIECE:
          body.lend(reader.pieceStart, reader.pieceEnd)
          break
        case END:
        case TRAILERS:
          this.endBody()
          return true
        case ERROR:
          this.refuse(reader.error!)
          return false
        default:
          exchange.awaitsContinue = isHeldBack && (flags & EXPECT_CONTINUE) !== 0 && !exchange.is1_0
          return true
      }
    }
  }

  private handle(request: RingRequest, exchange: HttpChannel): void {
    try {
      const response = this.context.run(request)
      if (isThenable(response)) {
        response.then(
          (settled) => this.respond(exchange, settled),
          (error) => this.fail(exchange, error),
        )
      } else if (!exchange.isAnswered) {
        respond(exchange, response)
      }
    } catch (error) {
      this.fail(exchange, error)
    }
  }

  private respond(exchange: HttpChannel, response: RingResponse): void {
    try {
      if (!exchange.isAnswered) respond(exchange, response)
    } catch (error) {
      fail(exchange, error)
    }
  }

  private fail(exchange: HttpChannel, error: unknown): void {
    if (!isQueueFull(error) || exchange.isAnswered) return fail(exchange, error)
    answerForServer(
      exchange,
      503,
      error as Error,
      { 'Retry-After': '1' },
      'Server unavailable, please try again',
    )
  }

  private pushPiece(): void {
    if (this.exchange) this.exchange.awaitsContinue = false
    this.body?.push(this.reader.pieceStart, this.reader.pieceEnd)
  }

  private endBody(): void {
    this.body?.end()
    this.body = undefined
    if (this.exchange) this.exchange.awaitsContinue = false
  }

  // What the peer sent is wrong, or too slow: it is told so, and nothing after it is read. A request that is under way
  // is answered with the refusal; if its answer has begun, it is cut.
  refuse(error: ProtocolError): void {
    const { exchange } = this
    this.body?.fail(error)
    this.body = undefined
    if (exchange?.isAnswered) return this.destroy()
    // The answer has gone out before the body came to its end.
    if (exchange === undefined && this.reader.failedInBody) return this.linger()
    const refused = exchange ?? this.exchangeRefused()
    refused.keepsAlive = false
    answerForServer(refused, error.status!, error, {}, `${error.message}\n`)
  }

  private exchangeRefused(): HttpChannel {
    const { reader } = this
    const method = reader.hasHead ? requestMethod(latin1(reader.headStart, reader.at)) : ''
    this.exchange = new HttpChannel(this, method, false, false)
    this.context.begun()
    return this.exchange
  }

  onBodyWanted(): void {
    const { exchange } = this
    if (exchange?.awaitsContinue && !exchange.isAnswered) {
      exchange.awaitsContinue = false
      this.writeText('HTTP/1.1 100 Continue\r\n\r\n')
    }
    this.takeTurn()
  }

  // Writing

  get mustClose(): boolean {
    if (this.context.isStopping || this.exchange!.awaitsContinue) return true
    const { remaining } = this.reader
    return this.reader.isInBody && (remaining < 0 || remaining > MAX_SKIPPED)
  }

  get unsentBytes(): number {
    return this.gathered.length + this.socket.writableLength
  }

  get isClogged(): boolean {
    return this.socket.writableNeedDrain
  }

  writeText(text: string): void {
    this.gathered += text
    if (this.gathered.length > MAX_GATHERED) this.flushGathered()
    if (!this.isInEvent) this.takeTurn()
  }

  writeBytes(bytes: Uint8Array): void {
    if (bytes.length <= JOINED_BYTES) {
      return this.writeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
    }
    if (!this.isCorked) {
      this.isCorked = true
      this.socket.cork()
    }
    this.flushGathered()
    this.context.bytesOut += bytes.length
    this.socket.write(bytes)
    if (!this.isInEvent) this.takeTurn()
  }

  private flushGathered(): void {
    if (this.gathered === '') return
    this.context.bytesOut += this.gathered.length
    this.socket.write(this.gathered, 'latin1')
    this.gathered = ''
  }

  private flush(): void {
    this.flushGathered()
    if (this.isCorked) {
      this.isCorked = false
      this.socket.uncork()
    }
    // A client that sends requests and reads no answers is not read from either.
    if (this.exchange === undefined && this.undrained === 0 && this.isClogged) void this.drained()
  }

  drained(): Promise<void> {
    const { socket } = this
    if (this.isGone || this.unsentBytes === 0) return Promise.resolve()
    if (socket.writableEnded) return new Promise((resolve) => socket.once('close', resolve))
    return new Promise((resolve) => {
      this.undrained++
      this.flushGathered()
      socket.write('', 'latin1', () => {
        this.undrained--
        resolve()
        this.takeTurn()
      })
      this.takeTurn()
    })
  }

  onAnswered(closes: boolean): void {
    this.exchange = undefined
    this.context.ended()
    this.body?.fail(new Error('the request has been answered'))
    this.body = undefined
    if (closes) this.linger()
    else if (!this.isInEvent) this.takeTurn()
  }

  // The rest of this tick's work, once: what was gathered leaves, what was parked is read.
  private takeTurn(): void {
    if (this.isTurnDue || this.isInEvent || this.isGone) return
    this.isTurnDue = true
    process.nextTick(turn, this)
  }

  /** @internal */
  turn(): void {
    this.isTurnDue = false
    if (this.isGone) return
    try {
      this.now = performance.now()
      const { parked } = this
      if (parked && !this.isHeld && !this.isLingering) {
        this.parked = undefined
        memory.set(parked, windowStart)
        this.readThrough(windowStart, windowStart + parked.length)
      } else {
        this.endTurn()
      }
      if (!this.isReading && this.wantsBytes) {
        this.isReading = true
        this.socket.resume()
      }
    } catch (error) {
      this.crash(error)
    }
  }

  // Ending

  // Says no more, and reads on for a while what it will not serve: closing at once would make the kernel answer the
  // peer's further bytes with a reset, which takes our last words with it (RFC 9112 §9.6).
  private linger(): void {
    if (this.isLingering || this.isGone) return
    this.isLingering = true
    this.parked = undefined
    this.flush()
    this.socket.end()
    this.dueAt = performance.now() + LINGER_MS
    this.context.wheel.file(this)
    if (!this.isReading) {
      this.isReading = true
      this.socket.resume()
    }
  }

  /** The peer sends no more. Requests that came whole are answered; a channel takes it for the end. */
  onPeerEnd(): void {
    this.peerHasEnded = true
    if (this.isLingering) return
    if (this.exchange?.isWatched) return this.destroy('client-close')
    this.body?.fail(new Error('the client has gone away'))
    this.endIfDone()
  }

  private endIfDone(): void {
    if (this.exchange === undefined && this.parked === undefined) this.linger()
  }

  closeIfIdle(): void {
    if (this.exchange === undefined && this.reader.isIdle && this.parked === undefined) this.linger()
  }

  destroy(status: CloseStatus = 'server-close'): void {
    this.gone(status)
    this.socket.destroy()
  }

  /** The socket is gone, or is to go. */
  gone(status: CloseStatus): void {
    if (this.isGone) return
    this.isGone = true
    this.context.connections.delete(this)
    this.context.wheel.remove(this)
    const { exchange } = this
    this.exchange = undefined
    this.parked = undefined
    this.body?.fail(new Error('the client has gone away'))
    exchange?.body?.fail(new Error('the client has gone away'))
    if (!exchange) return
    exchange.abort(status)
    this.context.ended()
  }

  private crash(error: unknown): void {
    this.isInEvent = false
    this.context.event(LOOP_ERROR)
    this.context.logError('a connection failed', error)
    this.destroy()
  }

  // Time

  private setDue(): void {
    if (this.isLingering) return
    const { reader } = this
    const { bodyTimeout, headersTimeout, keepAliveTimeout } = this.context.settings
    if (!reader.isInHead) this.headDueAt = Number.POSITIVE_INFINITY
    else if (this.headDueAt === Number.POSITIVE_INFINITY) this.headDueAt = this.now + headersTimeout
    if (this.isOwedBytes || this.socket.writableLength > 0) this.dueAt = this.now + bodyTimeout
    else if (this.exchange !== undefined) this.dueAt = Number.POSITIVE_INFINITY
    else if (reader.isIdle) this.dueAt = this.now + keepAliveTimeout
    else this.dueAt = this.headDueAt
    this.context.wheel.file(this)
  }

  // True while a body is wanted and the peer is the one to move.
  private get isOwedBytes(): boolean {
    return this.reader.isInBody && this.wantsBytes && !this.exchange?.awaitsContinue
  }

  onDue(now: number): void {
    this.now = now
    const unsent = unsentBytes(this.socket)
    const isMoving = unsent > 0 && unsent !== this.lastUnsent
    this.lastUnsent = unsent
    if (isMoving) {
      this.dueAt = now + this.context.settings.bodyTimeout
      this.context.wheel.file(this)
    } else if (this.isLingering) {
      this.destroy()
    } else if (unsent > 0) {
      this.context.event(WRITE_TIMEOUT)
      this.destroy('client-close')
    } else {
      this.onSilence()
    }
  }

  private onSilence(): void {
    const { reader } = this
    if (this.exchange !== undefined && !this.isOwedBytes) {
      this.setDue()
    } else if (reader.isIdle) {
      this.context.event(IDLE_TIMEOUT)
      this.linger()
    } else if (reader.isInBody && this.exchange === undefined) {
      this.destroy()
    } else {
      this.refuse(protocolError(reader.isInBody ? 'BODY_TIMEOUT' : 'HEADERS_TIMEOUT'))
    }
  }
}

function turn(connection: Connection): void {
  connection.turn()
}

function isThenable(value: unknown): value is PromiseLike<RingResponse> {
  return typeof (value as PromiseLike<RingResponse> | undefined)?.then === 'function'
}

// Listeners that all sockets share: `this` is the socket.

function onEnd(this: Socket): void {
  ;(readerOf(this) as Connection).onPeerEnd()
}

function onClose(this: Socket): void {
  ;(readerOf(this) as Connection).gone('client-close')
}

// 'close' follows.
function onError(): void {}
