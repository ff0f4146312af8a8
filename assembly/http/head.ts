// A whole head (RFC 9112 §2.1): start-line, field-lines, empty line; and the trailer section, which is a head without a
// start-line. The one call the host makes for a message that arrives in one piece.
//
// Sixteen zero bytes stand behind the input. NUL is in no class of the grammar, so no scan needs a bounds test: it
// stops at the sentinel, and a stop at or past the end means that more is needed.
//
// A head that dribbles in is read line by line: the host calls again from the unfinished line with the flags of the
// last call, so every byte is scanned for its line once, and once more when the head is complete.

import { CR } from '../bytes'
import {
  fieldRecord,
  HAS_CONTENT_LENGTH,
  HAS_HOST,
  HAS_TRANSFER_ENCODING,
  HeadRecord,
  IN_RESPONSE,
  IN_TRAILERS,
  MAX_FIELDS,
  RECORD,
  STARTED,
  VERSION_1_1,
} from '../memory'
import {
  FIELD_TOO_LONG,
  FORBIDDEN_TRAILER,
  HEAD_TOO_LARGE,
  LENGTH_AND_TRANSFER_ENCODING,
  MISSING_HOST,
  REQUEST_LINE_TOO_LONG,
  TOO_MANY_FIELDS,
  TRANSFER_ENCODING_IN_1_0,
} from '../result'
import { HOST, LAST_HEAD_ONLY_FIELD } from '../words'
import { readFieldLine } from './field-line'
import { applyField } from './field-meaning'
import { isLineEnd } from './line-end'
import { readRequestLine } from './request-line'
import { readStatusLine } from './status-line'

/**
 * Reads a request's head, or its trailer section, from `start`; the 16 bytes at `end` are overwritten.
 *
 * @param flags 0 at a request-line; IN_TRAILERS | STARTED at a trailer section; in a head read so far, its record's flags
 * @param maxLine bytes of a line without its CRLF
 * @param maxFields field-lines still allowed
 * @param maxHead bytes still allowed to the whole head
 * @returns bytes consumed; or NEED_MORE, with `resumeAt` and `flags` in the record; or an error, with `errorAt`
 */
export function readRequestHead(
  start: usize,
  end: usize,
  flags: u32,
  maxLine: i32,
  maxFields: i32,
  maxHead: i32,
): i32 {
  return readHead(start, end, flags, maxLine, maxFields, maxHead)
}

/** The same for a response's head. */
export function readResponseHead(
  start: usize,
  end: usize,
  flags: u32,
  maxLine: i32,
  maxFields: i32,
  maxHead: i32,
): i32 {
  return readHead(start, end, flags | IN_RESPONSE, maxLine, maxFields, maxHead)
}

function readHead(start: usize, end: usize, flags: u32, maxLine: i32, maxFields: i32, maxHead: i32): i32 {
  const record = changetype<HeadRecord>(RECORD)
  v128.store(end, i8x16.splat(0))
  record.flags = flags
  record.fieldCount = 0
  record.resumeAt = 0
  record.seenAt = 0
  let line = start
  if ((flags & STARTED) == 0) {
    if (isLineEnd(line) && (flags & IN_RESPONSE) == 0) line += 2
    record.headStart = <u32>(line - start)
    record.hostStart = 0
    record.hostEnd = 0
    record.port = -1
    const isResponse = (flags & IN_RESPONSE) != 0
    const length = isResponse
      ? readStatusLine(record, start, line, end)
      : readRequestLine(record, start, line, end)
    if (length <= 0 || length > maxLine + 2) {
      const tooLong = isResponse ? HEAD_TOO_LARGE : REQUEST_LINE_TOO_LONG
      return lineResult(record, start, line, end, length, maxLine, maxHead, tooLong)
    }
    line += length
    record.resumeAt = <u32>(line - start)
  }
  return readFieldLines(record, start, line, end, maxLine, min(maxFields, MAX_FIELDS), maxHead)
}

function readFieldLines(
  record: HeadRecord,
  start: usize,
  firstLine: usize,
  end: usize,
  maxLine: i32,
  maxFields: i32,
  maxHead: i32,
): i32 {
  let line = firstLine
  while (!isLineEnd(line)) {
    const length = readFieldLine(record, start, line, end)
    if (length <= 0 || length > maxLine + 2 || <i32>(line + length - start) > maxHead) {
      return lineResult(record, start, line, end, length, maxLine, maxHead, FIELD_TOO_LONG)
    }
    if (<i32>record.fieldCount > maxFields) return lineError(record, <u32>(line - start), TOO_MANY_FIELDS)
    const result = record.flags & IN_TRAILERS ? refuseHeadOnly(record) : applyField(record, start)
    if (result < 0) return result
    line += length
    record.resumeAt = <u32>(line - start)
  }
  return judgeHead(record, <i32>(line - start) + 2, maxHead)
}

// What only the head as a whole can show (RFC 9112 §3.2, §6.3): what one recipient could frame otherwise than another is refused.
function judgeHead(record: HeadRecord, length: i32, maxHead: i32): i32 {
  const flags = record.flags
  record.errorAt = length - 2
  if (length > maxHead) return HEAD_TOO_LARGE
  if (flags & IN_TRAILERS) return length
  if ((flags & (VERSION_1_1 | HAS_HOST | IN_RESPONSE)) == VERSION_1_1) return MISSING_HOST
  if ((flags & HAS_TRANSFER_ENCODING) == 0) return length
  if ((flags & VERSION_1_1) == 0) return TRANSFER_ENCODING_IN_1_0
  return flags & HAS_CONTENT_LENGTH ? LENGTH_AND_TRANSFER_ENCODING : length
}

function refuseHeadOnly(record: HeadRecord): i32 {
  const field = fieldRecord(record.fieldCount - 1)
  const word = load<u32>(field, 4) & 0xff
  if (word < HOST || word > LAST_HEAD_ONLY_FIELD) return 0
  return lineError(record, load<u32>(field), FORBIDDEN_TRAILER)
}

function lineError(record: HeadRecord, errorAt: u32, result: i32): i32 {
  record.errorAt = errorAt
  return result
}

// A limit that is passed before the place of an error, or before the end of an unfinished line, is what is wrong; of the two the
// one that is passed first, however much of the line has come.
function lineResult(
  record: HeadRecord,
  start: usize,
  line: usize,
  end: usize,
  result: i32,
  maxLine: i32,
  maxHead: i32,
  tooLong: i32,
): i32 {
  let stop: usize
  if (result > 0) stop = line + result - 2
  else if (result < 0) stop = start + max(record.errorAt, record.seenAt)
  else stop = load<u8>(end - 1) == CR && end > line ? end - 1 : end
  const lineLimit = <i32>(line - start) + maxLine
  if (lineLimit <= maxHead && <i32>(stop - start) > lineLimit) return lineError(record, lineLimit, tooLong)
  if (result > 0 || <i32>(stop - start) > maxHead) return lineError(record, maxHead, HEAD_TOO_LARGE)
  return result
}
