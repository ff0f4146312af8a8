// application/x-www-form-urlencoded (URL Standard), written without the core: what most query strings are made of is
// encoded sooner than the core has been brought it. Bytes are laid on the desk, and become one string at the end.

import { latin1 } from './text.js'
import { memory as everything, deskStart as start } from './wasm.js'

// V8 knows where a module's own constant lies, and looks up each time where an imported one does.
const deskStart = start
const memory = everything

const EQUALS = 0x3d
const AMPERSAND = 0x26
const PERCENT = 0x25
/** Past so many texts, or characters of a pair, the core is the faster one. */
const MAX_TEXTS = 128
const MAX_SHORT = 256
/** Half a character becomes this one. */
const REPLACEMENT = 0xfffd

/** What each byte is written as; 0 for those that are escaped. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[*\-.0-9A-Z_a-z]/.test(String.fromCharCode(byte)) ? byte : 0,
)
plain[0x20] = 0x2b

const digits = Array.from('0123456789ABCDEF', (digit) => digit.charCodeAt(0))
const highDigit = Uint8Array.from({ length: 256 }, (_, byte) => digits[byte >> 4]!)
const lowDigit = Uint8Array.from({ length: 256 }, (_, byte) => digits[byte & 15]!)

/** Writes names and values, which come in turn; undefined where they are many, or one is long. */
export function writeShortForm(texts: readonly string[]): string | undefined {
  if (texts.length > MAX_TEXTS) return undefined
  let at = deskStart
  for (let text = 0; text < texts.length; text += 2) {
    at = writePair(texts[text]!, texts[text + 1]!, at)
    if (at === 0) return undefined
  }
  return latin1(deskStart, Math.max(at - 1, deskStart))
}

// Where the pair ends, or 0 where it is not short. There is room: nine bytes for each character at the most.
function writePair(name: string, value: string, at: number): number {
  const length = name.length + value.length
  if (length > MAX_SHORT) return 0
  const nameEnd = write(name, at)
  memory[nameEnd] = EQUALS
  const valueEnd = write(value, nameEnd + 1)
  memory[valueEnd] = AMPERSAND
  return valueEnd + 1
}

function write(text: string, at: number): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    const byte = unit < 0x80 ? plain[unit]! : 0
    if (byte === 0) return writeRest(text, index, at + index)
    memory[at + index] = byte
  }
  return at + text.length
}

function writeRest(text: string, first: number, start: number): number {
  let at = start
  for (let index = first; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    const byte = unit < 0x80 ? plain[unit]! : 0
    if (byte !== 0) {
      memory[at++] = byte
    } else if (unit < 0x80) {
      at = writeEscape(unit, at)
    } else if (unit < 0xd800) {
      at = writeUnit(unit, at)
    } else {
      const point = text.codePointAt(index)!
      at = writePoint(point, at)
      if (point > 0xffff) index++
    }
  }
  return at
}

// UTF-8 (RFC 3629 §3).
function writePoint(point: number, at: number): number {
  if (point < 0x10000) return writeUnit(point > 0xdfff ? point : REPLACEMENT, at)
  const third = writeEscape(0x80 | ((point >> 12) & 63), writeEscape(0xf0 | (point >> 18), at))
  return lastTwo(point, third)
}

// From 0x80 up.
function writeUnit(unit: number, at: number): number {
  if (unit < 0x800) return last(unit, writeEscape(0xc0 | (unit >> 6), at))
  return lastTwo(unit, writeEscape(0xe0 | (unit >> 12), at))
}

function lastTwo(point: number, at: number): number {
  return last(point, writeEscape(0x80 | ((point >> 6) & 63), at))
}

function last(point: number, at: number): number {
  return writeEscape(0x80 | (point & 63), at)
}

function writeEscape(byte: number, at: number): number {
  memory[at] = PERCENT
  memory[at + 1] = highDigit[byte]!
  memory[at + 2] = lowDigit[byte]!
  return at + 3
}
