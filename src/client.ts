// httpkit-wasm/client: the other end.
export { type ErrorCode, HttpKitError } from './client/error.js'
export { openWebSocket, type WebSocketOptions } from './client/open-websocket.js'
export type { CloseStatus } from './core/close.js'
export type { Channel, ChannelCallbacks } from './ring/contract.js'
export type { DeflateOptions } from './websocket/deflate-options.js'
