// Bytes of linear memory as text, and back. Field values are ISO 8859-1 here, as in http-kit and Ring: one byte, one character
// (RFC 9110 §5.5 leaves bytes from 0x80 up opaque).
import { memory } from './wasm.js'

interface FastText {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, at: number, length: number): number
}

// A Buffer's own ways, where memory is one.
const source = 'latin1Slice' in memory ? (memory as unknown as FastText) : undefined

/** The bytes from `start` to `end` of linear memory, each as the character of its number. */
export function latin1(start: number, end: number): string {
  return source ? source.latin1Slice(start, end) : latin1Of(memory.subarray(start, end))
}

/** The same for bytes that lie elsewhere. */
export function latin1Of(bytes: Uint8Array): string {
  if (source) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  // Browsers decode nothing that is shared.
  const text = windows1252.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice())
  return CHANGED.test(text) ? text.replace(EACH_CHANGED, (character) => unchanged.get(character)!) : text
}

// What TextDecoder calls latin1 differs from it in 0x80 to 0x9f alone: what it takes for others is above U+00FF. String's own
// ways from bytes to characters take ten to a hundred times as long.
const windows1252 = new TextDecoder('latin1')
const CHANGED = /[\u0100-\uffff]/
const EACH_CHANGED = /[\u0100-\uffff]/g
const unchanged = new Map(
  Array.from({ length: 32 }, (_, at) => {
    return [windows1252.decode(Uint8Array.of(0x80 + at)), String.fromCharCode(0x80 + at)]
  }),
)

const encoder = new TextEncoder()
// A byte order mark at the begin of a message is part of it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** The bytes from `start` to `end` of linear memory, which are UTF-8. */
export function utf8(start: number, end: number): string {
  return source ? source.utf8Slice(start, end) : decoder.decode(memory.subarray(start, end))
}

/** The same for bytes that lie elsewhere. */
export function utf8Of(bytes: Uint8Array): string {
  if (source) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  return decoder.decode(bytes)
}

/** The same for a part of them. */
export function utf8Span(bytes: Uint8Array, start: number, end: number): string {
  if ('utf8Slice' in bytes) return (bytes as unknown as FastText).utf8Slice(start, end)
  return utf8Of(bytes.subarray(start, end))
}

/** Text without its byte order mark, which is none of it (Encoding Standard). */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** The bytes as text, or undefined where they are not UTF-8. */
export function checkedUtf8Of(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Writes the text at `at` of linear memory, as UTF-8. @returns its bytes */
export function writeUtf8(text: string, at: number): number {
  // workerd's takes no length for granted.
  return source
    ? source.utf8Write(text, at, memory.length - at)
    : encoder.encodeInto(text, memory.subarray(at)).written
}

/** Text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return source ? Buffer.from(text) : encoder.encode(text)
}

/** The bytes that text has as UTF-8. */
export function utf8Length(text: string): number {
  return source ? Buffer.byteLength(text) : encoder.encode(text).length
}

/** The bytes of a binary string. */
export function bytesOf(binary: string): Uint8Array {
  if (source) return Buffer.from(binary, 'latin1')
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** Bytes in base64 (RFC 4648 §4). */
export function base64Of(bytes: Uint8Array): string {
  return btoa(latin1Of(bytes))
}

/** Text as a binary string of its UTF-8 bytes. */
export function utf8AsBinary(text: string): string {
  return latin1Of(encoder.encode(text))
}
