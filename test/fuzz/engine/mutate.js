// Inputs from inputs: a few small changes, of which the grammar's tokens are the likeliest to lead somewhere.
import { CONSTANTS } from '../../../build/fuzz/core.mjs'

const NUMBERS = [
  '0',
  '1',
  '7f',
  'ff',
  '100',
  '255',
  '256',
  '65535',
  '65536',
  '7fffffff',
  'ffffffff',
  '4294967296',
]
const LARGE = [
  '9007199254740991',
  '9007199254740993',
  '18446744073709551615',
  '1fffffffffffff',
  'ffffffffffffffff',
]
const BYTES = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x7f, 0x80, 0xbf, 0xc0, 0xf4, 0xff]

export class Mutator {
  /** @param dictionary Latin-1 strings */
  constructor(dictionary, maxLength, random) {
    const tokens = [...dictionary, ...CONSTANTS, ...NUMBERS, ...LARGE]
    this.tokens = Array.from(new Set(tokens), (text) => Buffer.from(text, 'latin1'))
    this.random = random
    this.maxLength = maxLength
    this.changes = [
      overwriteByte,
      flipBit,
      addToByte,
      removeSpan,
      repeatSpan,
      moveSpan,
      insertBytes,
      insertToken,
      insertToken,
      insertToken,
      overwriteToken,
      overwriteToken,
    ]
  }

  /** @param other another input, of which a part may be taken */
  mutate(bytes, other) {
    let changed = bytes
    for (let left = this.random.few(7); left > 0; left--) {
      changed = this.random.below(12) === 0 ? spliced(changed, other, this.random) : this.change(changed)
    }
    return changed.length > this.maxLength ? changed.subarray(0, this.maxLength) : changed
  }

  change(bytes) {
    return this.random.of(this.changes)(bytes, this.random, this.tokens)
  }
}

// Each gives new bytes; `bytes` stay as they are.

function overwriteByte(bytes, random) {
  if (bytes.length === 0) return insertBytes(bytes, random)
  const changed = Buffer.from(bytes)
  changed[random.below(changed.length)] = anyByte(random)
  return changed
}

function flipBit(bytes, random) {
  const changed = Buffer.from(bytes)
  if (changed.length > 0) changed[random.below(changed.length)] ^= 1 << random.below(8)
  return changed
}

function addToByte(bytes, random) {
  const changed = Buffer.from(bytes)
  if (changed.length > 0) changed[random.below(changed.length)] += random.below(17) - 8
  return changed
}

function removeSpan(bytes, random) {
  const [start, end] = spanIn(bytes, random)
  return replaced(bytes, start, end, nothing)
}

function repeatSpan(bytes, random) {
  const [start, end] = spanIn(bytes, random)
  const times = random.few(6)
  return replaced(bytes, end, end, Buffer.concat(new Array(times).fill(bytes.subarray(start, end))))
}

function moveSpan(bytes, random) {
  const [start, end] = spanIn(bytes, random)
  const at = random.below(bytes.length + 1)
  return replaced(bytes, at, at, bytes.subarray(start, end))
}

function insertBytes(bytes, random) {
  const inserted = Buffer.alloc(random.few(6), anyByte(random))
  const at = random.below(bytes.length + 1)
  return replaced(bytes, at, at, inserted)
}

function insertToken(bytes, random, tokens) {
  const at = random.below(bytes.length + 1)
  return replaced(bytes, at, at, random.of(tokens))
}

function overwriteToken(bytes, random, tokens) {
  const token = random.of(tokens)
  const at = random.below(bytes.length + 1)
  return replaced(bytes, at, Math.min(at + token.length, bytes.length), token)
}

function spliced(bytes, other, random) {
  const [start, end] = spanIn(other, random)
  const [from, to] = spanIn(bytes, random)
  return replaced(bytes, from, to, other.subarray(start, end))
}

const nothing = Buffer.alloc(0)

function anyByte(random) {
  return random.below(2) === 0 ? random.below(256) : random.of(BYTES)
}

function spanIn(bytes, random) {
  const start = random.below(bytes.length + 1)
  const left = bytes.length - start
  const length = random.below(4) === 0 ? random.below(left + 1) : Math.min(random.few(8), left)
  return [start, start + length]
}

function replaced(bytes, start, end, by) {
  const changed = Buffer.allocUnsafe(bytes.length - (end - start) + by.length)
  bytes.copy(changed, 0, 0, start)
  by.copy(changed, start)
  bytes.copy(changed, start + by.length, end)
  return changed
}
