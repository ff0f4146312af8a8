// method SP request-target SP HTTP-version CRLF (RFC 9112 §3). One pass: each part is scanned sixteen bytes a step, and
// its first byte that does not belong says where it ends or what is wrong.

import { ASTERISK, COLON, CR, HASH, LF, QUESTION, SLASH, SP, tokenEnd } from '../bytes'
import { ABSOLUTE_TARGET, HeadRecord, STARTED, VERSION_1_1 } from '../memory'
import {
  BAD_METHOD,
  BAD_REQUEST_LINE,
  BAD_TARGET,
  BAD_VERSION,
  METHOD_NOT_IMPLEMENTED,
  NEED_MORE,
} from '../result'
import { CONNECT, GET, methodAt, OPTIONS } from '../words'
import { readAuthority } from './authority'
import { readLineEnd } from './line-end'
import { HTTP_1_0, HTTP_1_1 } from './version'

// Little-endian text of "GET " and "http", compared in one load.
const GET_SP: u32 = 0x20544547
const HTTP: u32 = 0x70747468

/** @returns bytes of the line, or NEED_MORE, or an error with `errorAt` set */
export function readRequestLine(record: HeadRecord, start: usize, line: usize, end: usize): i32 {
  const methodEnd = load<u32>(line) == GET_SP ? line + 3 : tokenEnd(line)
  if (load<u8>(methodEnd) != SP || methodEnd == line) return methodError(record, start, line, methodEnd, end)
  record.methodEnd = <u32>(methodEnd - start)
  record.method =
    methodEnd == line + 3 && load<u32>(line) == GET_SP ? GET : methodAt(line, <u32>(methodEnd - line))
  if (record.method == 0 && hasLowerCase(line, methodEnd)) {
    record.errorAt = <u32>(line - start)
    record.seenAt = <u32>(methodEnd - start)
    return METHOD_NOT_IMPLEMENTED
  }

  const target = methodEnd + 1
  const targetEnd = targetEndOf(record, start, target)
  if (load<u8>(targetEnd) != SP || targetEnd == target) return targetError(record, start, targetEnd, end)
  record.targetStart = <u32>(target - start)
  record.targetEnd = <u32>(targetEnd - start)
  record.pathStart = record.targetStart
  if (
    (load<u8>(target) != SLASH || record.method == CONNECT) &&
    !readOtherForm(record, start, target, targetEnd)
  ) {
    record.errorAt = <u32>(target - start)
    record.seenAt = record.targetEnd
    return BAD_TARGET
  }

  const versionEnd = targetEnd + 9
  const version = load<u64>(targetEnd + 1)
  if (version == HTTP_1_1) record.flags |= VERSION_1_1
  else if (version != HTTP_1_0) return versionError(record, start, targetEnd + 1, end)
  const lineEnd = readLineEnd(versionEnd, end, BAD_VERSION)
  if (lineEnd <= 0) {
    record.errorAt = <u32>(versionEnd - start)
    return lineEnd
  }
  record.flags |= STARTED
  return <i32>(versionEnd - line) + lineEnd
}

function hasLowerCase(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) {
    if (<u8>(load<u8>(at) - 0x61) < 26) return true
  }
  return false
}

function methodError(record: HeadRecord, start: usize, line: usize, at: usize, end: usize): i32 {
  if (at >= end) return NEED_MORE
  record.errorAt = <u32>(at - start)
  const byte = load<u8>(at)
  if (byte == CR && at == start && at + 1 == end) return NEED_MORE
  if (at == line) return byte == SP || byte == CR ? BAD_REQUEST_LINE : readLineEnd(at, end, BAD_METHOD)
  return byte == CR || byte == LF ? BAD_REQUEST_LINE : BAD_METHOD
}

// VCHAR without "#": a target has no fragment, and one that has it is read differently by different parties. The first
// "?" is a stop of its own.
function targetEndOf(record: HeadRecord, start: usize, target: usize): usize {
  let at = target
  let stops = targetStops(v128.load(at), QUESTION)
  while (stops == 0) {
    at += 16
    stops = targetStops(v128.load(at), QUESTION)
  }
  at += ctz(stops)
  record.queryStart = 0
  if (load<u8>(at) != QUESTION) return at
  record.queryStart = <u32>(at - start)
  stops = targetStops(v128.load(at), HASH)
  while (stops == 0) {
    at += 16
    stops = targetStops(v128.load(at), HASH)
  }
  return at + ctz(stops)
}

function targetStops(bytes: v128, further: u8): i32 {
  const isOutside = i8x16.gt_u(i8x16.sub(bytes, i8x16.splat(0x21)), i8x16.splat(0x5d))
  const isStop = v128.or(i8x16.eq(bytes, i8x16.splat(HASH)), i8x16.eq(bytes, i8x16.splat(<i8>further)))
  return i8x16.bitmask(v128.or(isOutside, isStop))
}

function targetError(record: HeadRecord, start: usize, at: usize, end: usize): i32 {
  if (at >= end) return NEED_MORE
  record.errorAt = <u32>(at - start)
  const byte = load<u8>(at)
  return byte == CR || byte == LF ? BAD_REQUEST_LINE : BAD_TARGET
}

// Absolute-form, authority-form and asterisk-form (RFC 9112 §3.2.2 to §3.2.4).
function readOtherForm(record: HeadRecord, start: usize, target: usize, targetEnd: usize): bool {
  if (record.method == CONNECT) {
    return (
      readAuthority(record, start, target, targetEnd) && record.port > 0 && record.hostEnd > record.hostStart
    )
  }
  if (load<u8>(target) == ASTERISK) return record.method == OPTIONS && targetEnd == target + 1
  if (!hasHttpScheme(target)) return false
  const authority = target + (load<u8>(target + 4) == COLON ? 7 : 8)
  if (authority >= targetEnd) return false
  let path = authority
  while (path < targetEnd && load<u8>(path) != SLASH && load<u8>(path) != QUESTION) path++
  record.pathStart = <u32>(path - start)
  record.flags |= ABSOLUTE_TARGET
  return readAuthority(record, start, authority, path) && record.hostEnd > record.hostStart
}

// "http://" or "https://", in any case
function hasHttpScheme(target: usize): bool {
  if ((load<u32>(target) | 0x20202020) != HTTP) return false
  let at = target + 4
  if ((load<u8>(at) | 0x20) == 0x73) at++
  return load<u8>(at) == COLON && load<u16>(at + 1) == 0x2f2f
}

function versionError(record: HeadRecord, start: usize, version: usize, end: usize): i32 {
  for (let i: u32 = 0; i < 8; i++) {
    const at = version + i
    if (at >= end) return NEED_MORE
    const byte = load<u8>(at)
    const isExpected = i < 7 ? byte == <u8>(HTTP_1_1 >> (i * 8)) : byte == 0x30 || byte == 0x31
    if (isExpected) continue
    record.errorAt = <u32>(at - start)
    return i == 0 && (byte == CR || byte == LF) ? BAD_REQUEST_LINE : BAD_VERSION
  }
  return BAD_VERSION
}
