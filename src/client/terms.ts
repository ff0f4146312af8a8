// What a request's options say of how it is to be run, checked.
import { bound } from '#runtime'
import { between } from '../core/between.js'
import { demandStyle } from '../core/encode-query.js'
import type { As, BodyFilter, OnProgress, RequestOptions } from './options.js'

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_KEEPALIVE_MS = 120_000
const DEFAULT_MAX_REDIRECTS = 10
const kinds: readonly unknown[] = ['auto', 'text', 'stream', 'byteArray', 'rawByteArray', 'none']

export interface Terms {
  readonly as: As
  readonly connectTimeout: number
  readonly idleTimeout: number
  readonly deadline: number
  readonly keepalive: number
  readonly followRedirects: boolean
  readonly maxRedirects: number
  readonly autoCompression: boolean
  readonly filter: BodyFilter | undefined
  readonly signal: AbortSignal | undefined
  readonly onUploadProgress: OnProgress | undefined
  readonly onDownloadProgress: OnProgress | undefined
}

/** @throws TypeError or RangeError */
export function termsOf(options: RequestOptions): Terms {
  const { as = 'auto', filter, signal } = options
  if (as !== 'auto' && !kinds.includes(as)) throw new TypeError(`unknown as: ${String(as)}`)
  if (filter !== undefined && !isFilter(filter)) throw new TypeError('a filter has accept or acceptBody')
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError('signal is no AbortSignal')
  demandStyle(options.nestedParamStyle)
  const timeout = milliseconds(options.timeout, 'timeout', DEFAULT_TIMEOUT_MS)
  return {
    as,
    filter: filter && boundFilter(filter),
    signal,
    connectTimeout: milliseconds(options.connectTimeout, 'connectTimeout', timeout),
    idleTimeout: milliseconds(options.idleTimeout, 'idleTimeout', timeout),
    deadline: milliseconds(options.deadline, 'deadline', Number.POSITIVE_INFINITY),
    keepalive: keepaliveOf(options.keepalive),
    followRedirects: options.followRedirects ?? true,
    maxRedirects: between(
      options.maxRedirects,
      'maxRedirects',
      0,
      Number.POSITIVE_INFINITY,
      DEFAULT_MAX_REDIRECTS,
    ),
    autoCompression: options.autoCompression ?? true,
    onUploadProgress: callbackOf(options.onUploadProgress, 'onUploadProgress'),
    onDownloadProgress: callbackOf(options.onDownloadProgress, 'onDownloadProgress'),
  }
}

function milliseconds(value: number | undefined, name: string, unset: number): number {
  if (value === undefined) return unset
  return between(value, name, Number.MIN_VALUE, Number.POSITIVE_INFINITY, unset)
}

function keepaliveOf(value: number | undefined): number {
  if (value === undefined) return DEFAULT_KEEPALIVE_MS
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  throw new TypeError('keepalive is a number of milliseconds')
}

// A connection is opened by one request and serves another: each is told in the context of its own caller.
function boundFilter(filter: BodyFilter): BodyFilter {
  const { accept, acceptBody } = filter
  return {
    ...(accept && { accept: bound(accept.bind(filter)) }),
    ...(acceptBody && { acceptBody: bound(acceptBody.bind(filter)) }),
  }
}

function isFilter(filter: unknown): boolean {
  if (typeof filter !== 'object' || filter === null) return false
  const { accept, acceptBody } = filter as Record<keyof BodyFilter, unknown>
  const isCallback = (one: unknown): boolean => one === undefined || typeof one === 'function'
  return isCallback(accept) && isCallback(acceptBody) && (accept ?? acceptBody) !== undefined
}

function callbackOf(callback: OnProgress | undefined, name: string): OnProgress | undefined {
  if (callback === undefined) return undefined
  if (typeof callback === 'function') return bound(callback)
  throw new TypeError(`${name} is a function`)
}
