// Every kind of streaming body as one thing: pieces that are asked for one by one, and a way to stop early that reaches
// the source even while it makes us wait.
import { encodeUtf8 } from '../core/text.js'

/** Bytes, or text that goes out as UTF-8. */
export type Piece = string | Uint8Array

/** @throws TypeError for what is no piece */
export function demandPiece(piece: unknown): asserts piece is Piece {
  if (typeof piece === 'string' || piece instanceof Uint8Array) return
  throw new TypeError('a piece of a body is neither a string nor a Uint8Array')
}

/** The bytes of a piece. @throws TypeError for what is none */
export function pieceBytes(piece: unknown): Uint8Array {
  demandPiece(piece)
  return typeof piece === 'string' ? encodeUtf8(piece) : piece
}

export interface Pieces {
  /** The next piece, or undefined at the end. */
  next(): Promise<Piece | undefined> | Piece | undefined
  /** Ends the source: nobody wants the rest. */
  cancel(reason: Error): void
}

/** Whatever yields pieces: arrays, generators, node streams, ReadableStreams. */
export type PieceSource = Iterable<Piece> | AsyncIterable<Piece> | ReadableStream<Piece>

type Destroyable = { destroy(error?: Error): void; on(event: 'error', listener: () => void): void }

/** Ends a source that nobody wants the rest of. It may fail at that, which is nobody's business any more. */
export function cancelPieces(pieces: Pieces, reason: Error): void {
  try {
    pieces.cancel(reason)
  } catch {}
}

/** The source as pieces, or undefined where it is none. */
export function piecesOf(source: object): Pieces | undefined {
  if (source instanceof ReadableStream) return fromReadableStream(source)
  if (Symbol.asyncIterator in source) return fromAsyncIterable(source as AsyncIterable<Piece>)
  if (Symbol.iterator in source) return fromIterable(source as Iterable<Piece>)
  return undefined
}

/** Whether it would be at its end the second time. */
export function isOneShot(source: object): boolean {
  return source instanceof ReadableStream || 'next' in source || 'destroy' in source
}

/** Has a node stream's failure wait for who reads it: until then nobody else listens, and the process would end. */
export function hush(source: object): void {
  if ('destroy' in source && 'on' in source) (source as Destroyable).on('error', ignore)
}

function fromReadableStream(stream: ReadableStream<Piece>): Pieces {
  const reader = stream.getReader()
  return {
    next: async () => pieceOf(await reader.read()),
    cancel: (reason) => void reader.cancel(reason).catch(ignore),
  }
}

// A node stream is destroyed outright: its iterator would first wait for the piece that may never come.
function fromAsyncIterable(source: AsyncIterable<Piece>): Pieces {
  const iterator = source[Symbol.asyncIterator]()
  const isStream = typeof (source as unknown as Partial<Destroyable>).destroy === 'function'
  return {
    next: () => Promise.resolve(iterator.next()).then(pieceOf),
    cancel: () => {
      if (isStream) endStream(source as unknown as Destroyable)
      else void Promise.resolve(iterator.return?.()).catch(ignore)
    },
  }
}

function endStream(stream: Destroyable): void {
  stream.on('error', ignore)
  stream.destroy()
}

function fromIterable(source: Iterable<Piece>): Pieces {
  const iterator = source[Symbol.iterator]()
  return {
    next: () => pieceOf(iterator.next()),
    cancel: () => void iterator.return?.(),
  }
}

function pieceOf({
  done,
  value,
}: IteratorResult<Piece, unknown> | ReadableStreamReadResult<Piece>): Piece | undefined {
  if (done) return undefined
  if (value === undefined) throw new TypeError('a piece of a body is undefined')
  return value as Piece
}

function ignore(): void {}
