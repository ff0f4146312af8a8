// The payload of a close frame: nothing, or a code that may be sent and a reason in UTF-8 (RFC 6455 §5.5.1, §7.4). The input
// is the payload; its frame is made around it. What may come and what we would send are judged in two places, by the core
// and by closePayload, and must be the same.
import { isUtf8 } from 'node:buffer'
import { closePayload, NO_STATUS } from '../../../build/modules/core/close.js'
import { FrameDecoder } from '../../../build/modules/core/frame-decoder.js'
import { MessageReader } from '../../../build/modules/core/message-reader.js'
import { compareClose } from '../differences/frames.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'

const FIN_CLOSE = 0x88
const MAX_CONTROL = 125

const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)
const ways = {
  s: { role: 'server', key },
  // A key of zeros leaves the payload as it is.
  z: { role: 'server', key: new Uint8Array(4) },
  c: { role: 'client' },
}

export const target = {
  name: 'close-payload',
  about: 'the payload of a WebSocket close frame (RFC 6455 §5.5.1)',
  maxLength: 130,
  dictionary: [
    ...codes([
      0, 999, 1000, 1001, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 2999, 3000, 4999, 5000,
    ]),
    '\xff\xff',
    '\xc3\xa9',
    '\xe2\x82\xac',
    '\xf0\x9f\x98\x80',
    '\xed\xa0\x80',
    '\xef\xbb\xbf',
    'aaaaaaaaaaaaaaaa',
  ],
  ways,
  seeds,
  read,
  work: { perByte: 4, perPiece: 8, fixed: 20 },
  check,
  compare: (bytes, transcript, way) => compareClose(framed([bytes], way)[0], transcript, readerOf(way)),
}

function codes(numbers) {
  return numbers.map((code) => String.fromCharCode(code >> 8, code & 0xff))
}

function seeds() {
  const codesAlone = codes([1000, 1006, 1014, 1015, 2999, 3000, 4999, 5000])
  const payloads = [
    '',
    '\x03',
    ...codesAlone,
    '\x03\xe8\xe2\x82\xac',
    `\x03\xe8${'a'.repeat(123)}`,
    '\x03\xe8\xed\xa0\x80',
  ]
  return Object.keys(ways).flatMap((name) => payloads.map((payload) => name + payload))
}

/** `[code, reason]`, `['error', code, closeCode]`, or nothing where no frame came. */
function read(pieces, way) {
  const reader = new MessageReader(way.role === 'server', false, 0)
  const transcript = []
  for (const piece of framed(pieces, way)) {
    const start = place(piece)
    reader.feed(start, start + piece.length)
    while (reader.next()) {
      const { code, reason } = reader.closing()
      transcript.push(code, reason)
    }
  }
  if (reader.error) transcript.push('error', reader.error.code, reader.error.closeCode)
  return transcript
}

function readerOf({ role }) {
  return { role, deflate: false, maxPayload: Number.POSITIVE_INFINITY }
}

/** The frame around the payload, cut where that is cut; its header comes with the first piece. */
function framed(pieces, way) {
  let length = 0
  for (const piece of pieces) length += piece.length
  const header = headerOf(length, way)
  if (pieces.length === 0) return [header]
  let at = 0
  return pieces.map((piece, index) => {
    const first = index === 0 ? header.length : 0
    const bytes = new Uint8Array(first + piece.length)
    if (index === 0) bytes.set(header)
    for (let i = 0; i < piece.length; i++, at++) bytes[first + i] = piece[i] ^ (way.key ? way.key[at & 3] : 0)
    return bytes
  })
}

function headerOf(length, { key: mask }) {
  const masked = mask ? 0x80 : 0
  const sized = length <= MAX_CONTROL ? [masked | length] : [masked | 126, 0, length]
  return Uint8Array.of(FIN_CLOSE, ...sized, ...(mask ?? []))
}

function check(bytes, transcript, way) {
  checkSameForAll(bytes, transcript, way)
  checkDecoder(bytes, transcript, way)
  if (transcript[0] === 'error') checkRefused(bytes, transcript[1])
  else checkTaken(bytes, transcript)
}

// Who reads, and through which mask, makes no difference.
function checkSameForAll(bytes, transcript, way) {
  for (const other of Object.values(ways)) {
    if (other === way) continue
    const outcome = read([bytes], other)
    if (outcome.join() !== transcript.join()) {
      throw new Failure('roles', `a ${way.role} reads ${transcript}, a ${other.role} ${outcome}`)
    }
  }
}

function checkDecoder(bytes, transcript, way) {
  const frames = decoded(framed([bytes], way)[0], readerOf(way))
  const isSame = transcript[0] === 'error' ? frames === transcript[1] : frames[0]?.payload.equals?.(bytes)
  if (isSame === false) throw new Failure('frame-decoder', `it says ${frames}`)
}

function decoded(frame, options) {
  try {
    return new FrameDecoder(options).push(frame).map(({ payload }) => ({ payload: Buffer.from(payload) }))
  } catch (error) {
    return error.code
  }
}

function checkTaken(bytes, [code, reason]) {
  if (bytes.length === 0) {
    if (code !== NO_STATUS || reason !== '')
      throw new Failure('no-status', `an empty payload is ${code} ${reason}`)
    return
  }
  const written = writtenOf(code, reason)
  if (written === undefined) throw new Failure('same-rule', `${code} may come, and not be sent`)
  if (!written.equals(bytes)) throw new Failure('rewrite', `written again it is ${written.latin1Slice()}`)
}

function checkRefused(bytes, error) {
  if (error === 'CONTROL_TOO_LONG' && bytes.length > MAX_CONTROL) return
  const code = bytes.length < 2 ? undefined : bytes[0] * 256 + bytes[1]
  const isCode = code !== undefined && writtenOf(code, '') !== undefined
  if (error === 'BAD_CLOSE' && !isCode) return
  if (error === 'BAD_UTF8' && isCode && !isUtf8(bytes.subarray(2))) return
  throw new Failure('same-rule', `${error}, but ${code} may ${isCode ? '' : 'not '}be sent`)
}

/** undefined where we would not send it. */
function writtenOf(code, reason) {
  try {
    return Buffer.from(closePayload(code, reason))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}
