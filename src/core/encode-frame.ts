// One frame, for those who write their own bytes: tests, proxies, other runtimes. The twin of frame-decoder.ts.
import { demandBytes } from './demand-bytes.js'
import { FIN, headerOf, layBytes, layText, MAX_HEADER, masked, RSV1, UNMASKED } from './frame-writer.js'
import { encodeUtf8 } from './text.js'
import { copyOf, deskSize, deskStart } from './wasm.js'

/** A frame to write. */
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
