// application/x-www-form-urlencoded, read (URL Standard). One call into the core decodes as many pairs as it has rows
// for; what is left to do here is to cut its output into texts.
//
// What is longer than the desk is cut at an '&'. A name or value that is longer alone is decoded piece by piece.

import { GrowingBytes } from './growing-bytes.js'
import type { Decode } from './media-type.js'
import { addParam, newParams, type Params } from './params.js'
import { protocolError } from './protocol-error.js'
import { latin1, utf8, utf8Of, writeUtf8 } from './text.js'
import {
  deskSize,
  deskStart,
  memory,
  PAIR_COUNT,
  PAIRS,
  QUERY_CONSUMED,
  QUERY_GAP,
  QUERY_NON_ASCII,
  readQuery,
  u32,
} from './wasm.js'

const AMPERSAND = 0x26
const PERCENT = 0x25
const EQUALS = 0x3d

const INPUT = deskStart + QUERY_GAP
const INPUT_SIZE = deskSize - QUERY_GAP
/** Characters up to which texts are cut from one string, which each of them keeps alive. */
export const MAX_SHARED = 16 * 1024

/** UTF-16 code units that fit the desk as UTF-8, whatever they are. */
export const MAX_SHORT_TEXT = Math.floor(INPUT_SIZE / 3)

/** Reads a form's text of at most MAX_SHORT_TEXT. @throws ProtocolError TOO_MANY_PAIRS */
export function readShortForm(text: string, maxPairs: number): Params {
  const reader = new FormReader(text.length, maxPairs, undefined)
  reader.readDesk(writeUtf8(text, INPUT))
  return reader.params
}

/**
 * Reads a form's bytes.
 *
 * @param decode of the bytes that names and values are decoded to (default: UTF-8)
 * @throws ProtocolError TOO_MANY_PAIRS
 */
export function readForm(bytes: Uint8Array, maxPairs: number, decode?: Decode): Params {
  const reader = new FormReader(bytes.length, maxPairs, decode)
  let at = 0
  while (at < bytes.length) {
    // Before the search for the last '&' that fits: it must not be made for each of many.
    if (bytes[at] === AMPERSAND) {
      at++
      continue
    }
    const most = at + INPUT_SIZE
    const end = most < bytes.length ? bytes.lastIndexOf(AMPERSAND, most) : bytes.length
    at = end > at ? reader.read(bytes, at, end) : reader.readLong(bytes, at)
  }
  return reader.params
}

class FormReader {
  readonly params: Params
  private readonly decode: Decode | undefined
  private pairsLeft: number

  constructor(length: number, maxPairs: number, decode: Decode | undefined) {
    this.params = newParams(length)
    this.pairsLeft = maxPairs
    this.decode = decode
  }

  /** Reads the pairs from `start` to `end`, which fit the desk. @returns where the next begins */
  read(bytes: Uint8Array, start: number, end: number): number {
    memory.set(bytes.subarray(start, end), INPUT)
    this.readDesk(end - start)
    return end + 1
  }

  readDesk(length: number): void {
    const end = INPUT + length
    for (let at = INPUT; at < end; at += u32[QUERY_CONSUMED]!) {
      readQuery(at, end)
      const count = u32[PAIR_COUNT]!
      this.count(count)
      this.addPairs(at - QUERY_GAP, count)
    }
  }

  private count(pairs: number): void {
    this.pairsLeft -= pairs
    if (this.pairsLeft < 0) throw protocolError('TOO_MANY_PAIRS')
  }

  private addPairs(output: number, count: number): void {
    const rowsEnd = PAIRS + 2 * count
    const length = count === 0 ? 0 : u32[rowsEnd - 1]! >>> 1
    const isAscii = u32[QUERY_NON_ASCII] === 0 && this.decode === undefined
    const shared = isAscii && length <= MAX_SHARED ? latin1(output, output + length) : undefined
    let start = 0
    for (let row = PAIRS; row < rowsEnd; row += 2) {
      const nameWord = u32[row]!
      const valueWord = u32[row + 1]!
      const nameEnd = nameWord >>> 1
      const end = valueWord >>> 1
      const name =
        shared !== undefined && (nameWord & 1) === 0
          ? shared.substring(start, nameEnd)
          : this.textOf(output + start, output + nameEnd)
      const value =
        shared !== undefined && (valueWord & 1) === 0
          ? shared.substring(nameEnd, end)
          : this.textOf(output + nameEnd, output + end)
      start = end
      addParam(this.params, name, value)
    }
  }

  private textOf(start: number, end: number): string {
    return this.decode ? this.decode(memory.subarray(start, end)) : utf8(start, end)
  }

  /** Reads the one pair that begins at `start` and does not fit the desk. @returns where the next begins */
  readLong(bytes: Uint8Array, start: number): number {
    this.count(1)
    const ampersand = bytes.indexOf(AMPERSAND, start)
    const end = ampersand < 0 ? bytes.length : ampersand
    const pair = bytes.subarray(start, end)
    const equals = pair.indexOf(EQUALS)
    const nameEnd = equals < 0 ? pair.length : equals
    const name = this.decodeLong(pair.subarray(0, nameEnd))
    addParam(this.params, name, this.decodeLong(pair.subarray(nameEnd + 1)))
    return end + 1
  }

  // Each piece goes behind an '=' of its own, as a value without a name: there '=' has no meaning.
  private decodeLong(bytes: Uint8Array): string {
    const decoded = new GrowingBytes(bytes.length)
    for (let at = 0; at < bytes.length; ) {
      const end = cutBefore(bytes, at + INPUT_SIZE - 1)
      memory[INPUT] = EQUALS
      memory.set(bytes.subarray(at, end), INPUT + 1)
      readQuery(INPUT, INPUT + 1 + end - at)
      decoded.append(memory.subarray(deskStart, deskStart + (u32[PAIRS + 1]! >>> 1)))
      at = end
    }
    return this.decode ? this.decode(decoded.bytes) : utf8Of(decoded.bytes)
  }
}

// Where a piece can end at the most `end`: not inside an escape.
function cutBefore(bytes: Uint8Array, end: number): number {
  if (end >= bytes.length) return bytes.length
  if (bytes[end - 1] === PERCENT) return end - 1
  return bytes[end - 2] === PERCENT ? end - 2 : end
}
