// Multipart bodies (RFC 2046 §5.1, RFC 7578): parts between delimiters, each CRLF, two hyphens and the boundary. Data is
// never copied: a call marks the spans of it that it found, so a part of any size passes through.
//
// The CRLF before a delimiter is the delimiter's. That of the empty line that ends a head can be it, too, and the host lays
// one before the body's first byte; so every search begins at a CRLF, and a delimiter is found in one way only.

import { CR, HYPHEN, isBlank, LF } from '../bytes'
import {
  DELIMITER,
  MAX_PART_ROWS,
  MULTIPART_RECORD,
  MultipartRecord,
  PART_BEGINS,
  PART_ENDS,
  PartRow,
  partRow,
} from '../memory'
import { BAD_DELIMITER, BAD_PART_HEAD, NEED_MORE, PART_HEAD_TOO_LARGE } from '../result'
import { matchedBytes } from './matched-bytes'
import { readPartHead } from './part-head'

// What comes next.
export const IN_PREAMBLE: u32 = 0
const AFTER_DELIMITER: u32 = 1
const IN_PADDING: u32 = 2
export const IN_PART_HEAD: u32 = 3
const BEFORE_DATA: u32 = 4 // at the CRLF of the empty line
const IN_DATA: u32 = 5
export const IN_EPILOGUE: u32 = 6

/** A delimiter's first four bytes. */
const CRLF_HYPHENS: u32 = 0x2d2d0a0d

/**
 * Reads parts from `start` to `end`, as many as there are rows. What is left unread has to come again, with what follows it.
 *
 * @returns NEED_MORE; or BAD_DELIMITER, BAD_PART_HEAD, PART_HEAD_TOO_LARGE: the rows before are right
 */
export function readMultipart(start: usize, end: usize): i32 {
  const record = changetype<MultipartRecord>(MULTIPART_RECORD)
  record.rowCount = 0
  let at = start
  while (at < end && record.rowCount < MAX_PART_ROWS) {
    const phase = record.phase
    const result = step(record, at, end)
    if (result < 0) return result
    // A head may be empty: then its phase is over, and no byte is consumed.
    if (result == NEED_MORE && record.phase == phase) break
    at += result
  }
  record.consumed = <u32>(at - start)
  return NEED_MORE
}

// Reads on as far as the phase goes. @returns bytes consumed, or NEED_MORE, or an error
function step(record: MultipartRecord, at: usize, end: usize): i32 {
  const phase = record.phase
  if (phase == IN_PART_HEAD) return readHead(record, at, end)
  if (phase == AFTER_DELIMITER || phase == IN_PADDING) return readLineEnd(record, at, end)
  return phase == IN_EPILOGUE ? <i32>(end - at) : readData(record, at, end)
}

// delimiter *( SP / HTAB ) CRLF, or delimiter "--"
function readLineEnd(record: MultipartRecord, start: usize, end: usize): i32 {
  const byte = load<u8>(start)
  if (isBlank(byte)) {
    record.phase = IN_PADDING
    return 1
  }
  if (byte != CR && (byte != HYPHEN || record.phase == IN_PADDING)) return BAD_DELIMITER
  if (end - start < 2) return NEED_MORE
  if (load<u8>(start, 1) != (byte == CR ? LF : HYPHEN)) return BAD_DELIMITER
  record.phase = byte == CR ? IN_PART_HEAD : IN_EPILOGUE
  return 2
}

// The CRLF of the empty line is left to the search for the delimiter.
function readHead(record: MultipartRecord, start: usize, end: usize): i32 {
  const most = min(end, start + record.maxHead)
  const lineFeed = emptyLineFeed(start, most)
  if (lineFeed == most) return end - start < record.maxHead ? NEED_MORE : PART_HEAD_TOO_LARGE
  const headEnd = lineFeed - 1
  if (lineFeed == start || load<u8>(headEnd) != CR) return BAD_PART_HEAD
  const row = changetype<PartRow>(partRow(record.rowCount))
  row.flags = PART_BEGINS
  row.headStart = start
  row.headEnd = headEnd
  if (!readPartHead(row, start, headEnd, record.isFormData != 0, record.delimiterLength)) return BAD_PART_HEAD
  row.dataStart = row.dataEnd = lineFeed + 1
  record.rowCount++
  record.phase = BEFORE_DATA
  return <i32>(headEnd - start)
}

// Where the first line feed is that ends an empty line, or that no carriage return precedes.
function emptyLineFeed(start: usize, end: usize): usize {
  let line = start
  for (let at = nextLineFeed(start, end); at < end; at = nextLineFeed(at + 1, end)) {
    if (at - line < 2 || load<u8>(at - 1) != CR) return at
    line = at + 1
  }
  return end
}

function readData(record: MultipartRecord, start: usize, end: usize): i32 {
  const phase = record.phase
  const length = record.delimiterLength
  const found = delimiterOrHalf(start, end, length)
  const isDelimiter = found + length <= end
  if (found == start && !isDelimiter) return NEED_MORE
  if (phase != IN_PREAMBLE) {
    const dataStart = phase == BEFORE_DATA ? start + 2 : start
    addData(record, dataStart, max(found, dataStart), isDelimiter)
    record.phase = IN_DATA
  }
  if (isDelimiter) record.phase = AFTER_DELIMITER
  return <i32>(found - start) + (isDelimiter ? length : 0)
}

// Data that follows its head has the head's row.
function addData(record: MultipartRecord, start: usize, end: usize, isLast: bool): void {
  const isNew = record.rowCount == 0 || record.phase != BEFORE_DATA
  const row = changetype<PartRow>(partRow(isNew ? record.rowCount++ : record.rowCount - 1))
  if (isNew) row.flags = 0
  row.dataStart = start
  row.dataEnd = end
  if (isLast) row.flags |= PART_ENDS
}

// Where the first delimiter is; or the begin of one that the end of the input cuts; or that end. Sixty-four bytes a step;
// whatever else begins with CR is told by its first word.
function delimiterOrHalf(start: usize, end: usize, length: u32): usize {
  const returns = i8x16.splat(<i8>CR)
  for (let at = start; at < end; at += 64) {
    const first = i8x16.eq(v128.load(at), returns)
    const second = i8x16.eq(v128.load(at, 16), returns)
    const third = i8x16.eq(v128.load(at, 32), returns)
    const fourth = i8x16.eq(v128.load(at, 48), returns)
    if (!v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) continue
    const low = bitsOf(first, second)
    for (let bits = low | (bitsOf(third, fourth) << 32); bits != 0; bits &= bits - 1) {
      const found = min(at + <usize>ctz(bits), end)
      if (found + 4 <= end && load<u32>(found) != CRLF_HYPHENS) continue
      if (found + matchedBytes(found, DELIMITER, length) >= min(found + length, end)) return found
    }
  }
  return end
}

function bitsOf(low: v128, high: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(low) | ((<u32>i8x16.bitmask(high)) << 16))
}

// Where the next line feed is, or the end. Sixty-four bytes a step until it is near.
function nextLineFeed(start: usize, end: usize): usize {
  const lineFeeds = i8x16.splat(<i8>LF)
  let at = start
  for (; at + 64 <= end; at += 64) {
    const first = v128.or(i8x16.eq(v128.load(at), lineFeeds), i8x16.eq(v128.load(at, 16), lineFeeds))
    const second = v128.or(i8x16.eq(v128.load(at, 32), lineFeeds), i8x16.eq(v128.load(at, 48), lineFeeds))
    if (v128.any_true(v128.or(first, second))) break
  }
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), lineFeeds))
    if (found != 0) return min(at + ctz(found), end)
  }
  return end
}
