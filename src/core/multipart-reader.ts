// A multipart body's bytes in, its parts out (RFC 2046 §5.1, RFC 7578): their heads, spans of their data, and where each
// ends. All that comes in one piece is read by one call into the core. Data is told of where it lies in the piece; kept is
// only the begin of what may become a delimiter, or of a head.

import { GrowingBytes } from './growing-bytes.js'
import { PartHead } from './part-head.js'
import { errorOfResult, protocolError } from './protocol-error.js'
import { encodeUtf8 } from './text.js'
import {
  copyOf,
  deskSize,
  deskStart,
  MAX_PART_ROWS,
  MULTIPART_CONSUMED,
  MultipartPlace,
  memory,
  PART_BEGINS,
  PART_COUNT,
  PART_DATA_END,
  PART_DATA_START,
  PART_ENDS,
  PART_FLAGS,
  PART_HEAD_END,
  PART_HEAD_START,
  PART_ROW_SIZE,
  PART_ROWS,
  readMultipart,
  u32,
} from './wasm.js'

const CR = 0x0d
const LF = 0x0a

/** The most that a part's head may be allowed, in bytes. */
export const MAX_PART_HEAD = 64 * 1024
const MAX_TAIL = MAX_PART_HEAD + 128
const INPUT = deskStart + MAX_TAIL
const INPUT_SIZE = deskSize - MAX_TAIL
/** Pieces that are looked at before they are put to the begin of a head. */
const MAX_DRIBBLE = 1024

const nothing = new GrowingBytes(0)

/** Who is told. It must not call into the core. */
export interface PartSink {
  onPart(head: PartHead): void
  /** The bytes from `start` to `end` are the next of the part's data. */
  onData(bytes: Uint8Array, start: number, end: number): void
  onPartEnd(): void
}

export class MultipartReader {
  private readonly place: MultipartPlace
  private readonly maxHead: number
  private readonly sink: PartSink
  private tail: GrowingBytes

  /**
   * @param isFormData whether each part must be a form's field
   * @param maxHead bytes of a part's head, up to MAX_PART_HEAD
   */
  constructor(boundary: string, isFormData: boolean, maxHead: number, sink: PartSink) {
    this.place = new MultipartPlace(encodeUtf8(`\r\n--${boundary}`), isFormData, maxHead)
    this.maxHead = maxHead
    this.sink = sink
    // The first delimiter may be the body's very begin, and have no CRLF of its own.
    this.tail = new GrowingBytes(2)
    this.tail.append(encodeUtf8('\r\n'))
  }

  /** Reads the next piece. @throws ProtocolError, or what the sink throws; nothing can be read after that */
  push(piece: Uint8Array): void {
    if (this.place.isInHead && piece.length <= MAX_DRIBBLE && !this.mayEndHead(piece)) this.tail.append(piece)
    else for (let at = 0; at < piece.length; at += INPUT_SIZE) this.read(piece, at)
  }

  /** @throws ProtocolError MISSING_FINAL_BOUNDARY where the body is not at its end */
  end(): void {
    if (!this.place.isInEpilogue) throw protocolError('MISSING_FINAL_BOUNDARY')
  }

  // A head that dribbles in is looked at again only when its empty line, or a line feed that must not be, may have come.
  private mayEndHead(piece: Uint8Array): boolean {
    const { bytes } = this.tail
    if (bytes.length + piece.length >= this.maxHead) return true
    const byteAt = (at: number): number | undefined => (at < 0 ? bytes[bytes.length + at] : piece[at])
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
      const lineBefore = byteAt(at - 2) ?? LF
      if (byteAt(at - 1) !== CR || lineBefore === LF) return true
    }
    return false
  }

  private read(piece: Uint8Array, from: number): void {
    const input = piece.length <= INPUT_SIZE ? piece : piece.subarray(from, from + INPUT_SIZE)
    const tail = this.tail.bytes
    const end = INPUT + input.length
    let start = INPUT - tail.length
    memory.set(tail, start)
    memory.set(input, INPUT)
    let result: number
    do {
      this.place.load()
      result = readMultipart(start, end)
      this.place.save()
      this.tell(piece, from, tail)
      if (result < 0) throw errorOfResult(result)
      start += u32[MULTIPART_CONSUMED]!
    } while (u32[PART_COUNT] === MAX_PART_ROWS)
    this.keep(start, end)
  }

  private tell(piece: Uint8Array, from: number, tail: Uint8Array): void {
    const rowsEnd = PART_ROWS + u32[PART_COUNT]! * PART_ROW_SIZE
    for (let row = PART_ROWS; row < rowsEnd; row += PART_ROW_SIZE) {
      const flags = u32[row + PART_FLAGS]!
      const start = u32[row + PART_DATA_START]! - INPUT
      const end = u32[row + PART_DATA_END]! - INPUT
      if (flags & PART_BEGINS) this.sink.onPart(headOf(row, piece, from))
      if (start < Math.min(end, 0))
        this.sink.onData(tail, tail.length + start, tail.length + Math.min(end, 0))
      if (end > Math.max(start, 0)) this.sink.onData(piece, from + Math.max(start, 0), from + end)
      if (flags & PART_ENDS) this.sink.onPartEnd()
    }
  }

  private keep(start: number, end: number): void {
    if (start === end && !this.place.isInHead) {
      this.tail = nothing
    } else {
      this.tail = new GrowingBytes()
      this.tail.append(memory.subarray(start, end))
    }
  }
}

function headOf(row: number, piece: Uint8Array, from: number): PartHead {
  const start = u32[row + PART_HEAD_START]!
  const end = u32[row + PART_HEAD_END]!
  if (start >= INPUT) return new PartHead(row, piece, from + start - INPUT, from + end - INPUT)
  return new PartHead(row, copyOf(start, end), 0, end - start)
}
