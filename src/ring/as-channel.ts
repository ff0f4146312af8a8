// One channel over everything: the handlers that serve a WebSocket serve long polling and streaming too.
// Whoever runs the handler gives each request a channel that knows how.
import type { Channel, ChannelHandlers, RingRequest, RingResponse } from './contract.js'
import { refusal, refusalStatus } from './handshake.js'
import type { WorkerPool } from './worker.js'

/** The channel that a request comes with: its answer, which may become a WebSocket. */
export interface RequestChannel extends Channel {
  /** Tells the handlers of the end, also where it has come already. */
  watch(handlers: ChannelHandlers): void
  /** Opens the WebSocket that a request asks for, its handshake being right; `init` has been called when it is open. */
  upgrade(req: RingRequest, handlers: ChannelHandlers): Channel
  /**
   * Tells the server of a pool that its requests may wait in, for `stats()`.
   *
   * @param isRead the request has been read to its end: a client that ends its side from here on is leaving
   */
  runsOn?(pool: Pick<WorkerPool, 'stats'>, isRead: boolean): void
  /** Tells it that the request's call begins, having waited so many milliseconds in such a pool. */
  hasWaited?(ms: number): void
}

/**
 * Answers through the request's channel: a WebSocket where the request asks for one, else now, later, or bit by bit.
 *
 * @returns what the handler returns
 */
export function asChannel(req: RingRequest, handlers: ChannelHandlers): RingResponse {
  const channel = req.asyncChannel as RequestChannel
  if (!req.websocket || !channel.isOpen) return openHttp(channel, handlers)
  const status = refusalStatus(req)
  if (status !== undefined) return refuse(channel, handlers, status)
  req.asyncChannel = channel.upgrade(req, handlers)
  return { body: req.asyncChannel }
}

function openHttp(channel: RequestChannel, handlers: ChannelHandlers): RingResponse {
  handlers.init?.(channel)
  channel.watch(handlers)
  if (channel.isOpen) handlers.onOpen?.(channel)
  return { body: channel }
}

function refuse(channel: RequestChannel, handlers: ChannelHandlers, status: 400 | 426): RingResponse {
  handlers.init?.(channel)
  channel.watch(handlers)
  if (handlers.onHandshakeError) handlers.onHandshakeError(channel)
  else channel.send(refusal(status))
  return { body: channel }
}
