// Where there are no sockets: browsers, and edge functions.
import type { ByteSocket } from '../io/socket.js'

export function demandSocketOptions(): void {}

/** @throws Error always */
export function openSocket(): ByteSocket {
  throw new Error(
    'there are no sockets here: the client runs in Node, Bun, Deno and workerd; use fetch, or bundle with the condition ' +
      "that your runtime's packages are resolved by",
  )
}

/** @throws Error always */
export function secureSocket(): ByteSocket {
  return openSocket()
}
