// The options of a handler that runs behind somebody else's server: what each may be, and what it is where it was left out.
import { between } from '../core/between.js'
import { quietly } from '../io/quietly.js'
import type { RingResponse } from '../ring/contract.js'

/** What `toFetch` takes. */
export interface FetchOptions {
  /** Bytes of a request's body (default 8 MiB); 413 past it. */
  maxBody?: number
  /** Bytes of one WebSocket message (default 4 MiB); close 1009 past it. */
  maxWs?: number
  /** Bytes queued to one slow reader before its channel is closed (default 16 MiB). */
  maxBuffered?: number
  /** The client's address (default: what Deno, Bun and Cloudflare say of it, else ''). */
  remoteAddr?: (request: Request, platform: unknown, context: unknown) => string
  /** What is answered where no handler answers: a body too large, a handler that failed. */
  errorResponse?: (status: number, error: Error) => RingResponse
  /** Handlers and callbacks that failed (default: console.error). */
  errorLogger?: (message: string, error?: unknown) => void
}

export interface FetchSettings {
  readonly maxBody: number
  readonly maxWs: number
  readonly maxBuffered: number
  readonly remoteAddr: FetchOptions['remoteAddr']
  readonly errorResponse: FetchOptions['errorResponse']
  readonly log: (message: string, error: unknown) => void
}

/** @throws RangeError for an option out of its range */
export function settingsOf(options: FetchOptions): FetchSettings {
  const unbounded = Number.POSITIVE_INFINITY
  const { remoteAddr, errorResponse, errorLogger = console.error } = options
  return {
    maxBody: between(options.maxBody, 'maxBody', 0, unbounded, 8 * 1024 * 1024),
    maxWs: between(options.maxWs, 'maxWs', 0, unbounded, 4 * 1024 * 1024),
    maxBuffered: between(options.maxBuffered, 'maxBuffered', 1, unbounded, 16 * 1024 * 1024),
    remoteAddr,
    errorResponse,
    log: (message, error) => quietly(() => errorLogger(`httpkit-wasm: ${message}`, error)),
  }
}
