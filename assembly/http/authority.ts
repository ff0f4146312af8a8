// host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2): what a Host field holds, or an absolute-form target after its
// scheme. User information is refused (RFC 9110 §4.2.4).

import { COLON, DOT, hexValue, hostMisses, isDigit, LEFT_BRACKET, PERCENT, RIGHT_BRACKET } from '../bytes'
import { HeadRecord } from '../memory'

const LETTER_V: u8 = 0x76
const TWO_COLONS: u16 = 0x3a3a
const ZERO: u8 = 0x30

/** Reads the authority from `at` to `end`, all of it, into the record; false where it is malformed. */
export function readAuthority(record: HeadRecord, start: usize, at: usize, end: usize): bool {
  const hostEnd =
    at < end && load<u8>(at) == LEFT_BRACKET ? ipLiteralEnd(at, end) : registeredNameEnd(at, end)
  if (hostEnd == 0) return false
  record.hostStart = <u32>(at - start)
  record.hostEnd = <u32>(hostEnd - start)
  record.port = -1
  if (hostEnd == end) return true
  if (load<u8>(hostEnd) != COLON || hostEnd == at) return false
  return readPort(record, hostEnd + 1, end)
}

// An empty port is allowed by the grammar and means none.
function readPort(record: HeadRecord, start: usize, end: usize): bool {
  if (start == end) return true
  let port: u32 = 0
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (!isDigit(byte)) return false
    port = port * 10 + (byte - ZERO)
    if (port > 65535) return false
  }
  record.port = port
  return true
}

// reg-name, which an IPv4 address looks like too. 0 where a percent-encoding is malformed.
function registeredNameEnd(start: usize, end: usize): usize {
  let at = start
  while (at < end) {
    const misses = hostMisses(v128.load(at))
    const length = <usize>ctz(misses | 0x10000)
    at += length
    if (at >= end) return end
    if (length == 16) continue
    if (load<u8>(at) != PERCENT) return at
    if (end - at < 3 || hexValue(load<u8>(at + 1)) < 0 || hexValue(load<u8>(at + 2)) < 0) return 0
    at += 3
  }
  return at
}

// "[" ( IPv6address / IPvFuture ) "]"; 0 where it is neither.
function ipLiteralEnd(start: usize, end: usize): usize {
  const first = start + 1
  if (first >= end) return 0
  const close = (load<u8>(first) | 0x20) == LETTER_V ? ipFutureEnd(first + 1, end) : ipv6End(first, end)
  return close != 0 && close < end && load<u8>(close) == RIGHT_BRACKET ? close + 1 : 0
}

// 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
function ipFutureEnd(start: usize, end: usize): usize {
  let at = start
  while (at < end && hexValue(load<u8>(at)) >= 0) at++
  if (at == start || at >= end || load<u8>(at) != DOT) return 0
  const address = ++at
  while (at < end && (load<u8>(at) == COLON || (hostMisses(i8x16.splat(load<i8>(at))) & 1) == 0)) at++
  return at > address ? at : 0
}

// Eight groups of up to four digits, or fewer with one "::"; the last two may be written as an IPv4 address.
function ipv6End(start: usize, end: usize): usize {
  let groups = 0
  let at = start
  let isCompressed = load<u16>(at) == TWO_COLONS
  if (isCompressed) at += 2
  while (at < end && load<u8>(at) != RIGHT_BRACKET) {
    const group = at
    while (hexValue(load<u8>(at)) >= 0) at++
    if (load<u8>(at) == DOT) {
      at = ipv4End(group)
      return at != 0 && isComplete(groups + 2, isCompressed) ? at : 0
    }
    if (at == group || at - group > 4) return 0
    groups++
    if (load<u8>(at) != COLON) break
    at++
    if (load<u8>(at) == RIGHT_BRACKET || (isCompressed && load<u8>(at) == COLON)) return 0
    if (load<u8>(at) != COLON) continue
    isCompressed = true
    at++
  }
  return isComplete(groups, isCompressed) ? at : 0
}

function isComplete(groups: i32, isCompressed: bool): bool {
  return isCompressed ? groups < 8 : groups == 8
}

// Four decimal octets without leading zeros.
function ipv4End(start: usize): usize {
  let at = start
  for (let octets = 1; octets <= 4; octets++) {
    const octet = at
    let value: u32 = 0
    while (at - octet < 4 && isDigit(load<u8>(at))) value = value * 10 + (load<u8>(at++) - ZERO)
    if (at == octet || value > 255 || (at - octet > 1 && load<u8>(octet) == ZERO)) return 0
    if (octets < 4 && load<u8>(at++) != DOT) return 0
  }
  return at
}
