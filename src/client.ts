// httpkit-wasm/client: requests, answered by a promise or a callback, and WebSockets from the other end.

export { maxBodyFilter } from './client/body-filter.js'
export {
  acl,
  copy,
  del,
  del as delete,
  get,
  head,
  lock,
  move,
  options,
  patch,
  post,
  propfind,
  proppatch,
  put,
  report,
  request,
  unlock,
} from './client/by-default.js'
export type { ClientStats } from './client/client-core.js'
export type { ClientOptions } from './client/client-options.js'
export type { Network, SocketAddress } from './client/dial.js'
export { type ErrorCode, HttpKitError } from './client/error.js'
export { type Client, makeClient, setDefaultClient } from './client/make-client.js'
export type { Method, Methods, SendRequest } from './client/methods.js'
export { openWebSocket, type WebSocketOptions } from './client/open-websocket.js'
export type {
  As,
  BodyFilter,
  ClientResponse,
  OnProgress,
  RequestBody as OutgoingBody,
  RequestOptions,
} from './client/options.js'
export type { Callback } from './client/request.js'
export { ResponsePromise } from './client/response-promise.js'
export type { CloseStatus } from './core/close.js'
export type { NestedParamStyle } from './core/flat-params.js'
export type { Part } from './form/encode-multipart.js'
export { type FileBody, type FileRange, file } from './io/file-body.js'
export type { Channel, ChannelCallbacks } from './ring/contract.js'
export type { DeflateOptions } from './websocket/deflate-options.js'
