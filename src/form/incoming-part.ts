// One part of a multipart body: what the decoder has found of its data waits here until it is read, or skipped.

import type { Headers } from '../core/fields.js'
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8, isUtf8, parameterOf } from '../core/media-type.js'
import type { PartHead } from '../core/part-head.js'
import { utf8Span, withoutMark } from '../core/text.js'
import { streamOf } from '../io/stream-of.js'

/** A part that has come. It can be read once, in one of its ways, before the next is asked for. */
export interface MultipartPart extends AsyncIterable<Uint8Array> {
  /** Undefined for a part without a Content-Disposition, which a form's parts all have. */
  readonly name: string | undefined
  /** What the sender says: never a path to write to. */
  readonly filename: string | undefined
  /** As sent; text/plain where it was not (RFC 7578 §4.4). */
  readonly contentType: string
  /** Lower-case names, nothing inherited. */
  readonly headers: Record<string, string>
  /** Bytes of data that have come so far; all of them when it has been read. */
  readonly size: number
  /** In memory of their own. */
  bytes(): Promise<Uint8Array>
  /** By the charset of its type where it is known, else UTF-8. */
  text(): Promise<string>
  /** Pieces as they come. */
  stream(): ReadableStream<Uint8Array>
}

/** Who goes on reading the body. */
export interface PartSource {
  /** Resolves when more has been read. @throws the error that ended it */
  more(): Promise<void>
}

export class IncomingPart implements MultipartPart {
  readonly name: string | undefined
  readonly filename: string | undefined
  readonly contentType: string
  size = 0
  private readonly head: PartHead
  private readonly source: PartSource
  private madeHeaders: Headers | undefined = undefined
  /** A span of data, and the pieces behind it. Most parts have come whole, and have no more than one. */
  private span: Uint8Array | undefined = undefined
  private start = 0
  private end = 0
  private rest: Uint8Array[] | undefined = undefined
  private hasEnded = false
  private isTaken = false
  private isSkipped = false

  constructor(head: PartHead, source: PartSource) {
    this.name = head.name
    this.filename = head.filename
    this.contentType = head.contentType
    this.head = head
    this.source = source
  }

  get headers(): Headers {
    this.madeHeaders ??= this.head.headers()
    return this.madeHeaders
  }

  // The decoder's side.

  push(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start
    if (this.isSkipped) return
    if (this.span !== undefined) {
      this.rest ??= []
      this.rest.push(bytes.subarray(start, end))
    } else {
      this.span = bytes
      this.start = start
      this.end = end
    }
  }

  finish(): void {
    this.hasEnded = true
  }

  /** Nobody wants what has not been read. */
  skip(): void {
    this.isSkipped = true
    this.span = this.rest = undefined
  }

  // The reader's side.

  async bytes(): Promise<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]()
    const all = new GrowingBytes(this.size)
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) all.append(next.value)
    return all.take()
  }

  text(): Promise<string> {
    const charset = parameterOf(this.contentType, 'charset')
    const isWhole = this.hasEnded && this.rest === undefined && !this.isTaken && !this.isSkipped
    if (!isWhole || !isUtf8(charset)) return this.decode(charset)
    this.isTaken = true
    return Promise.resolve(
      this.span === undefined ? '' : withoutMark(utf8Span(this.span, this.start, this.end)),
    )
  }

  private async decode(charset: string | undefined): Promise<string> {
    return decoderOrUtf8(charset)(await this.bytes())
  }

  stream(): ReadableStream<Uint8Array> {
    return streamOf(this[Symbol.asyncIterator]())
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.take()
    return {
      next: () => {
        const value = this.shift()
        return value === undefined ? this.wait() : Promise.resolve({ done: false, value })
      },
      return: async () => {
        this.skip()
        return { done: true, value: undefined }
      },
    }
  }

  private take(): void {
    if (this.isTaken) throw new TypeError('the part has been read already')
    this.isTaken = true
  }

  private async wait(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.isSkipped) throw new TypeError('the part has been skipped: the next one was asked for')
      if (this.hasEnded) return { done: true, value: undefined }
      await this.source.more()
      const value = this.shift()
      if (value !== undefined) return { done: false, value }
    }
  }

  private shift(): Uint8Array | undefined {
    const { span } = this
    if (span === undefined) return undefined
    const isAll = this.start === 0 && this.end === span.length
    const piece = isAll ? span : span.subarray(this.start, this.end)
    const next = this.rest?.shift()
    this.span = next
    this.start = 0
    this.end = next?.length ?? 0
    return piece
  }
}
