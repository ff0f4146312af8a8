// A response's body for a platform that pulls: from pieces that are asked for, or from a channel that sends when it likes.
import type { CloseStatus } from '../core/close.js'
import { cancelPieces, type Piece, type Pieces, pieceBytes } from '../io/pieces.js'

/** Who is told what becomes of the body. */
export interface StreamOwner {
  onDone(status: CloseStatus): void
  /** The source has failed; the client is cut off. */
  onFailed(error: unknown): void
}

/** @param length bytes that there must be, or -1 */
export function piecesAsStream(
  pieces: Pieces,
  length: number,
  owner: StreamOwner,
): ReadableStream<Uint8Array> {
  let sent = 0
  // The client may go while a piece is being made: it, or its failure, is nobody's business then.
  let isOver = false
  // An empty piece is nothing.
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      const piece = await pieces.next()
      if (piece === undefined) return undefined
      const bytes = pieceBytes(piece)
      sent += bytes.length
      if (bytes.length > 0) return bytes
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = await next()
          if (isOver) return
          if (length >= 0 && (bytes === undefined ? sent < length : sent > length)) {
            throw new Error(`a body of ${sent} bytes, where its Content-Length is ${length}`)
          }
          if (bytes !== undefined) return controller.enqueue(bytes)
          controller.close()
          owner.onDone('server-close')
        } catch (error) {
          if (isOver) return
          cancelPieces(pieces, error as Error)
          owner.onFailed(error)
          throw error
        }
      },
      cancel(reason) {
        isOver = true
        cancelPieces(pieces, reason instanceof Error ? reason : new Error('the client has gone'))
        owner.onDone('client-close')
      },
    },
    { highWaterMark: 0 },
  )
}

/** What a channel sends after its head. */
export class Feed {
  readonly stream: ReadableStream<Uint8Array>
  private controller!: ReadableStreamDefaultController<Uint8Array>
  private isOver = false
  private waiting: (() => void)[] = []

  constructor(owner: StreamOwner) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller
        },
        pull: () => this.settle(),
        cancel: () => {
          this.isOver = true
          this.settle()
          owner.onDone('client-close')
        },
      },
      // ByteLengthQueuingStrategy is not everywhere.
      { highWaterMark: 0, size: ({ length }) => length },
    )
  }

  /** Bytes that the platform has not taken yet. */
  get bufferedAmount(): number {
    return this.isOver ? 0 : 0 - (this.controller.desiredSize ?? 0)
  }

  push(piece: Piece): void {
    const bytes = pieceBytes(piece)
    if (bytes.length > 0 && !this.isOver) this.controller.enqueue(bytes)
  }

  end(): void {
    if (this.isOver) return
    this.controller.close()
    this.isOver = true
    this.settle()
  }

  fail(error: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.controller.error(error)
    this.settle()
  }

  /** Settles when the platform asks for more than was sent, or the body is over. */
  drained(): Promise<void> {
    if (this.bufferedAmount === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private settle(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}
