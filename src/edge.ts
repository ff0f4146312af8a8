// httpkit-wasm/edge: Ring handlers behind a platform's own server, and fetch handlers on ours. Runs everywhere.
export type { CloseStatus } from './core/close.js'
export type { BunSocket, BunWebSocketHandlers } from './edge/bun.js'
export { type FetchApp, type FetchContext, fromFetch } from './edge/from-fetch.js'
export type { FetchOptions } from './edge/settings.js'
export { type FetchHandler, toFetch } from './edge/to-fetch.js'
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
