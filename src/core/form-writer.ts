// application/x-www-form-urlencoded, written (URL Standard). All names and values go to the core as one text, with their
// ends in a table, and come back as one.

import { latin1, writeUtf8 } from './text.js'
import { deskSize, deskStart, MAX_PAIRS_READ, PAIRS, u32, writeQuery } from './wasm.js'

const MAX_TEXTS = 2 * MAX_PAIRS_READ
/** UTF-16 code units that surely fit the desk: three bytes each at the most, and three times that encoded. */
const MAX_UNITS = Math.floor((deskSize - MAX_TEXTS) / 12)
const OUTPUT = deskStart + 3 * MAX_UNITS

/** Writes names and values, which come in turn, as `name=value&name=value`. */
export function writeForm(texts: readonly string[]): string {
  let form = ''
  for (let first = 0; first < texts.length; ) {
    const end = batchEnd(texts, first)
    if (end > first) form += write(texts, first, end)
    else form += `${encodeLong(texts[first]!)}=${encodeLong(texts[first + 1]!)}&`
    first = Math.max(end, first + 2)
  }
  return form.slice(0, -1)
}

// As many pairs as fit.
function batchEnd(texts: readonly string[], first: number): number {
  const most = Math.min(texts.length, first + MAX_TEXTS)
  let end = first
  for (let units = 0; end < most; end += 2) {
    units += texts[end]!.length + texts[end + 1]!.length
    if (units > MAX_UNITS) break
  }
  return end
}

function write(texts: readonly string[], first: number, end: number): string {
  let all = ''
  for (let text = first; text < end; text++) {
    all += withoutHalf(texts[text]!)
    u32[PAIRS + text - first] = all.length
  }
  const isAscii = writeUtf8(all, deskStart) === all.length
  return encodeDesk(end - first, isAscii)
}

// Half a character at the end of one text and half a one at the begin of the next must not become one.
function withoutHalf(text: string): string {
  return isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.toWellFormed() : text
}

function encodeDesk(texts: number, countsBytes: boolean): string {
  return latin1(OUTPUT, writeQuery(deskStart, texts, !countsBytes, OUTPUT))
}

// Piece by piece, cut between characters; each comes back with an '=' behind it.
function encodeLong(text: string): string {
  let encoded = ''
  for (let at = 0; at < text.length; ) {
    const end = isHighSurrogate(text.charCodeAt(at + MAX_UNITS - 1)) ? at + MAX_UNITS - 1 : at + MAX_UNITS
    const piece = text.slice(at, end)
    u32[PAIRS] = writeUtf8(piece, deskStart)
    encoded += encodeDesk(1, true).slice(0, -1)
    at = end
  }
  return encoded
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
