// What undoes one content coding, whoever made it: a Transform of node:zlib, or one of runtime/web-zlib.ts.

// biome-ignore lint/suspicious/noExplicitAny: a listener knows what it listens to
type Listener = (...details: any[]) => void

export interface Decompressor {
  /** It holds more than is good: 'drain' tells when it wants more. */
  readonly writableNeedDrain: boolean
  /** The bytes must rest until they are decoded. */
  write(bytes: Uint8Array): unknown
  /** That was all: 'end' or 'error' follows. */
  end(): unknown
  /** Whoever takes what is decoded has enough for now. */
  pause(): unknown
  resume(): unknown
  destroy(): unknown
  /** data, drain, end, error. */
  on(event: string, listener: Listener): unknown
}
