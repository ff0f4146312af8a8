// Named bytes, and the grammar's classes (RFC 9110 §5.6.2, RFC 3986 §2). A class is a pair of nibble tables: a byte is
// in it when the entries of its low and its high nibble share a bit. Sixteen bytes are judged by two swizzles and an
// and; bytes from 0x80 up are in neither class, for their high nibble's entry is zero.

export const HTAB: u8 = 0x09
export const LF: u8 = 0x0a
export const CR: u8 = 0x0d
export const SP: u8 = 0x20
export const DQUOTE: u8 = 0x22
export const HASH: u8 = 0x23
export const PERCENT: u8 = 0x25
export const AMPERSAND: u8 = 0x26
export const ASTERISK: u8 = 0x2a
export const PLUS: u8 = 0x2b
export const COMMA: u8 = 0x2c
export const HYPHEN: u8 = 0x2d
export const DOT: u8 = 0x2e
export const SLASH: u8 = 0x2f
export const COLON: u8 = 0x3a
export const SEMICOLON: u8 = 0x3b
export const EQUALS: u8 = 0x3d
export const QUESTION: u8 = 0x3f
export const LEFT_BRACKET: u8 = 0x5b
export const BACKSLASH: u8 = 0x5c
export const RIGHT_BRACKET: u8 = 0x5d
export const DEL: u8 = 0x7f

const HIGH_NIBBLE: v128 = i8x16(0, 0, 1, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0)
const TCHAR_LOW_NIBBLE: v128 = i8x16(58, 63, 62, 63, 63, 63, 63, 63, 62, 62, 61, 21, 52, 21, 61, 28)
// unreserved and sub-delims: a reg-name but for its percent-encodings
const NAME_LOW_NIBBLE: v128 = i8x16(42, 63, 62, 62, 63, 62, 63, 63, 63, 63, 61, 23, 21, 23, 53, 28)
// what a form is not percent-encoded of (URL Standard): letters, digits and *-._
const FORM_LOW_NIBBLE: v128 = i8x16(42, 62, 62, 62, 62, 62, 62, 62, 62, 62, 61, 20, 20, 21, 21, 28)

function misses(bytes: v128, lowNibble: v128): i32 {
  const low = i8x16.swizzle(lowNibble, v128.and(bytes, i8x16.splat(15)))
  const high = i8x16.swizzle(HIGH_NIBBLE, i8x16.shr_u(bytes, 4))
  return i8x16.bitmask(i8x16.eq(v128.and(low, high), i8x16.splat(0)))
}

/** Where the token that begins at `start` ends: the first byte that is no tchar. The sentinel ends it at the latest. */
export function tokenEnd(start: usize): usize {
  let at = start
  let misses = tokenMisses(v128.load(at))
  while (misses == 0) {
    at += 16
    misses = tokenMisses(v128.load(at))
  }
  return at + ctz(misses)
}

// A bit for each of the sixteen bytes that is not a tchar.
function tokenMisses(bytes: v128): i32 {
  return misses(bytes, TCHAR_LOW_NIBBLE)
}

/** Where the field value that begins at `value` ends: the first byte that is neither HTAB, SP, VCHAR nor obs-text (RFC 9110 §5.5). */
export function fieldValueEnd(value: usize): usize {
  let at = controlAt(value)
  while (load<u8>(at) == HTAB) at = controlAt(at + 1)
  return at
}

function controlAt(start: usize): usize {
  let at = start
  let controls = controlBits(v128.load(at))
  while (controls == 0) {
    at += 16
    controls = controlBits(v128.load(at))
  }
  return at + ctz(controls)
}

function controlBits(bytes: v128): i32 {
  const isControl = i8x16.lt_u(bytes, i8x16.splat(SP))
  return i8x16.bitmask(v128.or(isControl, i8x16.eq(bytes, i8x16.splat(DEL))))
}

/** A bit for each of the sixteen bytes that is neither unreserved nor a sub-delim. */
export function hostMisses(bytes: v128): i32 {
  return misses(bytes, NAME_LOW_NIBBLE)
}

/** A bit for each of the sixteen bytes that a form's percent-coding does not leave as it is. */
export function formMisses(bytes: v128): i32 {
  return misses(bytes, FORM_LOW_NIBBLE)
}

export function isTokenByte(byte: u8): bool {
  return (tokenMisses(i8x16.splat(<i8>byte)) & 1) == 0
}

export function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) < 10
}

/** The value of a HEXDIG, or -1. */
export function hexValue(byte: u8): i32 {
  if (isDigit(byte)) return byte - 0x30
  const letter = <u8>((byte | 0x20) - 0x61)
  return letter < 6 ? letter + 10 : -1
}

export function isBlank(byte: u8): bool {
  return byte == SP || byte == HTAB
}

/** The first byte from `start` on that is not blank. The sentinel is none. */
export function afterBlanks(start: usize): usize {
  let at = start
  while (isBlank(load<u8>(at))) at++
  return at
}

/** Where what begins at `start` ends when the blanks before `end` are none of it. */
export function beforeBlanks(start: usize, end: usize): usize {
  let at = end
  while (at > start && isBlank(load<u8>(at - 1))) at--
  return at
}
