// What must hold of a stream of frames by itself. A frame that is taken can be written in one way only, so written again,
// under the key it came with, it must be the very bytes it was read from; with what is left over that accounts for every
// byte of the input. And those who stand on the same reader, FrameDecoder and MessageReader, must tell the same story.
import { encodeFrame } from '../../../build/modules/core/encode-frame.js'
import { FrameDecoder } from '../../../build/modules/core/frame-decoder.js'
import { BINARY, CLOSE, OPCODE, PING, PONG, TEXT } from '../../../build/modules/core/frame-reader.js'
import { FIN, headerOf, masked, RSV1, UNMASKED } from '../../../build/modules/core/frame-writer.js'
import { MessageReader } from '../../../build/modules/core/message-reader.js'
import { ROW_FIN, ROW_NON_ASCII, ROW_RSV1 } from '../../../build/modules/core/wasm.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'
import { breaks, headerRules, headersOf } from '../transcripts/frame-header.js'
import { framesEnd, latin1, messagesOf, sizeOf } from '../transcripts/frames.js'

/** Bytes that come by themselves of a long stream. */
const MAX_REST = 16

/** What must hold of a stream and its transcript, by itself. */
export function checkFrames(bytes, transcript, way) {
  const consumed = checkRewritten(bytes, transcript, way)
  checkRest(bytes, consumed, transcript)
  checkRules(bytes, transcript, way)
  checkBits(transcript)
  checkDecoder(bytes, consumed, transcript, way)
  checkMessages(bytes, transcript, way)
}

/** @returns where the last frame ends that came whole */
function checkRewritten(bytes, transcript, { role }) {
  const end = framesEnd(transcript)
  let at = 0
  for (let entry = 0; entry < end; entry += 2) {
    const payload = transcript[entry + 1]
    const size = sizeOf(payload, role)
    const frame = writtenAgain(transcript[entry], payload, bytes, at + size - payload.length - 4, role)
    if (!isAt(frame, bytes, at))
      throw new Failure('rewrite', `frame ${entry / 2} written again is other bytes`)
    at += size
  }
  return at
}

function writtenAgain(bits, payload, bytes, keyAt, role) {
  return encodeFrame({
    opcode: bits & OPCODE,
    payload: Buffer.from(payload, 'latin1'),
    fin: (bits & ROW_FIN) !== 0,
    rsv1: (bits & ROW_RSV1) !== 0,
    mask: role === 'server' ? bytes.subarray(keyAt, keyAt + 4) : undefined,
  })
}

function isAt(part, bytes, at) {
  if (at + part.length > bytes.length) return false
  for (let i = 0; i < part.length; i++) if (part[i] !== bytes[at + i]) return false
  return true
}

// What came after the last whole frame is kept, or it is half a frame, or it was refused or comes too late.
function checkRest(bytes, consumed, transcript) {
  const end = framesEnd(transcript)
  const rest = bytes.subarray(consumed)
  const kind = transcript[end]
  if (kind === 'waiting' && transcript[end + 1] !== latin1(rest)) {
    throw new Failure('rest', `${rest.length} bytes are left, but kept is ${transcript[end + 1].length}`)
  }
  if (kind === 'error' && rest.length < 2) throw new Failure('rest', 'refused before a header has begun')
  if (kind === 'begun') checkBegun(rest, transcript[end + 1], transcript[end + 2], transcript[end + 3])
}

function checkBegun(rest, bits, payload, remaining) {
  const first = (bits & OPCODE) | (bits & ROW_FIN ? FIN : 0) | (bits & ROW_RSV1 ? RSV1 : 0)
  const isMasked = (rest[1] & 0x80) !== 0
  const key = isMasked ? Buffer.from(rest).readUInt32LE(rest.length - payload.length - 4) : UNMASKED
  const header = headerOf(first, payload.length + remaining, key)
  const written = Buffer.concat([header, masked(Buffer.from(payload, 'latin1'), key)])
  if (remaining === 0 || !written.equals(rest))
    throw new Failure('rest', `half a frame, of which ${remaining} lack`)
}

// No frame that is taken or awaited breaks a rule that its header can break, and one that is refused breaks the very rule
// that the error names.
function checkRules(bytes, transcript, way) {
  const end = framesEnd(transcript)
  headersOf(bytes, transcript, way).forEach((frame, index) => {
    const error = index === end / 2 && transcript[end] === 'error' ? transcript[end + 1] : undefined
    for (const code of error === undefined ? headerRules : [error]) {
      if (headerRules.includes(code) && breaks(code, frame, way) !== (code === error)) {
        throw new Failure('rules', `frame ${index} ${code === error ? 'does not break' : 'breaks'} ${code}`)
      }
    }
  })
}

// Text is marked where it is not ASCII, so that it is turned into a string by the shorter way where it is.
function checkBits(transcript) {
  let isText = false
  for (let at = 0, end = framesEnd(transcript); at < end; at += 2) {
    const bits = transcript[at]
    const opcode = bits & OPCODE
    if (opcode === TEXT || opcode === BINARY) isText = opcode === TEXT && (bits & ROW_RSV1) === 0
    const isMarked = (bits & ROW_NON_ASCII) !== 0
    const mustBe = opcode < CLOSE && isText && hasNonAscii(transcript[at + 1])
    if (isMarked !== mustBe)
      throw new Failure('non-ascii', `frame ${at / 2} is ${isMarked ? '' : 'not '}marked`)
  }
}

function hasNonAscii(payload) {
  for (let at = 0; at < payload.length; at++) if (payload.charCodeAt(at) > 0x7f) return true
  return false
}

// Frames that come in one push with an error are lost, so the whole ones are pushed first.
function checkDecoder(bytes, consumed, transcript, way) {
  const decoder = new FrameDecoder(way)
  const told = decoder.push(bytes.subarray(0, consumed)).flatMap(({ opcode, fin, rsv1, payload }) => {
    return [opcode | (fin ? ROW_FIN : 0) | (rsv1 ? ROW_RSV1 : 0), latin1(payload)]
  })
  const end = framesEnd(transcript)
  const isSame = told.length === end && told.every((one, at) => one === entryOf(transcript, at))
  if (!isSame) throw new Failure('frame-decoder', `it gives ${told}`)
  const last = pushed(decoder, bytes.subarray(consumed))
  const wanted = transcript[end] === 'error' ? `error ${transcript[end + 1]} ${transcript[end + 2]}` : ''
  if (last !== wanted) throw new Failure('frame-decoder', `after the last whole frame it gives '${last}'`)
}

function entryOf(transcript, at) {
  return at & 1 ? transcript[at] : transcript[at] & ~ROW_NON_ASCII
}

function pushed(decoder, bytes) {
  try {
    return decoder
      .push(bytes)
      .map(({ opcode }) => opcode)
      .join()
  } catch ({ code, closeCode }) {
    return `error ${code} ${closeCode}`
  }
}

// In two pieces, so that messages come whole and not: half of what is short, and nearly all of what is long, for a table to
// be full. Where one was full, the rest is set aside and fed again.
function checkMessages(bytes, transcript, way) {
  const reader = new MessageReader(way.role === 'server', way.deflate, way.maxPayload)
  const told = []
  const kept = []
  const cut = Math.max(bytes.length >> 1, bytes.length - MAX_REST)
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    feed(reader, piece)
    for (let opcode = reader.next(); opcode !== 0; opcode = reader.next()) {
      told.push(...messageOf(reader, opcode, kept))
      const rest = reader.hasRows ? undefined : reader.setAside()
      if (rest?.length > 0) feed(reader, rest)
    }
  }
  const end = framesEnd(transcript)
  const wanted = messagesOf(transcript)
  const isSame = told.length === wanted.length && told.every((one, at) => one === wanted[at])
  if (!isSame) throw new Failure('message-reader', `it gives ${told}, the frames ${wanted}`)
  if (kept.some(({ bytes, payload }) => latin1(bytes) !== payload)) {
    throw new Failure('message-reader', 'bytes that were kept have changed')
  }
  const error = transcript[end] === 'error' ? transcript[end + 1] : undefined
  if (reader.error?.code !== error) throw new Failure('message-reader', `it ends with ${reader.error?.code}`)
}

function feed(reader, piece) {
  const start = place(piece)
  reader.feed(start, start + piece.length)
}

const kinds = { [TEXT]: 'text', [BINARY]: 'binary', [PING]: 'ping', [PONG]: 'pong' }

function messageOf(reader, opcode, kept) {
  if (opcode === CLOSE) {
    const { code, reason } = reader.closing()
    return ['close', `${code} ${latin1(Buffer.from(reason))}`]
  }
  const payload = latin1(reader.payload())
  kept.push({ bytes: reader.bytes(), payload })
  if (opcode === TEXT && !reader.isDeflated && latin1(Buffer.from(reader.text())) !== payload) {
    throw new Failure('message-reader', 'text() is not payload()')
  }
  return [kinds[opcode], payload]
}
