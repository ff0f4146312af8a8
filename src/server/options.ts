// A server's options, as its user gives them.
import type { TlsOptions } from 'node:tls'
import type { RingResponse } from '../ring/contract.js'
import type { ServerMetrics } from '../ring/server-metrics.js'
import type { WorkerPool } from '../ring/worker.js'
import type { DeflateOptions } from '../websocket/deflate-options.js'

export interface ServerOptions {
  /** 0 takes a free one (default 8090). */
  port?: number
  /** Address to bind (default '0.0.0.0'). */
  ip?: string
  /** True lets other processes listen on this port too; the kernel shares the connections out (default false). Not everywhere. */
  reusePort?: boolean
  /** A Unix domain socket instead of ip and port; its file is removed on stop. */
  path?: string
  /** `node:tls` server options: HTTPS. */
  tls?: TlsOptions
  /** Handler calls at once (default: unbounded). */
  thread?: number
  /** Handler calls that may wait (default 20480); past it 503 with Retry-After. */
  queueSize?: number
  /** Where handler calls run (default `newWorker({ thread, queueSize })`). */
  workerPool?: WorkerPool
  /** Bytes of a request's body (default 8 MiB); 413 past it. */
  maxBody?: number
  /** Bytes of one WebSocket message (default 4 MiB), also after inflating; close 1009 past it. */
  maxWs?: number
  /** permessage-deflate on WebSockets (RFC 7692), where clients offer it (default false). */
  compression?: boolean | DeflateOptions
  /** Bytes of one line of a head (default 8192): 414 for the request-line, 431 for a field-line. */
  maxLine?: number
  /** Field-lines of a head (default 100); 431 past it. */
  maxHeaders?: number
  /** Milliseconds a head may take (default 10 s); then 408. */
  headersTimeout?: number
  /** Milliseconds a body may stall, in either direction (default 60 s); then 408, or a cut. */
  bodyTimeout?: number
  /** Milliseconds a connection may be idle (default 75 s); then it is closed. */
  keepAliveTimeout?: number
  /** Connections at once (default: unbounded); further ones are accepted and closed. */
  maxConnections?: number
  /** Bytes queued to one slow reader before its channel is closed (default 16 MiB). */
  maxBuffered?: number
  /** Whether connections begin with a PROXY protocol header, version 1 or 2 (default 'disable'). */
  proxyProtocol?: 'disable' | 'enable' | 'optional'
  /** The Server field (default 'httpkit-wasm'); null leaves it out. */
  serverHeader?: string | null
  /** True takes remoteAddr from X-Forwarded-For, which a client can forge (default false). */
  legacyUnsafeRemoteAddr?: boolean
  /** True counts Content-Length from the body for HEAD too; false lets a HEAD handler state it (default). */
  legacyContentLength?: boolean
  /** What the server answers where it answers by itself: refusals, a full queue, a handler that failed. */
  errorResponse?: (status: number, error: Error) => RingResponse
  /** Handlers and callbacks that failed (default: to stderr). */
  errorLogger?: (message: string, error?: unknown) => void
  /** Oddities that cost nobody anything (default: to stderr). */
  warnLogger?: (message: string, error?: unknown) => void
  /** Told the name of each event, to count them (default: none). */
  eventLogger?: (eventName: string) => void
  /** Counts requests, their durations and more: `createMetrics()` of httpkit-wasm/metrics (default: nobody). */
  metrics?: ServerMetrics | undefined
}
