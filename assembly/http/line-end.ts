// Line ends (RFC 9112 §2.2) and the errors of a line.
//
// RFC 9112 §2.2 lets a server take a bare LF. We refuse it: where a proxy sees the line end elsewhere, the rest of one
// client's request becomes the start of another's (§11.2).

import { CR, LF } from '../bytes'
import { BARE_CR, BARE_LF, NEED_MORE } from '../result'

/** Bytes of the CRLF at `at`, or NEED_MORE, or BARE_LF, BARE_CR; `otherwise` where there is no line end at all. */
export function readLineEnd(at: usize, end: usize, otherwise: i32): i32 {
  if (at >= end) return NEED_MORE
  const byte = load<u8>(at)
  if (byte == LF) return BARE_LF
  if (byte != CR) return otherwise
  if (at + 1 >= end) return NEED_MORE
  return load<u8>(at + 1) == LF ? 2 : BARE_CR
}
