// A stream of frames as a flat list: each frame that came whole as two entries, its bits and its payload; then how it ended.
// The pieces of a payload are joined, so that where the input was cut does not show.
//
//   bits, 'payload', bits, 'payload', …    opcode, ROW_FIN, ROW_RSV1, and ROW_NON_ASCII where some piece had it
//   'error', 'BAD_UTF8', 1007              what was read of the frame before it is dropped
//   'closed'                               by the close frame before it
//   'begun', bits, 'payload', 12           a data frame as far as it came, and the bytes that it lacks
//   'waiting', 'bytes'                     a header, or a control frame, as far as it came; often nothing
import { FrameReader, OPCODE } from '../../../build/modules/core/frame-reader.js'
import {
  FramePlace,
  INBOX_FRAMES,
  memory,
  ROW_BEGINS,
  ROW_ENDS,
  ROW_FIN,
  ROW_NON_ASCII,
  ROW_RSV1,
} from '../../../build/modules/core/wasm.js'
import { place } from '../engine/placed.js'

export const FIRST_CONTROL = 8
const CLOSE = 8

const UNBOUNDED = Number.POSITIVE_INFINITY
/** Small enough that a few fragments are too many. */
const FEW = 20

/** Who reads, and with what allowed; what a FrameDecoder takes. */
export const ways = {
  s: { role: 'server', deflate: false, maxPayload: UNBOUNDED },
  c: { role: 'client', deflate: false, maxPayload: UNBOUNDED },
  t: { role: 'server', deflate: true, maxPayload: UNBOUNDED },
  d: { role: 'client', deflate: true, maxPayload: UNBOUNDED },
  S: { role: 'server', deflate: false, maxPayload: FEW },
  C: { role: 'client', deflate: false, maxPayload: FEW },
  T: { role: 'server', deflate: true, maxPayload: FEW },
  D: { role: 'client', deflate: true, maxPayload: FEW },
}

const kinds = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }
const KEPT = OPCODE | ROW_FIN | ROW_RSV1 | ROW_NON_ASCII

/** @param way one of `ways` */
export function readFrames(pieces, { role, deflate, maxPayload }) {
  const reader = new FrameReader(INBOX_FRAMES, new FramePlace(role === 'server', deflate, maxPayload))
  const transcript = []
  const frame = { bits: 0, payload: '', isBegun: false }
  for (const piece of pieces) {
    const start = place(piece)
    reader.feed(start, start + piece.length)
    while (reader.next()) take(reader, frame, transcript)
  }
  tellEnd(reader, frame, transcript)
  return transcript
}

// Control frames come in one piece, and never inside another frame.
function take({ flags, start, end }, frame, transcript) {
  const payload = start === end ? '' : memory.latin1Slice(start, end)
  const bits = flags & KEPT
  if (flags & ROW_BEGINS) {
    frame.bits = bits
    frame.payload = payload
  } else {
    frame.bits |= bits
    frame.payload += payload
  }
  frame.isBegun = (flags & ROW_ENDS) === 0
  if (!frame.isBegun) transcript.push(frame.bits, frame.payload)
}

function tellEnd(reader, { isBegun, bits, payload }, transcript) {
  const { error } = reader
  if (error) transcript.push('error', error.code, error.closeCode)
  else if (reader.hasClosed) transcript.push('closed')
  else if (isBegun) transcript.push('begun', bits, payload, reader.remaining)
  else transcript.push('waiting', reader.tail === undefined ? '' : latin1(reader.tail))
}

/** Entries of the transcript that are frames: the entry after them says how it ended. */
export function framesEnd(transcript) {
  let at = 0
  while (typeof transcript[at] === 'number') at += 2
  return at
}

/** Bytes that a frame takes whose length is written as it must be. */
export function sizeOf(payload, role) {
  const { length } = payload
  return (length < 126 ? 2 : length < 65536 ? 4 : 10) + (role === 'server' ? 4 : 0) + length
}

/** Whole messages and control frames as two entries each, kind and payload, in the order of their last frames. */
export function messagesOf(transcript) {
  const messages = []
  let kind = ''
  let begun = ''
  for (let at = 0; typeof transcript[at] === 'number'; at += 2) {
    const bits = transcript[at]
    const opcode = bits & OPCODE
    const payload = transcript[at + 1]
    if (opcode >= FIRST_CONTROL) {
      messages.push(kinds[opcode], opcode === CLOSE ? closeLine(payload) : payload)
      continue
    }
    if (opcode !== 0) kind = kinds[opcode]
    begun = opcode === 0 ? begun + payload : payload
    if (bits & ROW_FIN) messages.push(kind, begun)
  }
  return messages
}

/** `1000 bye`; a close frame without a code stands for 1005 (RFC 6455 §7.1.5). */
function closeLine(payload) {
  if (payload === '') return '1005 '
  return `${payload.charCodeAt(0) * 256 + payload.charCodeAt(1)} ${payload.slice(2)}`
}

export function latin1(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}
