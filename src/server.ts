// httpkit-wasm/server: run a Ring handler; answer now, later, or bit by bit.
export type { ResponseHeaders } from './core/response-head.js'
export { type FileBody, file } from './io/file-body.js'
export { asChannel } from './server/http-channel.js'
export type { ServerOptions } from './server/options.js'
export type {
  Channel,
  ChannelHandlers,
  CloseStatus,
  Handler,
  RequestBody,
  ResponseBody,
  RingRequest,
  RingResponse,
} from './server/ring.js'
export { type HttpServer, runServer, type ServerStats } from './server/run-server.js'
export {
  newWorker,
  QueueFullError,
  type WorkerOptions,
  type WorkerPool,
  type WorkerStats,
} from './server/worker.js'
