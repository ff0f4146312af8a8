// Bytes that arrive bit by bit: each piece is handed to the kernel alone, and the event loop turns before the next, so
// that the server reads them one at a time.
import type { RawPeer } from './raw-peer.js'

type Bytes = string | Uint8Array

/** Sends the pieces one after another. Text is Latin-1. */
export async function sendPieces(peer: RawPeer, pieces: Iterable<Bytes>): Promise<void> {
  for (const piece of pieces) {
    await peer.send(piece).flushed()
    await turn()
  }
}

/** Sends byte by byte. */
export function drip(peer: RawPeer, data: Bytes): Promise<void> {
  return sendPieces(peer, bytesOf(data))
}

/** The data cut in two before every byte but the first: `['a', 'bc'], ['ab', 'c']`. */
export function cutsOf(data: Bytes): [head: Buffer, tail: Buffer][] {
  const bytes = toBuffer(data)
  return Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => [
    bytes.subarray(0, index + 1),
    bytes.subarray(index + 1),
  ])
}

function* bytesOf(data: Bytes): Iterable<Uint8Array> {
  const bytes = toBuffer(data)
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
}

function toBuffer(data: Bytes): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data)
}

// Server and client share the process: two turns, so that the read of one piece comes before the write of the next.
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
