// The headers of a stream read the plain way, and the rules that a header can break (RFC 6455 §5.2, §5.4, §5.5). It shares
// nothing with the core, which only says how many frames it has taken.
import { FIRST_CONTROL, framesEnd, sizeOf } from './frames.js'

const OPCODE = 15
const FIN = 0x80
const RSV1 = 0x40
const RSV2_OR_3 = 0x30
const MASKED = 0x80
const LENGTH = 0x7f

/** What is compressed may be longer than what it holds; that is counted when it is inflated. */
function mostOf(isCompressed, maxPayload) {
  return isCompressed ? maxPayload * 1.05 + 1024 : maxPayload
}

/**
 * The frames that were taken, and the one after them where two of its bytes have come: where each begins, its header, and the
 * message in whose midst it stands, `{ at, isCompressed, length }` of its frames before.
 */
export function headersOf(bytes, transcript, { role }) {
  const frames = []
  const end = framesEnd(transcript)
  let message
  let at = 0
  for (let entry = 0; entry <= end && at + 2 <= bytes.length; entry += 2) {
    if (transcript[entry] === 'closed') break
    const header = headerAt(bytes, at)
    frames.push({ at, header, message })
    if (!header.isControl)
      message = messageAfter(header, message ?? { at, isCompressed: header.hasRsv1, length: 0 })
    if (entry < end) at += sizeOf(transcript[entry + 1], role)
  }
  return frames
}

function messageAfter({ isLast, length }, message) {
  return isLast
    ? undefined
    : { at: message.at, isCompressed: message.isCompressed, length: message.length + length }
}

// Its length is undefined where not all of that has come.
function headerAt(bytes, at) {
  const first = bytes[at]
  const second = bytes[at + 1]
  const declared = second & LENGTH
  const lengthSize = declared < 126 ? 0 : declared === 126 ? 2 : 8
  const length = lengthSize === 0 ? declared : lengthAt(bytes, at + 2, lengthSize)
  return {
    opcode: first & OPCODE,
    isControl: (first & OPCODE) >= FIRST_CONTROL,
    isLast: (first & FIN) !== 0,
    hasRsv1: (first & RSV1) !== 0,
    hasOtherRsv: (first & RSV2_OR_3) !== 0,
    isMasked: (second & MASKED) !== 0,
    lengthSize,
    length,
    isLong: (lengthSize === 2 && length < 126) || (lengthSize === 8 && length < 65536),
    hasTopBit: length !== undefined && lengthSize === 8 && bytes[at + 2] >= 0x80,
  }
}

function lengthAt(bytes, at, size) {
  if (at + size > bytes.length) return undefined
  let length = 0
  for (let i = at; i < at + size; i++) length = length * 256 + bytes[i]
  return length
}

/** Whether a frame breaks the rule that the error names. */
export function breaks(code, { header, message }, { role, deflate, maxPayload }) {
  const { opcode, isControl, length } = header
  switch (code) {
    case 'RESERVED_BIT':
      return header.hasOtherRsv || (header.hasRsv1 && !(deflate && (opcode === 1 || opcode === 2)))
    case 'BAD_OPCODE':
      return (opcode > 2 && opcode < FIRST_CONTROL) || opcode > 10
    case 'UNMASKED_FRAME':
      return role === 'server' && !header.isMasked
    case 'MASKED_FRAME':
      return role === 'client' && header.isMasked
    case 'FRAGMENTED_CONTROL':
      return isControl && !header.isLast
    case 'CONTROL_TOO_LONG':
      return isControl && header.lengthSize > 0
    case 'STRAY_CONTINUATION':
      return opcode === 0 && message === undefined
    case 'INTERRUPTED_MESSAGE':
      return opcode !== 0 && !isControl && message !== undefined
    case 'BAD_LENGTH':
      return header.isLong || header.hasTopBit
    case 'MESSAGE_TOO_BIG':
      // A length that is malformed says nothing of how much there is.
      return (
        !isControl && !header.isLong && !header.hasTopBit && isTooBig(length, header, message, maxPayload)
      )
  }
}

const MAX_LENGTH = Number.MAX_SAFE_INTEGER

function isTooBig(length, { hasRsv1 }, message, maxPayload) {
  const before = message?.length ?? 0
  return before + length > mostOf(message?.isCompressed ?? hasRsv1, maxPayload) || length > MAX_LENGTH
}

/** Those that a header can break. */
export const headerRules = [
  'RESERVED_BIT',
  'BAD_OPCODE',
  'UNMASKED_FRAME',
  'MASKED_FRAME',
  'FRAGMENTED_CONTROL',
  'CONTROL_TOO_LONG',
  'STRAY_CONTINUATION',
  'INTERRUPTED_MESSAGE',
  'BAD_LENGTH',
  'MESSAGE_TOO_BIG',
]
