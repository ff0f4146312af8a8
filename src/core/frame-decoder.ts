// Frames for those who bring their own bytes: tests, proxies, other runtimes.

import { demandBytes } from './demand-bytes.js'
import { FrameReader, MAX_TAIL, OPCODE } from './frame-reader.js'
import { GrowingBytes } from './growing-bytes.js'
import {
  copyOf,
  DESK_FRAMES,
  deskSize,
  deskStart,
  FramePlace,
  memory,
  ROW_BEGINS,
  ROW_ENDS,
  ROW_FIN,
  ROW_RSV1,
} from './wasm.js'

/** A frame, or what has come of a message that goes on (RFC 6455 §5.2). */
export interface Frame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  opcode: number
  /** Whether it is its message's last. */
  fin: boolean
  /** The message is compressed, and `payload` with it (RFC 7692 §6). */
  rsv1: boolean
  /** Unmasked, and yours. Text is valid UTF-8, though a character may go on in the next frame. */
  payload: Uint8Array
}

/** Who reads, and how much. */
export interface FrameDecoderOptions {
  /** Who reads: a server demands masked frames, a client refuses them. */
  role: 'server' | 'client'
  /** Bytes of a message, its fragments together (default: unbounded). */
  maxPayload?: number
  /** Whether permessage-deflate was negotiated: RSV1 may be set. */
  deflate?: boolean
}

const INPUT_START = deskStart + MAX_TAIL
const INPUT_SIZE = deskSize - MAX_TAIL

/** Reads a stream of frames (RFC 6455 §5.2), however its bytes are cut. */
export class FrameDecoder {
  private readonly reader: FrameReader
  private payload: GrowingBytes | undefined = undefined

  constructor({ role, maxPayload = Number.POSITIVE_INFINITY, deflate = false }: FrameDecoderOptions) {
    if (role !== 'server' && role !== 'client') throw new TypeError("role must be 'server' or 'client'")
    if (!(maxPayload >= 0)) throw new RangeError('maxPayload must be a number from 0 up')
    this.reader = new FrameReader(DESK_FRAMES, new FramePlace(role === 'server', deflate, maxPayload))
  }

  /**
   * @returns the frames that these bytes completed; none after a close frame
   * @throws ProtocolError with the rule that was broken, and the close code that answers it; so does every later call.
   * Frames that the same bytes completed before are dropped: the connection has failed.
   */
  push(bytes: Uint8Array): Frame[] {
    demandBytes(bytes)
    const frames: Frame[] = []
    for (let at = 0; at < bytes.length && !this.reader.hasClosed; at += INPUT_SIZE) {
      const piece = bytes.subarray(at, at + INPUT_SIZE)
      memory.set(piece, INPUT_START)
      this.reader.feed(INPUT_START, INPUT_START + piece.length)
      while (this.reader.next()) this.addTo(frames)
    }
    if (this.reader.error) throw this.reader.error
    return frames
  }

  private addTo(frames: Frame[]): void {
    const { flags } = this.reader
    const payload = this.payloadOf(flags)
    if (payload === undefined) return
    frames.push({
      opcode: flags & OPCODE,
      fin: (flags & ROW_FIN) !== 0,
      rsv1: (flags & ROW_RSV1) !== 0,
      payload,
    })
  }

  // The whole payload, or undefined where more of it is to come. Control frames come whole, also inside another frame's
  // message, never inside another frame.
  private payloadOf(flags: number): Uint8Array | undefined {
    const { start, end, remaining } = this.reader
    if (flags & ROW_BEGINS && flags & ROW_ENDS) return copyOf(start, end)
    const length = end - start
    if (flags & ROW_BEGINS) this.payload = new GrowingBytes(4 * length, length + remaining)
    this.payload!.append(memory.subarray(start, end))
    if (!(flags & ROW_ENDS)) return undefined
    const payload = this.payload!.take()
    this.payload = undefined
    return payload
  }
}
