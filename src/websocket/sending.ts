// What one WebSocket is sent, in order: messages, compressed where that was agreed on, and control frames. A large message
// is compressed off the event loop; what is sent after it waits for it.

import { BINARY, TEXT } from '../core/frame-reader.js'
import { UNMASKED } from '../core/frame-writer.js'
import { MessageWriter } from '../core/message-writer.js'
import { encodeUtf8 } from '../core/text.js'
import type { Outbox } from '../io/outbox.js'
import type { Deflate } from './deflate.js'
import { maskingKey } from './masking-keys.js'

export class Sending {
  private readonly deflate: Deflate | undefined
  private readonly outbox: Outbox
  private readonly writer: MessageWriter
  /** Settles when what had to wait has been written. */
  private pending: Promise<void> | undefined = undefined
  /** Bytes of messages that wait to be written. */
  waitingBytes = 0

  constructor(outbox: Outbox, isServer: boolean, deflate: Deflate | undefined) {
    this.outbox = outbox
    this.deflate = deflate
    this.writer = new MessageWriter(outbox, isServer ? unmasked : maskingKey)
  }

  /** Bytes sent here that the operating system has not taken yet. */
  get unsentBytes(): number {
    return this.waitingBytes + this.writer.heldBytes + this.outbox.unsentBytes
  }

  /** Sends a message; its bytes must rest until they have left. */
  message(message: string | Uint8Array): void {
    if (this.pending !== undefined) {
      return this.after(this.pending, message.length, () => this.write(message))
    }
    const written = this.write(message)
    if (written !== undefined) this.await(written, message.length)
    this.outbox.owner.takeTurn()
  }

  /** Sends a frame that many are sent, encoded once. */
  frame(frame: Uint8Array): void {
    this.inOrder(frame.length, () => this.writer.writeFrame(frame))
  }

  /** Ping and pong go before what waits. */
  control(opcode: number, payload: Uint8Array): void {
    this.writer.writeControl(opcode, payload)
    this.outbox.owner.takeTurn()
  }

  /** Does something when all that was sent has been written. */
  inOrder(bytes: number, write: () => void): void {
    if (this.pending !== undefined) return this.after(this.pending, bytes, write)
    write()
    this.outbox.owner.takeTurn()
  }

  private write(message: string | Uint8Array): Promise<void> | undefined {
    const { deflate } = this
    return deflate?.wants(message) ? this.writeDeflated(deflate, message) : this.writePlain(message)
  }

  private writePlain(message: string | Uint8Array): undefined {
    if (typeof message === 'string') this.writer.writeText(message)
    else this.writer.writeBinary(message)
  }

  private writeDeflated(deflate: Deflate, message: string | Uint8Array): Promise<void> | undefined {
    const opcode = typeof message === 'string' ? TEXT : BINARY
    const compressed = deflate.deflate(typeof message === 'string' ? encodeUtf8(message) : message)
    if (compressed instanceof Promise) {
      return compressed.then(
        (payload) => this.writer.writeDeflated(opcode, payload),
        () => this.writePlain(message),
      )
    }
    this.writer.writeDeflated(opcode, compressed)
    return undefined
  }

  private after(pending: Promise<void>, bytes: number, write: () => unknown): void {
    this.await(
      pending.then(() => write() as Promise<void> | undefined),
      bytes,
    )
  }

  private await(written: Promise<void>, bytes: number): void {
    this.waitingBytes += bytes
    this.pending = written
    written.then(() => {
      this.waitingBytes -= bytes
      if (this.pending === written) this.pending = undefined
      this.outbox.owner.takeTurn()
    })
  }

  /** Ends a turn: what was written leaves. */
  flush(): void {
    this.outbox.flush(this.writer.take())
  }

  /** Settles when what was sent so far has left, or the socket is gone. @returns whether it has left */
  async drained(): Promise<boolean> {
    await this.pending
    this.writer.clear()
    return this.outbox.drained()
  }
}

function unmasked(): number {
  return UNMASKED
}
