import { cancelPieces, piecesOf } from '../io/pieces.js'
import type { RingResponse } from './contract.js'

/** Ends the body of a response that nobody waits for any more; a channel ends by itself. */
export function discard(response: RingResponse | null | undefined): void {
  const body = response?.body
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array || 'isOpen' in body) return
  const pieces = piecesOf(body)
  if (pieces) cancelPieces(pieces, new Error('the client has gone away'))
}
