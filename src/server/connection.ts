// One accepted socket: its requests one after another, each answered before the next is read (RFC 9112 §9.3).
//
// A read's bytes lie in the inbox, which all connections share, and are worked off in one go: every request that is
// answered at once, then one write. Where a handler takes its time, what follows its request is parked, a bounded
// number of bytes, and the socket is read on only to see it close. Parked bytes go through the inbox again in a turn of
// their own, never inside another connection's read.

import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { CloseStatus } from '../core/close.js'
import { GrowingBytes } from '../core/growing-bytes.js'
import { END, ERROR, HEAD, PIECE, persists, TRAILERS } from '../core/http-reader.js'
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import { RequestReader } from '../core/request-reader.js'
import { latin1 } from '../core/text.js'
import {
  EXPECT_CONTINUE,
  FLAGS,
  memory,
  UPGRADE_WEBSOCKET,
  u32,
  VERSION_1_1,
  windowSize,
  windowStart,
} from '../core/wasm.js'
import { Outbox, type OutboxOwner } from '../io/outbox.js'
import { handOver, own, readAgain, type SocketOwner } from '../io/read-window.js'
import { type TurnTaker, takeTurn } from '../io/turns.js'
import type { RingRequest } from '../ring/contract.js'
import type { ServerContext, Tracked } from './context.js'
import { IDLE_TIMEOUT, WRITE_TIMEOUT } from './events.js'
import type { Outlet, Successor } from './exchange.js'
import { handle } from './handle.js'
import { HttpChannel } from './http-channel.js'
import { Origin } from './origin.js'
import type { Proxied } from './proxy-preface.js'
import { methodOf, readRequest, requestMethod } from './request.js'
import { type BodySource, IncomingBody } from './request-body.js'
import { answerForServer } from './respond.js'
import { Timeout, type Wait, type Waiting } from './timeout.js'

/** Bytes of further requests that may wait behind one that is being answered. */
const MAX_PARKED = 64 * 1024
/** Bytes of answers that are gathered for one write. */
const MAX_UNSENT = 1024 * 1024
/** Bytes of an unread body that are read past to keep the connection. */
const MAX_SKIPPED = 64 * 1024

export class Connection implements SocketOwner, TurnTaker, Outlet, Waiting, OutboxOwner, BodySource, Tracked {
  readonly context: ServerContext
  now: number
  readonly outbox: Outbox
  readonly socket: Socket
  private readonly origin: Origin
  private readonly reader: RequestReader
  private readonly timeout: Timeout
  /** When the request in hand was read, on performance.now's clock. */
  private startedAt: number
  private exchange: HttpChannel | undefined = undefined
  private body: IncomingBody | undefined = undefined
  private parked: GrowingBytes | undefined = undefined
  private isReading = true
  private isInEvent = false
  private isTurnDue = false
  private isLingering = false
  /** Who has the socket since it was handed over. */
  private successor: Successor | undefined = undefined
  private peerHasEnded = false
  private isGone = false

  /** @param proxied the client's address and the fields that a PROXY header brought */
  constructor(context: ServerContext, socket: Socket, proxied?: Proxied) {
    this.context = context
    this.socket = socket
    this.reader = new RequestReader(context.settings)
    this.outbox = new Outbox(socket, this)
    this.origin = new Origin(context, socket, proxied)
    this.startedAt = this.now = performance.now()
    this.timeout = new Timeout(context, socket, this, this.now)
    context.connections.add(this)
    own(socket, this)
  }

  // Reading

  onBytes(length: number): boolean {
    try {
      this.context.bytesIn += length
      this.now = performance.now()
      this.take(length)
      return this.successor ? this.successor.pace() : (this.isReading = this.wantsBytes)
    } catch (error) {
      this.crash(error)
      return false
    }
  }

  /** Bytes that a PROXY header was followed by in its read. */
  begin(rest: Uint8Array): void {
    this.context.bytesIn += rest.length
    this.parked = new GrowingBytes(rest.length)
    this.parked.append(rest)
    this.takeTurn()
  }

  private take(length: number): void {
    if (this.successor) return this.successor.take(windowStart, windowStart + length)
    if (this.isLingering) return
    if (this.isHeld) this.park(windowStart, windowStart + length)
    else this.readThrough(windowStart, windowStart + length)
  }

  private takeParked({ bytes }: GrowingBytes): void {
    this.parked = undefined
    for (let at = 0; at < bytes.length; at += windowSize) {
      readAgain(bytes.subarray(at, at + windowSize), (length) => this.take(length))
    }
  }

  // Nothing more can be read before the request in hand is answered, or the client reads what it was sent.
  private get isHeld(): boolean {
    return this.exchange === undefined ? this.outbox.undrained > 0 : !this.reader.isInBody
  }

  private get wantsBytes(): boolean {
    if (this.isHeld) return this.parked === undefined || this.parked.length < MAX_PARKED
    return this.body === undefined || !this.body.isFull
  }

  private park(start: number, end: number): void {
    if (start === end) return
    this.parked ??= new GrowingBytes(end - start)
    this.parked.append(memory.subarray(start, end))
  }

  private readThrough(start: number, end: number): void {
    this.isInEvent = true
    this.reader.feed(start, end)
    this.readEvents()
    this.isInEvent = false
    if (!this.successor) return this.endTurn()
    this.successor.take(this.reader.at, end)
    if (this.peerHasEnded) this.successor.onPeerEnd()
  }

  private endTurn(): void {
    if (this.isGone) return
    this.flush()
    if (this.isLingering) return
    if (this.peerHasEnded) this.endWithPeer()
    if (!this.isLingering && !this.isGone) this.timeout.restart(this.now)
  }

  // A client that sends requests and reads no answers is not read from either.
  private flush(): void {
    this.outbox.flush()
    if (this.exchange === undefined && this.outbox.isClogged && !this.isHeld) void this.outbox.drained()
  }

  private readEvents(): void {
    const { reader } = this
    while (!this.isLingering && !this.isGone) {
      if (this.outbox.sentThisTurn > MAX_UNSENT) this.flush()
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
    const exchange = new HttpChannel(this, method, is1_0, keepsAlive(flags))
    const request = readRequest(text, method, this.origin, exchange, this.now)
    this.exchange = exchange
    this.startedAt = this.now
    context.begun()
    if (reader.isInBody && !this.beginBody(request, exchange, flags)) return
    handle(context, request, exchange)
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
          exchange.awaitsBody = isHeldBack && givesNoMeaning(request.requestMethod)
          return true
      }
    }
  }

  private pushPiece(): void {
    if (this.exchange) this.exchange.awaitsContinue = this.exchange.awaitsBody = false
    this.body?.push(this.reader.pieceStart, this.reader.pieceEnd)
  }

  private endBody(): void {
    this.body?.end()
    this.body = undefined
    if (this.exchange) this.exchange.awaitsContinue = this.exchange.awaitsBody = false
  }

  // What the peer sent is wrong, or too slow: it is told so, and nothing after it is read. A request that is under way
  // is answered with the refusal; if its answer has begun, it is cut.
  refuse(error: ProtocolError): void {
    const { exchange } = this
    this.body?.fail(error)
    this.body = undefined
    if (exchange?.isAnswered) return this.cut('client-close')
    // The answer has gone out before the body came to its end.
    if (exchange === undefined && this.reader.isInBody) return this.linger()
    const refused = exchange ?? this.exchangeRefused()
    refused.keepsAlive = false
    answerForServer(refused, error.status!, error, {}, `${error.message}\n`)
  }

  private exchangeRefused(): HttpChannel {
    this.exchange = new HttpChannel(this, methodOf(this.reader.method), false, false)
    this.startedAt = this.now
    this.context.begun()
    return this.exchange
  }

  onBodyWanted(): void {
    const { exchange } = this
    if (exchange?.awaitsContinue) {
      exchange.awaitsContinue = false
      if (!exchange.isAnswered) this.outbox.writeText('HTTP/1.1 100 Continue\r\n\r\n')
    }
    this.takeTurn()
  }

  // Writing

  // A client that is answered before it has sent a byte of its body may have another idea of what it sends next.
  get mustClose(): boolean {
    if (this.context.isStopping || this.exchange!.awaitsContinue || this.exchange!.awaitsBody) return true
    const { remaining } = this.reader
    return this.reader.isInBody && (remaining < 0 || remaining > MAX_SKIPPED)
  }

  onSent(bytes: number): void {
    this.context.bytesOut += bytes
  }

  onAnswered(closes: boolean): void {
    const { exchange } = this
    // Whoever was told of the answer's end may have ended the connection.
    if (exchange === undefined) return
    this.exchange = undefined
    this.count(exchange)
    this.body?.fail(new Error('the request has been answered'))
    this.body = undefined
    if (closes) this.linger()
    else if (!this.isInEvent) this.takeTurn()
  }

  // The rest of this tick's work, once: what was gathered leaves, what was parked is read.
  takeTurn(): void {
    if (this.isTurnDue || this.isInEvent || this.isGone) return
    this.isTurnDue = true
    takeTurn(this)
  }

  /** @internal */
  turn(): void {
    this.isTurnDue = false
    if (this.isGone || this.socket.destroyed) return
    try {
      this.now = performance.now()
      this.flush()
      if (this.parked && !this.isHeld) this.takeParked(this.parked)
      else this.endTurn()
      if (!this.isReading && this.wantsBytes) {
        this.isReading = true
        this.socket.resume()
      }
    } catch (error) {
      this.crash(error)
    }
  }

  /** The handshake has been answered. Within a read, what lies behind it is passed on when the read has been worked off. */
  handOver(successor: Successor): void {
    const { parked } = this
    this.gone('server-close')
    this.successor = successor
    handOver(this.socket, successor)
    if (this.isInEvent) return
    successor.begin(parked?.bytes)
    if (this.peerHasEnded) successor.onPeerEnd()
  }

  // Ending

  // Says no more, and reads on for a while what it will not serve: closing at once would make the kernel answer the
  // peer's further bytes with a reset, which takes our last words with it (RFC 9112 §9.6).
  private linger(): void {
    if (this.isLingering || this.isGone) return
    this.isLingering = true
    this.parked = undefined
    this.outbox.end()
    this.timeout.restart(performance.now())
    if (!this.isReading) {
      this.isReading = true
      this.socket.resume()
    }
  }

  /** The peer sends no more. Requests that came whole are answered; a channel takes it for the end, and so do threads. */
  onPeerEnd(): void {
    this.peerHasEnded = true
    if (this.isLingering) return
    if (this.exchange?.isWatched) return this.destroy('client-close')
    this.endWithPeer()
  }

  private endWithPeer(): void {
    if (this.parked !== undefined) return
    if (this.reader.isInBody) this.refuse(protocolError('BODY_CUT_SHORT'))
    else if (this.exchange === undefined) this.linger()
  }

  /** Ends an answer that cannot be completed, so that the client can tell: what was sent still leaves. */
  cut(status: CloseStatus = 'server-close'): void {
    const { exchange } = this
    if (exchange?.endsWithConnection) {
      this.gone(status)
      // There is no reset below TLS: there an end without a last word tells (RFC 8446 §6.1).
      if ('encrypted' in this.socket) this.socket.destroy()
      else this.socket.resetAndDestroy()
    } else {
      this.release(status)
      this.linger()
    }
  }

  goAway(): void {}

  closeIfIdle(): void {
    if (this.exchange === undefined && this.reader.isIdle && this.parked === undefined) this.linger()
  }

  destroy(status: CloseStatus = 'server-close'): void {
    this.gone(status)
    this.socket.destroy()
  }

  onGone(): void {
    this.gone('client-close')
  }

  // The socket is gone, or is to go.
  private gone(status: CloseStatus): void {
    if (this.isGone) return
    this.isGone = true
    this.context.gone(this)
    this.timeout.stop()
    this.parked = undefined
    this.release(status)
  }

  private release(status: CloseStatus): void {
    const { exchange } = this
    this.exchange = undefined
    this.body?.fail(protocolError('BODY_CUT_SHORT'))
    this.body = undefined
    if (exchange === undefined) return
    exchange.abort(status)
    this.count(exchange)
  }

  // The exchange is over. Whoever counts must not take us with it, should it fail.
  private count({ status, isRefusal, isWhole }: HttpChannel): void {
    const { context, startedAt } = this
    context.ended()
    try {
      context.settings.metrics?.requestEnded(status, isRefusal, isWhole, startedAt)
    } catch (error) {
      context.logError('metrics failed', error)
    }
  }

  private crash(error: unknown): void {
    this.isInEvent = false
    this.context.crashed(error)
    this.destroy()
  }

  // Waiting

  get wait(): Wait {
    if (this.isLingering) return 'close'
    if (this.reader.isInBody && this.wantsBytes && !this.exchange?.awaitsContinue) return 'body'
    if (this.exchange !== undefined) return this.socket.writableLength > 0 ? 'reading' : 'handler'
    if (this.outbox.isWaiting) return 'reading'
    return this.reader.isInHead ? 'head' : 'request'
  }

  onTimeout(wait: Wait): void {
    this.now = performance.now()
    if (wait === 'head') return this.refuse(protocolError('HEADERS_TIMEOUT'))
    if (wait === 'body' && this.exchange !== undefined) return this.refuse(protocolError('BODY_TIMEOUT'))
    if (wait === 'request') {
      this.context.event(IDLE_TIMEOUT)
      return this.linger()
    }
    if (wait === 'reading') this.context.event(WRITE_TIMEOUT)
    this.destroy('client-close')
  }
}

// Whoever asks for a WebSocket, and does not get it, may send on as if it had (RFC 9931): nothing is read behind the refusal.
function keepsAlive(flags: number): boolean {
  return (flags & UPGRADE_WEBSOCKET) === 0 && persists(flags)
}

// A front end may take such a request to end with its head (RFC 9110 §9.3.1, §9.3.2, §9.3.5).
function givesNoMeaning(method: string): boolean {
  return method === 'get' || method === 'head' || method === 'delete'
}
