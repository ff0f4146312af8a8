// Bytes in, events out: one direction of a connection (RFC 9112). It does no I/O and holds no bytes but those of a head
// that has not arrived whole. `feed` it what a read left in the inbox, then ask for `next` until NEED_MORE; pieces of a
// body are spans of the inbox, good until the next read. What is peculiar to requests and to responses is told by the two
// readers that extend this one.
import { GrowingBytes } from './growing-bytes.js'
import { errorOfResult, type ProtocolError, protocolError } from './protocol-error.js'
import {
  CHUNK_CONSUMED,
  CHUNKS_DONE,
  CHUNKS_TRAILERS,
  ChunkPlace,
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  DATA_END,
  DATA_START,
  ERROR_AT,
  FIELD_COUNT,
  FLAGS,
  gapSize,
  IN_TRAILERS,
  METHOD,
  maxFields,
  memory,
  RESUME_AT,
  type ReadHead,
  readChunks,
  STARTED,
  u32,
  VERSION_1_1,
} from './wasm.js'

// Events
export const NEED_MORE = 0
/** A head: its record is in the core, its bytes are `headStart` to `at`. Read it before anything else. */
export const HEAD = 1
/** Bytes of the body, `pieceStart` to `pieceEnd` of linear memory. */
export const PIECE = 2
/** The body has ended; a message without a body has no such event. */
export const END = 3
/** The same, and the core's record holds the trailer section, whose bytes are `headStart` to `at`. */
export const TRAILERS = 4
/** What came breaks a rule, named by `error`; the connection cannot be read any further. */
export const ERROR = 5

export interface ReaderLimits {
  /** Bytes of one line of a head, its CRLF not counted. */
  readonly maxLine: number
  /** Field-lines of a head, and of a trailer section. */
  readonly maxHeaders: number
  /** Bytes of a body. */
  readonly maxBody: number
}

/** Whether the connection goes on behind the message whose head has these flags (RFC 9112 §9.3). */
export function persists(flags: number): boolean {
  return (flags & CONNECTION_CLOSE) === 0 && (flags & (VERSION_1_1 | CONNECTION_KEEP_ALIVE)) !== 0
}

/** Bytes that a head may have in all: 64 KiB, or one line where `maxLine` is more. */
export function maxHeadOf(limits: ReaderLimits): number {
  return Math.max(64 * 1024, limits.maxLine)
}

/** The most that `maxLine` and `maxHeaders` can be set to. */
export const readerBounds = { maxLine: gapSize - 1024, maxHeaders: maxFields }

const LF = 0x0a

const IN_HEAD = 0
const IN_LENGTH = 1
const IN_CHUNKS = 2
const AT_END = 3
const IN_TRAILER_SECTION = 4
const UNTIL_CLOSE = 5

// A head, or trailer section, that has not arrived whole. The lines before `lineAt` have been read and are right.
class Partial extends GrowingBytes {
  lineAt = 0
  fieldCount = 0
  flags: number
  /** The method's word, or the status, once the start-line has been read. */
  method: number | undefined = undefined

  constructor(flags: number) {
    super()
    this.flags = flags
  }
}

export abstract class HttpReader {
  headStart = 0
  at = 0
  end = 0
  pieceStart = 0
  pieceEnd = 0
  error: ProtocolError | undefined = undefined
  /** Bytes of the body still to come; -1 where nobody has said how many. 0 between messages. */
  remaining = 0
  protected readonly limits: ReaderLimits
  protected partial: Partial | undefined = undefined
  private readonly callCore: ReadHead
  private phase = IN_HEAD
  private chunks: ChunkPlace | undefined = undefined
  private chunkedBytes = 0

  constructor(limits: ReaderLimits, callCore: ReadHead) {
    this.limits = limits
    this.callCore = callCore
  }

  /** Reads a head, and says by `expectLength` and its like what body follows it. */
  protected abstract nextHead(): number

  /** True between two messages, when no byte of the next one has come. */
  get isIdle(): boolean {
    return this.phase === IN_HEAD && this.partial === undefined
  }

  /** True while a head has begun and not ended. */
  get isInHead(): boolean {
    return this.phase === IN_HEAD && this.partial !== undefined
  }

  /** True while a body has begun and not ended; after an ERROR, where that lies in a body. */
  get isInBody(): boolean {
    return this.phase !== IN_HEAD
  }

  /** True where the body ends when the connection does. */
  get endsWithConnection(): boolean {
    return this.phase === UNTIL_CLOSE
  }

  /** The bytes from `start` to `end` of linear memory come next; the sixteen after them are overwritten. */
  feed(start: number, end: number): void {
    this.at = start
    this.end = end
  }

  next(): number {
    if (this.error !== undefined) return NEED_MORE
    switch (this.phase) {
      case IN_HEAD:
        return this.nextHead()
      case IN_LENGTH:
        return this.nextOfLength()
      case IN_CHUNKS:
        return this.nextOfChunks()
      case AT_END:
        return this.endBody(END)
      case UNTIL_CLOSE:
        return this.nextUntilClose()
      default:
        return this.nextTrailers()
    }
  }

  // The body that follows, RFC 9112 §6.3.

  protected expectLength(length: number): void {
    this.remaining = length
    if (length > 0) this.phase = IN_LENGTH
  }

  protected expectChunks(): void {
    this.phase = IN_CHUNKS
    this.chunks = new ChunkPlace()
    this.chunkedBytes = 0
    this.remaining = -1
  }

  protected expectUntilClose(): void {
    this.phase = UNTIL_CLOSE
    this.remaining = -1
  }

  private nextOfLength(): number {
    const length = Math.min(this.remaining, this.end - this.at)
    if (length === 0) return NEED_MORE
    this.pieceStart = this.at
    this.pieceEnd = this.at += length
    this.remaining -= length
    if (this.remaining === 0) this.phase = AT_END
    return PIECE
  }

  private nextUntilClose(): number {
    if (this.at === this.end) return NEED_MORE
    this.pieceStart = this.at
    this.pieceEnd = this.at = this.end
    return PIECE
  }

  private nextOfChunks(): number {
    if (this.at === this.end) return NEED_MORE
    const chunks = this.chunks!
    const start = this.at
    chunks.load()
    const result = readChunks(start, this.end)
    chunks.save()
    this.at = start + u32[CHUNK_CONSUMED]!
    if (result < 0) return this.fail(errorOfResult(result))
    if (result === CHUNKS_DONE) this.phase = AT_END
    else if (result === CHUNKS_TRAILERS) this.phase = IN_TRAILER_SECTION
    this.pieceStart = start + u32[DATA_START]!
    this.pieceEnd = start + u32[DATA_END]!
    this.chunkedBytes += this.pieceEnd - this.pieceStart
    if (this.chunkedBytes + chunks.remaining > this.limits.maxBody) {
      return this.fail(protocolError('BODY_TOO_LARGE'))
    }
    return this.pieceEnd > this.pieceStart ? PIECE : this.next()
  }

  private nextTrailers(): number {
    const result = this.readHead(STARTED | IN_TRAILERS)
    if (result <= 0) return result === 0 ? NEED_MORE : this.failAt(result)
    return this.endBody(TRAILERS)
  }

  private endBody(event: number): number {
    this.phase = IN_HEAD
    this.chunks = undefined
    this.remaining = 0
    return event
  }

  // A head that dribbled in is read line by line, and the core counts from the line.
  protected failAt(result: number): number {
    return this.fail(errorOfResult(result, u32[ERROR_AT]! + (this.partial?.lineAt ?? 0)))
  }

  protected fail(error: ProtocolError): number {
    this.partial = undefined
    this.error = error
    return ERROR
  }

  // A head in one piece is one call. The core's result; `headStart` and `at` are set where it is complete.
  protected readHead(flags: number): number {
    if (this.at === this.end) return NEED_MORE
    if (this.partial) return this.resumeHead(this.partial, flags)
    const { maxLine, maxHeaders } = this.limits
    const result = this.callCore(this.at, this.end, flags, maxLine, maxHeaders, maxHeadOf(this.limits))
    if (result > 0) {
      this.headStart = this.at
      this.at += result
    } else if (result === NEED_MORE) {
      this.keep((this.partial = new Partial(flags)))
    }
    return result
  }

  private keep(partial: Partial): void {
    partial.append(memory.subarray(this.at, this.end))
    partial.lineAt += u32[RESUME_AT]!
    partial.fieldCount += u32[FIELD_COUNT]!
    if ((u32[FLAGS]! & STARTED) !== 0) {
      partial.flags = u32[FLAGS]!
      partial.method ??= u32[METHOD]!
    }
    this.at = this.end
  }

  // Reads on only where a line has ended, and then from that line's begin: however it dribbles in, the work is linear.
  private resumeHead(partial: Partial, flags: number): number {
    const { maxLine, maxHeaders } = this.limits
    const maxHead = maxHeadOf(this.limits)
    const lineLength = partial.length - partial.lineAt
    const length = this.end - this.at
    const isOver = lineLength + length > maxLine || partial.length + length > maxHead
    const bytes = memory.subarray(this.at, this.end)
    if (!isOver && !bytes.includes(LF)) {
      partial.append(bytes)
      this.at = this.end
      return NEED_MORE
    }
    const line = this.at - lineLength
    memory.set(partial.bytes.subarray(partial.lineAt), line)
    let result = this.callCore(
      line,
      this.end,
      partial.flags,
      maxLine,
      maxHeaders - partial.fieldCount,
      maxHead - partial.lineAt,
    )
    if (result === NEED_MORE) this.keep(partial)
    if (result <= 0) return result
    this.partial = undefined
    this.headStart = this.at - partial.length
    if (partial.lineAt > 0) {
      memory.set(partial.bytes.subarray(0, partial.lineAt), this.headStart)
      result = this.callCore(this.headStart, this.end, flags, maxLine, maxHeaders, maxHead)
    }
    this.at = this.headStart + result
    return result
  }
}
