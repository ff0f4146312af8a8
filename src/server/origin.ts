// Where a connection's requests come from: what their maps take from it.
import type { Socket } from 'node:net'
import type { Headers } from '../core/fields.js'
import type { ServerContext } from './context.js'
import type { Proxied } from './proxy-preface.js'

export class Origin {
  private readonly context: ServerContext
  private readonly socket: Socket
  private readonly proxied: Proxied | undefined
  private address: string | undefined

  constructor(context: ServerContext, socket: Socket, proxied: Proxied | undefined) {
    this.context = context
    this.socket = socket
    this.proxied = proxied
    this.address = proxied?.address
  }

  get scheme(): 'http' | 'https' {
    return this.context.scheme
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

  /** True takes remoteAddr from X-Forwarded-For, which a client can forge. */
  get trustsForwardedFor(): boolean {
    return this.context.settings.legacyUnsafeRemoteAddr
  }

  /** The fields that a PROXY header brought, which replace the client's. */
  get proxyFields(): Headers | undefined {
    return this.proxied?.fields
  }
}

// An IPv4 peer of a socket that listens for both kinds has an IPv4-mapped address (RFC 4291 §2.5.5.2).
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
