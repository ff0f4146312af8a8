// One-shot reading of a head for those who bring their own bytes: tests, proxies, other runtimes.
import { collectFields, type Headers, listFields, readFields } from './fields.js'
import { errorOfResult } from './protocol-error.js'
import { latin1, latin1Of } from './text.js'
import {
  deskSize,
  deskStart,
  ERROR_AT,
  FLAGS,
  HEAD_START,
  METHOD,
  METHOD_END,
  maxFields,
  memory,
  readRequestHead,
  readResponseHead,
  TARGET_END,
  TARGET_START,
  u32,
  VERSION_1_1,
} from './wasm.js'

/** What `parseRequestHead` reads. */
export interface RequestHead {
  /** As sent. */
  method: string
  /** As sent: origin-form, absolute-form, authority-form or asterisk-form (RFC 9112 §3.2). */
  target: string
  /** That of the request-line. */
  protocol: 'HTTP/1.0' | 'HTTP/1.1'
  /** Lower-case names, repeats joined (RFC 9110 §5.3), nothing inherited. */
  headers: Headers
  /** Every field-line in the order sent, its name as written. */
  headersList: [name: string, value: string][]
  /** Bytes of the head, its empty line included. */
  length: number
}

/** What `parseResponseHead` reads. */
export interface ResponseHead {
  /** Three digits, as sent. */
  status: number
  /** The reason-phrase, which means nothing. */
  reason: string
  /** That of the status-line. */
  protocol: 'HTTP/1.0' | 'HTTP/1.1'
  /** Lower-case names; a field that came more than once is an array. Nothing inherited. */
  headers: Record<string, string | string[]>
  /** Every field-line in the order sent, its name as written. */
  headersList: [name: string, value: string][]
  /** Bytes of the head, its empty line included. */
  length: number
}

/**
 * Reads a request's head (RFC 9112 §2.1) at the beginning of `bytes`; what follows it is left alone.
 *
 * @returns the head, or undefined where it is incomplete
 * @throws ProtocolError with a code, the status that answers it, and the offset of the fault
 */
export function parseRequestHead(bytes: Uint8Array): RequestHead | undefined {
  const length = readAtDesk(readRequestHead, bytes)
  if (length === undefined) return undefined
  const written = latin1Of(bytes.subarray(0, length))
  return {
    method: written.substring(u32[HEAD_START]!, u32[METHOD_END]!),
    target: written.substring(u32[TARGET_START]!, u32[TARGET_END]!),
    protocol: protocolOf(),
    headers: readFields(latin1(deskStart, deskStart + length)),
    headersList: listFields(written),
    length,
  }
}

/**
 * Reads a response's head (RFC 9112 §4) at the beginning of `bytes`; what follows it is left alone.
 *
 * @returns the head, or undefined where it is incomplete
 * @throws ProtocolError with a code, and the offset of the fault
 */
export function parseResponseHead(bytes: Uint8Array): ResponseHead | undefined {
  const length = readAtDesk(readResponseHead, bytes)
  if (length === undefined) return undefined
  const written = latin1Of(bytes.subarray(0, length))
  const headersList = listFields(written)
  return {
    status: u32[METHOD]!,
    reason: written.substring(u32[TARGET_START]!, u32[TARGET_END]!),
    protocol: protocolOf(),
    headers: collectFields(headersList),
    headersList,
    length,
  }
}

// Bytes of the head, whose record the core then holds; undefined where it is incomplete.
function readAtDesk(readHead: typeof readRequestHead, bytes: Uint8Array): number | undefined {
  const length = Math.min(bytes.length, deskSize)
  memory.set(length === bytes.length ? bytes : bytes.subarray(0, length), deskStart)
  const result = readHead(deskStart, deskStart + length, 0, deskSize, maxFields, deskSize)
  if (result === 0 && bytes.length <= deskSize) return undefined
  // A head that fills the desk is over every limit.
  if (result <= 0) throw errorOfResult(result || HEAD_TOO_LARGE, result ? u32[ERROR_AT] : deskSize)
  return result
}

function protocolOf(): 'HTTP/1.0' | 'HTTP/1.1' {
  return u32[FLAGS]! & VERSION_1_1 ? 'HTTP/1.1' : 'HTTP/1.0'
}

const HEAD_TOO_LARGE = -16
