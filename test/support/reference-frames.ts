// WebSocket frames read the slow and plain way (RFC 6455 §5): from bytes that are all there, one at a time, without
// state between calls. It shares nothing with the code under test, and says not only what comes out but after how many
// bytes it must have come out, so that a stream can be cut anywhere and every push is held to it.
//
//   differenceOf(pieces, { role: 'server' })     undefined, or the first push whose outcome is not the expected one
//   readReference(bytes, { role: 'client' })     the expectation itself
//   Utf8Judge                                    RFC 3629 §4's grammar, as a table
import { type Frame, FrameDecoder, ProtocolError } from '../../src/core.js'

export interface DecoderOptions {
  role: 'server' | 'client'
  maxPayload?: number
  deflate?: boolean
}

export interface Expectation {
  /** Each with the number of bytes after which it must be there. */
  frames: { line: string; end: number }[]
  /** The error may be told once `earliest` bytes have come, and must be once `latest` have. */
  error?: ExpectedError
}

interface ExpectedError {
  /** Any of them, where two bytes show several faults. */
  codes: string[]
  earliest: number
  latest: number
}

export const closeCodes: Readonly<Record<string, number>> = {
  RESERVED_BIT: 1002,
  BAD_OPCODE: 1002,
  UNMASKED_FRAME: 1002,
  MASKED_FRAME: 1002,
  FRAGMENTED_CONTROL: 1002,
  CONTROL_TOO_LONG: 1002,
  STRAY_CONTINUATION: 1002,
  INTERRUPTED_MESSAGE: 1002,
  BAD_LENGTH: 1002,
  MESSAGE_TOO_BIG: 1009,
  BAD_UTF8: 1007,
  BAD_CLOSE: 1002,
}

/** Opcodes and their names (RFC 6455 §11.8); one that is reserved has none. */
export const opcodeNames: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
}

/** A frame as a line: `text fin rsv1 48656c6c6f`. */
export function lineOf({ opcode, fin, rsv1, payload }: Frame): string {
  const hex = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('hex')
  return [opcodeNames[opcode] ?? opcode, ...(fin ? ['fin'] : []), ...(rsv1 ? ['rsv1'] : []), hex].join(' ')
}

/** An error as a line: `error BAD_UTF8 1007`. */
export function errorLineOf(error: unknown): string {
  if (!(error instanceof ProtocolError)) throw error
  return `error ${error.code} ${error.closeCode}`
}

/** Whether a close frame may carry the code (RFC 6455 §7.4, and IANA's registry for 1012 to 1014). */
export function isSendable(code: number): boolean {
  const isDefined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code)
  return isDefined || (code >= 3000 && code <= 4999)
}

type Bounds = readonly [least: number, most: number]
const tail: Bounds = [0x80, 0xbf]

/** The rows of RFC 3629 §4: UTF8-1, UTF8-2, and the alternatives of UTF8-3 and UTF8-4. */
export const utf8Rows: readonly (readonly Bounds[])[] = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], tail],
  [[0xe0, 0xe0], [0xa0, 0xbf], tail],
  [[0xe1, 0xec], tail, tail],
  [[0xed, 0xed], [0x80, 0x9f], tail],
  [[0xee, 0xef], tail, tail],
  [[0xf0, 0xf0], [0x90, 0xbf], tail, tail],
  [[0xf1, 0xf3], tail, tail, tail],
  [[0xf4, 0xf4], [0x80, 0x8f], tail, tail],
]

export class Utf8Judge {
  private begun: number[] = []

  /** @returns false at the first byte that no row has room for */
  take(byte: number): boolean {
    this.begun.push(byte)
    const rows = utf8Rows.filter((row) => this.begun.every((one, at) => isWithin(one, row[at])))
    if (rows.some((row) => row.length === this.begun.length)) this.begun = []
    return rows.length > 0
  }

  get isBetweenCharacters(): boolean {
    return this.begun.length === 0
  }
}

function isWithin(byte: number, bounds: Bounds | undefined): boolean {
  return bounds !== undefined && byte >= bounds[0] && byte <= bounds[1]
}

interface Message {
  bytes: bigint
  isDeflated: boolean
  /** Of a text that is not compressed. */
  judge: Utf8Judge | undefined
}

interface Header {
  opcode: number
  fin: boolean
  rsv: number
  length: bigint
  key: Uint8Array
  payloadStart: number
  end: number
}

/** What must come of the bytes. */
export function readReference(bytes: Uint8Array, options: DecoderOptions): Expectation {
  const frames: Expectation['frames'] = []
  let message: Message | undefined
  for (let at = 0; at < bytes.length; at = frames.at(-1)!.end) {
    const error = headerErrorOf(bytes, at, message, options)
    if (error) return { frames, error }
    const header = headerOf(bytes, at)
    if (!header) return { frames }
    if (header.opcode < 8) message = continued(message, header)
    const payload = payloadOf(bytes, header)
    const fault = header.opcode === 8 ? closeErrorOf(payload, header) : textErrorOf(payload, header, message)
    if (fault) return { frames, error: fault }
    if (header.end > bytes.length) return { frames }
    const { opcode, fin } = header
    frames.push({ line: lineOf({ opcode, fin, rsv1: header.rsv === 4, payload }), end: header.end })
    if (opcode === 8) return { frames }
    if (opcode < 8 && fin) message = undefined
  }
  return { frames }
}

function continued(message: Message | undefined, { opcode, length, rsv }: Header): Message {
  const isDeflated = rsv === 4
  message ??= { bytes: 0n, isDeflated, judge: opcode === 1 && !isDeflated ? new Utf8Judge() : undefined }
  return { ...message, bytes: message.bytes + length }
}

function headerErrorOf(
  bytes: Uint8Array,
  at: number,
  message: Message | undefined,
  options: DecoderOptions,
): ExpectedError | undefined {
  const first = firstByteFaults(bytes[at]!, message !== undefined, options.deflate ?? false)
  const second = at + 1 < bytes.length ? secondByteFaults(bytes[at]!, bytes[at + 1]!, options.role) : []
  const codes = [...first, ...second]
  if (codes.length > 0) return { codes, earliest: at + (first.length > 0 ? 1 : 2), latest: at + 2 }
  const lengthEnd = at + 2 + extraLengthBytes(bytes[at + 1]!)
  if (lengthEnd > bytes.length || bytes[at + 1] === undefined) return undefined
  const code = lengthFault(bytes, at, message, options.maxPayload ?? Number.POSITIVE_INFINITY)
  return code === undefined ? undefined : { codes: [code], earliest: lengthEnd, latest: lengthEnd }
}

function firstByteFaults(first: number, inMessage: boolean, mayDeflate: boolean): string[] {
  const opcode = first & 15
  const rsv = (first >> 4) & 7
  const mayCarryRsv1 = mayDeflate && (opcode === 1 || opcode === 2)
  const faults = rsv === 0 || (rsv === 4 && mayCarryRsv1) ? [] : ['RESERVED_BIT']
  if (opcodeNames[opcode] === undefined) faults.push('BAD_OPCODE')
  if (opcode >= 8 && first < 0x80) faults.push('FRAGMENTED_CONTROL')
  if (opcode === 0 && !inMessage) faults.push('STRAY_CONTINUATION')
  if (opcode > 0 && opcode < 8 && inMessage) faults.push('INTERRUPTED_MESSAGE')
  return faults
}

function secondByteFaults(first: number, second: number, role: DecoderOptions['role']): string[] {
  const isMasked = second >= 0x80
  const faults = role === 'server' && !isMasked ? ['UNMASKED_FRAME'] : []
  if (role === 'client' && isMasked) faults.push('MASKED_FRAME')
  if ((first & 15) >= 8 && (second & 0x7f) > 125) faults.push('CONTROL_TOO_LONG')
  return faults
}

function extraLengthBytes(second: number): 0 | 2 | 8 {
  const length = second & 0x7f
  return length < 126 ? 0 : length === 126 ? 2 : 8
}

function lengthOf(bytes: Uint8Array, at: number): bigint {
  const size = extraLengthBytes(bytes[at + 1]!)
  if (size === 0) return BigInt(bytes[at + 1]! & 0x7f)
  return bytes.subarray(at + 2, at + 2 + size).reduce((value, byte) => value * 256n + BigInt(byte), 0n)
}

function lengthFault(
  bytes: Uint8Array,
  at: number,
  message: Message | undefined,
  maxPayload: number,
): string | undefined {
  const length = lengthOf(bytes, at)
  const least = { 0: 0n, 2: 126n, 8: 65_536n }[extraLengthBytes(bytes[at + 1]!)]
  if (length < least || length >= 2n ** 63n) return 'BAD_LENGTH'
  if ((bytes[at]! & 15) >= 8) return undefined
  const isDeflated = message?.isDeflated ?? (bytes[at]! & 0x40) > 0
  const most = isDeflated ? mostDeflated(maxPayload) : maxPayload
  const total = Number((message?.bytes ?? 0n) + length)
  return total > most || length >= 2n ** 53n ? 'MESSAGE_TOO_BIG' : undefined
}

/** Bytes that a compressed message may have: what cannot be compressed becomes a little longer by it. */
export function mostDeflated(maxPayload: number): number {
  return maxPayload * 1.05 + 1024
}

function headerOf(bytes: Uint8Array, at: number): Header | undefined {
  const isMasked = bytes[at + 1]! >= 0x80
  const lengthEnd = at + 2 + extraLengthBytes(bytes[at + 1]!)
  const payloadStart = lengthEnd + (isMasked ? 4 : 0)
  if (at + 1 >= bytes.length || payloadStart > bytes.length) return undefined
  const length = lengthOf(bytes, at)
  return {
    opcode: bytes[at]! & 15,
    fin: bytes[at]! >= 0x80,
    rsv: (bytes[at]! >> 4) & 7,
    length,
    key: isMasked ? bytes.subarray(lengthEnd, payloadStart) : new Uint8Array(4),
    payloadStart,
    end: payloadStart + Number(length),
  }
}

function payloadOf(bytes: Uint8Array, { payloadStart, end, key }: Header): Uint8Array {
  return bytes.slice(payloadStart, Math.min(end, bytes.length)).map((byte, at) => byte ^ key[at % 4]!)
}

function textErrorOf(payload: Uint8Array, header: Header, message?: Message): ExpectedError | undefined {
  const { opcode, fin, payloadStart, end } = header
  if (opcode >= 8 || !message?.judge) return undefined
  const bad = payload.findIndex((byte) => !message.judge!.take(byte))
  if (bad >= 0) return exactlyAt(payloadStart + bad + 1, 'BAD_UTF8')
  const isWhole = fin && payload.length === Number(header.length)
  return isWhole && !message.judge.isBetweenCharacters ? exactlyAt(end, 'BAD_UTF8') : undefined
}

function exactlyAt(count: number, code: string): ExpectedError {
  return { codes: [code], earliest: count, latest: count }
}

// A close frame is short: its faults are told when it is whole, or before.
function closeErrorOf(payload: Uint8Array, { payloadStart, end, length }: Header): ExpectedError | undefined {
  const error = (code: string, bytes: number): ExpectedError => ({
    codes: [code],
    earliest: payloadStart + bytes,
    latest: end,
  })
  if (length === 1n) return error('BAD_CLOSE', 0)
  if (payload.length < 2) return undefined
  if (!isSendable(payload[0]! * 256 + payload[1]!)) return error('BAD_CLOSE', 2)
  const judge = new Utf8Judge()
  const bad = payload.subarray(2).findIndex((byte) => !judge.take(byte))
  if (bad >= 0) return error('BAD_UTF8', bad + 3)
  const isWhole = payload.length === Number(length)
  return isWhole && !judge.isBetweenCharacters ? error('BAD_UTF8', payload.length) : undefined
}

/** The first push of the pieces, to a decoder of their own, that gives other than it must. */
export function differenceOf(pieces: readonly Uint8Array[], options: DecoderOptions): string | undefined {
  const { frames, error } = readReference(Buffer.concat(pieces), options)
  const decoder = new FrameDecoder(options)
  let taken = 0
  let end = 0
  for (const [index, piece] of pieces.entries()) {
    end += piece.length
    const wanted = frames.slice(taken, countWithin(frames, end, taken)).map(({ line }) => line)
    const lines = push(decoder, piece)
    const isError = lines[0]?.startsWith('error ')
    const mayFail = error !== undefined && end >= error.earliest
    if (isError && mayFail && isOneOf(error.codes, lines[0]!)) return undefined
    if (!isError && !(error && end >= error.latest) && isSame(lines, wanted)) taken += wanted.length
    else return `push ${index} gave [${lines}], expected [${error && mayFail ? error.codes : wanted}]`
  }
  return undefined
}

function countWithin(frames: Expectation['frames'], end: number, from: number): number {
  let count = from
  while (count < frames.length && frames[count]!.end <= end) count++
  return count
}

/** What a push gives, as lines: frames, or an error alone. */
export function push(decoder: FrameDecoder, bytes: Uint8Array): string[] {
  try {
    return decoder.push(bytes).map(lineOf)
  } catch (error) {
    return [errorLineOf(error)]
  }
}

function isOneOf(codes: readonly string[], line: string): boolean {
  return codes.some((code) => line === `error ${code} ${closeCodes[code]}`)
}

function isSame(lines: readonly string[], others: readonly string[]): boolean {
  return lines.length === others.length && lines.every((line, index) => line === others[index])
}
