// The answer that shows that a handshake was understood (RFC 6455 §4.2.2).
import { hash } from 'node:crypto'
import { type HandshakeRequest, handshakeKey, refusalStatus } from '../ring/handshake.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The value of Sec-WebSocket-Accept for a client's key (RFC 6455 §4.2.2). */
export function secWebSocketAccept(key: string): string {
  return hash('sha1', key + GUID, 'base64')
}

/**
 * Checks a request for a WebSocket handshake (RFC 6455 §4.2.1).
 *
 * @returns the value of Sec-WebSocket-Accept, or undefined where it is none
 */
export function websocketHandshakeCheck(request: HandshakeRequest): string | undefined {
  return refusalStatus(request) === undefined ? secWebSocketAccept(handshakeKey(request)) : undefined
}
