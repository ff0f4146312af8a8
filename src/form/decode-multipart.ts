// A multipart body as its parts, one after the other (RFC 7578). One piece of the body is read at a time, and none before
// somebody waits for it: for the next part, or for more of this one. What a piece brings is all there at once, so a
// hundred small fields cost no more waiting than one.

import { between } from '../core/between.js'
import { hasType, parameterOf } from '../core/media-type.js'
import { MAX_PART_HEAD, MultipartReader, type PartSink } from '../core/multipart-reader.js'
import type { PartHead } from '../core/part-head.js'
import { protocolError } from '../core/protocol-error.js'
import { cancelPieces, type Pieces, piecesOf } from '../io/pieces.js'
import { IncomingPart, type MultipartPart, type PartSource } from './incoming-part.js'

/** How much of a form is read; past a limit the error has status 413. */
export interface MultipartLimits {
  /** Parts of all kinds (default 1000). */
  maxParts?: number
  /** Parts without a filename (default 1000). */
  maxFields?: number
  /** Parts with a filename (default 1000). */
  maxFiles?: number
  /** Bytes of a part without a filename (default 1 MiB). */
  maxFieldSize?: number
  /** Bytes of a part with a filename (default: unbounded). */
  maxFileSize?: number
  /** Bytes of a part's head, with its empty line (default 16 KiB, at most 64 KiB). */
  maxHeadSize?: number
  /** Bytes of the whole body (default: unbounded). */
  maxTotal?: number
}

/** A body to read: whole, or as it comes. */
export type MultipartBody = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Uint8Array

const unbounded = Number.POSITIVE_INFINITY
const BOUNDARY = /^[\x21-\x7e ]{0,69}[\x21-\x7e]$/
const MULTIPART = /^multipart\/[^ \t;]/i

/**
 * Reads a multipart body. A part is to be read before the next is asked for; one that is not is skipped.
 *
 * @param contentType with its boundary
 * @throws ProtocolError at once BAD_BOUNDARY (status 400); later, of the parts and of what reads them, BAD_DELIMITER,
 * BAD_PART_HEAD and MISSING_FINAL_BOUNDARY (400), and for each limit its own (413); besides, what the body itself throws
 */
export function decodeMultipart(
  body: MultipartBody,
  contentType: string,
  limits: MultipartLimits = {},
): AsyncIterableIterator<MultipartPart> {
  const type = String(contentType)
  const boundary = parameterOf(type, 'boundary')
  if (boundary === undefined || !BOUNDARY.test(boundary) || !MULTIPART.test(type))
    throw protocolError('BAD_BOUNDARY')
  const all = allLimits(limits)
  return new MultipartDecoder(sourceOf(body), boundary, hasType(type, 'multipart/form-data'), all)
}

function sourceOf(body: MultipartBody): Pieces {
  const pieces = body instanceof Uint8Array ? piecesOf([body]) : piecesOf(Object(body))
  if (pieces) return pieces
  throw new TypeError('a multipart body is bytes, or a stream or an iterable of them')
}

/** None is left out. @throws RangeError for one out of its range */
export function allLimits(limits: MultipartLimits): Required<MultipartLimits> {
  return {
    maxParts: between(limits.maxParts, 'maxParts', 0, unbounded, 1000),
    maxFields: between(limits.maxFields, 'maxFields', 0, unbounded, 1000),
    maxFiles: between(limits.maxFiles, 'maxFiles', 0, unbounded, 1000),
    maxFieldSize: between(limits.maxFieldSize, 'maxFieldSize', 0, unbounded, 1024 * 1024),
    maxFileSize: between(limits.maxFileSize, 'maxFileSize', 0, unbounded, unbounded),
    maxHeadSize: between(limits.maxHeadSize, 'maxHeadSize', 2, MAX_PART_HEAD, 16 * 1024),
    maxTotal: between(limits.maxTotal, 'maxTotal', 0, unbounded, unbounded),
  }
}

class MultipartDecoder implements AsyncIterableIterator<MultipartPart, undefined>, PartSink, PartSource {
  private readonly source: Pieces
  private readonly reader: MultipartReader
  private readonly limits: Required<MultipartLimits>
  /** Parts that have begun and were not asked for yet. */
  private readonly parts: (IncomingPart | undefined)[] = []
  private taken = 0
  /** The one asked for last, and the one that data comes for. */
  private current: IncomingPart | undefined = undefined
  private coming: IncomingPart | undefined = undefined
  private fields = 0
  private files = 0
  private total = 0
  private isDone = false
  private hasFailed = false
  private error: unknown = undefined
  private reading: Promise<void> | undefined = undefined

  constructor(source: Pieces, boundary: string, isFormData: boolean, limits: Required<MultipartLimits>) {
    this.source = source
    this.limits = limits
    this.reader = new MultipartReader(boundary, isFormData, limits.maxHeadSize, this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<MultipartPart, undefined>> {
    this.takePart()
    return this.current ? Promise.resolve({ done: false, value: this.current }) : this.wait()
  }

  private async wait(): Promise<IteratorResult<MultipartPart, undefined>> {
    while (this.parts.length === 0 && !this.isDone) await this.more()
    this.takePart()
    return this.current ? { done: false, value: this.current } : { done: true, value: undefined }
  }

  // One piece may bring any number of them: to shift each out would move all the others.
  private takePart(): void {
    this.current?.skip()
    this.current = this.parts[this.taken]
    this.parts[this.taken++] = undefined
    if (this.taken >= this.parts.length) this.parts.length = this.taken = 0
  }

  /** Stops reading the body. */
  async return(): Promise<IteratorResult<MultipartPart, undefined>> {
    this.current?.skip()
    this.parts.length = this.taken = 0
    if (!this.isDone) this.end(new TypeError('the parts are not read any more'))
    this.isDone = true
    return { done: true, value: undefined }
  }

  /** Reads a piece of the body, for all who wait. An error in it comes after what the piece brought before. */
  more(): Promise<void> {
    if (this.hasFailed) return Promise.reject(this.error)
    this.reading ??= this.readPiece()
    return this.reading
  }

  private async readPiece(): Promise<void> {
    try {
      const piece = await this.source.next()
      if (this.hasFailed) return
      if (piece === undefined) {
        this.reader.end()
        this.isDone = true
      } else if (piece instanceof Uint8Array) {
        this.push(piece)
      } else {
        throw new TypeError('a piece of a multipart body is a Uint8Array')
      }
    } catch (error) {
      this.end(error)
    } finally {
      this.reading = undefined
    }
  }

  private push(piece: Uint8Array): void {
    const left = this.limits.maxTotal - this.total
    this.total += piece.length
    this.reader.push(piece.length <= left ? piece : piece.subarray(0, left))
    if (piece.length > left) throw protocolError('MULTIPART_TOO_LARGE')
  }

  private end(error: unknown): void {
    if (this.hasFailed) return
    this.hasFailed = true
    this.error = error
    cancelPieces(this.source, error as Error)
  }

  onPart(head: PartHead): void {
    const { maxParts, maxFields, maxFiles } = this.limits
    if (head.filename === undefined) this.fields++
    else this.files++
    if (this.fields + this.files > maxParts) throw protocolError('TOO_MANY_PARTS')
    if (this.fields > maxFields) throw protocolError('TOO_MANY_FORM_FIELDS')
    if (this.files > maxFiles) throw protocolError('TOO_MANY_FILES')
    this.coming = new IncomingPart(head, this)
    this.parts.push(this.coming)
  }

  // What still fits is delivered, so that it does not matter how the bytes were cut.
  onData(bytes: Uint8Array, start: number, end: number): void {
    const part = this.coming!
    const { maxFieldSize, maxFileSize } = this.limits
    const isField = part.filename === undefined
    const most = start + (isField ? maxFieldSize : maxFileSize) - part.size
    if (start < Math.min(end, most)) part.push(bytes, start, Math.min(end, most))
    if (end > most) throw protocolError(isField ? 'FIELD_TOO_LARGE' : 'FILE_TOO_LARGE')
  }

  onPartEnd(): void {
    this.coming!.finish()
  }
}
