// Line ends (RFC 9112 §2.2) and the errors of a line.
//
// RFC 9112 §2.2 lets a server take a bare LF. We refuse it: where a proxy sees the line end elsewhere, the rest of one
// client's request becomes the start of another's (§11.2).

import { CR, LF } from '../bytes'
import { BARE_CR, BARE_LF, NEED_MORE } from '../result'

const CRLF: u16 = 0x0a0d

/** True at a CRLF that has come whole: the sentinel is neither half of it. */
export function isLineEnd(at: usize): bool {
  return load<u16>(at) == CRLF
}

/** Bytes of the CRLF at `at`, or NEED_MORE, or BARE_LF, BARE_CR; `otherwise` where there is no line end at all. */
export function readLineEnd(at: usize, end: usize, otherwise: i32): i32 {
  if (isLineEnd(at)) return 2
  if (at >= end) return NEED_MORE
  const byte = load<u8>(at)
  if (byte == LF) return BARE_LF
  if (byte != CR) return otherwise
  return at + 1 >= end ? NEED_MORE : BARE_CR
}
