// An end under test, an echo, with a raw peer before it: our server in our-server.ts, our client in our-client.ts.
import type { Channel, CloseStatus } from '../../src/server.js'
import type { RawWebSocket } from '../support/raw-websocket.js'
import { deferred } from '../support/waiting.js'

export type Side = (options: ConnectOptions) => Promise<Connection>

export interface ConnectOptions {
  compression?: boolean | { threshold: number }
  /** Sec-WebSocket-Extensions of the peer's request where it is a client, of its answer where it is a server. */
  offer?: string
  answer?: string
}

export interface Connection {
  /** Speaks to the end under test. */
  peer: RawWebSocket
  /** What `onClose` of the end under test was told. */
  closed: Promise<Closed>
  /** Sec-WebSocket-Extensions of the request and of the answer. */
  offered: string | undefined
  accepted: string | undefined
}

export interface Closed {
  status: CloseStatus
  code: number | undefined
}

/** The largest message of the list, and room to send its echo. */
export const limits = { maxWs: 16 * 2 ** 20, maxBuffered: 32 * 2 ** 20 }

export function echo() {
  const { promise: closed, resolve } = deferred<Closed>()
  const handlers = {
    onReceive: (channel: Channel, message: string | Uint8Array): void => void channel.send(message),
    onClose: (_: Channel, status: CloseStatus, code: number | undefined): void => resolve({ status, code }),
  }
  return { handlers, closed }
}
