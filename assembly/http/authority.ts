// host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2): what a Host field holds, or an absolute-form target after its
// scheme. User information is refused (RFC 9110 §4.2.4).

import { COLON, DOT, hexValue, hostMisses, isDigit, LEFT_BRACKET, PERCENT, RIGHT_BRACKET } from '../bytes'
import { HeadRecord } from '../memory'

/** Reads the authority from `at` to `end`, all of it, into the record; false where it is malformed. */
export function readAuthority(record: HeadRecord, start: usize, at: usize, end: usize): bool {
  const hostEnd = at < end && load<u8>(at) == LEFT_BRACKET ? ipLiteralEnd(at, end) : registeredNameEnd(at, end)
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
    port = port * 10 + (byte - 0x30)
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

// "[" ( IPv6address / IPvFuture ) "]", the address not taken apart: two colons at least, eight groups at most.
function ipLiteralEnd(start: usize, end: usize): usize {
  let at = start + 1
  const isFuture = at < end && (load<u8>(at) | 0x20) == 0x76
  if (isFuture) at++
  let colons = 0
  let dots = 0
  for (; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == RIGHT_BRACKET) {
      if (isFuture) return dots > 0 && at - start > 4 ? at + 1 : 0
      return colons >= 2 && colons <= 8 ? at + 1 : 0
    }
    if (byte == COLON) colons++
    else if (byte == DOT) dots++
    else if (hexValue(byte) < 0 && !(isFuture && dots > 0 && (hostMisses(i8x16.splat(<i8>byte)) & 1) == 0)) return 0
  }
  return 0
}
