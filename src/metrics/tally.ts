// What is counted: requests as they end, in plain counters, and the numbers of servers, hubs and threads when somebody asks.
import type { CountedServer } from '../ring/server-metrics.js'
import { Histogram, type HistogramSnapshot } from './histogram.js'
import { Sources } from './sources.js'

export const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** Requests by the class of their answer's status; `none` where no answer had begun. */
export type ByStatus = Record<'none' | '1xx' | '2xx' | '3xx' | '4xx' | '5xx', number>

/** Of what a hub counts, what is read. */
export interface HubNumbers {
  /** Topics remembered now. */
  topics: number
  /** Subscriptions now. */
  subscribers: number
  /** Total of messages published here. */
  published: number
  /** Total of messages sent to channels, each counted for each channel. */
  delivered: number
  /** Total of messages that came from other processes. */
  received: number
  /** Total of messages that other processes may not have got. */
  lost: number
  /** Total of messages of other processes that did not come. */
  missed: number
}

/** A hub, or what counts like one. */
export interface CountedHub {
  /** 'local', 'connecting', 'connected', 'disconnected' or 'closed'. */
  readonly status: string
  stats(): HubNumbers
}

/** Of what a handler on threads counts, what is read; a worker pool has but the first two. */
export interface ThreadNumbers {
  /** Calls under way. */
  running: number
  /** Calls that wait. */
  queued: number
  /** Threads that there are. */
  threads: number
  /** Total of calls that have ended. */
  completed: number
}

/** A handler on threads, or a worker pool. */
export interface CountedPool {
  stats(): Pick<ThreadNumbers, 'running' | 'queued'> & Partial<ThreadNumbers>
}

/** Totals are since `createMetrics`, over all servers, also those that have stopped; the others are as of now. */
export interface MetricsSnapshot {
  /** Requests that are over, by what the handler answered. `none`: the client left before that. */
  requests: ByStatus
  /** Requests that are over, answered by the server itself: refusals, a full queue, a handler that failed. */
  refused: ByStatus
  /** Of all these, those whose answer broke off, or never began. */
  aborted: number
  /** From the arrival of the head to the end of the answer. */
  duration: HistogramSnapshot
  /** Requests whose answer is not complete. */
  inFlight: number
  /** Open connections, WebSockets among them. */
  connections: number
  /** Total of connections turned away, over `maxConnections`. */
  connectionsRefused: number
  /** Open WebSockets. */
  websockets: number
  /** HTTP answers taken with `asChannel` that are not over. */
  channels: number
  /** Total of bytes received, HTTP and WebSockets. */
  bytesIn: number
  /** Total of bytes sent. */
  bytesOut: number
  /** Handler calls that wait for a place in a worker pool, or for a thread. */
  queued: number
  /** How long those that have begun had waited: 0 for one that began at once. Empty where there is no pool. */
  queueWait: HistogramSnapshot
  /** Undefined until a hub is watched. `statuses`: how many hubs are 'connected', say. */
  hub: (HubNumbers & { statuses: Record<string, number> }) | undefined
  /** Undefined until a handler on threads is watched. */
  threads: ThreadNumbers | undefined
}

export class Tally {
  readonly servers = new Sources<keyof ReturnType<CountedServer['stats']>, CountedServer>(
    ['connections', 'websockets', 'inFlight'],
    ['bytesIn', 'bytesOut'],
  )
  /** Made when the first is watched. */
  hubs: Sources<keyof HubNumbers, CountedHub> | undefined = undefined
  pools: Sources<keyof ThreadNumbers, CountedPool> | undefined = undefined
  readonly duration: Histogram
  readonly queueWait: Histogram
  channels = 0
  connectionsRefused = 0
  private aborted = 0
  /** By status class: what handlers answered, then what servers did. */
  private readonly answers = new Float64Array(2 * statusClasses.length)

  constructor(bounds: readonly number[]) {
    this.duration = new Histogram(bounds)
    this.queueWait = new Histogram(bounds)
  }

  requestEnded(status: number, isRefusal: boolean, isWhole: boolean, ms: number): void {
    const byClass = Math.min((status / 100) | 0, 5)
    this.answers[isRefusal ? byClass + statusClasses.length : byClass]!++
    if (!isWhole) this.aborted++
    this.duration.record(ms)
  }

  watchHub(hub: CountedHub): () => void {
    this.hubs ??= new Sources<keyof HubNumbers, CountedHub>(
      ['topics', 'subscribers'],
      ['published', 'delivered', 'received', 'lost', 'missed'],
    )
    return this.hubs.add(hub)
  }

  watchPool(pool: CountedPool): () => void {
    this.pools ??= new Sources<keyof ThreadNumbers, CountedPool>(
      ['running', 'queued', 'threads'],
      ['completed'],
    )
    return this.pools.add(pool)
  }

  snapshot(): MetricsSnapshot {
    const { hubs } = this
    return {
      requests: this.byStatus(0),
      refused: this.byStatus(statusClasses.length),
      aborted: this.aborted,
      duration: this.duration.snapshot(),
      ...this.servers.sums(),
      queued: this.queued,
      connectionsRefused: this.connectionsRefused,
      channels: this.channels,
      queueWait: this.queueWait.snapshot(),
      hub: hubs && { ...hubs.sums(), statuses: statusesOf(hubs) },
      threads: this.pools?.sums(),
    }
  }

  private get queued(): number {
    const pools = new Set([...this.servers].flatMap(({ pools = [] }) => [...pools]))
    let queued = 0
    for (const pool of pools) queued += pool.stats().queued
    return queued
  }

  private byStatus(first: number): ByStatus {
    return Object.fromEntries(statusClasses.map((name, i) => [name, this.answers[first + i]])) as ByStatus
  }
}

/** Those that a hub can have: told also where no hub has them. */
const NO_HUBS = { local: 0, connecting: 0, connected: 0, disconnected: 0, closed: 0 }

function statusesOf(hubs: Iterable<CountedHub>): Record<string, number> {
  const statuses: Record<string, number> = { ...NO_HUBS }
  for (const { status } of hubs) statuses[status] = (statuses[status] ?? 0) + 1
  return statuses
}
