// The bytes of WebSocket frames (RFC 6455 §5.2), illegal ones too, written by a strict little writer that shares nothing with
// the code under test.
//
//   encode(text('Hel', { fin: false }), true)      masked, as a client's; with a random key
//   binary(bytes), ping('x'), pong(), close(), close(1000, 'bye'), continuation('lo')
//   { opcode: 3, fin, rsv: 0b100, payload }        anything; rsv as three bits, RSV1 is 4
//   text('x', { masked: false })                   default: as encode is told
//   text('x', { maskingKey: [1, 2, 3, 4] })        default: random
//   text('x', { lengthSize: 8 })                   length in 0, 2 or 8 further bytes; default: fewest
//   text('', { length: 2n ** 63n })                a declared length other than the payload's

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface RawFrame {
  opcode: number
  payload?: string | Uint8Array
  fin?: boolean
  /** Three bits: RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  rsv?: number
  masked?: boolean
  maskingKey?: readonly number[] | Uint8Array
  /** Declared length, where it is not the payload's. */
  length?: number | bigint
  /** Bytes of the extended length: 0, 2 or 8; the shortest that holds it. */
  lengthSize?: 0 | 2 | 8
}

type Parts = Omit<RawFrame, 'opcode' | 'payload'>
type Payload = string | Uint8Array

export function text(payload: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.text, payload, ...parts }
}

export function binary(payload: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.binary, payload, ...parts }
}

export function continuation(payload: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.continuation, payload, ...parts }
}

export function ping(payload: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.ping, payload, ...parts }
}

export function pong(payload: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.pong, payload, ...parts }
}

/** Without a code its payload is empty. Any code, and any reason, is sent as it is. */
export function close(code?: number, reason: Payload = '', parts: Parts = {}): RawFrame {
  return { opcode: Opcode.close, payload: code === undefined ? '' : closePayload(code, reason), ...parts }
}

function closePayload(code: number, reason: Payload): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(code)
  return Buffer.concat([bytes, Buffer.from(reason)])
}

/** The bytes of a frame (RFC 6455 §5.2). */
export function encode(frame: RawFrame, masked: boolean): Buffer {
  const { opcode, fin = true, rsv = 0, maskingKey } = frame
  const payload = Buffer.from(frame.payload ?? '')
  const isMasked = frame.masked ?? (maskingKey !== undefined || masked)
  const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode])
  const length = encodeLength(frame.length ?? payload.length, frame.lengthSize)
  if (!isMasked) return Buffer.concat([first, length, payload])
  length[0]! |= 0x80
  const key = maskingKey === undefined ? crypto.getRandomValues(Buffer.alloc(4)) : Buffer.from(maskingKey)
  return Buffer.concat([first, length, key, mask(payload, key)])
}

function encodeLength(length: number | bigint, size = shortest(length)): Buffer {
  if (size === 0) return Buffer.from([Number(length)])
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = size === 2 ? 126 : 127
  if (size === 2) bytes.writeUInt16BE(Number(length), 1)
  else bytes.writeBigUInt64BE(BigInt(length), 1)
  return bytes
}

/** How many further bytes a length takes. */
export function shortest(length: number | bigint): 0 | 2 | 8 {
  if (length < 126) return 0
  return length < 65536 ? 2 : 8
}

export function mask(payload: Uint8Array, key: Uint8Array): Buffer {
  const masked = Buffer.allocUnsafe(payload.length)
  for (let i = 0; i < payload.length; i++) masked[i] = payload[i]! ^ key[i & 3]!
  return masked
}
