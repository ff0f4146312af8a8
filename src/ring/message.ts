// What a channel is given to send, told apart.
import type { RingResponse } from './contract.js'

export function isBody(data: string | Uint8Array | RingResponse): data is string | Uint8Array {
  return typeof data === 'string' || data instanceof Uint8Array
}

/** What a channel that stays open sends of a response map. @throws TypeError for a body that comes in pieces */
export function pieceOf(body: RingResponse['body']): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  throw new TypeError('a channel that stays open sends strings and Uint8Arrays')
}

/** What a WebSocket sends: text, bytes, or the body of a response map. @throws TypeError for anything else */
export function messageOf(data: string | Uint8Array | RingResponse): string | Uint8Array | undefined {
  if (isBody(data)) return data
  const isMap = typeof data === 'object' && data !== null
  const body = isMap ? data.body : data
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (isMap && (body === undefined || body === null)) return undefined
  throw new TypeError('a WebSocket sends strings and Uint8Arrays')
}

/** How a bare string or bytes are answered: http-kit's type. */
export const TEXT_TYPE = { 'Content-Type': 'text/html; charset=utf-8' }
