// A message for many: encoded once for all who can be sent the same bytes.

import { encodeFrame } from '../core/encode-frame.js'
import { BINARY, TEXT } from '../core/frame-reader.js'
import { encodeUtf8 } from '../core/text.js'
import type { Deflate } from './deflate.js'

export class SharedMessage {
  readonly message: string | Uint8Array
  private readonly opcode: number
  private readonly payload: Uint8Array
  private plainFrame: Uint8Array | undefined = undefined
  /** By the window their compressor was held to. */
  private readonly deflatedFrames = new Map<number, Uint8Array>()

  constructor(message: string | Uint8Array) {
    this.message = message
    this.opcode = typeof message === 'string' ? TEXT : BINARY
    this.payload = typeof message === 'string' ? encodeUtf8(message) : message
  }

  /** The frame for a peer of a server; undefined where only a frame of its own will do. */
  frameFor(deflate: Deflate | undefined): Uint8Array | undefined {
    if (deflate === undefined || !deflate.wants(this.message)) return this.frame
    return deflate.forgets ? this.deflatedFrame(deflate) : undefined
  }

  private get frame(): Uint8Array {
    return (this.plainFrame ??= encodeFrame({ opcode: this.opcode, payload: this.payload }))
  }

  private deflatedFrame(deflate: Deflate): Uint8Array | undefined {
    const made = this.deflatedFrames.get(deflate.windowBits)
    if (made !== undefined) return made
    const payload = deflate.deflate(this.payload)
    if (payload instanceof Promise) return undefined
    const frame = encodeFrame({ opcode: this.opcode, payload, rsv1: true })
    this.deflatedFrames.set(deflate.windowBits, frame)
    return frame
  }
}
