// Masking and unmasking (RFC 6455 §5.3), which are the same: every byte xor its byte of the key, in place.

// Sixteen bytes that are all ones, then sixteen zeros: a load from the middle gives as many of each as are wanted.
const LANES: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0,
])

/**
 * Masks the bytes from `start` to `end` with the key, whose first byte in memory meets the byte at `start`.
 *
 * @returns whether a byte of the outcome is above 0x7f
 */
export function mask(start: usize, end: usize, key: u32): bool {
  const keys = i32x4.splat(key)
  let seen = i8x16.splat(0)
  let at = start
  for (; at + 64 <= end; at += 64) {
    const first = v128.xor(v128.load(at), keys)
    const second = v128.xor(v128.load(at, 16), keys)
    const third = v128.xor(v128.load(at, 32), keys)
    const fourth = v128.xor(v128.load(at, 48), keys)
    v128.store(at, first)
    v128.store(at, second, 16)
    v128.store(at, third, 32)
    v128.store(at, fourth, 48)
    seen = v128.or(seen, v128.or(v128.or(first, second), v128.or(third, fourth)))
  }
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.xor(v128.load(at), keys)
    v128.store(at, bytes)
    seen = v128.or(seen, bytes)
  }
  if (at < end) {
    // What lies past the end is stored back as it was.
    const lanes = lanesTo(at, end)
    const bytes = v128.xor(v128.load(at), v128.and(keys, lanes))
    v128.store(at, bytes)
    seen = v128.or(seen, v128.and(bytes, lanes))
  }
  return i8x16.bitmask(seen) != 0
}

/** Whether a byte from `start` to `end` is above 0x7f. */
export function hasNonAscii(start: usize, end: usize): bool {
  let seen = i8x16.splat(0)
  let at = start
  for (; at + 16 <= end; at += 16) seen = v128.or(seen, v128.load(at))
  if (at < end) seen = v128.or(seen, v128.and(v128.load(at), lanesTo(at, end)))
  return i8x16.bitmask(seen) != 0
}

// All ones for the bytes before `end`, of which there are fewer than sixteen.
function lanesTo(at: usize, end: usize): v128 {
  return v128.load(LANES + 16 - (end - at))
}

/** The key as it meets the bytes after the next `length`. */
export function turned(key: u32, length: u32): u32 {
  return rotr<u32>(key, (length & 3) << 3)
}
