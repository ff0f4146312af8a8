// One WebSocket of the platform's, told and asked as our own are: messages come one at a time and in order, the next waits
// for the promise of the last, and the end comes once, after all of them. The platform reads on meanwhile, so what waits is
// bounded here.
import {
  ABNORMAL,
  type CloseStatus,
  type Closing,
  closePayload,
  closeStatus,
  NO_STATUS,
  NORMAL,
} from '../core/close.js'
import { utf8Length } from '../core/text.js'
import { Moment } from '../io/moment.js'
import { isThenable } from '../io/thenable.js'
import { Deliveries } from '../ring/deliveries.js'
import type { PlatformSocket, PlatformSocketOwner } from './platform-socket.js'
import type { FetchSettings } from './settings.js'

type Item =
  | { kind: 'open' }
  | { kind: 'message'; message: string | Uint8Array }
  | { kind: 'ping' | 'pong'; data: Uint8Array }
  | { kind: 'end'; status: CloseStatus; closing: Closing }

const TOO_BIG = 1009
const POLICY = 1008
/** Heartbeats without a byte after which a peer is taken for lost. */
const MAX_SILENT_BEATS = 2
/** Milliseconds between two looks at what has left: no platform tells. */
const LOOK_MS = 10
const NO_BYTES = new Uint8Array(0)

export abstract class EdgeWebSocket implements PlatformSocketOwner {
  /** True from the platform's 'open' on until this side closes, or the peer is gone. */
  isOpen = false
  protected readonly settings: FetchSettings
  private readonly heartbeat: number | undefined
  private readonly deliveries: Deliveries<Item>
  private socket: PlatformSocket | undefined = undefined
  private beats: ReturnType<typeof setInterval> | undefined = undefined
  private silentBeats = 0
  private hasEnded = false
  private readonly atEnd = new Moment()

  constructor(settings: FetchSettings, heartbeat: number | undefined) {
    this.settings = settings
    this.heartbeat = heartbeat
    this.deliveries = new Deliveries<Item>({ receive: (item) => this.receive(item), onCaughtUp() {} })
  }

  // What becomes of it, for whoever stands on it

  protected abstract opened(): unknown
  protected abstract received(message: string | Uint8Array): unknown
  protected abstract pinged(data: Uint8Array): unknown
  protected abstract ponged(data: Uint8Array): unknown
  protected abstract ended(status: CloseStatus, code: number, reason: string): unknown
  /** One of the above has thrown, or its promise was rejected. */
  protected failed(error: unknown): void {
    this.settings.log('a WebSocket callback failed', error)
  }

  // The platform's side

  get over(): Promise<void> {
    return this.atEnd.wait()
  }

  onOpen(socket: PlatformSocket): void {
    this.socket = socket
    this.isOpen = true
    if (socket.ping && this.heartbeat !== undefined)
      this.beats = setInterval(() => this.beat(), this.heartbeat)
    this.deliveries.deliver({ kind: 'open' }, 0)
  }

  onMessage(message: string | Uint8Array): void {
    if (this.hasEnded) return
    this.silentBeats = 0
    const size = sizeOf(message, this.settings.maxWs)
    if (size > this.settings.maxWs) return this.refuse(TOO_BIG, 'the message is too big')
    this.deliveries.deliver({ kind: 'message', message }, size)
    if (this.deliveries.waitingBytes > this.settings.maxBuffered)
      this.refuse(POLICY, 'too many messages wait')
  }

  onPing(data: Uint8Array): void {
    this.silentBeats = 0
    if (!this.hasEnded) this.deliveries.deliver({ kind: 'ping', data }, data.length)
  }

  onPong(data: Uint8Array): void {
    this.silentBeats = 0
    if (!this.hasEnded) this.deliveries.deliver({ kind: 'pong', data }, data.length)
  }

  onClose(code: number, reason: string): void {
    const wasOpen = this.isOpen
    this.isOpen = false
    this.conclude(closeStatus(code), { code, reason })
    if (wasOpen && code !== ABNORMAL) this.say(code === NO_STATUS ? NORMAL : code, reason)
  }

  private beat(): void {
    if (this.silentBeats >= MAX_SILENT_BEATS) return this.lose()
    this.silentBeats++
    this.socket!.ping!(NO_BYTES)
  }

  // Delivering

  private receive(item: Item): unknown {
    try {
      const outcome = this.handle(item)
      if (isThenable(outcome)) return outcome.then(undefined, (error) => this.failed(error))
    } catch (error) {
      this.failed(error)
    }
    return undefined
  }

  private handle(item: Item): unknown {
    switch (item.kind) {
      case 'open':
        return this.opened()
      case 'message':
        return this.received(item.message)
      case 'ping':
        return this.pinged(item.data)
      case 'pong':
        return this.ponged(item.data)
      case 'end':
        this.atEnd.come()
        return this.ended(item.status, item.closing.code, item.closing.reason)
    }
  }

  // The user's side

  protected get unsentBytes(): number {
    return this.isOpen ? this.socket!.bufferedAmount : 0
  }

  /** @returns false where nothing can be sent any more */
  protected sendMessage(message: string | Uint8Array): boolean {
    if (!this.isOpen) return false
    this.socket!.send(message)
    if (this.unsentBytes > this.settings.maxBuffered) this.lose()
    return this.isOpen
  }

  /** @throws TypeError where the platform sends none */
  protected sendControl(kind: 'ping' | 'pong', data: Uint8Array = NO_BYTES): void {
    if (!this.isOpen) return
    const { socket } = this
    if (socket?.[kind] === undefined)
      throw new TypeError(`this runtime's WebSocket lets nobody send a ${kind}`)
    socket[kind](data)
  }

  /** @returns whether what was sent has left */
  protected async hasDrained(): Promise<boolean> {
    while (this.unsentBytes > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    return this.isOpen
  }

  close(code = NORMAL, reason = ''): boolean {
    closePayload(code, reason)
    if (!this.isOpen) return false
    this.deliveries.clear()
    this.end(code, reason, 'server-close')
    return true
  }

  private refuse(code: number, reason: string): void {
    this.deliveries.clear()
    this.end(code, reason, closeStatus(code))
  }

  // The peer does not read, or is silent.
  private lose(): void {
    this.isOpen = false
    this.conclude('abnormal', { code: ABNORMAL, reason: '' })
    this.say(POLICY, '')
  }

  // Bun tells of the close within the call that closes, so whose it is must be known before.
  private end(code: number, reason: string, status: CloseStatus): void {
    this.isOpen = false
    this.conclude(status, { code, reason })
    this.say(code, reason)
  }

  // Where the peer closed, some platforms have answered, and others leave it to us.
  private say(code: number, reason: string): void {
    try {
      this.socket!.close(code, reason)
    } catch {}
  }

  private conclude(status: CloseStatus, closing: Closing): void {
    if (this.hasEnded) return
    this.hasEnded = true
    clearInterval(this.beats)
    this.deliveries.deliver({ kind: 'end', status, closing }, 0)
  }
}

// Text is counted as UTF-8, and only where that could matter.
function sizeOf(message: string | Uint8Array, most: number): number {
  return typeof message === 'string' && message.length * 3 > most ? utf8Length(message) : message.length
}
