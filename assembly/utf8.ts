// UTF-8 (RFC 3629 §4), validated so that it can stop anywhere and fails at the first byte that is wrong. Between two
// pieces the state is one word: how many bytes the character still lacks, and between which bounds the next must lie.
//
// Whole blocks are judged sixteen bytes at once: every pair of neighbouring bytes is looked up by three of its nibbles,
// and the bits the three have in common name what is wrong with the pair (Keiser and Lemire, "Validating UTF-8 In Less
// Than One Instruction Per Byte", 2021). Only what the blocks leave over is read byte by byte.

export const BETWEEN_CHARACTERS: u32 = 0
/** The state after a byte that is wrong. */
export const NOT_UTF8: u32 = 0xffffffff

/** @returns the state after the bytes from `start` to `end`, which follow on `state`; or NOT_UTF8 */
export function validateUtf8(state: u32, start: usize, end: usize): u32 {
  let at = start
  while (state != BETWEEN_CHARACTERS && at < end) {
    state = step(state, load<u8>(at++))
    if (state == NOT_UTF8) return NOT_UTF8
  }
  if (end - at >= 16) {
    const blocksEnd = at + ((end - at) & ~15)
    if (!areBlocksValid(at, blocksEnd)) return NOT_UTF8
    at = lastCharacterCut(blocksEnd)
  }
  for (; at < end; at++) {
    state = step(state, load<u8>(at))
    if (state == NOT_UTF8) return NOT_UTF8
  }
  return state
}

// A lead byte says how many bytes follow, and where the first of them must lie to be neither overlong, nor a
// surrogate, nor past U+10FFFF.
function step(state: u32, byte: u8): u32 {
  if (state == BETWEEN_CHARACTERS) {
    if (byte < 0x80) return BETWEEN_CHARACTERS
    if (byte < 0xc2 || byte > 0xf4) return NOT_UTF8
    if (byte < 0xe0) return lacking(1, 0x80, 0xbf)
    if (byte < 0xf0) return lacking(2, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf)
    return lacking(3, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf)
  }
  if (byte < <u8>(state >> 8) || byte > <u8>(state >> 16)) return NOT_UTF8
  const lacks = (state & 0xff) - 1
  return lacks == 0 ? BETWEEN_CHARACTERS : lacking(lacks, 0x80, 0xbf)
}

function lacking(bytes: u32, least: u32, most: u32): u32 {
  return bytes | (least << 8) | (most << 16)
}

// Where the character begins that the end of the blocks has cut, or that end.
function lastCharacterCut(end: usize): usize {
  if (load<u8>(end - 1) >= 0xc0) return end - 1
  if (load<u8>(end - 2) >= 0xe0) return end - 2
  return load<u8>(end - 3) >= 0xf0 ? end - 3 : end
}

// What can be wrong with a pair of bytes, a bit each.
const TOO_SHORT: i8 = 1 // a lead, and no continuation after it
const TOO_LONG: i8 = 2 // ASCII, and a continuation after it
const OVERLONG_3: i8 = 4
const TOO_LARGE: i8 = 8 // past U+10FFFF
const SURROGATE: i8 = 16
const OVERLONG_2: i8 = 32
const OVERLONG_4: i8 = 64 // and, with a lead from 0xf5 up, too large
const TWO_CONTINUATIONS: i8 = -128 // which may be right: the bytes before decide
const ANY: i8 = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS

const FIRST_HIGH: v128 = i8x16(
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TOO_LONG,
  TWO_CONTINUATIONS,
  TWO_CONTINUATIONS,
  TWO_CONTINUATIONS,
  TWO_CONTINUATIONS,
  TOO_SHORT | OVERLONG_2,
  TOO_SHORT,
  TOO_SHORT | OVERLONG_3 | SURROGATE,
  TOO_SHORT | TOO_LARGE | OVERLONG_4,
)
const FIRST_LOW: v128 = i8x16(
  ANY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
  ANY | OVERLONG_2,
  ANY,
  ANY,
  ANY | TOO_LARGE,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4 | SURROGATE,
  ANY | TOO_LARGE | OVERLONG_4,
  ANY | TOO_LARGE | OVERLONG_4,
)
const SECOND_HIGH: v128 = i8x16(
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
  TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | OVERLONG_3 | TOO_LARGE,
  TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | SURROGATE | TOO_LARGE,
  TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | SURROGATE | TOO_LARGE,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
  TOO_SHORT,
)

function areBlocksValid(start: usize, end: usize): bool {
  let faults = i8x16.splat(0)
  let previous = i8x16.splat(0)
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    if (i8x16.bitmask(v128.or(block, previous)) != 0) faults = v128.or(faults, faultsOf(previous, block))
    previous = block
  }
  return !v128.any_true(faults)
}

function faultsOf(previous: v128, block: v128): v128 {
  const first = i8x16.shuffle(previous, block, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
  const second = i8x16.shuffle(
    previous,
    block,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
  )
  const third = i8x16.shuffle(previous, block, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28)
  const low = v128.and(first, i8x16.splat(15))
  const pairs = v128.and(
    v128.and(i8x16.swizzle(FIRST_HIGH, i8x16.shr_u(first, 4)), i8x16.swizzle(FIRST_LOW, low)),
    i8x16.swizzle(SECOND_HIGH, i8x16.shr_u(block, 4)),
  )
  // The second byte after a lead of three, and the third after one of four, must be continuations, and none else is.
  const isLate = v128.or(i8x16.ge_u(second, i8x16.splat(<i8>0xe0)), i8x16.ge_u(third, i8x16.splat(<i8>0xf0)))
  return v128.xor(pairs, v128.and(isLate, i8x16.splat(TWO_CONTINUATIONS)))
}
