// The payload of a close frame (RFC 6455 §5.5.1, §7.4): nothing, or a code that may be sent and a reason in UTF-8.

import { BAD_CLOSE, BAD_UTF8, NEED_MORE } from '../result'
import { BETWEEN_CHARACTERS, validateUtf8 } from '../utf8'

/** @returns BAD_CLOSE, BAD_UTF8, or 0 where nothing is wrong */
export function judgeClose(start: usize, end: usize): i32 {
  if (start == end) return NEED_MORE
  if (end - start == 1 || !mayBeSent(bswap<u16>(load<u16>(start)))) return BAD_CLOSE
  return validateUtf8(BETWEEN_CHARACTERS, start + 2, end) == BETWEEN_CHARACTERS ? NEED_MORE : BAD_UTF8
}

/** Whether a close frame may carry the code: 1004 to 1006 and 1015 are for the host's eyes, 1016 to 2999 reserved. */
export function mayBeSent(code: u32): bool {
  if (code >= 3000) return code < 5000
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)
}
