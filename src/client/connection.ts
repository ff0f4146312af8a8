// One socket to a server: one exchange at a time, then idle in the pool. What a read brought lies in the inbox, which all
// connections share, and is worked off at once: the exchange takes what it wants of it, and keeps what it has not used.
import { type ResponseHeaderMap, readResponseFields } from '../core/fields.js'
import { END, ERROR, HEAD, NEED_MORE, PIECE, TRAILERS } from '../core/http-reader.js'
import type { ProtocolError } from '../core/protocol-error.js'
import { INTERIM, ResponseReader } from '../core/response-reader.js'
import { latin1 } from '../core/text.js'
import { windowStart } from '../core/wasm.js'
import { Outbox, type OutboxOwner } from '../io/outbox.js'
import { own, type SocketOwner, unsentBytes } from '../io/read-window.js'
import type { ByteSocket } from '../io/socket.js'
import type { Timed, TimerWheel } from '../io/timer-wheel.js'
import { type TurnTaker, takeTurn } from '../io/turns.js'
import { errorOf, HttpKitError } from './error.js'

/** What a connection needs to know of who uses it. */
export interface Exchange {
  /** False while whoever reads the body should be left to catch up. */
  readonly wantsBytes: boolean
  /** False while the request is still being sent. */
  readonly isSent: boolean
  onInterim(status: number): void
  /** The head is in the core's record, its text in the inbox. Whether it wants the body; else the connection ends. */
  onHead(reader: ResponseReader): boolean
  onPiece(start: number, end: number): void
  /** The response is complete. */
  onEnd(trailers: ResponseHeaderMap | undefined): void
  /** The inbox is about to be read into again: what is wanted of it is to be copied. */
  onReadEnd(): void
  /** @param hasAnswer whether any byte of an answer has come */
  onFailed(error: HttpKitError, hasAnswer: boolean): void
  /** Bytes have moved: when it gives up unless more do, on performance.now's clock. */
  dueFrom(now: number): number
  onDue(now: number, isTaking: boolean): void
  onTurn(): void
}

/** Where connections go when they have nothing to do. */
export interface ConnectionKeeper {
  readonly wheel: TimerWheel
  onIdle(connection: Connection): void
  onGone(connection: Connection): void
  /** One that has gone leaves room for another. */
  onRoom(): void
}

/** Milliseconds that an idle connection still keeps the process alive: to take hold and let go each time costs more. */
const IDLE_GRACE_MS = 20

/** Of Keep-Alive, in seconds (RFC 2068 §19.7.1). */
const TIMEOUT = /(?:^|[,;\s])timeout\s*=\s*"?(\d+)/i

export class Connection implements SocketOwner, OutboxOwner, TurnTaker, Timed {
  readonly key: string
  readonly outbox: Outbox
  readonly socket: ByteSocket
  /** Milliseconds that it may idle, as the last exchange wants it. */
  keepalive = 0
  dueAt = Number.POSITIVE_INFINITY
  filedAt = -1
  private readonly keeper: ConnectionKeeper
  private readonly reader = new ResponseReader()
  private exchange: Exchange | undefined = undefined
  private hasAnswer = false
  /** Of the last event, on performance.now's clock. */
  private now = 0
  private idleUntil = 0
  private lastUnsent = 0
  private isHeld = true
  private isInRead = false
  private isPaused = false
  private isTurnDue = false
  private isGone = false

  constructor(key: string, socket: ByteSocket, keeper: ConnectionKeeper) {
    this.key = key
    this.socket = socket
    this.keeper = keeper
    this.outbox = new Outbox(socket, this)
    own(socket, this)
  }

  /** Whether it could serve a request. */
  get isUsable(): boolean {
    return !this.isGone && !this.socket.destroyed && this.socket.writable
  }

  /** Begins an exchange, which sends its request next. */
  begin(exchange: Exchange, answersHead: boolean, now: number): void {
    this.exchange = exchange
    this.hasAnswer = false
    this.reader.expect(answersHead)
    this.hold()
    this.restart(now)
  }

  private hold(): void {
    if (this.isHeld) return
    this.isHeld = true
    this.socket.ref?.()
  }

  /** Bytes have moved. */
  restart(now: number): void {
    this.dueAt = this.exchange!.dueFrom(now)
    this.keeper.wheel.file(this)
    this.noteUnsent()
  }

  // What the server has not taken while the time runs.
  private noteUnsent(): void {
    this.lastUnsent = this.socket.writableLength === 0 ? 0 : unsentBytes(this.socket)
  }

  // Reading

  onBytes(length: number): boolean {
    if (this.exchange === undefined) {
      // Nobody has asked for anything.
      this.destroy()
      return false
    }
    try {
      this.now = performance.now()
      this.isInRead = true
      this.hasAnswer = true
      this.reader.feed(windowStart, windowStart + length)
      this.readEvents()
      this.exchange?.onReadEnd()
    } catch (error) {
      this.fail(errorOf('ERR_BODY_REJECTED', error))
    } finally {
      this.isInRead = false
    }
    if (this.isGone || this.exchange === undefined) return !this.isGone
    this.restart(this.now)
    this.isPaused = !this.exchange.wantsBytes
    return !this.isPaused
  }

  private readEvents(): void {
    const { reader } = this
    while (this.exchange !== undefined) {
      switch (reader.next()) {
        case INTERIM:
          this.exchange.onInterim(reader.status)
          break
        case HEAD:
          if (!this.exchange.onHead(reader)) return this.destroy()
          if (!reader.isInBody) this.complete(undefined)
          break
        case PIECE:
          this.exchange.onPiece(reader.pieceStart, reader.pieceEnd)
          break
        case END:
          this.complete(undefined)
          break
        case TRAILERS:
          this.complete(readResponseFields(latin1(reader.headStart, reader.at)))
          break
        case ERROR:
          return this.fail(protocolFault(reader.error!))
        case NEED_MORE:
          return
      }
    }
  }

  // An answer that comes before its request has left ends the connection: the rest of the request is not wanted. So do bytes
  // behind it: whose would they be?
  private complete(trailers: ResponseHeaderMap | undefined): void {
    const exchange = this.exchange!
    const { reader } = this
    const hasSent = exchange.isSent && this.outbox.unsentBytes === 0
    const isReusable = reader.keepsAlive && this.keepalive > 0 && hasSent && reader.at === reader.end
    this.exchange = undefined
    if (isReusable && this.isUsable) this.idle()
    else this.destroy()
    exchange.onEnd(trailers)
  }

  /** What the server says of how long it keeps an idle connection: we close it a second earlier, lest a request meet the end. */
  heed(keepAlive: string | string[] | undefined): void {
    const seconds = keepAlive === undefined ? undefined : TIMEOUT.exec(String(keepAlive))?.[1]
    if (seconds === undefined) return
    const timeout = Number(seconds) * 1000
    this.keepalive = Math.min(this.keepalive, timeout > 1000 ? timeout - 1000 : timeout / 2)
  }

  // Idling

  private idle(): void {
    const { now } = this
    this.idleUntil = now + this.keepalive
    this.dueAt = Math.min(now + IDLE_GRACE_MS, this.idleUntil)
    this.keeper.wheel.file(this)
    this.keeper.onIdle(this)
  }

  onDue(now: number): void {
    if (this.exchange !== undefined) return this.exchange.onDue(now, this.isTaking())
    if (now >= this.idleUntil) return this.destroy()
    this.isHeld = false
    this.socket.unref?.()
    this.dueAt = this.idleUntil
    this.keeper.wheel.file(this)
  }

  // A large write is one to us, and leaves bit by bit.
  private isTaking(): boolean {
    return unsentBytes(this.socket) < this.lastUnsent
  }

  // Writing

  /** Has what was written leave at the end of this turn. */
  takeTurn(): void {
    if (this.isTurnDue || this.isGone) return
    this.isTurnDue = true
    takeTurn(this)
  }

  /** @internal */
  turn(): void {
    this.isTurnDue = false
    if (this.isGone) return
    try {
      this.outbox.flush()
    } catch (error) {
      this.failWriting(error)
    }
    this.exchange?.onTurn()
  }

  /** The head of a request, and with it all of its body that is at hand: they leave at once. */
  send(head: string, body: string | Uint8Array | undefined): void {
    this.isTurnDue = true
    try {
      this.outbox.writeText(typeof body === 'string' ? head + body : head)
      if (body instanceof Uint8Array && body.length > 0) this.outbox.writeBytes(body)
      this.outbox.flush()
    } catch (error) {
      this.failWriting(error)
    }
    this.isTurnDue = false
    this.noteUnsent()
  }

  // A stream of a user's may throw.
  private failWriting(error: unknown): void {
    this.fail(errorOf('ERR_CONNECTION_CLOSED', error))
  }

  onSent(): void {}

  /** Whoever reads the body has caught up. */
  resume(): void {
    if (!this.isPaused || this.isInRead || this.isGone || this.exchange === undefined) return
    this.isPaused = false
    this.restart(performance.now())
    this.socket.resume()
  }

  // Ending

  onPeerEnd(): void {
    const { exchange, reader } = this
    if (exchange !== undefined && reader.endsWithConnection) {
      this.exchange = undefined
      exchange.onEnd(undefined)
      this.destroy()
    } else {
      this.fail(closed(this.socket))
    }
  }

  onGone(): void {
    this.fail(closed(this.socket))
  }

  /** Ends the exchange with an error, and the connection with it. */
  fail(error: HttpKitError): void {
    const { exchange, hasAnswer } = this
    if (!this.leave()) return
    // Who sends his request once more comes before those who wait.
    exchange?.onFailed(error, hasAnswer)
    this.keeper.onRoom()
  }

  /** Ends it; who uses it is not told. */
  destroy(): void {
    if (this.leave()) this.keeper.onRoom()
  }

  // False where it has gone already.
  private leave(): boolean {
    if (this.isGone) return false
    this.isGone = true
    this.exchange = undefined
    this.keeper.wheel.remove(this)
    this.socket.destroy()
    this.keeper.onGone(this)
    return true
  }
}

function protocolFault(fault: ProtocolError): HttpKitError {
  return new HttpKitError('ERR_PROTOCOL', `malformed response: ${fault.message}`, { cause: fault })
}

function closed(socket: ByteSocket): HttpKitError {
  const cause = socket.errored ?? undefined
  const reason = cause === undefined ? '' : `: ${cause.message}`
  return new HttpKitError('ERR_CONNECTION_CLOSED', `the server closed the connection${reason}`, { cause })
}
