// httpkit-wasm/server: run a Ring handler; answer now, later, or bit by bit.
export type { CloseStatus } from './core/close.js'
export type { ResponseHeaders } from './core/response-head.js'
export { type FileBody, type FileRange, file } from './io/file-body.js'
export { asChannel } from './ring/as-channel.js'
export { broadcast, type Recipient } from './ring/broadcast.js'
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
export {
  newWorker,
  QueueFullError,
  type WorkerOptions,
  type WorkerPool,
  type WorkerStats,
} from './ring/worker.js'
export { secWebSocketAccept, websocketHandshakeCheck } from './server/accept.js'
export type { ServerOptions } from './server/options.js'
export { type HttpServer, runServer, type ServerStats } from './server/run-server.js'
export type { DeflateOptions } from './websocket/deflate-options.js'
