// The options of a server that runs: what each may be, and what it is where it was left out.
import type { TlsOptions } from 'node:tls'
import { between } from '../core/between.js'
import { type ReaderLimits, readerBounds } from '../core/http-reader.js'
import type { RingResponse } from '../ring/contract.js'
import type { ServerMetrics } from '../ring/server-metrics.js'
import { type DeflateOptions, deflateOptions } from '../websocket/deflate-options.js'
import type { ServerOptions } from './options.js'

/** None is missing but those that may be. */
export interface Settings extends ReaderLimits {
  readonly maxWs: number
  readonly compression: DeflateOptions | undefined
  readonly port: number
  readonly ip: string
  readonly path: string | undefined
  readonly reusePort: boolean
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
  readonly metrics: ServerMetrics | undefined
}

/** @throws RangeError or TypeError for an option out of its range */
export function settingsOf(options: ServerOptions): Settings {
  const unbounded = Number.POSITIVE_INFINITY
  return {
    port: between(options.port, 'port', 0, 65535, 8090),
    ip: options.ip ?? '0.0.0.0',
    path: options.path,
    reusePort: options.reusePort ?? false,
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
    metrics: metricsOf(options.metrics),
  }
}

function oneOf<T extends string>(value: T | undefined, name: string, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0]
  if (choices.includes(value)) return value
  throw new TypeError(`${name} must be one of ${choices.join(', ')}, not ${String(value)}`)
}

function metricsOf(metrics: ServerMetrics | undefined): ServerMetrics | undefined {
  if (metrics === undefined || typeof metrics?.requestEnded === 'function') return metrics
  throw new TypeError('metrics must be what createMetrics() makes, or like it')
}

function toStderr(message: string, error?: unknown): void {
  console.error(...(error === undefined ? [message] : [message, error]))
}
