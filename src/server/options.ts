// A server's options: their defaults, and what each may be.
import type { TlsOptions } from 'node:tls'
import { between } from '../core/between.js'
import { type ReaderLimits, readerBounds } from '../core/request-reader.js'
import type { RingResponse } from '../ring/contract.js'
import { type DeflateOptions, deflateOptions } from '../websocket/deflate-options.js'
import type { WorkerPool } from './worker.js'

export interface ServerOptions {
  /** 0 takes a free one (default 8090). */
  port?: number
  /** Address to bind (default '0.0.0.0'). */
  ip?: string
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
}

/** The options of a running server, none of them missing but those that may be. */
export interface Settings extends ReaderLimits {
  readonly maxWs: number
  readonly compression: DeflateOptions | undefined
  readonly port: number
  readonly ip: string
  readonly path: string | undefined
  readonly tls: TlsOptions | undefined
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly keepAliveTimeout: number
  readonly maxConnections: number
  readonly maxBuffered: number
  readonly proxyProtocol: 'disable' | 'enable' | 'optional'
  readonly serverHeader: string | null
  readonly legacyUnsafeRemoteAddr: boolean
  readonly legacyContentLength: boolean
  readonly errorResponse: ((status: number, error: Error) => RingResponse) | undefined
  readonly errorLogger: (message: string, error?: unknown) => void
  readonly warnLogger: (message: string, error?: unknown) => void
  readonly eventLogger: ((eventName: string) => void) | undefined
}

/** @throws RangeError or TypeError for an option out of its range */
export function settingsOf(options: ServerOptions): Settings {
  const unbounded = Number.POSITIVE_INFINITY
  return {
    port: between(options.port, 'port', 0, 65535, 8090),
    ip: options.ip ?? '0.0.0.0',
    path: options.path,
    tls: options.tls,
    maxBody: between(options.maxBody, 'maxBody', 0, unbounded, 8 * 1024 * 1024),
    maxWs: between(options.maxWs, 'maxWs', 0, unbounded, 4 * 1024 * 1024),
    compression: deflateOptions(options.compression),
    maxLine: between(options.maxLine, 'maxLine', 16, readerBounds.maxLine, 8192),
    maxHeaders: between(options.maxHeaders, 'maxHeaders', 1, readerBounds.maxHeaders, 100),
    headersTimeout: between(options.headersTimeout, 'headersTimeout', 1, unbounded, 10_000),
    bodyTimeout: between(options.bodyTimeout, 'bodyTimeout', 1, unbounded, 60_000),
    keepAliveTimeout: between(options.keepAliveTimeout, 'keepAliveTimeout', 1, unbounded, 75_000),
    maxConnections: between(options.maxConnections, 'maxConnections', 1, unbounded, unbounded),
    maxBuffered: between(options.maxBuffered, 'maxBuffered', 1, unbounded, 16 * 1024 * 1024),
    proxyProtocol: oneOf(options.proxyProtocol, 'proxyProtocol', ['disable', 'enable', 'optional']),
    serverHeader: options.serverHeader === undefined ? 'httpkit-wasm' : options.serverHeader,
    legacyUnsafeRemoteAddr: options.legacyUnsafeRemoteAddr ?? false,
    legacyContentLength: options.legacyContentLength ?? false,
    errorResponse: options.errorResponse,
    errorLogger: options.errorLogger ?? toStderr,
    warnLogger: options.warnLogger ?? toStderr,
    eventLogger: options.eventLogger,
  }
}

function oneOf<T extends string>(value: T | undefined, name: string, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0]
  if (choices.includes(value)) return value
  throw new TypeError(`${name} must be one of ${choices.join(', ')}, not ${String(value)}`)
}

function toStderr(message: string, error?: unknown): void {
  console.error(...(error === undefined ? [message] : [message, error]))
}
