// What can go wrong on the way to a server, by a code that stays.

export type ErrorCode =
  /** Refused, unreachable, not found: the socket's error is the `cause`. */
  | 'ERR_CONNECT'
  /** The TLS handshake failed, or the certificate does not do. */
  | 'ERR_TLS'
  /** The proxy did not let us through. */
  | 'ERR_PROXY'
  /** Not open within `connectTimeout`. */
  | 'ERR_TIMEOUT_CONNECT'
  /** The server broke the protocol. */
  | 'ERR_PROTOCOL'
  /** The server answered a WebSocket handshake with something else than 101. */
  | 'ERR_WEBSOCKET_REFUSED'
  /** The connection ended before the answer did. */
  | 'ERR_CONNECTION_CLOSED'
  /** By the `signal`. */
  | 'ERR_ABORTED'
  | 'ERR_INVALID_ARGUMENT'

export class HttpKitError extends Error {
  readonly code: ErrorCode
  /** Of the answer that was not the one wanted. */
  readonly status?: number
  readonly headers?: Record<string, string | string[]>

  constructor(
    code: ErrorCode,
    message: string,
    details: { cause?: unknown; status?: number; headers?: Record<string, string | string[]> } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HttpKitError'
    this.code = code
    if (details.status !== undefined) this.status = details.status
    if (details.headers !== undefined) this.headers = details.headers
  }
}
