// Deno's WebSockets: an upgrade gives a standard WebSocket, which opens when the answer has gone.
import type { PlatformSocketOwner } from './platform-socket.js'
import { listen, platformSocket } from './standard-socket.js'

declare const Deno:
  | {
      upgradeWebSocket(
        request: Request,
        options: { idleTimeout: number },
      ): { socket: WebSocket; response: Response }
    }
  | undefined

export function hasDeno(): boolean {
  return typeof Deno === 'object'
}

/** @param heartbeat in milliseconds; Deno pings by itself */
export function denoUpgrade(
  request: Request,
  headers: Headers,
  heartbeat: number | undefined,
  owner: PlatformSocketOwner,
): Response {
  const idleTimeout = heartbeat === undefined ? 0 : Math.max(1, Math.round(heartbeat / 1000))
  const { socket, response } = Deno!.upgradeWebSocket(request, { idleTimeout })
  // The sub-protocol too: Deno reads the client's list by ', ' alone, where it chooses.
  for (const [name, value] of headers) response.headers.append(name, value)
  listen(socket, owner)
  socket.addEventListener('open', () => owner.onOpen(platformSocket(socket)), { once: true })
  return response
}
