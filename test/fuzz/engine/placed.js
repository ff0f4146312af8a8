// Where inputs lie: at the very end of memory, but for the 16 bytes that the core owns, so that whoever reads on traps. What
// stands in those must not matter; it is something else each time.
import { memory } from '../../../build/modules/core/wasm.js'

const OWNED = 16
const end = memory.length - OWNED
const poisons = ['\r\n'.repeat(8), '\0'.repeat(16), '&=%0+;A"0\n:-\xff\x80\x81 ', '\xf0\x9f'.repeat(8)].map(
  (text) => Buffer.from(text, 'latin1'),
)
let turn = 0

/** @returns where the bytes begin */
export function place(bytes) {
  const start = end - bytes.length
  memory.set(bytes, start)
  memory.set(poisons[turn++ & 3], end)
  return start
}
