// A Ring handler for platforms that have a server of their own and hand over a Request for a Response.
import { protocolError } from '../core/protocol-error.js'
import type { Handler, RingRequest, RingResponse } from '../ring/contract.js'
import { refusal, refusalStatus } from '../ring/handshake.js'
import { type BunWebSocketHandlers, bunHandlers } from './bun.js'
import { HttpChannel } from './http-channel.js'
import { Platform } from './platform.js'
import { readRequest } from './read-request.js'
import { RingSocket } from './ring-socket.js'
import { type FetchOptions, type FetchSettings, settingsOf } from './settings.js'

/** What workerd, Deno, Bun and other platforms call for each request. */
export interface FetchHandler {
  /**
   * @param platform what the platform hands over second: Bun its server, Deno what it knows of the client, workerd `env`
   * @param context what it hands over third
   */
  (request: Request, platform?: unknown, context?: unknown): Promise<Response>
  /** Itself: `const { fetch, websocket } = toFetch(handler)`. */
  readonly fetch: FetchHandler
  /** For Bun, whose WebSockets are told elsewhere: `Bun.serve({ fetch, websocket })`. */
  readonly websocket: BunWebSocketHandlers
}

/**
 * Makes a fetch handler: `export default { fetch: toFetch(handler) }`.
 *
 * Bodies stream both ways. Channels stream, wait, and become WebSockets of the platform's, where it has them (workerd, Deno,
 * Bun). There the platform answers pings; `onPing`, `onPong` are told by Bun alone, and `heartbeat` is workerd's own affair.
 *
 * @throws RangeError for an option out of its range
 */
export function toFetch(handler: Handler, options: FetchOptions = {}): FetchHandler {
  const settings = settingsOf(options)
  const fetch = (request: Request, platform?: unknown, context?: unknown): Promise<Response> =>
    answer(handler, settings, request, platform, context)
  return Object.assign(fetch, { fetch: fetch as FetchHandler, websocket: bunHandlers(settings) })
}

function answer(
  handler: Handler,
  settings: FetchSettings,
  request: Request,
  given: unknown,
  context: unknown,
): Promise<Response> {
  const platform = new Platform(request, given, context)
  const channel = new HttpChannel(request, platform, settings)
  void run(handler, settings, channel, () => {
    const remoteAddr = settings.remoteAddr?.(request, given, context) ?? platform.remoteAddr
    return readRequest(request, channel, remoteAddr, settings.maxBody)
  })
  platform.waitUntil(channel.closed)
  // Bun has answered an upgrade itself, and wants nothing.
  return channel.answer as Promise<Response>
}

async function run(
  handler: Handler,
  { maxBody }: FetchSettings,
  channel: HttpChannel,
  read: () => RingRequest,
): Promise<void> {
  try {
    const req = read()
    channel.body = req.body as HttpChannel['body']
    if ((req.contentLength ?? 0) > maxBody) return channel.refuse(protocolError('BODY_TOO_LARGE'))
    const response = await handler(req)
    if (response?.listener && !channel.isAnswered) listen(req, channel, response)
    else channel.respond(response)
  } catch (error) {
    channel.fail(error)
  }
}

// Ring's WebSocket responses: `{ listener, protocol? }`.
function listen(req: RingRequest, channel: HttpChannel, { listener, headers, protocol }: RingResponse): void {
  const status = refusalStatus(req)
  if (status !== undefined) return channel.respond(refusal(status))
  channel.switchTo(new RingSocket(listener!, channel.settings), req, {
    ...(headers && { headers }),
    ...(protocol !== undefined && { protocol }),
  })
}
