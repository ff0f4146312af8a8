// What all connections of one server share: its settings, its counters, its clock and timers, its voice.

import type { ProtocolError } from '../core/protocol-error.js'
import { writeFields } from '../core/response-head.js'
import { quietly } from '../io/quietly.js'
import { TimerWheel } from '../io/timer-wheel.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import type { ServerMetrics } from '../ring/server-metrics.js'
import type { WorkerPool } from '../ring/worker.js'
import type { WebSocketHost } from '../websocket/connection.js'
import {
  ACCEPT_ERROR,
  CHANNEL_CLOSE_ERROR,
  CHANNEL_OVERFLOW,
  LOOP_ERROR,
  processedEvent,
  refusedEvent,
  WS_DECODE_ERROR,
} from './events.js'
import type { Settings } from './settings.js'

/** How late a timeout may come, in milliseconds. */
const TICK_MS = 20

export type Answer = RingResponse | Promise<RingResponse>

/** What the server keeps track of in each connection. */
export interface Tracked {
  /** Ends it now, whatever it is doing. */
  destroy(): void
  /** Ends it if nothing is under way. */
  closeIfIdle(): void
  /** The server is stopping: says so, where the protocol has a word for it. */
  goAway(): void
}

export class ServerContext implements WebSocketHost {
  readonly settings: Settings
  /** The handler, behind the worker pool where there is one. */
  readonly run: (request: RingRequest) => Answer
  readonly wheel = new TimerWheel(TICK_MS)
  readonly connections = new Set<Tracked>()
  /** Where requests may wait: the server's own pool, and those that handlers have handed them on to. */
  readonly pools = new Set<Pick<WorkerPool, 'stats'>>()
  readonly scheme: 'http' | 'https'
  /** The port listened on; 0 on a Unix domain socket. */
  port = 0
  isStopping = false
  websockets = 0
  inFlight = 0
  served = 0
  rejected = 0
  bytesIn = 0
  bytesOut = 0
  /** Called when the last connection is gone. */
  onEmpty: (() => void) | undefined
  /** Called when the last request in flight has been answered. */
  onQuiet: (() => void) | undefined
  private dateLine = ''
  private dateAndServer = ''
  private serverLine = ''
  private dateEndsAt = 0

  constructor(settings: Settings, run: (request: RingRequest) => Answer) {
    this.settings = settings
    this.run = run
    this.scheme = settings.tls ? 'https' : 'http'
    const { serverHeader } = settings
    if (serverHeader !== null) this.serverLine = writeFields({ Server: serverHeader }).lines
  }

  /**
   * The end of a head: Date (RFC 9110 §6.6.1), made anew once a second, and Server, where the user gave none; then the
   * empty line.
   */
  lastLines(now: number, hasDate: boolean, hasServer: boolean): string {
    if (now >= this.dateEndsAt) this.renewDate(now)
    if (!hasDate && !hasServer) return this.dateAndServer
    return `${hasDate ? '' : this.dateLine}${hasServer ? '' : this.serverLine}\r\n`
  }

  private renewDate(now: number): void {
    const wallClock = Date.now()
    this.dateEndsAt = now + 1000 - (wallClock % 1000)
    this.dateLine = `Date: ${new Date(wallClock).toUTCString()}\r\n`
    this.dateAndServer = `${this.dateLine}${this.serverLine}\r\n`
  }

  /** An answer's head has been written; `isRefusal` where the server answered by itself. */
  answered(status: number, isRefusal: boolean): void {
    if (isRefusal) this.rejected++
    else this.served++
    if (this.settings.eventLogger) this.event(isRefusal ? refusedEvent(status) : processedEvent(status))
  }

  begun(): void {
    this.inFlight++
  }

  ended(): void {
    this.inFlight--
    if (this.inFlight === 0) this.onQuiet?.()
  }

  joined(connection: Tracked): void {
    this.connections.add(connection)
    this.websockets++
  }

  left(connection: Tracked): void {
    if (!this.connections.has(connection)) return
    this.websockets--
    this.gone(connection)
  }

  /** The connection is no more. */
  gone(connection: Tracked): void {
    this.connections.delete(connection)
    if (this.connections.size === 0) this.onEmpty?.()
  }

  callbackFailed(error: unknown, isClose: boolean): void {
    if (isClose) this.event(CHANNEL_CLOSE_ERROR)
    this.logError(isClose ? 'onClose failed' : 'a WebSocket callback failed', error)
  }

  crashed(error: unknown): void {
    this.event(LOOP_ERROR)
    this.logError('a connection failed', error)
  }

  refused(error: ProtocolError): void {
    this.event(WS_DECODE_ERROR)
    this.logWarning(`a WebSocket was closed: ${error.message}`)
  }

  overflowed(): void {
    this.event(CHANNEL_OVERFLOW)
    this.logWarning('a channel was closed: its client reads too slowly')
  }

  /** Tells who counts, where somebody does. */
  measure(tell: (metrics: ServerMetrics) => unknown): void {
    const { metrics } = this.settings
    if (metrics) quietly(() => tell(metrics))
  }

  event(name: string): void {
    if (this.settings.eventLogger) quietly(() => this.settings.eventLogger!(name))
  }

  logError(message: string, error?: unknown): void {
    quietly(() => this.settings.errorLogger(`httpkit-wasm: ${message}`, error))
  }

  logWarning(message: string, error?: unknown): void {
    quietly(() => this.settings.warnLogger(`httpkit-wasm: ${message}`, error))
  }

  acceptFailed(error: unknown): void {
    this.event(ACCEPT_ERROR)
    this.logError('a connection could not be accepted', error)
  }
}
