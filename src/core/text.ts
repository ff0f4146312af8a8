// Bytes of linear memory as text, and back. Field values are ISO 8859-1 here, as in http-kit and Ring: one byte, one character
// (RFC 9110 §5.5 leaves bytes from 0x80 up opaque; TextDecoder's "latin1" is windows-1252 and would change them).
import { memory } from './wasm.js'

interface FastText {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, at: number): number
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
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}

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
  return source ? source.utf8Write(text, at) : encoder.encodeInto(text, memory.subarray(at)).written
}

/** Text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return source ? Buffer.from(text) : encoder.encode(text)
}

/** The bytes that text has as UTF-8. */
export function utf8Length(text: string): number {
  return source ? Buffer.byteLength(text) : encoder.encode(text).length
}

/** Text as a binary string of its UTF-8 bytes. */
export function utf8AsBinary(text: string): string {
  return latin1Of(encoder.encode(text))
}
