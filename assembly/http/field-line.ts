// field-name ":" OWS field-value OWS CRLF (RFC 9112 §5). Both are only checked, sixteen bytes a
// step; the name is then looked for among the known words.

import { afterBlanks, beforeBlanks, COLON, CR, fieldValueEnd, isBlank, LF, tokenEnd } from '../bytes'
import { fieldRecord, HeadRecord } from '../memory'
import {
  BAD_FIELD_NAME,
  BAD_FIELD_VALUE,
  BARE_CR,
  BARE_LF,
  MISSING_COLON,
  NEED_MORE,
  OBS_FOLD,
  SPACE_BEFORE_COLON,
} from '../result'
import { fieldNameAt } from '../words'
import { readLineEnd } from './line-end'

/** Reads one field-line into the next field record. @returns bytes of the line, or NEED_MORE, or an error */
export function readFieldLine(record: HeadRecord, start: usize, line: usize, end: usize): i32 {
  const nameEnd = tokenEnd(line)
  if (load<u8>(nameEnd) != COLON || nameEnd == line) return nameError(record, start, line, nameEnd, end)

  const value = afterBlanks(nameEnd + 1)
  const stop = fieldValueEnd(value)
  const lineEnd = readLineEnd(stop, end, BAD_FIELD_VALUE)
  if (lineEnd <= 0) {
    record.errorAt = <u32>(stop - start)
    return lineEnd
  }
  const valueEnd = beforeBlanks(value, stop)

  const nameLength = <u32>(nameEnd - line)
  const word = fieldNameAt(line, nameLength)
  if (word == 0) lowerCase(line, nameEnd)
  const field = fieldRecord(record.fieldCount)
  store<u32>(field, <u32>(line - start))
  store<u32>(field, (nameLength << 8) | word, 4)
  store<u32>(field, <u32>(value - start), 8)
  store<u32>(field, <u32>(valueEnd - start), 12)
  record.fieldCount++
  return <i32>(stop - line) + lineEnd
}

// A name that the core does not know is made lower-case where it stands; a known one has its string in the host.
function lowerCase(start: usize, end: usize): void {
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (<u8>(byte - 0x41) < 26) store<u8>(at, byte | 0x20)
  }
}

function nameError(record: HeadRecord, start: usize, line: usize, at: usize, end: usize): i32 {
  if (at >= end) return NEED_MORE
  record.errorAt = <u32>(at - start)
  const byte = load<u8>(at)
  if (isBlank(byte)) {
    if (at == line) return OBS_FOLD
    const next = afterBlanks(at)
    if (next >= end) return NEED_MORE
    record.seenAt = <u32>(next - start)
    return load<u8>(next) == COLON ? SPACE_BEFORE_COLON : BAD_FIELD_NAME
  }
  if (byte == CR && at + 1 >= end) return NEED_MORE
  if (byte == CR) return load<u8>(at + 1) == LF ? MISSING_COLON : BARE_CR
  return byte == LF ? BARE_LF : BAD_FIELD_NAME
}
