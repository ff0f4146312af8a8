// Whether bytes are UTF-8, for those who bring their own.
import { demandBytes } from './demand-bytes.js'
import { deskSize, deskStart, memory, validateUtf8 } from './wasm.js'

// The core's states of validation.
const BETWEEN_CHARACTERS = 0
const NOT_UTF8 = -1

/** True where the bytes are UTF-8 to the letter (RFC 3629): nothing overlong, no surrogates, no character cut short. */
export function validUtf8(bytes: Uint8Array): boolean {
  demandBytes(bytes)
  let state = BETWEEN_CHARACTERS
  for (let at = 0; at < bytes.length; at += deskSize) {
    const piece = bytes.subarray(at, at + deskSize)
    memory.set(piece, deskStart)
    state = validateUtf8(state, deskStart, deskStart + piece.length)
    if (state === NOT_UTF8) return false
  }
  return state === BETWEEN_CHARACTERS
}
