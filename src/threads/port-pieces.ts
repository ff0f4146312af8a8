// A body's pieces between two threads, over a port. Whoever reads grants bytes, and whoever sends sends no more than that: a source
// is asked for its first piece when somebody wants to read, and runs at most a window ahead of its reader.
//
//   reader → sender   a number: so many bytes more; closing the port: no more is wanted
//   sender → reader   bytes, transferred; null: the end; an error's data: there will be none
import type { MessagePort } from 'node:worker_threads'
import { asError } from '../io/as-error.js'
import { ByteQueue } from '../io/byte-queue.js'
import { cancelPieces, type Pieces, pieceBytes } from '../io/pieces.js'
import { type ErrorData, errorData, errorOf } from './error-data.js'

/** Bytes that may be on their way, or wait for the reader. */
const WINDOW = 256 * 1024
/** What a piece counts for at the least: many small ones cost more than their bytes. */
const MIN_PIECE = 1024

const costOf = ({ length }: Uint8Array): number => Math.max(length, MIN_PIECE)

/** Sends the pieces as they are wanted; their source is ended where the reader leaves before their end. */
export function sendPieces(port: MessagePort, pieces: Pieces): void {
  let credit = 0
  let isSending = false
  let isOver = false
  const end = (lastWord: unknown): void => {
    if (!isOver) port.postMessage(lastWord)
    isOver = true
  }
  const send = async (): Promise<void> => {
    isSending = true
    try {
      while (credit > 0 && !isOver) {
        const piece = await pieces.next()
        if (isOver) return
        if (piece === undefined) return end(null)
        const bytes = ownBytes(piece)
        credit -= costOf(bytes)
        port.postMessage(bytes, [bytes.buffer])
      }
    } catch (error) {
      end(errorData(error))
      cancelPieces(pieces, error as Error)
    }
    isSending = false
  }
  port.on('message', (granted: number) => {
    credit += granted
    if (!isSending) void send()
  })
  port.on('close', () => {
    if (isOver) return
    isOver = true
    cancelPieces(pieces, new Error('nobody reads on'))
  })
}

/** The pieces that the other side sends, for one who reads them one by one. */
export class PortPieces implements AsyncIterableIterator<Uint8Array, undefined> {
  private readonly port: MessagePort
  private readonly queue = new ByteQueue(() => {})
  private ungranted = WINDOW

  /** @param cutShort what is wrong where the port is closed before the last piece */
  constructor(port: MessagePort, cutShort: string) {
    this.port = port
    port.on('message', (message) => this.take(message))
    port.on('close', () => this.queue.fail(new Error(cutShort)))
  }

  private take(message: unknown): void {
    if (message instanceof Uint8Array) return this.queue.push(message)
    if (message === null) this.queue.end()
    else this.fail(errorOf(message as ErrorData))
    this.port.close()
  }

  // A queue that has failed is told by its error.
  private fail(thrown: unknown): void {
    this.queue.fail(asError(thrown))
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.ungranted >= WINDOW / 2) {
      this.port.postMessage(this.ungranted)
      this.ungranted = 0
    }
    const value = await this.queue.next()
    if (value === undefined) return { done: true, value }
    this.ungranted += costOf(value)
    return { done: false, value }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.queue.clear()
    this.port.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** Bytes that share their memory with nobody, and can be transferred. */
type Bytes = Uint8Array<ArrayBuffer>

/** A copy: whoever made the bytes may keep them. */
export function ownBytes(piece: unknown): Bytes {
  return new Uint8Array(pieceBytes(piece))
}
