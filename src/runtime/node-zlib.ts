// Compression, where there is node:zlib.
import { constants } from 'node:buffer'
import * as node from 'node:zlib'
import type { Decompressor } from '../io/decompressor.js'

/** What undoes a content coding, by its name; the first byte tells which of the two things called deflate it is. */
export const decompressors: Readonly<Record<string, (firstByte: number) => Decompressor>> = {
  gzip: () => node.createGunzip(),
  'x-gzip': () => node.createGunzip(),
  // A zlib header's low four bits are 8 (RFC 1950 §2.2); some servers leave it out.
  deflate: (firstByte) => ((firstByte & 0x0f) === 8 ? node.createInflate() : node.createInflateRaw()),
  br: () => node.createBrotliDecompress(),
}

/** For messages, where it is there. */
export const zlib: typeof node | undefined = node
export const limits: typeof constants | undefined = constants
