// The end of a WebSocket in words: the payload of a close frame (RFC 6455 §5.5.1), its codes (§7.4), and http-kit's names.
import { encodeUtf8, utf8 } from './text.js'
import { memory } from './wasm.js'

/** Whose doing the end of a channel was, or why it came; the last thirteen stand for close codes. */
export type CloseStatus =
  | 'server-close'
  | 'client-close'
  | 'normal'
  | 'going-away'
  | 'protocol-error'
  | 'unsupported'
  | 'no-status-received'
  | 'abnormal'
  | 'invalid-payload-data'
  | 'policy-violation'
  | 'message-too-big'
  | 'mandatory-extension'
  | 'internal-server-error'
  | 'tls-handshake'
  | 'unknown'

export const NORMAL = 1000
export const GOING_AWAY = 1001
export const INTERNAL_ERROR = 1011
/** Stands for a close frame without a code; never sent. */
export const NO_STATUS = 1005
/** Stands for the end of a connection without a close frame; never sent. */
export const ABNORMAL = 1006

const statuses: Readonly<Record<number, CloseStatus>> = {
  1000: 'normal',
  1001: 'going-away',
  1002: 'protocol-error',
  1003: 'unsupported',
  1005: 'no-status-received',
  1006: 'abnormal',
  1007: 'invalid-payload-data',
  1008: 'policy-violation',
  1009: 'message-too-big',
  1010: 'mandatory-extension',
  1011: 'internal-server-error',
  1015: 'tls-handshake',
}

/** http-kit's name of a close code. */
export function closeStatus(code: number): CloseStatus {
  return statuses[code] ?? 'unknown'
}

const MAX_REASON = 123

/**
 * The payload of a close frame.
 *
 * @throws RangeError for a code that may not be sent, or a reason of more than 123 bytes
 */
export function closePayload(code: number, reason: string): Uint8Array {
  if (!mayBeSent(code)) throw new RangeError(`not a close code that may be sent: ${code}`)
  const text = encodeUtf8(reason)
  if (text.length > MAX_REASON) throw new RangeError(`a reason has at most ${MAX_REASON} bytes`)
  const payload = new Uint8Array(2 + text.length)
  payload[0] = code >> 8
  payload[1] = code & 0xff
  payload.set(text, 2)
  return payload
}

// assembly/websocket/close.ts judges what comes by the same rule.
function mayBeSent(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return code >= 3000 ? code < 5000 : code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)
}

export interface Closing {
  readonly code: number
  readonly reason: string
}

/** What a close frame says whose payload, judged by the core, lies from `start` to `end` of linear memory. */
export function readClose(start: number, end: number): Closing {
  if (start === end) return { code: NO_STATUS, reason: '' }
  return { code: memory[start]! * 256 + memory[start + 1]!, reason: utf8(start + 2, end) }
}
