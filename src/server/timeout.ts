// How long a connection waits for its peer. What it waits for is asked anew after every event; while the peer is taking
// bytes, however slowly, it is not silent.
import type { Socket } from 'node:net'
import { unsentBytes } from '../io/read-window.js'
import type { Timed } from '../io/timer-wheel.js'
import type { ServerContext } from './context.js'

/** Milliseconds a closing connection is read on, so that the peer gets to read what we said last. */
const LINGER_MS = 5000

/** What a connection waits for from its peer. */
export type Wait =
  /** nothing: the handler is at work */
  | 'handler'
  /** a request */
  | 'request'
  /** the rest of a head */
  | 'head'
  /** the rest of a body */
  | 'body'
  /** that what was sent is read */
  | 'reading'
  /** its end of the connection, after ours */
  | 'close'

export interface Waiting {
  readonly wait: Wait
  /** The peer has kept us waiting for too long. */
  onTimeout(wait: Wait): void
}

export class Timeout implements Timed {
  dueAt: number
  filedAt = -1
  private readonly context: ServerContext
  private readonly socket: Socket
  private readonly owner: Waiting
  private headDueAt: number
  private lastUnsent = 0

  /** The time for the first head runs from here. */
  constructor(context: ServerContext, socket: Socket, owner: Waiting, now: number) {
    this.context = context
    this.socket = socket
    this.owner = owner
    this.dueAt = this.headDueAt = now + context.settings.headersTimeout
    context.wheel.file(this)
  }

  /** An event has been worked off: from now on the peer is waited for. */
  restart(now: number): void {
    this.dueAt = this.dueFrom(now)
    this.context.wheel.file(this)
  }

  private dueFrom(now: number): number {
    const { bodyTimeout, headersTimeout, keepAliveTimeout } = this.context.settings
    const { wait } = this.owner
    if (wait === 'head') {
      if (this.headDueAt === Number.POSITIVE_INFINITY) this.headDueAt = now + headersTimeout
      return this.headDueAt
    }
    this.headDueAt = Number.POSITIVE_INFINITY
    if (wait === 'request') return now + keepAliveTimeout
    if (wait === 'handler') return Number.POSITIVE_INFINITY
    return now + (wait === 'close' ? LINGER_MS : bodyTimeout)
  }

  stop(): void {
    this.context.wheel.remove(this)
  }

  onDue(now: number): void {
    const unsent = unsentBytes(this.socket)
    const isTaking = unsent > 0 && unsent !== this.lastUnsent
    this.lastUnsent = unsent
    const { wait } = this.owner
    if (isTaking || wait === 'handler' || (wait === 'reading' && unsent === 0)) this.restart(now)
    else this.owner.onTimeout(wait)
  }
}
