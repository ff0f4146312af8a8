// One channel over everything: the handlers that serve a WebSocket serve long polling and streaming too.

import type { Channel, ChannelHandlers, RingRequest, RingResponse } from '../ring/contract.js'
import { WebSocketChannel } from '../websocket/channel.js'
import { refusal, refusalStatus } from '../websocket/handshake.js'
import type { HttpChannel } from './http-channel.js'
import { upgrade } from './upgrade.js'

/**
 * Answers through the request's channel: a WebSocket where the request asks for one, else now, later, or bit by bit.
 *
 * @returns what the handler returns
 */
export function asChannel(req: RingRequest, handlers: ChannelHandlers): RingResponse {
  const channel = req.asyncChannel as HttpChannel
  if (!req.websocket || !channel.isOpen) return openHttp(channel, handlers)
  const status = refusalStatus(req)
  if (status !== undefined) return refuse(channel, handlers, status)
  req.asyncChannel = openWebSocket(req, channel, handlers)
  return { body: req.asyncChannel }
}

function openHttp(channel: HttpChannel, handlers: ChannelHandlers): RingResponse {
  handlers.init?.(channel)
  channel.watch(handlers)
  if (channel.isOpen) handlers.onOpen?.(channel)
  return { body: channel }
}

function refuse(channel: HttpChannel, handlers: ChannelHandlers, status: 400 | 426): RingResponse {
  handlers.init?.(channel)
  channel.watch(handlers)
  if (handlers.onHandshakeError) handlers.onHandshakeError(channel)
  else channel.send(refusal(status))
  return { body: channel }
}

function openWebSocket(req: RingRequest, channel: HttpChannel, handlers: ChannelHandlers): Channel {
  return upgrade(req, channel, handlers, (...link) => {
    const websocket = new WebSocketChannel(handlers, ...link)
    handlers.init?.(websocket)
    return websocket
  })
}
