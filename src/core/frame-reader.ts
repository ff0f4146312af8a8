// Bytes in, frames out (RFC 6455 §5.2), or pieces of them where a frame does not arrive whole. All that came together is
// read by one call into the core; what is asked for here are rows of its table. Nothing is kept but the bytes of a header,
// or of a control frame, that has not arrived whole.
import { errorOfResult, type ProtocolError } from './protocol-error.js'
import {
  consumedOf,
  copyOf,
  type FramePlace,
  MAX_FRAME_ROWS,
  memory,
  ROW_SIZE,
  readFrames,
  rowCountOf,
  rowsOf,
  u32,
} from './wasm.js'

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10
export const OPCODE = 15

/** Bytes of payload from which on, and up to which, a copy may share its memory. */
const MIN_SHARED = 128
const MAX_SHARED = 16 * 1024

/** The most that can be left of a header or a control frame. */
export const MAX_TAIL = 131

export class FrameReader {
  /** Of the row asked for last: its flags, and where its payload lies in linear memory. */
  flags = 0
  start = 0
  end = 0
  /** What came breaks a rule; the rows before it are right. */
  error: ProtocolError | undefined = undefined
  private readonly record: number
  private readonly place: FramePlace
  private row = 0
  private rowsEnd = 0
  private mayHaveMore = false
  private at = 0
  private inputEnd = 0
  private tail: Uint8Array | undefined = undefined
  /** A copy of what the rows hold from `sharedStart` on. */
  private shared: Uint8Array | undefined = undefined
  private sharedStart = 0

  /** @param record one of the core's two; no two readers may use one at the same time */
  constructor(record: number, place: FramePlace) {
    this.record = record
    this.place = place
  }

  /** Payload bytes to come of the frame whose piece was asked for last, where that was not its last. */
  get remaining(): number {
    return this.place.remaining
  }

  /** True once a close frame has been read: nothing after it is. */
  get hasClosed(): boolean {
    return this.place.hasClosed
  }

  /** The bytes from `start` to `end` of linear memory come next; those before `start` may be overwritten. */
  feed(start: number, end: number): void {
    this.at = start
    this.inputEnd = end
    this.mayHaveMore = true
    if (this.tail === undefined) return
    this.at -= this.tail.length
    memory.set(this.tail, this.at)
    this.tail = undefined
  }

  get hasRows(): boolean {
    return this.row !== this.rowsEnd
  }

  /** The input that has not been looked at, where it lies until the next read; it is to be fed again. */
  setAside(): Uint8Array {
    const rest = memory.subarray(this.at, this.inputEnd)
    this.at = this.inputEnd
    this.mayHaveMore = false
    return rest
  }

  /** @returns false where there is none: more bytes are needed, or `error` says what is wrong */
  next(): boolean {
    if (this.row === this.rowsEnd && !this.readRows()) return false
    const { row } = this
    this.flags = u32[row]!
    this.start = u32[row + 1]!
    this.end = u32[row + 2]!
    this.row = row + ROW_SIZE
    return true
  }

  /**
   * A copy of the row's payload. Memory is dear to get and cheap to fill: rows that came together share theirs, but for
   * those so short that a piece of their own costs nothing, or so long that it does not matter.
   */
  copy(): Uint8Array {
    const { start, end } = this
    const isLast = this.shared === undefined && this.row === this.rowsEnd
    if (isLast || end - start < MIN_SHARED || end - start > MAX_SHARED) return copyOf(start, end)
    if (this.shared === undefined) {
      this.shared = copyOf(start, u32[this.rowsEnd - 1]!)
      this.sharedStart = start
    }
    return this.shared.subarray(start - this.sharedStart, end - this.sharedStart)
  }

  private readRows(): boolean {
    this.shared = undefined
    if (!this.mayHaveMore || this.error !== undefined) return false
    const { record, place } = this
    place.load(record)
    const result = readFrames(record, this.at, this.inputEnd)
    place.save(record)
    const rowCount = rowCountOf(record)
    this.at += consumedOf(record)
    this.mayHaveMore = rowCount === MAX_FRAME_ROWS
    if (result < 0) this.error = errorOfResult(result)
    if (!this.mayHaveMore) this.keepTail()
    this.row = rowsOf(record)
    this.rowsEnd = this.row + rowCount * ROW_SIZE
    return rowCount > 0
  }

  private keepTail(): void {
    const isWanted = this.error === undefined && !this.hasClosed
    if (this.at < this.inputEnd && isWanted) this.tail = copyOf(this.at, this.inputEnd)
    this.at = this.inputEnd
  }
}
