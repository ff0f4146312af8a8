// The head of a part (RFC 2046 §5.1, RFC 7578 §4.2): field-lines as in HTTP, of which two are understood here,
// Content-Disposition and Content-Type. It is read when it has come whole, so nothing has to be resumed.

import {
  ASTERISK,
  afterBlanks,
  BACKSLASH,
  beforeBlanks,
  COLON,
  DQUOTE,
  EQUALS,
  fieldValueEnd,
  PERCENT,
  SEMICOLON,
  tokenEnd,
} from '../bytes'
import {
  DELIMITER,
  FILENAME_EXTENDED,
  HAS_FILENAME,
  HAS_NAME,
  HAS_TYPE,
  NAME_CODED,
  NAME_EXTENDED,
  PartRow,
} from '../memory'
import { CONTENT_DISPOSITION, CONTENT_TYPE, fieldNameAt } from '../words'
import { matchedBytes } from './matched-bytes'

const CRLF: u16 = 0x0a0d
const HYPHENS: u16 = 0x2d2d
// From a flag of the name to the same of the filename.
const FILENAME_SHIFT: u32 = 3

// Little-endian text, lower case, and the bit that makes a letter so.
const LOWER: u64 = 0x2020202020202020
const NAME: u32 = 0x656d616e
const FILENAME: u64 = 0x656d616e656c6966
const FORM_DAT: u64 = 0x7461642d6d726f66

/**
 * Reads the field-lines from `start` to the empty line at `end`.
 *
 * @param delimiterLength a line that begins as a delimiter does is none of a head: others would end the part there
 * @returns whether all is well-formed
 */
export function readPartHead(
  row: PartRow,
  start: usize,
  end: usize,
  isFormData: bool,
  delimiterLength: u32,
): bool {
  let hasDisposition = false
  for (let line = start; line < end; ) {
    if (load<u16>(line) == HYPHENS && isDashBoundary(line, delimiterLength - 2)) return false
    const nameEnd = tokenEnd(line)
    if (nameEnd == line || load<u8>(nameEnd) != COLON) return false
    const value = afterBlanks(nameEnd + 1)
    const stop = fieldValueEnd(value)
    if (load<u16>(stop) != CRLF) return false
    const valueEnd = beforeBlanks(value, stop)
    const name = fieldNameAt(line, <u32>(nameEnd - line))
    if (name == CONTENT_DISPOSITION) {
      if (hasDisposition || !readDisposition(row, value, valueEnd, isFormData)) return false
      hasDisposition = true
    } else if (name == CONTENT_TYPE) {
      if (row.flags & HAS_TYPE) return false
      row.flags |= HAS_TYPE
      row.typeStart = value
      row.typeEnd = valueEnd
    }
    line = stop + 2
  }
  return !isFormData || (row.flags & (HAS_NAME | NAME_EXTENDED)) != 0
}

// A delimiter without its CRLF.
function isDashBoundary(line: usize, length: u32): bool {
  return matchedBytes(line, DELIMITER + 2, length) == length
}

// disposition-type *( OWS ";" OWS [ parameter ] ), RFC 6266 §4.1, RFC 9110 §5.6.6. What ends it is a CR.
function readDisposition(row: PartRow, start: usize, end: usize, isFormData: bool): bool {
  let at = tokenEnd(start)
  if (at == start || (isFormData && !isFormDataType(start, at))) return false
  for (at = afterBlanks(at); at < end; at = afterBlanks(at)) {
    if (load<u8>(at) != SEMICOLON) return false
    at = afterBlanks(at + 1)
    if (at >= end || load<u8>(at) == SEMICOLON) continue
    at = readParameter(row, at, end)
    if (at == 0) return false
  }
  return true
}

function isFormDataType(start: usize, end: usize): bool {
  return end - start == 9 && (load<u64>(start) | LOWER) == FORM_DAT && (load<u8>(end - 1) | 0x20) == 0x61
}

// token "=" ( token / quoted-string ), or token "*=" ext-value, which is not quoted (RFC 8187 §3.2). @returns where it
// ends, or 0 where it is malformed, or its name's second
function readParameter(row: PartRow, start: usize, end: usize): usize {
  const nameEnd = tokenEnd(start)
  if (nameEnd == start || load<u8>(nameEnd) != EQUALS) return 0
  const value = nameEnd + 1
  const isQuoted = load<u8>(value) == DQUOTE
  if (isQuoted && load<u8>(nameEnd - 1) == ASTERISK) return 0
  const stop = isQuoted ? closingQuote(value + 1, end) : tokenEnd(value)
  if (stop == 0 || stop == value) return 0
  const isKept = keepParameter(row, start, nameEnd, isQuoted ? value + 1 : value, stop)
  return isKept ? stop + (isQuoted ? 1 : 0) : 0
}

// `\"` and `\\` are quoted pairs. Any other backslash is itself: browsers do not escape it, and old ones send whole paths.
// So is the one before a quote that is the last of its line.
function closingQuote(start: usize, end: usize): usize {
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == DQUOTE) return at
    if (byte != BACKSLASH) continue
    const next = load<u8>(at, 1)
    if (next == BACKSLASH || (next == DQUOTE && at + 2 < end)) at++
  }
  return 0
}

// An extended value beats a plain one, in whichever order they come (RFC 6266 §4.3).
function keepParameter(row: PartRow, name: usize, nameEnd: usize, start: usize, end: usize): bool {
  const length = nameEnd - name
  const isExtended = load<u8>(nameEnd - 1) == ASTERISK
  const plainLength = length - (isExtended ? 1 : 0)
  const coded = isExtended || !isCoded(start, end) ? 0 : NAME_CODED
  const found = coded | (isExtended ? NAME_EXTENDED : HAS_NAME)
  if (plainLength == 4 && (load<u32>(name) | <u32>LOWER) == NAME) {
    if (row.flags & found & (HAS_NAME | NAME_EXTENDED)) return false
    if ((row.flags & NAME_EXTENDED) == 0) {
      row.nameStart = start
      row.nameEnd = end
    }
    row.flags |= found
  } else if (plainLength == 8 && (load<u64>(name) | LOWER) == FILENAME) {
    const filenameFound = found << FILENAME_SHIFT
    if (row.flags & filenameFound & (HAS_FILENAME | FILENAME_EXTENDED)) return false
    if ((row.flags & FILENAME_EXTENDED) == 0) {
      row.filenameStart = start
      row.filenameEnd = end
    }
    row.flags |= filenameFound
  }
  return true
}

function isCoded(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == BACKSLASH || byte == PERCENT) return true
  }
  return false
}
