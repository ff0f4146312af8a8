// What can go wrong with a request, by a code that stays.

export type ErrorCode =
  /** An option, URL, header or body that cannot be sent: nothing has been. */
  | 'ERR_INVALID_ARGUMENT'
  /** Refused, unreachable, not found: the socket's error is the `cause`. */
  | 'ERR_CONNECT'
  /** The TLS handshake failed, or the certificate does not do. */
  | 'ERR_TLS'
  /** The proxy did not let us through. */
  | 'ERR_PROXY'
  /** More requests wait for a connection than `maxQueue`. */
  | 'ERR_QUEUE_FULL'
  /** No connection within `connectTimeout`. */
  | 'ERR_TIMEOUT_CONNECT'
  /** No byte in either direction for `idleTimeout`. */
  | 'ERR_TIMEOUT_IDLE'
  /** Not done within `deadline`. */
  | 'ERR_DEADLINE'
  /** By the `signal`. */
  | 'ERR_ABORTED'
  /** The server broke the protocol; the rule is named by the `cause`. */
  | 'ERR_PROTOCOL'
  /** The connection ended before the answer did. */
  | 'ERR_CONNECTION_CLOSED'
  /** A body that is not in the coding that it is said to be in, or in none that we know. */
  | 'ERR_CONTENT_ENCODING'
  /** By the `filter`. */
  | 'ERR_BODY_REJECTED'
  /** More hops than `maxRedirects`. */
  | 'ERR_TOO_MANY_REDIRECTS'
  /** A redirect to nowhere, or to where we do not follow. */
  | 'ERR_REDIRECT_LOCATION'
  /** A redirect asks for a body again that was a stream. */
  | 'ERR_BODY_NOT_REPLAYABLE'
  /** `close()` has been called. */
  | 'ERR_CLIENT_CLOSED'
  /** A callback threw; what it threw is the `cause`. */
  | 'ERR_CALLBACK'
  /** The server answered a WebSocket handshake with something else than 101. */
  | 'ERR_WEBSOCKET_REFUSED'
  /** `withFakeHttp`: no route matched. */
  | 'ERR_FAKE_UNMATCHED'
  /** `withFakeHttp`: the route says 'deny'. */
  | 'ERR_FAKE_DENIED'

/** What is in `resp.error`. Its `cause`, where it has one, is what the socket, DNS or a stream said. */
export class HttpKitError extends Error {
  /** Stays what it is from version to version. */
  readonly code: ErrorCode
  /** Of the answer that was not the one wanted. */
  declare readonly status?: number
  declare readonly headers?: Record<string, string | string[]>

  constructor(
    code: ErrorCode,
    message: string,
    details: { cause?: unknown; status?: number; headers?: Record<string, string | string[]> } = {},
  ) {
    super(message, 'cause' in details && details.cause !== undefined ? { cause: details.cause } : undefined)
    this.name = 'HttpKitError'
    this.code = code
    if (details.status !== undefined) this.status = details.status
    if (details.headers !== undefined) this.headers = details.headers
  }
}

/** An error as one of ours: what it is not yet is the `cause`. */
export function errorOf(code: ErrorCode, error: unknown, message?: string): HttpKitError {
  if (error instanceof HttpKitError) return error
  const reason = reasonOf(error)
  return new HttpKitError(code, message === undefined ? reason : `${message}: ${reason}`, { cause: error })
}

// Whatever was thrown; some things have no text.
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'what was thrown is no error'
  }
}
