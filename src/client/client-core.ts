// A client: its own connections, limits and ways to reach a server.
import type { ClientSettings } from './client-options.js'
import { HttpKitError } from './error.js'
import type { ClientResponse, RequestOptions } from './options.js'
import { discardBody } from './outgoing-body.js'
import { Pool } from './pool.js'
import { Transfer, type TransferOwner } from './transfer.js'

/** What a client is at. */
export interface ClientStats {
  /** Open, or being opened. */
  connections: number
  /** Of those, the ones that wait for a request. */
  idle: number
  /** Requests that have not been answered. */
  active: number
  /** Of those, the ones that wait for a connection. */
  queued: number
  /** Requests that have begun since the start. */
  requests: number
}

export class ClientCore implements TransferOwner {
  readonly pool: Pool
  private readonly eventLogger: ((event: string) => void) | undefined
  private readonly errorLogger: (message: string, error?: unknown) => void
  private readonly transfers = new Set<Transfer>()
  private requests = 0
  private closing: Promise<void> | undefined = undefined

  constructor({ network, limits, eventLogger, errorLogger }: ClientSettings) {
    this.pool = new Pool(network, limits)
    this.eventLogger = eventLogger
    this.errorLogger = errorLogger
  }

  run(options: RequestOptions, settle: (response: ClientResponse) => void): void {
    if (this.closing) {
      discardBody(options)
      return settle({ error: clientClosed(), opts: options })
    }
    const transfer = new Transfer(this, options, settle)
    // A timeout that is waited for keeps the process alive; an idle pool does not.
    if (this.transfers.size === 0) this.pool.wheel.hold(true)
    this.transfers.add(transfer)
    this.requests++
    this.event('httpkit.client.request')
    transfer.start()
  }

  onTransferDone(transfer: Transfer, error: HttpKitError | undefined): void {
    this.transfers.delete(transfer)
    if (this.transfers.size === 0) this.pool.wheel.hold(false)
    if (error !== undefined) this.event(`httpkit.client.error.${error.code}`)
  }

  // A logger of the user's that fails costs no request.
  private event(name: string): void {
    if (this.eventLogger === undefined) return
    try {
      this.eventLogger(name)
    } catch (error) {
      this.log('httpkit-wasm: eventLogger failed', error)
    }
  }

  private log(message: string, error: unknown): void {
    try {
      this.errorLogger(message, error)
    } catch {}
  }

  stats(): ClientStats {
    const { pool, transfers, requests } = this
    return {
      connections: pool.connectionCount,
      idle: pool.idleCount,
      active: transfers.size,
      queued: pool.queueLength,
      requests,
    }
  }

  close(): Promise<void> {
    if (this.closing === undefined) {
      this.closing = this.pool.close()
      for (const transfer of [...this.transfers]) transfer.fail(clientClosed())
    }
    return this.closing
  }
}

function clientClosed(): HttpKitError {
  return new HttpKitError('ERR_CLIENT_CLOSED', 'the client is closed')
}
