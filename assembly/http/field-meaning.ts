// What the fields that steer the protocol say: Host, Connection, Content-Length, Transfer-Encoding, Expect, Upgrade.
// Each is judged where it stands, from its word's number, so no string is made for it.

import { afterBlanks, beforeBlanks, COMMA, isDigit } from '../bytes'
import {
  ABSOLUTE_TARGET,
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  EXPECT_CONTINUE,
  EXPECT_OTHER,
  fieldRecord,
  HAS_CONTENT_LENGTH,
  HAS_HOST,
  HAS_TRANSFER_ENCODING,
  HeadRecord,
  IN_RESPONSE,
  UPGRADE_WEBSOCKET,
  VERSION_1_1,
} from '../memory'
import {
  BAD_CONTENT_LENGTH,
  BAD_HOST,
  BAD_TRANSFER_ENCODING,
  REPEATED_CONTENT_LENGTH,
  REPEATED_HOST,
  REPEATED_TRANSFER_ENCODING,
} from '../result'
import { CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE } from '../words'
import { readAuthority } from './authority'

const MAX_SAFE_INTEGER: u64 = 9007199254740991

// Little-endian text, lower case.
const CHUNKED: u64 = 0x0064656b6e756863
const CLOSE: u64 = 0x00000065736f6c63
const KEEP_ALI: u64 = 0x696c612d7065656b
const VE: u64 = 0x6576
const UPGRADE_TOKEN: u64 = 0x0065646172677075
const WEBSOCKE: u64 = 0x656b636f73626577
const T: u64 = 0x74
const LOWER: u64 = 0x2020202020202020

/** Takes the last field read into account. @returns 0, or an error with `errorAt` set */
export function applyField(record: HeadRecord, start: usize): i32 {
  const field = fieldRecord(record.fieldCount - 1)
  const word = load<u32>(field, 4) & 0xff
  if (word < HOST || word > UPGRADE) return 0
  const value = start + load<u32>(field, 8)
  const valueEnd = start + load<u32>(field, 12)
  const result = applyValue(record, start, word, value, valueEnd)
  if (result < 0) record.errorAt = <u32>(value - start)
  return result
}

function applyValue(record: HeadRecord, start: usize, word: u32, value: usize, valueEnd: usize): i32 {
  if (word == HOST) return record.flags & IN_RESPONSE ? 0 : applyHost(record, start, value, valueEnd)
  if (word == CONNECTION) return applyConnection(record, value, valueEnd)
  if (word == CONTENT_LENGTH) return applyContentLength(record, value, valueEnd)
  if (word == TRANSFER_ENCODING) return applyTransferEncoding(record, value, valueEnd)
  if (word == UPGRADE) return applyUpgrade(record, value, valueEnd)
  return applyExpect(record, value, valueEnd)
}

// An absolute-form target beats Host, which must be valid all the same (RFC 9112 §3.2.2).
function applyHost(record: HeadRecord, start: usize, value: usize, valueEnd: usize): i32 {
  if (record.flags & HAS_HOST) return REPEATED_HOST
  record.flags |= HAS_HOST
  if (value == valueEnd) return record.flags & VERSION_1_1 ? BAD_HOST : 0
  const hostStart = record.hostStart
  const hostEnd = record.hostEnd
  const port = record.port
  if (!readAuthority(record, start, value, valueEnd) || record.hostEnd == record.hostStart) return BAD_HOST
  if (record.flags & ABSOLUTE_TARGET) {
    record.hostStart = hostStart
    record.hostEnd = hostEnd
    record.port = port
  }
  return 0
}

function applyContentLength(record: HeadRecord, value: usize, valueEnd: usize): i32 {
  if (record.flags & HAS_CONTENT_LENGTH) return REPEATED_CONTENT_LENGTH
  record.flags |= HAS_CONTENT_LENGTH
  if (value == valueEnd) return BAD_CONTENT_LENGTH
  let length: u64 = 0
  for (let at = value; at < valueEnd; at++) {
    const byte = load<u8>(at)
    if (!isDigit(byte)) return BAD_CONTENT_LENGTH
    length = length * 10 + (byte - 0x30)
    if (length > MAX_SAFE_INTEGER) return BAD_CONTENT_LENGTH
  }
  record.contentLength = <f64>length
  return 0
}

function applyTransferEncoding(record: HeadRecord, value: usize, valueEnd: usize): i32 {
  if (record.flags & HAS_TRANSFER_ENCODING) return REPEATED_TRANSFER_ENCODING
  record.flags |= HAS_TRANSFER_ENCODING
  return isToken(value, valueEnd, 7, CHUNKED, 0) ? 0 : BAD_TRANSFER_ENCODING
}

function applyExpect(record: HeadRecord, value: usize, valueEnd: usize): i32 {
  const isContinue =
    valueEnd - value == 12 &&
    load<u32>(value) == 0x2d303031 &&
    isToken(value + 4, valueEnd, 8, 0x65756e69746e6f63, 0)
  record.flags |= isContinue ? EXPECT_CONTINUE : EXPECT_OTHER
  return 0
}

function applyConnection(record: HeadRecord, value: usize, valueEnd: usize): i32 {
  for (let at = value; at < valueEnd; ) {
    const item = afterBlanks(at)
    at = itemStop(item, valueEnd)
    const itemEnd = beforeBlanks(item, at)
    if (isToken(item, itemEnd, 10, KEEP_ALI, VE)) record.flags |= CONNECTION_KEEP_ALIVE
    else if (isToken(item, itemEnd, 5, CLOSE, 0)) record.flags |= CONNECTION_CLOSE
    else if (isToken(item, itemEnd, 7, UPGRADE_TOKEN, 0)) record.flags |= CONNECTION_UPGRADE
    at++
  }
  return 0
}

// Upgrade means nothing in HTTP/1.0 (RFC 9110 §7.8).
function applyUpgrade(record: HeadRecord, value: usize, valueEnd: usize): i32 {
  if ((record.flags & VERSION_1_1) == 0) return 0
  for (let at = value; at < valueEnd; ) {
    const item = afterBlanks(at)
    at = itemStop(item, valueEnd)
    if (isToken(item, beforeBlanks(item, at), 9, WEBSOCKE, T)) record.flags |= UPGRADE_WEBSOCKET
    at++
  }
  return 0
}

function itemStop(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) != COMMA) at++
  return at
}

// Is this the token of `length` letters and hyphens whose first eight bytes are `head` and whose next are `tail`?
function isToken(at: usize, end: usize, length: usize, head: u64, tail: u64): bool {
  if (end - at != length) return false
  const headMask: u64 = length >= 8 ? u64.MAX_VALUE : ((<u64>1) << (length * 8)) - 1
  if (((load<u64>(at) | LOWER) & headMask) != head) return false
  if (length <= 8) return true
  const tailMask: u64 = ((<u64>1) << ((length - 8) * 8)) - 1
  return ((load<u64>(at, 8) | LOWER) & tailMask) == tail
}
