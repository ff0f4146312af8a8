// The table of all metrics: their names and units, as Prometheus and as OpenTelemetry would have them, and where in a snapshot
// their values are. No label has a value that a client could choose.
import type { HistogramSnapshot } from './histogram.js'
import type { ByStatus, MetricsSnapshot } from './tally.js'

export type Labels = Record<string, string>

export interface Sample {
  value: number
  labels: Labels
}

interface Named {
  /** Prometheus' name, behind the prefix. */
  readonly name: string
  readonly help: string
}

/** A number, or one for each of some labels. */
export interface NumberFamily extends Named {
  /** A counter only grows. */
  readonly type: 'counter' | 'gauge'
  /** OpenTelemetry's name and unit; undefined where a histogram of OpenTelemetry's says as much. */
  readonly otel?: readonly [name: string, unit: string]
  readonly of: (snapshot: MetricsSnapshot) => number | Sample[]
}

export interface HistogramFamily extends Named {
  readonly type: 'histogram'
  readonly of: (snapshot: MetricsSnapshot) => HistogramSnapshot
}

export type Family = NumberFamily | HistogramFamily

export const serverFamilies: readonly Family[] = [
  {
    name: 'requests_total',
    help: 'Requests that are over, by status class and by who answered: the handler, or the server itself',
    type: 'counter',
    of: ({ requests, refused }) => [...samplesOf(requests, 'handler'), ...samplesOf(refused, 'server')],
  },
  {
    name: 'requests_aborted_total',
    help: 'Of them, requests whose answer broke off or never began',
    type: 'counter',
    of: ({ aborted }) => aborted,
  },
  {
    name: 'request_duration_seconds',
    help: 'Time from the arrival of a request head to the end of its answer',
    type: 'histogram',
    of: ({ duration }) => duration,
  },
  {
    name: 'requests_in_flight',
    help: 'Requests whose answer is not complete',
    type: 'gauge',
    otel: ['http.server.active_requests', '{request}'],
    of: ({ inFlight }) => inFlight,
  },
  {
    name: 'received_bytes_total',
    help: 'Bytes of HTTP and WebSocket received',
    type: 'counter',
    otel: ['httpkit.received', 'By'],
    of: ({ bytesIn }) => bytesIn,
  },
  {
    name: 'sent_bytes_total',
    help: 'Bytes of HTTP and WebSocket sent',
    type: 'counter',
    otel: ['httpkit.sent', 'By'],
    of: ({ bytesOut }) => bytesOut,
  },
  {
    name: 'connections',
    help: 'Open connections, WebSockets among them',
    type: 'gauge',
    otel: ['httpkit.connections', '{connection}'],
    of: ({ connections }) => connections,
  },
  {
    name: 'connections_refused_total',
    help: 'Connections turned away for there were as many as maxConnections',
    type: 'counter',
    otel: ['httpkit.connections.refused', '{connection}'],
    of: ({ connectionsRefused }) => connectionsRefused,
  },
  {
    name: 'channels',
    help: 'Open channels: WebSockets, and HTTP answers that come later or bit by bit',
    type: 'gauge',
    otel: ['httpkit.channels', '{channel}'],
    of: ({ websockets, channels }) => [
      { value: websockets, labels: { kind: 'websocket' } },
      { value: channels, labels: { kind: 'http' } },
    ],
  },
  {
    name: 'queue_length',
    help: 'Handler calls that wait for a place in a worker pool, or for a thread',
    type: 'gauge',
    otel: ['httpkit.queue.length', '{call}'],
    of: ({ queued }) => queued,
  },
  {
    name: 'queue_wait_seconds',
    help: 'Time that handler calls had waited when they began, 0 where that was at once',
    type: 'histogram',
    of: ({ queueWait }) => queueWait,
  },
]

export const hubFamilies: readonly Family[] = [
  {
    name: 'hub_status',
    help: 'Hubs that have this status',
    type: 'gauge',
    otel: ['httpkit.hub.status', '{hub}'],
    of: ({ hub }) => Object.entries(hub!.statuses).map(([status, value]) => ({ value, labels: { status } })),
  },
  {
    name: 'hub_topics',
    help: 'Topics remembered',
    type: 'gauge',
    otel: ['httpkit.hub.topics', '{topic}'],
    of: ({ hub }) => hub!.topics,
  },
  {
    name: 'hub_subscribers',
    help: 'Channels subscribed, once for each topic of theirs',
    type: 'gauge',
    otel: ['httpkit.hub.subscribers', '{channel}'],
    of: ({ hub }) => hub!.subscribers,
  },
  messages('published', 'Messages published by this process', ({ hub }) => hub!.published),
  messages('received', 'Messages received from other processes', ({ hub }) => hub!.received),
  messages('delivered', 'Messages sent to channels, once for each channel', ({ hub }) => hub!.delivered),
  messages('lost', 'Messages that other processes may not have got', ({ hub }) => hub!.lost),
  messages('missed', 'Messages of other processes that did not come', ({ hub }) => hub!.missed),
]

export const threadFamilies: readonly Family[] = [
  {
    name: 'threads_running',
    help: 'Calls under way on worker threads',
    type: 'gauge',
    otel: ['httpkit.threads.running', '{call}'],
    of: ({ threads }) => threads!.running,
  },
  {
    name: 'threads_queued',
    help: 'Calls that wait for a worker thread',
    type: 'gauge',
    otel: ['httpkit.threads.queued', '{call}'],
    of: ({ threads }) => threads!.queued,
  },
  {
    name: 'threads',
    help: 'Worker threads',
    type: 'gauge',
    otel: ['httpkit.threads', '{thread}'],
    of: ({ threads }) => threads!.threads,
  },
  {
    name: 'threads_completed_calls_total',
    help: 'Calls that have ended on worker threads, in whichever way',
    type: 'counter',
    otel: ['httpkit.threads.completed', '{call}'],
    of: ({ threads }) => threads!.completed,
  },
]

function messages(what: string, help: string, of: (snapshot: MetricsSnapshot) => number): NumberFamily {
  const otel = [`httpkit.hub.messages.${what}`, '{message}'] as const
  return { name: `hub_${what}_messages_total`, help, type: 'counter', otel, of }
}

function samplesOf(counts: ByStatus, by: string): Sample[] {
  return Object.entries(counts).map(([status, value]) => ({ value, labels: { status, by } }))
}
