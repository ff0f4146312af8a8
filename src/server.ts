// httpkit-wasm/server: run a Ring handler; answer now, later, or bit by bit.
export type { CloseStatus } from './core/close.js'
export type { ResponseHeaders } from './core/response-head.js'
export { type FileBody, file } from './io/file-body.js'
export type {
  Channel,
  ChannelCallbacks,
  ChannelHandlers,
  Handler,
  RequestBody,
  ResponseBody,
  RingRequest,
  RingResponse,
  WebSocketListener,
  WebSocketSocket,
} from './ring/contract.js'
export { asChannel } from './server/as-channel.js'
export type { ServerOptions } from './server/options.js'
export { type HttpServer, runServer, type ServerStats } from './server/run-server.js'
export {
  newWorker,
  QueueFullError,
  type WorkerOptions,
  type WorkerPool,
  type WorkerStats,
} from './server/worker.js'
export { broadcast, type Recipient } from './websocket/broadcast.js'
export type { DeflateOptions } from './websocket/deflate-options.js'
export { secWebSocketAccept, websocketHandshakeCheck } from './websocket/handshake.js'
