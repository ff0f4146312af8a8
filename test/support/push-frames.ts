// Frames as bytes, and what a decoder makes of them, for the tests of the codec.
import { type Frame, FrameDecoder } from '../../src/core.js'
import { encode, type RawFrame } from './raw-frames.js'
import type { DecoderOptions } from './reference-frames.js'

export type Role = DecoderOptions['role']

export const roles = ['server', 'client'] as const
export const KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
/** For a frame that its message goes on after. */
export const notLast = { fin: false }

/** The frames as a reader of this role must be sent them: masked with `KEY` for a server. */
export function bytesFor(role: Role, ...frames: RawFrame[]): Buffer {
  return Buffer.concat(
    frames.map((frame) => encode({ maskingKey: KEY, ...frame, masked: role === 'server' }, false)),
  )
}

/** The frame's header alone, and its masking key. */
export function headerFor(role: Role, frame: RawFrame): Buffer {
  return bytesFor(role, { ...frame, payload: '' })
}

/** Bytes of every kind, in an order that hardly repeats. */
export function payloadOf(length: number, salt = 0): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) + salt) & 0xff))
}

/** The frames that the pieces give, to a decoder of their own. */
export function pushAll(pieces: Iterable<Uint8Array>, options: DecoderOptions): Frame[] {
  const decoder = new FrameDecoder(options)
  return Array.from(pieces, (piece) => decoder.push(piece)).flat()
}
