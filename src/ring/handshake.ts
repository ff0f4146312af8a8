// What a request must look like to become a WebSocket (RFC 6455 §4), and what one is answered that does not.
import { areExtensions } from '../core/permessage-deflate.js'
import type { ResponseHeaders } from '../core/response-head.js'

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

const KEY_FIELD = 'sec-websocket-key'

export function handshakeKey({ headers }: HandshakeRequest): string {
  return headers[KEY_FIELD] ?? ''
}

/** The status that refuses the request as a handshake: 426 for another version, 400 for all else, or undefined. */
export function refusalStatus(request: HandshakeRequest): 400 | 426 | undefined {
  const { requestMethod, protocol, headers, body } = request
  const asks = hasToken(headers.upgrade, 'websocket') && hasToken(headers.connection, 'upgrade')
  if (requestMethod !== 'get' || protocol !== 'HTTP/1.1' || !asks || body !== undefined) return 400
  const version = headers['sec-websocket-version']
  if (version !== VERSION) return version === undefined ? 400 : 426
  const isRight = KEY.test(handshakeKey(request)) && areExtensions(headers['sec-websocket-extensions'] ?? '')
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

/** The first of the sub-protocols spoken that the client offers: one that it did not offer would make it give up. */
export function chosenProtocol(
  spoken: string | readonly string[] | undefined,
  { headers }: HandshakeRequest,
): string | undefined {
  const offered = listOf(headers['sec-websocket-protocol'] ?? '')
  const ours = typeof spoken === 'string' ? [spoken] : (spoken ?? [])
  return ours.find((protocol) => protocol !== '' && offered.includes(protocol))
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

function listOf(value: string): string[] {
  return value.split(',').map((element) => element.trim())
}
