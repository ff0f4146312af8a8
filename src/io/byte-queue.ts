// Bytes between somebody who pushes them and somebody who pulls them. It is bounded by its owner, who stops pushing while it
// is full, and is told when there is room again.

/** Bytes that may wait. */
const MAX_QUEUED = 256 * 1024
/** What a queued piece counts for at the least: many small ones cost more than their bytes. */
const MIN_PIECE = 1024

type Waiting = { resolve(piece: Uint8Array | undefined): void; reject(error: Error): void }

export class ByteQueue {
  private readonly onRoom: () => void
  private pieces: Uint8Array[] = []
  private size = 0
  private hasEnded = false
  private error: Error | undefined = undefined
  private waiting: Waiting | undefined = undefined

  /** @param onRoom called when it is no longer full */
  constructor(onRoom: () => void) {
    this.onRoom = onRoom
  }

  get isFull(): boolean {
    return this.size >= MAX_QUEUED
  }

  /** Nothing waits. */
  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  /** No more will come: it has ended, or failed. */
  get isOver(): boolean {
    return this.hasEnded || this.error !== undefined
  }

  push(piece: Uint8Array): void {
    if (this.error) return
    if (this.waiting) return this.settle(piece)
    this.pieces.push(piece)
    this.size += Math.max(piece.length, MIN_PIECE)
  }

  end(): void {
    if (this.isOver) return
    this.hasEnded = true
    if (this.waiting) this.settle(undefined)
  }

  /** The rest will not come. Pieces that have come can still be pulled. */
  fail(error: Error): void {
    if (this.isOver) return
    this.error = error
    const { waiting } = this
    this.waiting = undefined
    waiting?.reject(error)
  }

  /** Nobody pulls any more. */
  clear(): void {
    this.fail(new Error('the reader has stopped'))
    this.pieces = []
    this.size = 0
  }

  private settle(piece: Uint8Array | undefined): void {
    const waiting = this.waiting!
    this.waiting = undefined
    waiting.resolve(piece)
  }

  /** The next piece, or undefined at the end. One may be waited for at a time. */
  next(): Promise<Uint8Array | undefined> | Uint8Array | undefined {
    const piece = this.pieces.shift()
    if (piece) {
      const wasFull = this.isFull
      this.size -= Math.max(piece.length, MIN_PIECE)
      if (wasFull && !this.isFull) this.onRoom()
      return piece
    }
    if (this.error) throw this.error
    if (this.hasEnded) return undefined
    if (this.waiting) throw new TypeError('a piece of the body is being waited for already')
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  /** As an iterator. @param onReturn called where its reader stops early */
  iterator(onReturn: () => void): AsyncIterator<Uint8Array, undefined> {
    return {
      next: async () => {
        const value = await this.next()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        this.clear()
        onReturn()
        return { done: true, value: undefined }
      },
    }
  }
}
