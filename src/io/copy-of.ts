import { Buffer } from 'node:buffer'
import { memory } from '../core/wasm.js'

const inbox = memory as Buffer

/** Pieces smaller than this share Node's pool. */
const POOLED_PIECE = 4096

/** The bytes from `start` to `end` of linear memory, for somebody who keeps them. */
export function copyOf(start: number, end: number): Uint8Array {
  const size = end - start
  const piece = size < POOLED_PIECE ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
  inbox.copy(piece, 0, start, end)
  return piece
}
