// A request's fields as text (RFC 9112 §3, §5): Host first, then the user's in their order and spelling, then ours. What would
// break the framing, or belongs to the connection, is refused rather than corrected.
import {
  ACCEPT_ENCODING,
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  demandMap,
  EXPECT,
  type FieldName,
  fieldName,
  fieldValue,
  HOP_BY_HOP,
  HOST,
  KEEP_ALIVE,
  ORDINARY,
  PROXY_AUTHORIZATION,
  RANGE,
  type SentHeaders,
  statedLength,
  TRANSFER_ENCODING,
  USER_AGENT,
} from './field-line.js'
import { isToken } from './token.js'

export type RequestHeaders = SentHeaders

/** The user's fields, and what they say of what else is to be sent. */
export interface RequestFields {
  /** Field-lines, those left out that stand elsewhere. */
  lines: string
  /** The line of a Host of the user's own. */
  hostLine: string | undefined
  /** Content-Length as stated, or -1. */
  statedLength: number
  /** True for `Connection: close`. */
  closes: boolean
  /** True for `Connection: keep-alive`, which says something to HTTP/1.0. */
  asksToKeep: boolean
  /** True for `Expect: 100-continue`. */
  expectsContinue: boolean
  hasAuthorization: boolean
  /** Credentials for a proxy, left out of the lines: they may be for its tunnel, and not for who is at the end of it. */
  proxyAuthorization: string | undefined
  hasUserAgent: boolean
  hasType: boolean
  /** Whoever asks for a coding, or for a range, which is one of a coding, has asked for what he wants. */
  choosesCoding: boolean
}

// One record for all: it is read before the next head is written.
const written: RequestFields = {
  lines: '',
  hostLine: undefined,
  statedLength: -1,
  closes: false,
  asksToKeep: false,
  expectsContinue: false,
  hasAuthorization: false,
  proxyAuthorization: undefined,
  hasUserAgent: false,
  hasType: false,
  choosesCoding: false,
}

/**
 * Writes the user's fields. The result is valid until the next call.
 *
 * @param replaced kinds that something else says better: such fields are left out
 * @throws TypeError for a name that is no token, a control character in a value (RFC 9110 §5.5), a field that the connection
 * is steered by
 */
export function writeRequestFields(
  headers: RequestHeaders | undefined,
  replaced: readonly number[],
): Readonly<RequestFields> {
  written.lines = ''
  written.hostLine = written.proxyAuthorization = undefined
  written.statedLength = -1
  written.closes = written.asksToKeep = written.expectsContinue = written.choosesCoding = false
  written.hasAuthorization = written.hasUserAgent = written.hasType = false
  demandMap(headers)
  for (const name in headers) {
    const value = headers[name]
    if (value === null || value === undefined || !Object.hasOwn(headers, name)) continue
    const field = fieldName(name)
    const { kind } = field
    if (kind !== ORDINARY && (replaced.includes(kind) || !noteField(field, value))) continue
    written.lines += field.lines(value)
  }
  return written
}

// False where the line does not stand among the others.
function noteField(field: FieldName, value: NonNullable<RequestHeaders[string]>): boolean {
  switch (field.kind) {
    case HOST:
      written.hostLine = hostLine(field, value)
      return false
    case CONTENT_LENGTH:
      written.statedLength = demandOne(statedLength(value), written.statedLength)
      return false
    case CONNECTION:
      if (closes(value)) written.closes = true
      else written.asksToKeep = true
      return false
    case TRANSFER_ENCODING:
    case KEEP_ALIVE:
    case HOP_BY_HOP:
      throw new TypeError(`the connection says ${field.prefix.slice(0, -2)} for itself`)
    case PROXY_AUTHORIZATION:
      written.proxyAuthorization = fieldValue(String(value))
      return false
    case AUTHORIZATION:
      return (written.hasAuthorization = true)
    case USER_AGENT:
      return (written.hasUserAgent = true)
    case CONTENT_TYPE:
      return (written.hasType = true)
    case ACCEPT_ENCODING:
    case RANGE:
      return (written.choosesCoding = true)
    case EXPECT:
      written.expectsContinue ||= isContinue(value)
  }
  return true
}

// RFC 9112 §3.2: one, and nothing that would end it.
function hostLine(field: FieldName, value: NonNullable<RequestHeaders[string]>): string {
  if (written.hostLine !== undefined || typeof value === 'object') throw new TypeError('Host is said once')
  if (/[\s/\\@?#,]/.test(String(value)) || value === '') throw new TypeError('malformed Host')
  return field.line(value)
}

function demandOne(length: number, earlier: number): number {
  if (earlier < 0) return length
  throw new TypeError('Content-Length is said once')
}

function closes(value: NonNullable<RequestHeaders[string]>): boolean {
  const option = String(value).trim().toLowerCase()
  if (option === 'close') return true
  if (option === 'keep-alive') return false
  throw new TypeError('Connection is close or keep-alive')
}

function isContinue(value: NonNullable<RequestHeaders[string]>): boolean {
  if (String(value).toLowerCase() === '100-continue') return true
  throw new TypeError('the only expectation is 100-continue')
}

// Programs use few methods; one that makes them up is held to this many.
const MAX_METHODS = 100
const methods = new Map<string, string>()

/**
 * A method as it is sent, in upper case.
 *
 * @throws TypeError for what is no token (RFC 9110 §9.1), and for CONNECT, which makes a tunnel of the connection
 */
export function methodText(method: string): string {
  let text = methods.get(method)
  if (text === undefined) {
    text = String(method).toUpperCase()
    if (typeof method !== 'string' || !isToken(method) || text === 'CONNECT')
      throw new TypeError(`not a method: ${JSON.stringify(method)}`)
    if (methods.size < MAX_METHODS) methods.set(method, text)
  }
  return text
}
