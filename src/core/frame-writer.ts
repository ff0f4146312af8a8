// Frames out (RFC 6455 §5.2): the twin of frame-reader.ts. A frame is laid in linear memory, header, payload and mask.
// Text is turned into bytes where it is to stay, behind a header of the length it has if it is ASCII; where that was the
// wrong guess, it is moved.
import { demandBytes } from './demand-bytes.js'
import { encodeUtf8, writeUtf8 } from './text.js'
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

export interface FrameToEncode {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  opcode: number
  /** A string is sent as UTF-8 (default: empty). */
  payload?: Uint8Array | string
  /** Whether it is its message's last (default true). */
  fin?: boolean
  /** Whether its message is compressed (default false). */
  rsv1?: boolean
  /** The masking key, 4 bytes: a client's frame. */
  mask?: Uint8Array
}

const FIRST_CONTROL = 8
const MAX_CONTROL = 125
const MAX_DESK_PAYLOAD = deskSize - MAX_HEADER

/**
 * One frame as bytes, its length written in as few of them as it takes.
 *
 * @throws RangeError for an opcode that is reserved, a control frame that is fragmented or over 125 bytes, or a key that
 * is not of 4 bytes
 */
export function encodeFrame({
  opcode,
  payload = '',
  fin = true,
  rsv1 = false,
  mask,
}: FrameToEncode): Uint8Array {
  if (!isOpcode(opcode)) throw new RangeError(`a reserved opcode: ${opcode}`)
  const key = mask === undefined ? UNMASKED : keyOf(mask)
  const first = (fin ? FIN : 0) | (rsv1 ? RSV1 : 0) | opcode
  const isControl = opcode >= FIRST_CONTROL
  if (typeof payload === 'string' && payload.length * 3 <= MAX_DESK_PAYLOAD && !isControl) {
    return copyOf(deskStart, layText(deskStart, first, payload, key))
  }
  const bytes = typeof payload === 'string' ? encodeUtf8(payload) : demandBytes(payload)
  if (isControl && (!fin || rsv1 || bytes.length > MAX_CONTROL))
    throw new RangeError(`a control frame is one frame of at most ${MAX_CONTROL} bytes, and not compressed`)
  if (bytes.length <= MAX_DESK_PAYLOAD) return copyOf(deskStart, layBytes(deskStart, first, bytes, key))
  const header = headerOf(first, bytes.length, key)
  const frame = new Uint8Array(header.length + bytes.length)
  frame.set(header)
  frame.set(masked(bytes, key), header.length)
  return frame
}

function isOpcode(opcode: number): boolean {
  return opcode === 0 || opcode === 1 || opcode === 2 || opcode === 8 || opcode === 9 || opcode === 10
}

function keyOf(mask: Uint8Array): number {
  if (mask.length !== 4) throw new RangeError('a masking key has 4 bytes')
  return (mask[0]! | (mask[1]! << 8) | (mask[2]! << 16) | (mask[3]! << 24)) >>> 0
}
