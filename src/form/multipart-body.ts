// A multipart body as it leaves: texts that were gathered, and between them the contents of parts. Files, blobs and streams
// are opened when their turn comes, and pass piece by piece as the body is read.

import { demandBytes } from '../core/demand-bytes.js'
import { encodeUtf8 } from '../core/text.js'
import type { FileBody } from '../io/file-body.js'
import { cancelPieces, isOneShot, type PieceSource, type Pieces, piecesOf } from '../io/pieces.js'

/** What is no text. */
export type OpaqueContent = Uint8Array | Blob | FileBody | PieceSource

type Content = { content: OpaqueContent; size: number; isSpent: boolean }

/** What leaves together: text, or a content of its own. */
export type Item = string | Content

// The source that is being read, which can be ended while it makes us wait.
type Reading = { pieces: Pieces | undefined }

/** The items' bytes, one after the other. */
export function readBody(items: readonly Item[]): AsyncIterator<Uint8Array, undefined> {
  const reading: Reading = { pieces: undefined }
  const body = write(items, reading)
  return {
    next: () => body.next(),
    return: async () => {
      stop(reading)
      void body.return(undefined)
      return { done: true, value: undefined }
    },
  }
}

function stop(reading: Reading): void {
  const { pieces } = reading
  reading.pieces = undefined
  if (pieces) cancelPieces(pieces, new Error('nobody reads the rest'))
}

async function* write(items: readonly Item[], reading: Reading): AsyncGenerator<Uint8Array, undefined> {
  for (const item of items) {
    if (typeof item === 'string') yield encodeUtf8(item)
    else if (item.content instanceof Uint8Array) yield item.content
    else yield* piecesFrom(item, item.content, reading)
  }
}

async function* piecesFrom(
  item: Content,
  content: Exclude<OpaqueContent, Uint8Array>,
  reading: Reading,
): AsyncGenerator<Uint8Array> {
  if (item.isSpent) throw new TypeError('a stream can be sent once')
  item.isSpent = isOneShot(content)
  const source = isFile(content) ? await openFile(content, item.size) : content
  const pieces = piecesOf(source instanceof Blob ? source.stream() : source)!
  reading.pieces = pieces
  let left = item.size
  try {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      const bytes = typeof piece === 'string' ? encodeUtf8(piece) : demandBytes(piece)
      left -= bytes.length
      if (bytes.length > 0) yield bytes
    }
    if (left > 0) throw hasChanged()
  } finally {
    stop(reading)
  }
}

async function openFile(body: FileBody, size: number): Promise<AsyncIterable<Uint8Array>> {
  const file = await body.open()
  if (file.size === size) return file.pieces()
  await file.close()
  throw hasChanged()
}

function hasChanged(): Error {
  return new Error('a file has changed since its length was told')
}

/** Whether it is what file() makes; its class would bring the file system with it. */
export function isFile(content: object): content is FileBody {
  return 'path' in content && 'open' in content && 'size' in content
}
