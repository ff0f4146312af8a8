// The handshake's two ends agree (RFC 6455 §4): what a request must look like to become a WebSocket, and the answer that
// shows that it was understood.
import { hash } from 'node:crypto'
import { areExtensions } from '../core/permessage-deflate.js'
import type { ResponseHeaders } from '../core/response-head.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const VERSION = '13'
/** Sixteen bytes in base64, in their only right form. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** What the check looks at in a request map. */
export interface HandshakeRequest {
  requestMethod: string
  protocol: string
  headers: Readonly<Record<string, string>>
  body?: unknown
}

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
  return refusalStatus(request) === undefined ? secWebSocketAccept(request.headers[KEY_FIELD]!) : undefined
}

const KEY_FIELD = 'sec-websocket-key'

/** The status that refuses the request as a handshake: 426 for another version, 400 for all else, or undefined. */
export function refusalStatus(request: HandshakeRequest): 400 | 426 | undefined {
  const { requestMethod, protocol, headers, body } = request
  const asks = hasToken(headers.upgrade, 'websocket') && hasToken(headers.connection, 'upgrade')
  if (requestMethod !== 'get' || protocol !== 'HTTP/1.1' || !asks || body !== undefined) return 400
  const version = headers['sec-websocket-version']
  if (version !== VERSION) return version === undefined ? 400 : 426
  const isRight =
    KEY.test(headers[KEY_FIELD] ?? '') && areExtensions(headers['sec-websocket-extensions'] ?? '')
  return isRight ? undefined : 400
}

/** A response that says so. */
export function refusal(status: 400 | 426): {
  status: number
  headers: Record<string, string>
  body: string
} {
  const versions = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': VERSION }
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...(status === 426 && versions) },
    body:
      status === 426 ? `the WebSocket version spoken here is ${VERSION}\n` : 'not a WebSocket handshake\n',
  }
}

/** Whether a list field has the token, in any case. */
export function hasToken(value: string | undefined, token: string): boolean {
  return value !== undefined && listOf(value).some((one) => one.toLowerCase() === token)
}

/**
 * The fields a user adds to a handshake, whose own are not the user's to set.
 *
 * @throws TypeError for one of those
 */
export function furtherFields(headers: ResponseHeaders = {}): ResponseHeaders {
  for (const name in headers) {
    if (/^(host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*)$/i.test(name)) {
      throw new TypeError(`${name} is not for the user to set in a handshake`)
    }
  }
  return headers
}

/** The elements of a list field. */
export function listOf(value: string): string[] {
  return value.split(',').map((element) => element.trim())
}
