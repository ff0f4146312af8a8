// A message for many: encoded once for all who can be sent the same bytes.

import { encodeFrame } from '../core/encode-frame.js'
import { BINARY, TEXT } from '../core/frame-reader.js'
import { encodeUtf8 } from '../core/text.js'

/** What compresses for one peer. */
export interface Compressor {
  /** Bits of the window it is held to. */
  readonly windowBits: number
  /** True where nothing is carried over from message to message: what one such peer is sent, all may be. */
  readonly forgets: boolean
  /** Whether the message is large enough to be worth it. */
  wants(message: string | Uint8Array): boolean
  /** The payload, compressed; a promise of it where it is large. */
  deflate(payload: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export class SharedMessage {
  readonly message: string | Uint8Array
  /** The message as bytes. */
  readonly payload: Uint8Array
  private readonly opcode: number
  private plainFrame: Uint8Array | undefined = undefined
  /** By the window their compressor was held to. */
  private readonly deflatedFrames = new Map<number, Uint8Array>()

  /** @param payload the message as bytes, where they are there already */
  constructor(message: string | Uint8Array, payload?: Uint8Array) {
    this.message = message
    this.opcode = typeof message === 'string' ? TEXT : BINARY
    this.payload = payload ?? (typeof message === 'string' ? encodeUtf8(message) : message)
  }

  /** The frame for a peer of a server; undefined where only a frame of its own will do. */
  frameFor(compressor: Compressor | undefined): Uint8Array | undefined {
    if (compressor === undefined || !compressor.wants(this.message)) return this.frame
    return compressor.forgets ? this.deflatedFrame(compressor) : undefined
  }

  private get frame(): Uint8Array {
    return (this.plainFrame ??= encodeFrame({ opcode: this.opcode, payload: this.payload }))
  }

  private deflatedFrame(compressor: Compressor): Uint8Array | undefined {
    const made = this.deflatedFrames.get(compressor.windowBits)
    if (made !== undefined) return made
    const payload = compressor.deflate(this.payload)
    if (payload instanceof Promise) return undefined
    const frame = encodeFrame({ opcode: this.opcode, payload, rsv1: true })
    this.deflatedFrames.set(compressor.windowBits, frame)
    return frame
  }
}
