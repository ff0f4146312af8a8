// Sockets where there is node:net: Node, Bun, Deno.
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { ByteSocket, Opening, SocketOptions } from '../io/socket.js'

/** @throws TypeError for options that no socket can be opened with */
export function demandSocketOptions({ bindAddress }: SocketOptions): void {
  if (bindAddress !== undefined && isIP(bindAddress) === 0) throw new TypeError('bindAddress is an address')
}

/** Opens a socket; 'connect' or 'error' follows. */
export function openSocket(
  at: { host: string; port: number } | { path: string },
  { bindAddress }: Opening,
): ByteSocket {
  const from = bindAddress === undefined ? {} : { localAddress: bindAddress }
  return connect({ ...at, ...from, noDelay: true, allowHalfOpen: true })
}

/** Begins TLS on a socket; 'secureConnect' or 'error' follows on what is returned. @throws for bad options */
export function secureSocket(socket: ByteSocket, options: ConnectionOptions): ByteSocket {
  return connectTls({ ...options, socket: socket as unknown as Socket })
}
