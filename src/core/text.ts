// Bytes of linear memory as text. Field values are ISO 8859-1 here, as in http-kit and Ring: one byte, one character
// (RFC 9110 §5.5 leaves bytes from 0x80 up opaque; TextDecoder's "latin1" is windows-1252 and would change them).
import { memory } from './wasm.js'

type Latin1Source = { latin1Slice(start: number, end: number): string }

const source = 'latin1Slice' in memory ? (memory as unknown as Latin1Source) : undefined

/** The bytes from `start` to `end` of linear memory, each as the character of its number. */
export function latin1(start: number, end: number): string {
  return source ? source.latin1Slice(start, end) : latin1Of(memory.subarray(start, end))
}

/** The same for bytes that lie elsewhere. */
export function latin1Of(bytes: Uint8Array): string {
  if (source) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}

const utf8 = new TextEncoder()

/** Text as a binary string of its UTF-8 bytes. */
export function utf8AsBinary(text: string): string {
  return latin1Of(utf8.encode(text))
}
