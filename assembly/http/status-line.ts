// HTTP-version SP status-code SP [ reason-phrase ] CRLF (RFC 9112 §4). The space before an empty reason is missing in what
// many servers send, so it need not be there.

import { DEL, HTAB, isDigit, SP } from '../bytes'
import { HeadRecord, STARTED, VERSION_1_1 } from '../memory'
import { BAD_STATUS_LINE, BAD_VERSION, NEED_MORE } from '../result'
import { readLineEnd } from './line-end'
import { HTTP_1_0, HTTP_1_1 } from './version'

const VERSION_SIZE: usize = 8

/** @returns bytes of the line, or NEED_MORE, or an error with `errorAt` set */
export function readStatusLine(record: HeadRecord, start: usize, line: usize, end: usize): i32 {
  record.errorAt = <u32>(line - start)
  const available = end - line
  const version = load<u64>(line)
  if (available < VERSION_SIZE) return mayBecome(version, available) ? NEED_MORE : BAD_VERSION
  if (version == HTTP_1_1) record.flags |= VERSION_1_1
  else if (version != HTTP_1_0) return BAD_VERSION

  const status = line + VERSION_SIZE + 1
  if (end < status + 3) return isCutShort(line + VERSION_SIZE, end) ? NEED_MORE : BAD_STATUS_LINE
  if (load<u8>(line + VERSION_SIZE) != SP || !isStatus(status)) return BAD_STATUS_LINE
  record.method =
    <u32>(load<u8>(status) - 0x30) * 100 +
    <u32>(load<u8>(status, 1) - 0x30) * 10 +
    <u32>(load<u8>(status, 2) - 0x30)

  let reason = status + 3
  if (load<u8>(reason) == SP && reason < end) reason++
  const reasonEnd = reasonEndOf(reason)
  record.errorAt = <u32>(reasonEnd - start)
  record.targetStart = <u32>(reason - start)
  record.targetEnd = <u32>(reasonEnd - start)
  const lineEnd = readLineEnd(reasonEnd, end, BAD_STATUS_LINE)
  if (lineEnd <= 0) return lineEnd
  // Without a space the reason is empty.
  if (reason == status + 3 && reasonEnd > reason) return BAD_STATUS_LINE
  record.flags |= STARTED
  return <i32>(reasonEnd - line) + lineEnd
}

// Whether the first `length` bytes are those of a version.
function mayBecome(version: u64, length: usize): bool {
  const mask: u64 = ((<u64>1) << (length * 8)) - 1
  return (version & mask) == (HTTP_1_1 & mask)
}

function isCutShort(at: usize, end: usize): bool {
  if (at < end && load<u8>(at) != SP) return false
  for (let digit = at + 1; digit < end; digit++) if (!isDigit(load<u8>(digit))) return false
  return true
}

function isStatus(at: usize): bool {
  return load<u8>(at) != 0x30 && isDigit(load<u8>(at)) && isDigit(load<u8>(at, 1)) && isDigit(load<u8>(at, 2))
}

// HTAB, SP, VCHAR and obs-text; the sentinel ends it at the latest.
function reasonEndOf(start: usize): usize {
  let at = start
  while (isReasonByte(load<u8>(at))) at++
  return at
}

function isReasonByte(byte: u8): bool {
  return byte == HTAB || (byte >= SP && byte != DEL)
}
