// Feeds bytes to a reader of the core, where it wants them: in the window of linear memory that sockets read into.
import { memory, windowSize, windowStart } from '../../../build/modules/core/wasm.js'

/** @param read is called after each piece that was fed; false ends it */
export function feedAll(reader, bytes, read, pieceSize = windowSize) {
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const piece = bytes.subarray(at, at + pieceSize)
    memory.set(piece, windowStart)
    reader.feed(windowStart, windowStart + piece.length)
    if (read() === false) return
  }
}
