// Frames (RFC 6455 §5.2). One call reads all that arrived together and fills a table with a row for each, its payload
// unmasked where it lies. A data frame may be cut anywhere in its payload: each piece is a row, and the record keeps
// the place. What has come of a header, or of a control frame, is left for the next call: it is short.
//
//  0               1               2               ...
//  ├─┬─┬─┬─┬───────┼─┬─────────────┼────────────────┬─────────────┬─ ─ ─ ─ ─
//  │F│R│R│R│opcode │M│ length, or  │ 16 or 64 bits  │ masking key │ payload
//  │I│S│S│S│       │A│ 126, or 127 │ of length, big-│ where M is  │
//  │N│1│2│3│       │S│             │ endian         │ set         │
//  └─┴─┴─┴─┴───────┴─┴─────────────┴────────────────┴─────────────┴─ ─ ─ ─ ─

import {
  ALLOWS_DEFLATE,
  EXPECTS_MASK,
  FrameRecord,
  frameRow,
  HAS_CLOSED,
  IN_BINARY,
  IN_DEFLATED,
  IN_FRAME,
  IN_TEXT,
  MAX_FRAME_ROWS,
  ROW_BEGINS,
  ROW_ENDS,
  ROW_FIN,
  ROW_NON_ASCII,
  ROW_RSV1,
} from '../memory'
import {
  BAD_LENGTH,
  BAD_OPCODE,
  BAD_UTF8,
  CONTROL_TOO_LONG,
  FRAGMENTED_CONTROL,
  INTERRUPTED_MESSAGE,
  MASKED_FRAME,
  MESSAGE_TOO_BIG,
  NEED_MORE,
  RESERVED_BIT,
  STRAY_CONTINUATION,
  UNMASKED_FRAME,
} from '../result'
import { BETWEEN_CHARACTERS, NOT_UTF8, validateUtf8 } from '../utf8'
import { judgeClose } from './close'
import { hasNonAscii, mask, turned } from './mask'

const CONTINUATION: u32 = 0
const TEXT: u32 = 1
const BINARY: u32 = 2
const CLOSE: u32 = 8
const PONG: u32 = 10
const OPCODE: u32 = 15

const FIN: u32 = 0x80
const RSV1: u32 = 0x40
const RSV2_OR_3: u32 = 0x30
const MASKED: u32 = 0x80
const LENGTH: u32 = 0x7f
const LENGTH_OF_16_BITS: u32 = 126
const LENGTH_OF_64_BITS: u32 = 127

const MAX_CONTROL: f64 = 125
const MAX_LENGTH: f64 = 9007199254740991

/**
 * Reads frames from `start` to `end`, from and to the place in the record at `recordAt`; `rowCount` rows say what it found, in the
 * order it came, `consumed` how far it read. Where the table is full before the input is read, it is to be called again.
 *
 * @returns NEED_MORE, or the error that follows on the rows
 */
export function readFrames(recordAt: usize, start: usize, end: usize): i32 {
  const record = changetype<FrameRecord>(recordAt)
  record.rowCount = 0
  let at = start
  let result = NEED_MORE
  while (at < end && record.rowCount < MAX_FRAME_ROWS && (record.flags & HAS_CLOSED) == 0) {
    let payload = at
    if ((record.flags & IN_FRAME) == 0) {
      result = readFrameHeader(record, at, end)
      if (result <= 0) break
      payload += result
    }
    result = takePayload(record, payload, payload + <usize>min<f64>(record.remaining, <f64>(end - payload)))
    if (result < 0) break
    at = load<u32>(frameRow(record, record.rowCount - 1), 8)
  }
  record.consumed = <u32>(at - start)
  return min(result, NEED_MORE)
}

// Sets the frame in the record to the one whose header begins at `at`. Returns the header's length.
function readFrameHeader(record: FrameRecord, at: usize, end: usize): i32 {
  const available = <i32>(end - at)
  if (available < 2) return NEED_MORE
  const first = <u32>load<u8>(at)
  const second = <u32>load<u8>(at, 1)
  const fault = judgeHeader(record.flags, first, second)
  if (fault < 0) return fault
  let header = 2
  let length = <f64>(second & LENGTH)
  if ((second & LENGTH) == LENGTH_OF_16_BITS) {
    if (available < 4) return NEED_MORE
    length = <f64>bswap<u16>(load<u16>(at, 2))
    if (length < 126) return BAD_LENGTH
    header = 4
  } else if ((second & LENGTH) == LENGTH_OF_64_BITS) {
    if (available < 10) return NEED_MORE
    const declared = bswap<u64>(load<u64>(at, 2))
    if (declared < 0x10000 || declared >> 63) return BAD_LENGTH
    length = <f64>declared
    header = 10
  }
  if (isControl(first)) {
    if (available < header + <i32>((second & MASKED) >> 5) + <i32>length) return NEED_MORE
  } else if (isTooBig(record, first, length)) return MESSAGE_TOO_BIG
  if (second & MASKED) {
    if (available < header + 4) return NEED_MORE
    record.key = load<u32>(at + header)
    header += 4
  }
  beginFrame(record, first, length)
  return header
}

// What the first two bytes show.
function judgeHeader(flags: u32, first: u32, second: u32): i32 {
  const opcode = first & OPCODE
  if (first & RSV2_OR_3) return RESERVED_BIT
  if (first & RSV1 && ((flags & ALLOWS_DEFLATE) == 0 || opcode == CONTINUATION || isControl(first))) {
    return RESERVED_BIT
  }
  if (opcode > PONG || (opcode > BINARY && opcode < CLOSE)) return BAD_OPCODE
  if (((second & MASKED) != 0) != ((flags & EXPECTS_MASK) != 0)) {
    return flags & EXPECTS_MASK ? UNMASKED_FRAME : MASKED_FRAME
  }
  if (isControl(first)) {
    if ((first & FIN) == 0) return FRAGMENTED_CONTROL
    return (second & LENGTH) > <u32>MAX_CONTROL ? CONTROL_TOO_LONG : NEED_MORE
  }
  const hasBegun = (flags & (IN_TEXT | IN_BINARY)) != 0
  if (opcode == CONTINUATION) return hasBegun ? NEED_MORE : STRAY_CONTINUATION
  return hasBegun ? INTERRUPTED_MESSAGE : NEED_MORE
}

function isControl(first: u32): bool {
  return (first & CLOSE) != 0
}

// What is compressed may be longer than what it holds, by up to 4 % where zlib is given little memory; how long that is
// the host sees when it has inflated it.
function isTooBig(record: FrameRecord, first: u32, length: f64): bool {
  const isDeflated = (first & RSV1) != 0 || (record.flags & IN_DEFLATED) != 0
  const allowed = isDeflated ? record.maxMessage * 1.05 + 1024 : record.maxMessage
  return record.messageBytes + length > allowed || length > MAX_LENGTH
}

function beginFrame(record: FrameRecord, first: u32, length: f64): void {
  const opcode = first & OPCODE
  record.frame = opcode | (first & FIN ? ROW_FIN : 0) | (first & RSV1 ? ROW_RSV1 : 0) | ROW_BEGINS
  record.remaining = length
  record.flags |= IN_FRAME
  if (isControl(first)) return
  record.messageBytes += length
  if (opcode == CONTINUATION) return
  record.flags |= opcode == TEXT ? IN_TEXT : IN_BINARY
  if (first & RSV1) record.flags |= IN_DEFLATED
}

// A piece of the payload, or all of it. Returns 0 or an error; only what is right becomes a row.
function takePayload(record: FrameRecord, start: usize, end: usize): i32 {
  const length = <u32>(end - start)
  let row = record.frame
  const isData = (row & CLOSE) == 0
  const isText = isData && (record.flags & (IN_TEXT | IN_DEFLATED)) == IN_TEXT
  let isAscii = true
  if (record.flags & EXPECTS_MASK) {
    isAscii = !mask(start, end, record.key)
    record.key = turned(record.key, length)
  } else if (isText) {
    isAscii = !hasNonAscii(start, end)
  }
  record.remaining -= <f64>length
  if (record.remaining == 0) row |= ROW_ENDS
  if (isText) {
    const fault = judgeText(record, start, end, isAscii, row)
    if (fault < 0) return fault
    if (!isAscii) row |= ROW_NON_ASCII
  } else if ((row & OPCODE) == CLOSE) {
    const fault = judgeClose(start, end)
    if (fault < 0) return fault
    record.flags |= HAS_CLOSED
  }
  addRow(record, row, start, end)
  if (row & ROW_ENDS) endFrame(record, row, isData)
  else record.frame &= ~ROW_BEGINS
  return NEED_MORE
}

function judgeText(record: FrameRecord, start: usize, end: usize, isAscii: bool, row: u32): i32 {
  if (!isAscii || record.utf8 != BETWEEN_CHARACTERS) {
    record.utf8 = validateUtf8(record.utf8, start, end)
    if (record.utf8 == NOT_UTF8) return BAD_UTF8
  }
  const isLast = (row & (ROW_FIN | ROW_ENDS)) == (ROW_FIN | ROW_ENDS)
  return isLast && record.utf8 != BETWEEN_CHARACTERS ? BAD_UTF8 : NEED_MORE
}

function addRow(record: FrameRecord, flags: u32, start: usize, end: usize): void {
  const row = frameRow(record, record.rowCount++)
  store<u32>(row, flags)
  store<u32>(row, <u32>start, 4)
  store<u32>(row, <u32>end, 8)
}

function endFrame(record: FrameRecord, row: u32, isData: bool): void {
  record.flags &= ~IN_FRAME
  if (!isData || (row & ROW_FIN) == 0) return
  record.flags &= ~(IN_TEXT | IN_BINARY | IN_DEFLATED)
  record.messageBytes = 0
}

/**
 * Writes a frame's header at `at`, its length in as few bytes as it takes.
 *
 * @param first FIN, RSV1 and the opcode, as they stand in the first byte
 * @param isMasked whether `key` follows, to mask the payload with
 * @returns the header's length
 */
export function writeFrameHeader(at: usize, first: u32, length: f64, isMasked: bool, key: u32): i32 {
  const masked: u32 = isMasked ? MASKED : 0
  let header = 2
  store<u8>(at, <u8>first)
  if (length < 126) {
    store<u8>(at, <u8>(<u32>length | masked), 1)
  } else if (length < 65536) {
    store<u8>(at, <u8>(LENGTH_OF_16_BITS | masked), 1)
    store<u16>(at, bswap<u16>(<u16>length), 2)
    header = 4
  } else {
    store<u8>(at, <u8>(LENGTH_OF_64_BITS | masked), 1)
    store<u64>(at, bswap<u64>(<u64>length), 2)
    header = 10
  }
  if (!isMasked) return header
  store<u32>(at + header, key)
  return header + 4
}
