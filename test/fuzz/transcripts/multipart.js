// What a reader of multipart bodies tells of one, as a flat list. For each part:
//
//   name, filename      -1 where it has none
//   type                as it stands, or text/plain
//   fields              the head's lines, names in lower case, repeats joined
//   data                all of it that came
//   1 or 0              whether its end came
//
// and at last 'end', or the code of the error.
//
// What comes in one piece is read by the core's own call, at the end of memory; what comes in several, by MultipartReader.
import { MAX_PART_HEAD, MultipartReader } from '../../../build/modules/core/multipart-reader.js'
import { PartHead } from '../../../build/modules/core/part-head.js'
import { errorOfResult, ProtocolError, protocolError } from '../../../build/modules/core/protocol-error.js'
import {
  MAX_PART_ROWS,
  MULTIPART_CONSUMED,
  MultipartPlace,
  memory,
  PART_BEGINS,
  PART_COUNT,
  PART_DATA_END,
  PART_DATA_START,
  PART_ENDS,
  PART_FLAGS,
  PART_HEAD_END,
  PART_HEAD_START,
  PART_ROW_SIZE,
  PART_ROWS,
  readMultipart,
  u32,
} from '../../../build/modules/core/wasm.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'

/** Words of a transcript for each part. */
export const PART_SIZE = 6
export const NAME = 0
export const FILENAME = 1
export const TYPE = 2
export const FIELDS = 3
export const DATA = 4
export const HAS_ENDED = 5

export const NONE = -1

const DEFAULT_MAX_HEAD = 16 * 1024
// The search for a delimiter takes 64 bytes a step, and so many there are behind whatever is read (assembly/regions.ts). Of
// these the last 16 are filled where all inputs are placed.
const SLACK = 48
const slacks = ['\0', '\r', '-b\r\n-', 'b--\r\n\r\n--'].map((text) => Buffer.alloc(SLACK, text))
let turn = 0
const nothing = Buffer.alloc(0)
const CRLF = Buffer.from('\r\n')
const { latin1Slice } = Buffer.prototype

export const ways = {
  f: wayOf('b', { isFormData: true }),
  m: wayOf('b'),
  u: wayOf('----WebKitFormBoundary7MA4YWxkTrZu0gW', { isFormData: true }),
  l: wayOf('0123456789'.repeat(7)),
  d: wayOf('-'),
  s: wayOf('b', { isFormData: true, maxHead: 64 }),
  // So many parts come ahead that the table is full when the input begins.
  a: wayOf('b', { ahead: MAX_PART_ROWS - 1 }),
}

/** @param ahead empty parts before what comes whole; before what comes in pieces there is one, where there is any */
function wayOf(boundary, { isFormData = false, maxHead = DEFAULT_MAX_HEAD, ahead = 0 } = {}) {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const emptyPart = `--${boundary}\r\n\r\n\r\n`
  const many = Buffer.from(emptyPart.repeat(ahead))
  const one = many.subarray(0, ahead > 0 ? emptyPart.length : 0)
  return { boundary, isFormData, maxHead, delimiter, ahead, many, one }
}

/** The same without limits, and nothing ahead. */
export function unlimited(way) {
  return { ...way, maxHead: MAX_PART_HEAD, ahead: 0, many: nothing, one: nothing }
}

export function readMultipartBody(pieces, way) {
  return pieces.length === 1 ? readWhole(pieces[0], way) : readInPieces(pieces, way)
}

export function readInPieces(pieces, way) {
  return transcriptOf(0, (log) => {
    const reader = new MultipartReader(way.boundary, way.isFormData, way.maxHead, log)
    if (way.ahead > 0) reader.push(way.one)
    for (const piece of pieces) reader.push(piece)
    reader.end()
  })
}

export function readWhole(bytes, way) {
  const all = Buffer.concat([way.many, bytes, slacks[turn++ & 3]])
  return transcriptOf(Math.max(0, way.ahead - 1), (log) => {
    const first = place(all)
    const end = first + all.length - SLACK
    const start = first - CRLF.length
    memory.set(CRLF, start)
    const reading = new MultipartPlace(way.delimiter, way.isFormData, way.maxHead)
    readRows(reading, start, end, log)
    if (!reading.isInEpilogue) throw protocolError('MISSING_FINAL_BOUNDARY')
  })
}

function readRows(reading, start, end, log) {
  let at = start
  let isFull = true
  while (isFull) {
    reading.load()
    const result = readMultipart(at, end)
    reading.save()
    tellRows(log, at, end)
    if (result < 0) throw errorOfResult(result)
    at += u32[MULTIPART_CONSUMED]
    isFull = u32[PART_COUNT] === MAX_PART_ROWS
  }
  if (at < end && !reading.isInHead) demandOpen(end - at)
}

// What is left unread is half a delimiter, of which there is no byte too many.
function demandOpen(left) {
  const most = 75
  if (left > most) throw new Failure('consumed', `${left} bytes are left`)
}

function tellRows(log, start, end) {
  const rowsEnd = PART_ROWS + u32[PART_COUNT] * PART_ROW_SIZE
  let before = start
  for (let row = PART_ROWS; row < rowsEnd; row += PART_ROW_SIZE) {
    const flags = u32[row + PART_FLAGS]
    const dataStart = u32[row + PART_DATA_START]
    const dataEnd = u32[row + PART_DATA_END]
    if (dataStart < before || dataEnd < dataStart || dataEnd > end) {
      throw new Failure('rows', `data from ${dataStart - start} to ${dataEnd - start}`)
    }
    before = dataEnd
    if (flags & PART_BEGINS && !log.isSkipping) log.onPart(headOf(row))
    log.onData(memory, dataStart, dataEnd)
    if (flags & PART_ENDS) log.onPartEnd()
  }
}

function headOf(row) {
  return new PartHead(row, memory, u32[row + PART_HEAD_START], u32[row + PART_HEAD_END])
}

function transcriptOf(skipped, read) {
  const log = new PartLog(skipped)
  try {
    read(log)
    log.transcript.push('end')
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    log.transcript.push(error.code)
  }
  return log.transcript
}

class PartLog {
  /** @param skipped the first so many parts are left out */
  constructor(skipped) {
    this.transcript = []
    this.skipped = skipped
  }

  get isSkipping() {
    return this.skipped > 0
  }

  onPart(head) {
    const { name = NONE, filename = NONE, contentType } = head
    const headers = head.headers()
    let fields = ''
    for (const field in headers) fields += `${field}: ${headers[field]}\r\n`
    this.transcript.push(name, filename, contentType, fields, '', 0)
  }

  onData(bytes, start, end) {
    if (this.isSkipping) return
    this.transcript[this.transcript.length - PART_SIZE + DATA] += latin1Slice.call(bytes, start, end)
  }

  onPartEnd() {
    if (this.isSkipping) this.skipped--
    else this.transcript[this.transcript.length - PART_SIZE + HAS_ENDED] = 1
  }
}
