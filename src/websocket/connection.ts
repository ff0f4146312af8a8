// One WebSocket (RFC 6455 §5 to §7), a server's or a client's: what the channels of both stand on.
//
// What a peer sends is delivered in one order, one thing after another: a message, a pong, its close, or its loss. Where a
// callback returns a promise, what follows waits for it, up to a bound, and then the socket waits too. Pings are answered
// as they are read. All that one read brings is answered by one write.

import {
  ABNORMAL,
  type CloseStatus,
  type Closing,
  closePayload,
  closeStatus,
  GOING_AWAY,
  INTERNAL_ERROR,
  NO_STATUS,
  NORMAL,
} from '../core/close.js'
import { CLOSE, PING, PONG } from '../core/frame-reader.js'
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import { checkedUtf8Of } from '../core/text.js'
import { windowStart } from '../core/wasm.js'
import type { Outbox, OutboxOwner } from '../io/outbox.js'
import type { SocketOwner } from '../io/read-window.js'
import type { ByteSocket } from '../io/socket.js'
import { isThenable } from '../io/thenable.js'
import type { Timed, TimerWheel } from '../io/timer-wheel.js'
import { type TurnTaker, takeLateTurn, takeTurn } from '../io/turns.js'
import type { Deliveries } from '../ring/deliveries.js'
import type { SharedMessage } from '../ring/shared-message.js'
import type { Deflate } from './deflate.js'
import { Incoming, type IncomingOwner, type Item } from './incoming.js'
import { Sending } from './sending.js'

/** What a server or a client is to its WebSockets. */
export interface WebSocketHost {
  readonly wheel: TimerWheel
  bytesIn: number
  bytesOut: number
  /** A WebSocket is open. */
  joined(connection: WebSocketConnection): void
  /** Its socket is gone. */
  left(connection: WebSocketConnection): void
  /** A callback has failed; `isClose` where it was the one that is told of the end. */
  callbackFailed(error: unknown, isClose: boolean): void
  /** Something failed that should not. */
  crashed(error: unknown): void
  /** A peer broke a rule. */
  refused(error: ProtocolError): void
  /** More waited for the peer than may. */
  overflowed(): void
}

export interface WebSocketSettings {
  readonly isServer: boolean
  /** Bytes of one message. */
  readonly maxMessage: number
  /** Bytes that may wait for a peer that reads slowly. */
  readonly maxBuffered: number
  /** Milliseconds between pings; undefined for none. */
  readonly heartbeat: number | undefined
  readonly deflate: Deflate | undefined
}

/** @throws RangeError for a heartbeat that is none */
export function checkedHeartbeat(ms: number | undefined): number | undefined {
  if (ms === undefined || (typeof ms === 'number' && ms > 0)) return ms
  throw new RangeError(`heartbeat must be a number of milliseconds above 0, not ${String(ms)}`)
}

/** Milliseconds that a peer has to answer a close frame, and then to end the connection. */
const CLOSE_MS = 2000
/** Milliseconds for the last words where nothing is waited for. */
const CUT_MS = 250
const NO_BYTES = new Uint8Array(0)
/** Heartbeats without a byte after which a peer is taken for lost. */
const MAX_SILENT_BEATS = 2

export abstract class WebSocketConnection
  implements SocketOwner, OutboxOwner, TurnTaker, Timed, IncomingOwner
{
  dueAt = Number.POSITIVE_INFINITY
  filedAt = -1
  /** True from the handshake on until this side closes, or the peer is gone. */
  isOpen = false
  protected readonly host: WebSocketHost
  protected readonly sending: Sending
  private readonly socket: ByteSocket
  private readonly outbox: Outbox
  private readonly settings: WebSocketSettings
  private readonly incoming: Incoming
  private readonly deliveries: Deliveries<Item>
  private silentBeats = 0
  private isReading = true
  private isInEvent = false
  private isTurnDue = false
  private isRelieving = false
  private hasPeerEnded = false
  /** What is delivered last, once it is known. */
  private end: Item | undefined = undefined

  constructor(host: WebSocketHost, socket: ByteSocket, outbox: Outbox, settings: WebSocketSettings) {
    this.host = host
    this.socket = socket
    this.outbox = outbox
    this.settings = settings
    const { isServer, deflate, maxMessage } = settings
    this.incoming = new Incoming(this, isServer, deflate !== undefined, maxMessage)
    this.deliveries = this.incoming.deliveries
    this.sending = new Sending(outbox, isServer, deflate)
  }

  // What becomes of it, for whoever stands on it

  protected abstract opened(): unknown
  protected abstract received(message: string | Uint8Array): unknown
  protected abstract pinged(data: Uint8Array): unknown
  protected abstract ponged(data: Uint8Array): unknown
  protected abstract ended(status: CloseStatus, code: number, reason: string): unknown
  /** One of the above has thrown, or its promise was rejected. */
  protected failed(error: unknown, kind: Item['kind'] | 'sent'): void {
    this.host.callbackFailed(error, kind === 'end')
  }

  /** The handshake is done, and the socket is this one's. */
  open(): void {
    this.outbox.owner = this
    this.isOpen = true
    this.host.joined(this)
    this.restartTimer()
    this.deliveries.deliver({ kind: 'open' }, 0)
  }

  // Reading

  onBytes(length: number): boolean {
    this.host.bytesIn += length
    this.silentBeats = 0
    this.take(windowStart, windowStart + length)
    return this.pace()
  }

  /** Whether to read on; where not, `turn` will. */
  pace(): boolean {
    return (this.isReading = this.incoming.wantsBytes)
  }

  /** Works off bytes of linear memory. */
  take(start: number, end: number): void {
    if (this.incoming.isDeaf) return
    this.isInEvent = true
    try {
      this.incoming.read(start, end)
    } catch (error) {
      this.crash(error)
    }
    this.endEvent()
  }

  private takeParked(): void {
    this.isInEvent = true
    try {
      this.incoming.readParked()
    } catch (error) {
      this.crash(error)
    }
    this.endEvent()
    if (this.hasPeerEnded) this.onPeerEnd()
  }

  // What a callback sends after its first await belongs to what was read as well.
  private endEvent(): void {
    this.isInEvent = false
    if (this.deliveries.isBusy) takeLateTurn(this)
    else this.flush()
  }

  private crash(error: unknown): void {
    this.host.crashed(error)
    this.cut()
  }

  /** @internal A pong goes before all that waits. */
  onPing(data: Uint8Array): void {
    this.sending.control(PONG, data)
  }

  /** @internal */
  onCloseAnswered(): void {
    this.endConnection(CLOSE_MS)
  }

  // Delivering

  /** @internal */
  receive(item: Item): unknown {
    try {
      const outcome = this.handle(item)
      if (isThenable(outcome)) return outcome.then(undefined, (error) => this.failed(error, item.kind))
    } catch (error) {
      this.failed(error, item.kind)
    }
    return undefined
  }

  private handle(item: Item): unknown {
    switch (item.kind) {
      case 'message':
        return this.received(item.message)
      case 'deflated':
        return this.receiveDeflated(item.isText, item.payload)
      case 'ping':
        return this.pinged(item.data)
      case 'pong':
        return this.ponged(item.data)
      case 'open':
        return this.opened()
      case 'close':
        return this.answerClose(item.closing)
      case 'end':
        return this.ended(item.status, item.closing.code, item.closing.reason)
    }
  }

  private receiveDeflated(isText: boolean, payload: Uint8Array): unknown {
    const { deflate, maxMessage } = this.settings
    const inflated = deflate!.inflate(payload, maxMessage)
    if (!(inflated instanceof Promise)) return this.receiveInflated(isText, inflated)
    return inflated.then((outcome) => this.receiveInflated(isText, outcome))
  }

  // What came after a message that is wrong does not count, though it has been read.
  private receiveInflated(isText: boolean, outcome: Uint8Array | ProtocolError): unknown {
    const bytes = outcome instanceof Uint8Array ? outcome : undefined
    const message = isText && bytes ? checkedUtf8Of(bytes) : bytes
    if (message !== undefined) return this.received(message)
    this.deliveries.clear()
    // It may have come before this message's turn, and have waited behind it.
    if (this.end !== undefined) return this.deliveries.deliver(this.end, 0)
    return this.refuse(bytes ? protocolError('BAD_UTF8') : (outcome as ProtocolError))
  }

  /** @internal */
  onCaughtUp(): void {
    if (this.incoming.hasParked || !this.isReading) this.takeTurn()
  }

  // Writing

  /** Sends a message. @returns false where nothing can be sent any more */
  protected sendMessage(message: string | Uint8Array): boolean {
    if (!this.isOpen) return false
    this.sending.message(message)
    if (this.sending.waitingBytes > this.settings.maxBuffered) this.overflow()
    return this.isOpen
  }

  /** @internal Sends a message that many are sent. */
  sendShared(shared: SharedMessage): boolean {
    const { isServer, deflate } = this.settings
    const frame = isServer ? shared.frameFor(deflate) : undefined
    if (frame === undefined || !this.isOpen) return this.sendMessage(shared.message)
    this.sending.frame(frame)
    return this.isOpen
  }

  /** The socket has been given bytes: the tray's, or more than fit there. */
  onSent(bytes: number): void {
    this.host.bytesOut += bytes
    if (this.outbox.unsentBytes > this.settings.maxBuffered) this.relieve()
  }

  // More than may waits to leave; what waits for the end of the turn only is not the peer's fault.
  private relieve(): void {
    if (this.isRelieving) return
    this.isRelieving = true
    this.outbox.flush()
    this.isRelieving = false
    if (this.sending.unsentBytes > this.settings.maxBuffered) this.overflow()
  }

  private overflow(): void {
    if (!this.isOpen) return
    this.host.overflowed()
    this.cut()
  }

  /** Bytes sent here that the operating system has not taken yet. */
  protected get unsentBytes(): number {
    return this.socket.destroyed ? 0 : this.sending.unsentBytes
  }

  private flush(): void {
    if (!this.socket.destroyed) this.sending.flush()
  }

  /** The rest of this tick's work, once: what was gathered leaves, what was parked is read. */
  takeTurn(): void {
    if (this.isTurnDue || this.isInEvent) return
    this.isTurnDue = true
    takeTurn(this)
  }

  /** @internal */
  turn(): void {
    this.isTurnDue = false
    if (this.incoming.hasParked && !this.deliveries.isFull) this.takeParked()
    else this.flush()
    if (this.isReading || !this.incoming.wantsBytes) return
    this.isReading = true
    this.socket.resume()
  }

  /** Takes bytes that came before, in a turn of their own. */
  begin(parked: Uint8Array = NO_BYTES): void {
    this.incoming.park(parked)
    this.isReading = false
    this.takeTurn()
  }

  // Ending

  /**
   * Closes (RFC 6455 §7.1.2): nothing more is sent or delivered; the peer has two seconds to answer.
   *
   * @returns false where it is closed already
   * @throws RangeError for a code that may not be sent, or a reason of more than 123 bytes
   */
  close(code = NORMAL, reason = ''): boolean {
    const payload = closePayload(code, reason)
    if (!this.isOpen) return false
    this.deliveries.clear()
    this.sayClose(payload)
    if (this.incoming.hasPeerClosed) this.endConnection(CLOSE_MS)
    else this.wait(CLOSE_MS)
    this.conclude(this.settings.isServer ? 'server-close' : 'client-close', { code, reason })
    return true
  }

  private sayClose(payload: Uint8Array): void {
    this.isOpen = false
    this.sending.inOrder(0, () => this.sending.control(CLOSE, payload))
  }

  // The peer's close, in its turn: everything before it has been handled.
  private answerClose(closing: Closing): void {
    const { code, reason } = closing
    if (this.isOpen) {
      this.sayClose(code === NO_STATUS ? NO_BYTES : closePayload(code, reason))
      this.endConnection(CLOSE_MS)
    }
    this.conclude(closeStatus(code), closing)
  }

  /** @internal What the peer sent is wrong: it is told so, and nothing after it is read. */
  refuse(error: ProtocolError): void {
    const { closeCode: code = INTERNAL_ERROR, message: reason } = error
    this.incoming.deafen()
    this.host.refused(error)
    if (this.isOpen) this.sayClose(closePayload(code, reason))
    this.endConnection(CLOSE_MS)
    this.conclude(closeStatus(code), { code, reason })
  }

  private endConnection(ms: number): void {
    this.sending.inOrder(0, () => {
      this.flush()
      this.socket.end()
    })
    this.wait(ms)
  }

  private conclude(status: CloseStatus, closing: Closing): void {
    if (this.end !== undefined) return
    this.end = { kind: 'end', status, closing }
    this.deliveries.deliver(this.end, 0)
  }

  /** The peer sends no more; without a close frame that is a loss (§7.1.5). */
  onPeerEnd(): void {
    this.hasPeerEnded = true
    if (this.incoming.hasParked) return
    // Its close is answered in its turn, and may be read still.
    if (this.isOpen && this.incoming.hasPeerClosed) return
    if (!this.incoming.isDeaf) this.lose()
    this.endConnection(CLOSE_MS)
  }

  onGone(): void {
    this.host.wheel.remove(this)
    this.host.left(this)
    this.lose()
  }

  private lose(): void {
    this.isOpen = false
    this.incoming.deafen()
    if (!this.incoming.hasPeerClosed) this.conclude('abnormal', { code: ABNORMAL, reason: '' })
  }

  /** Ends it where nothing can be said any more. */
  private cut(): void {
    this.lose()
    this.socket.destroy()
  }

  /** The server is stopping. */
  goAway(): void {
    this.close(GOING_AWAY)
  }

  /** The server has stopped: says so, and waits for nothing. */
  destroy(): void {
    this.goAway()
    this.endConnection(CUT_MS)
  }

  closeIfIdle(): void {}

  // Waiting

  private restartTimer(): void {
    const { heartbeat } = this.settings
    if (heartbeat !== undefined) this.wait(heartbeat)
  }

  private wait(ms: number): void {
    this.dueAt = performance.now() + ms
    this.host.wheel.file(this)
  }

  /** @internal */
  onDue(): void {
    if (!this.isOpen) return void this.socket.destroy()
    if (this.incoming.wantsBytes) this.beat()
    if (this.isOpen) this.restartTimer()
  }

  // A peer that is not being read from is not silent.
  private beat(): void {
    if (this.silentBeats >= MAX_SILENT_BEATS) return this.cut()
    this.silentBeats++
    this.sending.control(PING, NO_BYTES)
  }
}
