// Where a connection's requests come from: what their maps take from it.
import type { Socket } from 'node:net'
import type { Headers } from '../core/fields.js'
import type { ServerContext } from './context.js'
import type { Proxied } from './proxy-preface.js'

export class Origin {
  readonly scheme: 'http' | 'https'
  /** True takes remoteAddr from X-Forwarded-For, which a client can forge. */
  readonly trustsForwardedFor: boolean
  /** The fields that a PROXY header brought, which replace the client's. */
  readonly proxyFields: Headers | undefined
  private readonly context: ServerContext
  private readonly socket: Socket
  private address: string | undefined

  constructor(context: ServerContext, socket: Socket, proxied: Proxied | undefined) {
    this.scheme = context.scheme
    this.trustsForwardedFor = context.settings.legacyUnsafeRemoteAddr
    this.proxyFields = proxied?.fields
    this.context = context
    this.socket = socket
    this.address = proxied?.address
  }

  /** The peer's address, or the one that a PROXY header named; '' on a Unix domain socket. */
  get remoteAddr(): string {
    return (this.address ??= withoutMapping(this.socket.remoteAddress ?? ''))
  }

  /** Where the client reached us, for a request that does not name a host. */
  get localName(): string {
    return withoutMapping(this.socket.localAddress ?? 'localhost')
  }

  get localPort(): number {
    return this.context.port
  }
}

// An IPv4 peer of a socket that listens for both kinds has an IPv4-mapped address (RFC 4291 §2.5.5.2).
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
