// field-name ":" OWS field-value OWS CRLF (RFC 9112 §5). The name is checked, lower-cased and found among the known
// words in the same sixteen bytes; the value is only checked.

import { COLON, CR, DEL, HTAB, isBlank, LANES, LF, SP, tokenMisses, upperCaseBits } from '../bytes'
import { fieldRecord, type HeadRecord } from '../memory'
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
import { wordAt } from '../words'
import { readLineEnd } from './line-end'

/** Reads one field-line into the next field record. @returns bytes of the line, or NEED_MORE, or an error */
export function readFieldLine(record: HeadRecord, start: usize, line: usize, end: usize): i32 {
  const nameEnd = lowerCasedNameEnd(line)
  if (load<u8>(nameEnd) != COLON || nameEnd == line) return nameError(record, start, line, nameEnd, end)

  let value = nameEnd + 1
  while (isBlank(load<u8>(value))) value++
  const stop = valueStop(value)
  const lineEnd = readLineEnd(stop, end, BAD_FIELD_VALUE)
  if (lineEnd <= 0) {
    record.errorAt = <u32>(stop - start)
    return lineEnd
  }
  let valueEnd = stop
  while (valueEnd > value && isBlank(load<u8>(valueEnd - 1))) valueEnd--

  const nameLength = <u32>(nameEnd - line)
  const field = fieldRecord(record.fieldCount)
  store<u32>(field, <u32>(line - start))
  store<u32>(field, (nameLength << 8) | wordAt(line, nameLength), 4)
  store<u32>(field, <u32>(value - start), 8)
  store<u32>(field, <u32>(valueEnd - start), 12)
  record.fieldCount++
  return <i32>(stop - line) + lineEnd
}

// The first byte that is no tchar; everything before it is lower-case now.
function lowerCasedNameEnd(line: usize): usize {
  let at = line
  let length: i32
  do {
    const bytes = v128.load(at)
    length = ctz(tokenMisses(bytes) | 0x10000)
    const inName = i8x16.lt_u(LANES, i8x16.splat(<i8>length))
    v128.store(at, v128.or(bytes, v128.and(upperCaseBits(bytes), inName)))
    at += length
  } while (length == 16)
  return at
}

function nameError(record: HeadRecord, start: usize, line: usize, at: usize, end: usize): i32 {
  if (at >= end) return NEED_MORE
  record.errorAt = <u32>(at - start)
  const byte = load<u8>(at)
  if (isBlank(byte)) {
    if (at == line) return OBS_FOLD
    let next = at
    while (isBlank(load<u8>(next))) next++
    if (next >= end) return NEED_MORE
    return load<u8>(next) == COLON ? SPACE_BEFORE_COLON : BAD_FIELD_NAME
  }
  if (byte == CR && at + 1 >= end) return NEED_MORE
  if (byte == CR) return load<u8>(at + 1) == LF ? MISSING_COLON : BARE_CR
  return byte == LF ? BARE_LF : BAD_FIELD_NAME
}

// The first byte that is neither HTAB, SP, VCHAR nor obs-text.
function valueStop(value: usize): usize {
  let at = value
  while (true) {
    const bytes = v128.load(at)
    const isControl = i8x16.lt_u(bytes, i8x16.splat(SP))
    const stops = i8x16.bitmask(v128.or(isControl, i8x16.eq(bytes, i8x16.splat(DEL))))
    at += ctz(stops | 0x10000)
    if (stops == 0) continue
    if (load<u8>(at) != HTAB) break
    at++
  }
  return at
}
