// Ring's WebSocket responses: `{ listener, protocol? }` where the request asks for a WebSocket.

import type { RingRequest, RingResponse } from '../ring/contract.js'
import { refusal, refusalStatus } from '../ring/handshake.js'
import { RingSocket } from '../websocket/ring-socket.js'
import type { Exchange } from './exchange.js'
import { respond } from './respond.js'
import { upgrade } from './upgrade.js'

/** Opens the WebSocket for the response's listener, or refuses it. */
export function listen(request: RingRequest, exchange: Exchange, response: RingResponse): void {
  const status = refusalStatus(request)
  if (status !== undefined) return respond(exchange, refusal(status))
  const { headers, protocol } = response
  const options = { ...(headers && { headers }), ...(protocol !== undefined && { protocol }) }
  upgrade(request, exchange, options, (...link) => new RingSocket(response.listener!, ...link))
}
