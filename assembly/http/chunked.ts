// Chunked coding (RFC 9112 §7.1). Chunk data is never copied out: a call moves the data it finds together, in place,
// so a body of any size passes through the inbox and every call shows at most one span of it. Chunk lines are read a
// byte a step, in states named for what they expect next, so they may be cut anywhere. The trailer section is not read
// here: it is a head without a start-line (head.ts).

import {
  BACKSLASH,
  CR,
  DEL,
  DQUOTE,
  EQUALS,
  HTAB,
  hexValue,
  isBlank,
  isTokenByte,
  LF,
  SEMICOLON,
  SP,
} from '../bytes'
import { CHUNK_RECORD, ChunkRecord } from '../memory'
import {
  BAD_CHUNK_END,
  BAD_CHUNK_EXTENSION,
  BAD_CHUNK_SIZE,
  BARE_CR,
  BARE_LF,
  CHUNK_EXTENSIONS_TOO_LONG,
  NEED_MORE,
} from '../result'

const FIRST_DIGIT: u32 = 0
const DIGIT: u32 = 1
const EXTENSION: u32 = 2
const NAME_START: u32 = 3
const NAME: u32 = 4
const AFTER_NAME: u32 = 5
const VALUE_START: u32 = 6
const TOKEN_VALUE: u32 = 7
const QUOTED_VALUE: u32 = 8
const QUOTED_PAIR: u32 = 9
const AFTER_QUOTE: u32 = 10
const SIZE_LF: u32 = 11
const DATA: u32 = 12
const DATA_CR: u32 = 13
const DATA_LF: u32 = 14
const AFTER_LAST: u32 = 15
const LAST_LF: u32 = 16

const MAX_DIGITS: u32 = 16
const MAX_SIZE: f64 = 9007199254740991
const MAX_EXTENSION_BYTES: u32 = 16 * 1024

/** The body has ended, without trailers. */
export const CHUNKS_DONE: i32 = 1
/** The body has ended, and what comes next is a trailer section. */
export const CHUNKS_TRAILERS: i32 = 2

/**
 * Reads chunks from `start` to `end`, from and to the place in the chunk record. The data found is the span
 * `dataStart` to `dataEnd`; an error that follows data is returned by the next call.
 *
 * @returns CHUNKS_DONE, CHUNKS_TRAILERS, NEED_MORE or an error; how far it read is `consumed`
 */
export function readChunks(start: usize, end: usize): i32 {
  const record = changetype<ChunkRecord>(CHUNK_RECORD)
  record.dataStart = 0
  record.dataEnd = 0
  let at = start
  let result = NEED_MORE
  while (at < end) {
    if (record.phase == DATA) {
      at += takeData(record, start, at, end)
      continue
    }
    result = readByte(record, load<u8>(at))
    if (result == CHUNKS_TRAILERS) break
    if (result < 0) {
      if (record.dataEnd > 0) result = NEED_MORE
      break
    }
    at++
    if (result == CHUNKS_DONE) break
  }
  record.consumed = <u32>(at - start)
  return result
}

// The first data of a call stays where it is; later data moves down to join it.
function takeData(record: ChunkRecord, start: usize, at: usize, end: usize): usize {
  const length = <usize>min<f64>(record.remaining, <f64>(end - at))
  if (record.dataEnd == 0) record.dataStart = record.dataEnd = <u32>(at - start)
  else memory.copy(start + record.dataEnd, at, length)
  record.dataEnd += <u32>length
  record.remaining -= <f64>length
  if (record.remaining == 0) record.phase = DATA_CR
  return length
}

// One byte of a chunk line; on an error the record is left as it was.
function readByte(record: ChunkRecord, byte: u8): i32 {
  switch (record.phase) {
    case FIRST_DIGIT:
      record.digits = 0
      record.size = 0
      return readDigit(record, byte)
    case DIGIT:
      if (byte == CR) return go(record, SIZE_LF)
      if (isBlank(byte)) return extend(record, EXTENSION)
      if (byte == SEMICOLON) return extend(record, NAME_START)
      return readDigit(record, byte)
    case SIZE_LF:
      if (byte != LF) return BARE_CR
      record.remaining = record.size
      return go(record, record.size > 0 ? DATA : AFTER_LAST)
    case DATA_CR:
      return byte == CR ? go(record, DATA_LF) : BAD_CHUNK_END
    case DATA_LF:
      return byte == LF ? go(record, FIRST_DIGIT) : BAD_CHUNK_END
    case AFTER_LAST:
      return byte == CR ? go(record, LAST_LF) : CHUNKS_TRAILERS
    case LAST_LF:
      return byte == LF ? CHUNKS_DONE : BARE_CR
    default:
      return readExtension(record, byte)
  }
}

function readDigit(record: ChunkRecord, byte: u8): i32 {
  const value = hexValue(byte)
  if (value < 0) return byte == LF ? BARE_LF : BAD_CHUNK_SIZE
  const size = record.size * 16 + <f64>value
  if (record.digits >= MAX_DIGITS || size > MAX_SIZE) return BAD_CHUNK_SIZE
  record.digits++
  record.size = size
  return go(record, DIGIT)
}

// *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), §7.1.1. It means nothing to us; it must be well-formed.
function readExtension(record: ChunkRecord, byte: u8): i32 {
  const isEnd = byte == CR
  if (byte == LF) return BARE_LF
  switch (record.phase) {
    case EXTENSION:
      if (byte == SEMICOLON) return extend(record, NAME_START)
      return isBlank(byte) ? extend(record, EXTENSION) : BAD_CHUNK_EXTENSION
    case NAME_START:
      if (isBlank(byte)) return extend(record, NAME_START)
      return isTokenByte(byte) ? extend(record, NAME) : BAD_CHUNK_EXTENSION
    case NAME:
      if (isTokenByte(byte)) return extend(record, NAME)
      if (isBlank(byte)) return extend(record, AFTER_NAME)
      if (byte == EQUALS) return extend(record, VALUE_START)
      return isEnd
        ? go(record, SIZE_LF)
        : byte == SEMICOLON
          ? extend(record, NAME_START)
          : BAD_CHUNK_EXTENSION
    case AFTER_NAME:
      if (isBlank(byte)) return extend(record, AFTER_NAME)
      if (byte == EQUALS) return extend(record, VALUE_START)
      return byte == SEMICOLON ? extend(record, NAME_START) : BAD_CHUNK_EXTENSION
    case VALUE_START:
      if (isBlank(byte)) return extend(record, VALUE_START)
      if (byte == DQUOTE) return extend(record, QUOTED_VALUE)
      return isTokenByte(byte) ? extend(record, TOKEN_VALUE) : BAD_CHUNK_EXTENSION
    case TOKEN_VALUE:
      if (isTokenByte(byte)) return extend(record, TOKEN_VALUE)
      return afterValue(record, byte)
    case QUOTED_VALUE:
      if (byte == DQUOTE) return extend(record, AFTER_QUOTE)
      if (byte == BACKSLASH) return extend(record, QUOTED_PAIR)
      return isText(byte) ? extend(record, QUOTED_VALUE) : BAD_CHUNK_EXTENSION
    case QUOTED_PAIR:
      return isText(byte) ? extend(record, QUOTED_VALUE) : BAD_CHUNK_EXTENSION
    default:
      return afterValue(record, byte)
  }
}

function afterValue(record: ChunkRecord, byte: u8): i32 {
  if (byte == CR) return go(record, SIZE_LF)
  if (byte == SEMICOLON) return extend(record, NAME_START)
  return isBlank(byte) ? extend(record, EXTENSION) : BAD_CHUNK_EXTENSION
}

function isText(byte: u8): bool {
  return byte == HTAB || (byte >= SP && byte != DEL)
}

function go(record: ChunkRecord, phase: u32): i32 {
  record.phase = phase
  return NEED_MORE
}

function extend(record: ChunkRecord, phase: u32): i32 {
  if (record.extensionBytes >= MAX_EXTENSION_BYTES) return CHUNK_EXTENSIONS_TOO_LONG
  record.extensionBytes++
  return go(record, phase)
}
