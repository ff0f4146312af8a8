// Bun's WebSockets: a request is upgraded by the server, and what becomes of all of them is told to one object beside the
// fetch handler: `Bun.serve({ fetch, websocket })`.
import type { PlatformSocket, PlatformSocketOwner } from './platform-socket.js'
import type { FetchSettings } from './settings.js'

/** Bun's Server, as far as it is used. */
export interface BunServer {
  upgrade(request: Request, options: { data: PlatformSocketOwner; headers: Headers }): boolean
  requestIP(request: Request): { address: string } | null
}

/** Bun's ServerWebSocket, as far as it is used. */
export interface BunSocket {
  data: unknown
  send(data: string | Uint8Array): number
  close(code?: number, reason?: string): void
  ping(data?: Uint8Array): number
  pong(data?: Uint8Array): number
  getBufferedAmount(): number
}

/** The `websocket` of Bun's server options. */
export interface BunWebSocketHandlers {
  readonly maxPayloadLength: number
  readonly backpressureLimit: number
  readonly idleTimeout: number
  open(socket: BunSocket): void
  message(socket: BunSocket, message: string | Uint8Array): void
  ping(socket: BunSocket, data: Uint8Array): void
  pong(socket: BunSocket, data: Uint8Array): void
  close(socket: BunSocket, code: number, reason: string): void
}

/** Bun answers by itself. @throws Error where it does not */
export function bunUpgrade(
  server: BunServer,
  request: Request,
  headers: Headers,
  data: PlatformSocketOwner,
): undefined {
  if (!server.upgrade(request, { data, headers })) throw new Error('Bun did not upgrade the request')
}

const MAX_LENGTH = 2 ** 31 - 1

export function bunHandlers({ maxWs, maxBuffered }: FetchSettings): BunWebSocketHandlers {
  return {
    maxPayloadLength: Math.min(maxWs, MAX_LENGTH),
    // Past ours, which ends the channel; past its own, Bun would drop messages.
    backpressureLimit: Math.min(maxBuffered * 2, MAX_LENGTH),
    // A channel's heartbeat is its own.
    idleTimeout: 0,
    open: (socket) => ownerOf(socket).onOpen(platformSocket(socket)),
    message: (socket, message) =>
      ownerOf(socket).onMessage(typeof message === 'string' ? message : new Uint8Array(message)),
    ping: (socket, data) => ownerOf(socket).onPing(new Uint8Array(data)),
    pong: (socket, data) => ownerOf(socket).onPong(new Uint8Array(data)),
    close: (socket, code, reason) => ownerOf(socket).onClose(code, reason),
  }
}

function ownerOf(socket: BunSocket): PlatformSocketOwner {
  return socket.data as PlatformSocketOwner
}

function platformSocket(socket: BunSocket): PlatformSocket {
  return {
    get bufferedAmount() {
      return socket.getBufferedAmount()
    },
    send: (data) => void socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    ping: (data) => void socket.ping(data),
    pong: (data) => void socket.pong(data),
  }
}
