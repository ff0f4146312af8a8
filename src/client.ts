// httpkit-wasm/client: the other end.
export { type ErrorCode, HttpKitError } from './client/error.js'
export { type ClientHandlers, openWebSocket, type WebSocketOptions } from './client/open-websocket.js'
export type { WebSocketChannel } from './websocket/channel.js'
