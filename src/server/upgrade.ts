// From a handshake that is right to an open WebSocket (RFC 6455 §4.2.2): the 101, then the socket changes hands.

import type { Socket } from 'node:net'
import { acceptOffer } from '../core/permessage-deflate.js'
import type { ResponseHeaders } from '../core/response-head.js'
import type { Outbox } from '../io/outbox.js'
import type { RingRequest } from '../ring/contract.js'
import { chosenProtocol, furtherFields, handshakeKey } from '../ring/handshake.js'
import {
  checkedHeartbeat,
  type WebSocketConnection,
  type WebSocketHost,
  type WebSocketSettings,
} from '../websocket/connection.js'
import { Deflate } from '../websocket/deflate.js'
import { secWebSocketAccept } from './accept.js'
import type { Exchange } from './exchange.js'

export interface UpgradeOptions {
  protocol?: string | readonly string[]
  headers?: ResponseHeaders
  heartbeat?: number
}

/** What a WebSocket is made on. */
export type Link = [host: WebSocketHost, socket: Socket, outbox: Outbox, settings: WebSocketSettings]

/**
 * Opens the WebSocket that a checked request asks for.
 *
 * @param make makes it; it is not open yet
 * @throws TypeError or RangeError for options that cannot be answered, before a byte has left
 */
export function upgrade<T extends WebSocketConnection>(
  request: RingRequest,
  exchange: Exchange,
  options: UpgradeOptions,
  make: (...link: Link) => T,
): T {
  const { outlet } = exchange
  const { context } = outlet
  const { settings } = context
  const agreed = settings.compression && acceptOffer(request.headers[EXTENSIONS] ?? '', settings.compression)
  const protocol = chosenProtocol(options.protocol, request)
  const fields = {
    ...furtherFields(options.headers),
    'Sec-WebSocket-Accept': secWebSocketAccept(handshakeKey(request)),
    ...(protocol !== undefined && { 'Sec-WebSocket-Protocol': protocol }),
    ...(agreed && { 'Sec-WebSocket-Extensions': agreed.field }),
  }
  const connection = make(context, outlet.socket, outlet.outbox, {
    isServer: true,
    maxMessage: settings.maxWs,
    maxBuffered: settings.maxBuffered,
    heartbeat: checkedHeartbeat(options.heartbeat),
    deflate: agreed && new Deflate(true, agreed.parameters, settings.compression!),
  })
  exchange.switchProtocols(fields)
  outlet.handOver(connection)
  connection.open()
  if (context.isStopping) connection.goAway()
  return connection
}

const EXTENSIONS = 'sec-websocket-extensions'
