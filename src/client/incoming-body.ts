// A response's body on its way to whoever asked: counted, filtered, decoded; then gathered, or streamed. A body that came whole
// with its head is not copied: text is made straight from the inbox.
import type { ResponseHeaderMap } from '../core/fields.js'
import { GrowingBytes } from '../core/growing-bytes.js'
import type { ResponseReader } from '../core/response-reader.js'
import { utf8, withoutMark } from '../core/text.js'
import { memory } from '../core/wasm.js'
import { ByteQueue } from '../io/byte-queue.js'
import { copyOf } from '../io/copy-of.js'
import { streamOf } from '../io/stream-of.js'
import { verdict } from './body-filter.js'
import { bodyText, isPlainUtf8, isTextual } from './body-text.js'
import { codingsOf, type Decoded, Decoder } from './decoder.js'
import { errorOf, HttpKitError } from './error.js'
import type { As, BodyFilter, OnProgress } from './options.js'
import type { Terms } from './terms.js'

/** Who waits for the body. */
export interface BodyOwner {
  /** There is room for more of it. */
  onBodyRoom(): void
  /** It is there, or has been streamed. */
  onBodyDone(): void
  onBodyFailed(error: HttpKitError): void
  /** The reader of the stream has stopped. */
  onBodyCancelled(): void
}

interface BodyTerms {
  /** 'auto' and 'none' have been decided. */
  readonly as: 'text' | 'stream' | 'byteArray' | 'rawByteArray'
  readonly codings: readonly string[]
  /** Bytes as they come, where that is known. */
  readonly length: number | undefined
  readonly contentType: string | undefined
  readonly filter: BodyFilter | undefined
  readonly onProgress: OnProgress | undefined
}

const NONE: readonly string[] = []

/**
 * The body that follows a head.
 *
 * @throws HttpKitError ERR_CONTENT_ENCODING
 */
export function receive(
  owner: BodyOwner,
  terms: Terms,
  headers: ResponseHeaderMap,
  reader: ResponseReader,
): IncomingBody {
  const contentType = headers['content-type']?.toString()
  const as = kindOf(terms.as, contentType, reader.length)
  const isRaw = as === 'rawByteArray' || !terms.autoCompression || !reader.isInBody
  const codings = isRaw ? NONE : codingsOf(headers['content-encoding'])
  const { filter, onDownloadProgress: onProgress } = terms
  return new IncomingBody(owner, { as, codings, length: reader.length, contentType, filter, onProgress })
}

// An answer without a body, and without a type for it, is an empty text rather than a stream to be read.
function kindOf(as: As, contentType: string | undefined, length: number | undefined): BodyTerms['as'] {
  if (as === 'none') return 'rawByteArray'
  if (as !== 'auto') return as
  return isTextual(contentType) || (contentType === undefined && length === 0) ? 'text' : 'stream'
}

/** Bytes that are made room for before they have come. */
const MAX_ROOM = 64 * 1024

const nothing = new Uint8Array()

export class IncomingBody implements Decoded {
  private readonly owner: BodyOwner
  private readonly terms: BodyTerms
  private readonly decoder: Decoder | undefined
  private readonly queue: ByteQueue | undefined
  private gathered: GrowingBytes | undefined = undefined
  private lentStart = 0
  private lentEnd = 0
  private received = 0
  private decoded = 0

  constructor(owner: BodyOwner, terms: BodyTerms) {
    this.owner = owner
    this.terms = terms
    this.decoder = terms.codings.length > 0 ? new Decoder(terms.codings, this) : undefined
    this.queue = terms.as === 'stream' ? new ByteQueue(() => this.onPulled()) : undefined
  }

  // The connection's side.

  /** What comes next has to wait until `onBodyRoom`. */
  get isFull(): boolean {
    return this.decoder?.isFull === true || this.queue?.isFull === true
  }

  /** Bytes of the inbox. @throws HttpKitError ERR_BODY_REJECTED */
  push(start: number, end: number): void {
    this.received += end - start
    this.demandAccepted(this.received)
    this.terms.onProgress?.(this.received, this.terms.length)
    if (this.decoder) this.decoder.write(copyOf(start, end))
    else if (this.queue) this.queue.push(copyOf(start, end))
    else this.lend(start, end)
  }

  private lend(start: number, end: number): void {
    this.keep()
    if (this.gathered !== undefined) return this.gather(memory.subarray(start, end))
    this.lentStart = start
    this.lentEnd = end
  }

  /** The inbox is about to be read into again. */
  keep(): void {
    const { lentStart, lentEnd } = this
    if (lentStart === lentEnd) return
    this.lentStart = this.lentEnd = 0
    this.gather(memory.subarray(lentStart, lentEnd))
  }

  private gather(bytes: Uint8Array): void {
    this.gathered ??= new GrowingBytes(Math.max(bytes.length, Math.min(this.terms.length ?? 0, MAX_ROOM)))
    this.gathered.append(bytes)
  }

  /** All of it has come. */
  end(): void {
    if (this.decoder) this.decoder.end()
    else this.onDecodedEnd()
  }

  /** The rest will not come. */
  fail(error: HttpKitError): void {
    this.decoder?.destroy()
    this.queue?.fail(error)
    this.gathered = undefined
  }

  private demandAccepted(bytes: number): void {
    const { filter } = this.terms
    if (filter?.acceptBody === undefined || verdict(filter.acceptBody(bytes))) return
    throw new HttpKitError('ERR_BODY_REJECTED', `the filter rejects a body of ${bytes} bytes or more`)
  }

  // The decoder's side.

  onDecoded(bytes: Uint8Array): void {
    try {
      this.decoded += bytes.length
      this.demandAccepted(this.decoded)
      if (this.queue === undefined) return this.gather(bytes)
      this.queue.push(bytes)
      if (this.queue.isFull) this.decoder!.pause()
    } catch (error) {
      this.owner.onBodyFailed(errorOf('ERR_BODY_REJECTED', error))
    }
  }

  onDecodedEnd(): void {
    this.queue?.end()
    this.owner.onBodyDone()
  }

  onDecodingFailed(error: HttpKitError): void {
    this.owner.onBodyFailed(error)
  }

  onRoom(): void {
    if (!this.isFull) this.owner.onBodyRoom()
  }

  // The reader's side.

  private onPulled(): void {
    this.decoder?.resume()
    this.onRoom()
  }

  get isStream(): boolean {
    return this.queue !== undefined
  }

  /** What `as` asks for: a stream at once, anything else when all has come. @throws RangeError for too long a text */
  value(): ReadableStream<Uint8Array> | Uint8Array | string {
    if (this.queue) return streamOf(this.queue.iterator(() => this.owner.onBodyCancelled()))
    return this.terms.as === 'text' ? this.text() : this.bytes()
  }

  private bytes(): Uint8Array {
    if (this.lentEnd > this.lentStart) return Uint8Array.from(memory.subarray(this.lentStart, this.lentEnd))
    return this.gathered?.take() ?? nothing
  }

  private text(): string {
    const { contentType } = this.terms
    const { lentStart, lentEnd } = this
    if (lentEnd > lentStart && isPlainUtf8(contentType) && memory[lentStart]! < 0xfe) {
      return withoutMark(utf8(lentStart, lentEnd))
    }
    return bodyText(this.rawBytes(), contentType)
  }

  private rawBytes(): Uint8Array {
    if (this.lentEnd > this.lentStart) return memory.subarray(this.lentStart, this.lentEnd)
    return this.gathered?.bytes ?? nothing
  }
}
