// Where ws's Receiver reads frames otherwise, on purpose. UTF-8 and the payloads of close frames have no rows: there nothing
// is left to choose.
//
// A row excuses the bytes it speaks of and nothing after them: what we refuse and ws takes is repaired, and of the repaired
// stream both must make the same, or differ by a row again.
import { Failure } from '../engine/failure.js'
import { wayOf } from '../engine/way.js'
import { readByWs } from '../peers/ws-receiver.js'
import { headersOf } from '../transcripts/frame-header.js'
import { FIRST_CONTROL, framesEnd, messagesOf, readFrames, ways } from '../transcripts/frames.js'

const PEER = 'ws'

const MASKED = 0x80
const OPCODE = 15
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const ROW_FIN = 16

export const differences = [
  {
    name: 'long-length',
    peers: [PEER],
    example: 'c\x82\x7e\0\0',
    we: 'refuse it: 1002 BAD_LENGTH',
    they: 'read the length',
    source: 'RFC 6455 §5.2',
    why: 'the minimal number of bytes MUST be used; who inspects frames on the way need not know another form',
    explains: (ours, theirs, bytes, way) => {
      if (ours.code !== 'BAD_LENGTH') return false
      const { at, header } = lastOf(ours, bytes, way)
      if (!header.isLong) return false
      const repaired = withShortLength(bytes, at, header)
      return isSame(theirs, readByWs(repaired, way)) && isUnderstood(repaired, way)
    },
  },
  {
    name: 'length-top-bit',
    peers: [PEER],
    example: 'c\x82\x7f\x80\0\0\0\0\0\0\0',
    we: 'refuse it: 1002 BAD_LENGTH',
    they: 'refuse it as too long: 1009',
    source: 'RFC 6455 §5.2',
    why: 'the most significant bit MUST be 0, so such a frame is malformed, however much a message may have',
    explains: (ours, theirs, bytes, way) =>
      ours.code === 'BAD_LENGTH' &&
      lastOf(ours, bytes, way).header.hasTopBit &&
      theirs.code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH' &&
      areEqual(ours.messages, theirs.messages),
  },
  {
    name: 'bad-text-unfinished',
    peers: [PEER],
    example: 'c\x01\x01\xff',
    we: 'refuse it at its first byte that is not UTF-8: 1007',
    they: 'wait for the end of the message, and read control frames meanwhile',
    source: 'RFC 6455 §8.1',
    why: 'the connection MUST be failed when the bytes are found not to be UTF-8, and what follows cannot mend them',
    explains: (ours, theirs, bytes, way) => {
      if (ours.code !== 'BAD_UTF8') return false
      const { at, header, message } = lastOf(ours, bytes, way)
      if (header.isControl) return false
      const repaired = Buffer.from(bytes)
      repaired[message?.at ?? at] += BINARY - TEXT
      const asBinary = readByWs(repaired, way)
      const isRefusedLate = theirs.closeCode === 1007 && isPrefix(theirs.messages, asBinary.messages)
      const isHopeless = cannotBecomeText(begunBytes(ours, readBytes(repaired, way)))
      return isHopeless && (isRefusedLate || isSame(theirs, asBinary)) && isUnderstood(repaired, way)
    },
  },
  {
    name: 'close-of-one-byte',
    peers: [PEER],
    example: 'c\x88\x01',
    we: 'refuse it when its byte has come: 1002 BAD_CLOSE',
    they: 'refuse it at its header: 1002',
    source: 'RFC 6455 §5.5.1',
    why: 'the first two bytes of a body MUST be a code; when it is refused is free, and a control frame is short',
    explains: (ours, theirs, bytes, way) =>
      ours.end === 'waiting' &&
      isCloseOfOne(lastOf(ours, bytes, way)) &&
      theirs.code === 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH' &&
      areEqual(ours.messages, theirs.messages),
  },
  {
    name: 'compressed-over-limit',
    peers: [PEER],
    example: 'D\xc2\x15',
    we: 'allow what is compressed 5 % and 1 KiB over the limit; what it holds is counted when it is inflated',
    they: 'refuse it by its length before it is inflated: 1009',
    source: 'RFC 6455 §10.4',
    why: 'limits are free, and ours is on the message: what does not compress gets longer by it (RFC 1951 §3.2.4)',
    explains: (ours, theirs, bytes, way) =>
      theirs.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' &&
      areEqual(theirs.messages, messagesBeforeCompressedExcess(ours, bytes, way)),
  },
]

/** Throws where ws makes something else of the stream and no row says why. */
export function compareFrames(bytes, transcript, way) {
  const ours = outcomeOf(transcript)
  const theirs = readByWs(bytes, way)
  if (isSame(ours, theirs) || rowFor(ours, theirs, bytes, way)) return
  throw new Failure(PEER, `it reads ${shown(theirs)}, we ${shown(ours)}`)
}

/** @param frame the close frame, whose payload has been read as `[code, reason]` or refused */
export function compareClose(frame, transcript, way) {
  const theirs = readByWs(frame, way)
  const isRefused = transcript[0] === 'error'
  const ours = isRefused
    ? { messages: [], code: transcript[1], closeCode: transcript[2] }
    : {
        messages: ['close', `${transcript[0]} ${Buffer.from(transcript[1]).latin1Slice()}`],
        code: '',
        closeCode: 0,
      }
  if (!isSame(ours, theirs)) throw new Failure(PEER, `it reads ${shown(theirs)}, we ${shown(ours)}`)
}

/** The disagreements on an example, and the rows that explain them. */
export function disagreementsOn(example) {
  const { way, input: bytes } = wayOf({ ways }, Buffer.from(example, 'latin1'))
  const ours = readBytes(bytes, way)
  const theirs = readByWs(bytes, way)
  return isSame(ours, theirs) ? [] : [{ peer: PEER, row: rowFor(ours, theirs, bytes, way)?.name }]
}

function rowFor(ours, theirs, bytes, way) {
  return differences.find(({ explains }) => explains(ours, theirs, bytes, way))
}

function isUnderstood(bytes, way) {
  const ours = readBytes(bytes, way)
  const theirs = readByWs(bytes, way)
  return isSame(ours, theirs) || rowFor(ours, theirs, bytes, way) !== undefined
}

function readBytes(bytes, way) {
  return outcomeOf(readFrames([bytes], way))
}

function outcomeOf(transcript) {
  const last = framesEnd(transcript)
  const end = transcript[last]
  const [code, closeCode] = end === 'error' ? transcript.slice(last + 1) : ['', 0]
  return { messages: messagesOf(transcript), code, closeCode, end, transcript }
}

/** The frame that was refused or is awaited; where only a byte of it has come, the one before. */
function lastOf({ transcript }, bytes, way) {
  return headersOf(bytes, transcript, way).at(-1)
}

function isCloseOfOne(frame) {
  return frame?.header.opcode === CLOSE && frame.header.length === 1
}

function isSame(one, other) {
  return one.closeCode === other.closeCode && areEqual(one.messages, other.messages)
}

function areEqual(one, other) {
  return one.length === other.length && isPrefix(one, other)
}

function isPrefix(one, other) {
  return one.every((entry, at) => entry === other[at])
}

function shown({ messages, code, closeCode }) {
  return JSON.stringify([...messages, ...(closeCode ? [code, closeCode] : [])])
}

function withShortLength(bytes, at, { length, lengthSize }) {
  const mask = bytes[at + 1] & MASKED
  const short = length < 126 ? [mask | length] : [mask | 126, length >> 8, length & 0xff]
  const after = bytes.subarray(at + 2 + lengthSize)
  return Buffer.concat([bytes.subarray(0, at + 1), Uint8Array.from(short), after])
}

/**
 * What has come of the message in whose midst we stopped, up to the end of the frame that we refused. The stream is read
 * again as binary for it.
 */
function begunBytes({ transcript }, asBinary) {
  const refused = framesEnd(transcript)
  const isWhole = refused < framesEnd(asBinary.transcript)
  let begun = ''
  for (let entry = 0; entry < refused; entry += 2) {
    const opcode = transcript[entry] & OPCODE
    if (opcode < FIRST_CONTROL) begun = opcode === 0 ? begun + transcript[entry + 1] : transcript[entry + 1]
    if (opcode < FIRST_CONTROL && transcript[entry] & ROW_FIN) begun = ''
  }
  return Buffer.from(begun + asBinary.transcript[refused + (isWhole ? 1 : 2)], 'latin1')
}

function cannotBecomeText(bytes) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return false
  } catch {
    return true
  }
}

/** The messages before the first frame with which a compressed one is over the limit; undefined where there is none. */
function messagesBeforeCompressedExcess({ transcript }, bytes, way) {
  const frames = headersOf(bytes, transcript, way)
  const first = frames.findIndex(({ header, message }) => {
    return !header.isControl && header.length + (message?.length ?? 0) > way.maxPayload
  })
  if (first < 0) return undefined
  const { header, message } = frames[first]
  return (message?.isCompressed ?? header.hasRsv1) ? messagesOf(transcript.slice(0, first * 2)) : undefined
}
