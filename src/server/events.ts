// What `eventLogger` is told: http-kit's names, and one for each limit that http-kit does not have.

const PREFIX = 'httpkit.server.'

/** A connection could not be accepted. */
export const ACCEPT_ERROR = `${PREFIX}accept.error`
/** Reading or answering a connection failed inside the server. */
export const LOOP_ERROR = `${PREFIX}loop.error`
/** An `onClose` callback threw. */
export const CHANNEL_CLOSE_ERROR = `${PREFIX}channel.close.error`
/** A peer broke the WebSocket protocol, or one of its limits. */
export const WS_DECODE_ERROR = `${PREFIX}ws.decode.error`
/** A reader so slow that more than `maxBuffered` bytes waited for it. */
export const CHANNEL_OVERFLOW = `${PREFIX}channel.overflow`
/** A connection over `maxConnections`. */
export const MAX_CONNECTIONS = `${PREFIX}max-connections`
/** An idle connection was closed after `keepAliveTimeout`, or before its first byte after `headersTimeout`. */
export const IDLE_TIMEOUT = `${PREFIX}timeout.idle`
/** A client stopped reading an answer for `bodyTimeout`. */
export const WRITE_TIMEOUT = `${PREFIX}timeout.write`

/** A status the server answered by itself: a refusal, a full queue, a handler that failed. */
export function refusedEvent(status: number): string {
  return `${PREFIX}status.${status}`
}

/** A status that the handler answered; http-kit counts its 404s with the server's own. */
export function processedEvent(status: number): string {
  return status === 404 ? refusedEvent(404) : `${PREFIX}status.processed.${status}`
}
