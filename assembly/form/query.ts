// name=value pairs between '&' (URL Standard, "application/x-www-form-urlencoded"). What is decoded stands without gaps,
// name, value, name, value, so that the host makes one string of it all and cuts that.
//
// Sixteen bytes are looked at once for those that mean something; what lies between two such bytes is copied as it is.

import { AMPERSAND, EQUALS, PERCENT, PLUS, SP } from '../bytes'
import { MAX_PAIRS_READ, PAIR_ROW_SIZE, PAIR_ROWS, QUERY_RECORD, QueryRecord } from '../memory'
import { copyRun, encodeForm, escapeAt } from './percent'

/** The output of `readQuery` begins so many bytes before its input, for it is written by vectors. */
export const QUERY_GAP: i32 = 16

/** Reads pairs from `start` to `end`, as many as the table has rows; the 16 bytes at `end` are overwritten. */
export function readQuery(start: usize, end: usize): void {
  const output = start - QUERY_GAP
  const rowsEnd = PAIR_ROWS + MAX_PAIRS_READ * PAIR_ROW_SIZE
  let row = PAIR_ROWS
  let out = output
  let at = start // what stands before has been dealt with
  let pair = start
  let isName = true
  let isNonAscii: u32 = 0
  let seen = i8x16.splat(0)
  v128.store(end, i8x16(<i8>AMPERSAND, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
  for (let block = start; block <= end && row < rowsEnd; block += 16) {
    const bytes = v128.load(block)
    seen = v128.or(seen, bytes)
    for (let bits = specialBits(bytes); bits != 0 && row < rowsEnd; bits &= bits - 1) {
      const special = block + ctz(bits)
      const byte = load<u8>(special)
      out = copyRun(at, special, out)
      at = special
      if (byte == PERCENT) {
        const value = escapeAt(special)
        if (value < 0) continue
        store<u8>(out++, <u8>value)
        isNonAscii |= value >> 7
        at += 3
      } else if (byte == PLUS) {
        store<u8>(out++, SP)
        at++
      } else if (byte == EQUALS) {
        if (!isName) continue
        store<u32>(row, endOf(out - output, isNonAscii))
        isName = false
        isNonAscii = 0
        at++
      } else {
        const end = endOf(out - output, isNonAscii)
        if (isName) store<u32>(row, end)
        store<u32>(row, isName ? end & ~1 : end, 4)
        if (special != pair) row += PAIR_ROW_SIZE
        isName = true
        isNonAscii = 0
        at++
        pair = at
      }
    }
  }
  const record = changetype<QueryRecord>(QUERY_RECORD)
  record.pairCount = <u32>(row - PAIR_ROWS) / PAIR_ROW_SIZE
  record.consumed = <u32>(min(at, end) - start)
  record.nonAscii = i8x16.bitmask(seen)
}

function endOf(offset: usize, isNonAscii: u32): u32 {
  return ((<u32>offset) << 1) | isNonAscii
}

function specialBits(bytes: v128): i32 {
  const codes = v128.or(i8x16.eq(bytes, i8x16.splat(PERCENT)), i8x16.eq(bytes, i8x16.splat(PLUS)))
  const ends = v128.or(i8x16.eq(bytes, i8x16.splat(EQUALS)), i8x16.eq(bytes, i8x16.splat(AMPERSAND)))
  return i8x16.bitmask(v128.or(codes, ends))
}

/**
 * Writes the texts that stand one after the other from `start` on, as names and values in turn; the table has their ends,
 * a word each.
 *
 * @param countsUnits the ends count UTF-16 code units, not bytes
 * @returns where the output ends: at most three times as far, and a byte for each text
 */
export function writeQuery(start: usize, texts: u32, countsUnits: bool, output: usize): usize {
  let at = start
  let out = output
  let before: u32 = 0
  for (let text: u32 = 0; text < texts; text++) {
    const last = load<u32>(PAIR_ROWS + (text << 2))
    const end = countsUnits ? afterUnits(at, last - before) : start + last
    out = encodeForm(at, end, out)
    at = end
    before = last
    store<u8>(out++, text & 1 ? AMPERSAND : EQUALS)
  }
  return out
}

// Where so many UTF-16 code units of UTF-8 end. A character of four bytes is two of them, any other is one.
function afterUnits(start: usize, units: u32): usize {
  let at = start
  let left = <i32>units
  while (left >= 16 && i8x16.bitmask(v128.load(at)) == 0) {
    at += 16
    left -= 16
  }
  while (left > 0) {
    const lead = load<u8>(at)
    at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    left -= lead < 0xf0 ? 1 : 2
  }
  return at
}
