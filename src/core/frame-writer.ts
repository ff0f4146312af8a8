// Frames out (RFC 6455 §5.2): the twin of frame-reader.ts. A frame is laid in linear memory, header, payload and mask.
// Text is turned into bytes where it is to stay, behind a header of the length it has if it is ASCII; where that was the
// wrong guess, it is moved.
import { writeUtf8 } from './text.js'
import { copyOf, deskSize, deskStart, mask, memory, writeFrameHeader } from './wasm.js'

/** Bits of a frame's first byte; the lowest four are the opcode. */
export const FIN = 0x80
export const RSV1 = 0x40

/** Bytes that a header takes at most. */
export const MAX_HEADER = 14
/** The key of a frame that is not masked: a server's. */
export const UNMASKED = -1

/** Lays a frame's header at `at`. @returns where it ends */
export function layHeader(at: number, first: number, length: number, key: number): number {
  return at + writeFrameHeader(at, first, length, key !== UNMASKED, key)
}

/** Lays a frame at `at`, where there is room for its text at three bytes a character. @returns where it ends */
export function layText(at: number, first: number, text: string, key: number): number {
  const guess = at + headerSize(text.length, key)
  const length = writeUtf8(text, guess)
  const start = at + headerSize(length, key)
  if (start !== guess) memory.copyWithin(start, guess, guess + length)
  layHeader(at, first, length, key)
  return layMask(start, start + length, key)
}

/** Lays a frame at `at`, where there is room for it. @returns where it ends */
export function layBytes(at: number, first: number, payload: Uint8Array, key: number): number {
  const start = layHeader(at, first, payload.length, key)
  memory.set(payload, start)
  return layMask(start, start + payload.length, key)
}

function layMask(start: number, end: number, key: number): number {
  if (key !== UNMASKED) mask(start, end, key)
  return end
}

function headerSize(length: number, key: number): number {
  const size = length < 126 ? 2 : length < 65536 ? 4 : 10
  return key === UNMASKED ? size : size + 4
}

/** A frame's header by itself, for a payload that is sent from where it is. */
export function headerOf(first: number, length: number, key: number): Uint8Array {
  return copyOf(deskStart, layHeader(deskStart, first, length, key))
}

/** A copy of the payload, masked; without a key, the payload itself. */
export function masked(payload: Uint8Array, key: number): Uint8Array {
  if (key === UNMASKED) return payload
  if (payload.length <= deskSize) return maskedAtDesk(payload, key)
  const copy = new Uint8Array(payload.length)
  for (let at = 0; at < payload.length; at += deskSize) {
    copy.set(maskedAtDesk(payload.subarray(at, at + deskSize), key), at)
  }
  return copy
}

// The desk's size is a multiple of the key's.
function maskedAtDesk(payload: Uint8Array, key: number): Uint8Array {
  memory.set(payload, deskStart)
  mask(deskStart, deskStart + payload.length, key)
  return copyOf(deskStart, deskStart + payload.length)
}
