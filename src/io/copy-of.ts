import { memory, copyOf as plainCopyOf } from '../core/wasm.js'

const inbox = typeof Buffer === 'function' ? (memory as Buffer) : undefined

/** Pieces smaller than this share Node's pool. */
const POOLED_PIECE = 4096

/** The bytes from `start` to `end` of linear memory, for somebody who keeps them. */
export function copyOf(start: number, end: number): Uint8Array {
  if (inbox === undefined) return plainCopyOf(start, end)
  const size = end - start
  const piece = size < POOLED_PIECE ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
  inbox.copy(piece, 0, start, end)
  return piece
}
