// Percent-coding as forms use it (URL Standard, "application/x-www-form-urlencoded"): a space is '+', and the '%' of an
// escape that is none is itself.

import { formMisses, hexValue, PERCENT, PLUS, SP } from '../bytes'

const DIGITS: usize = memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
])

/**
 * Copies by vectors: up to fifteen bytes past the output's end are written over, and it may overlap the input only
 * where it lies at least sixteen bytes before.
 *
 * @returns where the output ends
 */
export function copyRun(start: usize, end: usize, output: usize): usize {
  const length = end - start
  v128.store(output, v128.load(start))
  for (let done: usize = 16; done < length; done += 16) {
    v128.store(output + done, v128.load(start + done))
  }
  return output + length
}

// What each byte stands for as a HEXDIG, plus 16; nothing for one that is none.
const HEX: usize = memory.data(256)
for (let byte = 0; byte < 256; byte++) {
  const value = hexValue(<u8>byte)
  if (value >= 0) store<u8>(HEX + byte, <u8>(value + 16))
}

/** The byte that the two digits after a '%' stand for, or -1 where they are none. */
export function escapeAt(percent: usize): i32 {
  const high = load<u8>(HEX + load<u8>(percent, 1))
  const low = load<u8>(HEX + load<u8>(percent, 2))
  return high & low & 16 ? ((high & 15) << 4) | (low & 15) : -1
}

/** Encodes bytes, whatever they are; the output is written by vectors. @returns where it ends: at most three times as far */
export function encodeForm(start: usize, end: usize, output: usize): usize {
  let at = start
  let out = output
  while (at < end) {
    const bytes = v128.load(at)
    v128.store(out, bytes)
    let misses = formMisses(bytes)
    const run = <usize>min(ctz(misses | 0x10000), <i32>min<usize>(end - at, 16))
    at += run
    out += run
    if (run == 16) continue
    misses >>= <i32>run
    for (; misses & 1 && at < end; misses >>= 1) out = encodeByte(load<u8>(at++), out)
  }
  return out
}

function encodeByte(byte: u8, out: usize): usize {
  if (byte == SP) {
    store<u8>(out, PLUS)
    return out + 1
  }
  store<u8>(out, PERCENT)
  store<u8>(out, load<u8>(DIGITS + (byte >> 4)), 1)
  store<u8>(out, load<u8>(DIGITS + (byte & 15)), 2)
  return out + 3
}
