// What a client may be told, checked.
import { demandSocketOptions } from '#runtime'
import { between } from '../core/between.js'
import type { Network } from './dial.js'
import { errorOf } from './error.js'
import type { PoolLimits } from './pool.js'
import { demandTlsOptions } from './tls-options.js'

/** What `makeClient` takes. */
export interface ClientOptions extends Network {
  /** Connections at once (default: unbounded). */
  maxConnections?: number
  /** Requests that may wait for one (default 20480); past it ERR_QUEUE_FULL. */
  maxQueue?: number
  /** Told of what the client cannot tell anybody else (default: stderr). */
  errorLogger?: (message: string, error?: unknown) => void
  /** Told what happens, by name. */
  eventLogger?: (event: string) => void
}

export interface ClientSettings {
  readonly network: Network
  readonly limits: PoolLimits
  readonly errorLogger: (message: string, error?: unknown) => void
  readonly eventLogger: ((event: string) => void) | undefined
}

const MAX_QUEUE = 20_480

/** @throws HttpKitError ERR_INVALID_ARGUMENT */
export function settingsOf(options: ClientOptions): ClientSettings {
  try {
    return checked(options)
  } catch (error) {
    throw errorOf('ERR_INVALID_ARGUMENT', error)
  }
}

function checked(options: ClientOptions): ClientSettings {
  const { addressFinder, connect, bindAddress, tls, eventLogger, errorLogger = console.error } = options
  demandFunctions({ addressFinder, connect, eventLogger, errorLogger })
  demandTlsOptions(tls)
  demandSocketOptions({ bindAddress, tls })
  return {
    network: { addressFinder, connect, bindAddress, tls },
    limits: {
      maxConnections: limitOf(options.maxConnections, 'maxConnections', 1, Number.POSITIVE_INFINITY),
      maxQueue: limitOf(options.maxQueue, 'maxQueue', 0, MAX_QUEUE),
    },
    errorLogger,
    eventLogger,
  }
}

function limitOf(value: number | undefined, name: string, least: number, unset: number): number {
  return between(value, name, least, Number.POSITIVE_INFINITY, unset)
}

function demandFunctions(callbacks: Record<string, unknown>): void {
  for (const [name, callback] of Object.entries(callbacks)) {
    if (callback !== undefined && typeof callback !== 'function') throw new TypeError(`${name} is a function`)
  }
}
