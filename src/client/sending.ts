// A body that leaves piece by piece, no faster than the server takes it, and no longer or shorter than its head says.
import { encodeUtf8 } from '../core/text.js'
import type { Outbox } from '../io/outbox.js'
import { cancelPieces, type Piece, type Pieces } from '../io/pieces.js'
import { nextRound } from '../io/turns.js'
import type { OnProgress } from './options.js'
import type { OutgoingBody } from './outgoing-body.js'

/** Bytes of a body that keeps itself busy after which the event loop has its turn. */
const TURN_BYTES = 1024 * 1024

export class Sending {
  private readonly body: OutgoingBody
  private readonly length: number | undefined
  private readonly outbox: Outbox
  private readonly onProgress: OnProgress | undefined
  private pieces: Pieces | undefined = undefined
  private sent = 0
  private isOver = false

  constructor(
    body: OutgoingBody,
    length: number | undefined,
    outbox: Outbox,
    onProgress: OnProgress | undefined,
  ) {
    this.body = body
    this.length = length
    this.outbox = outbox
    this.onProgress = onProgress
  }

  /** All that the head has announced is written, though its source may not have said that this is all. */
  get isComplete(): boolean {
    return this.isOver || this.sent === this.length
  }

  /** Settles when all is written, or nobody wants the rest. @throws what the source fails with; TypeError for its length */
  async run(): Promise<void> {
    const pieces = await this.body.open()
    if (this.isOver) return cancelPieces(pieces, notWanted())
    this.pieces = pieces
    try {
      await this.sendAll(pieces)
    } finally {
      if (this.pieces !== undefined) this.stop()
    }
  }

  private async sendAll(pieces: Pieces): Promise<void> {
    let turn = 0
    for (;;) {
      const next = pieces.next()
      const piece = next instanceof Promise ? await next : next
      if (this.isOver) return
      if (piece === undefined) return this.finish()
      turn += this.write(piece)
      if (this.outbox.isClogged) await this.outbox.drained()
      else if (turn > TURN_BYTES) await new Promise<void>(nextRound)
      if (turn > TURN_BYTES) turn = 0
      if (this.isOver) return
    }
  }

  // Returns its bytes.
  private write(piece: Piece): number {
    const bytes = typeof piece === 'string' ? encodeUtf8(piece) : demandPiece(piece)
    if (bytes.length === 0) return 0
    this.sent += bytes.length
    if (this.length === undefined) this.outbox.writeText(`${bytes.length.toString(16)}\r\n`)
    else if (this.sent > this.length) throw new TypeError(`a body of more than ${this.length} bytes`)
    this.outbox.writeBytes(bytes)
    if (this.length === undefined) this.outbox.writeText('\r\n')
    this.onProgress?.(this.sent, this.length)
    return bytes.length
  }

  private finish(): void {
    if (this.length === undefined) this.outbox.writeText('0\r\n\r\n')
    else if (this.sent < this.length) throw new TypeError(`a body of ${this.sent} bytes, not ${this.length}`)
    this.isOver = true
    this.pieces = undefined
  }

  /** Nobody wants the rest. */
  stop(): void {
    const { pieces } = this
    this.isOver = true
    this.pieces = undefined
    if (pieces) cancelPieces(pieces, notWanted())
  }
}

function demandPiece(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece)
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
  throw new TypeError('a piece of a body is neither text nor bytes')
}

function notWanted(): Error {
  return new Error('nobody reads the rest')
}
