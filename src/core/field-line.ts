// One field-line as text (RFC 9110 §5, RFC 9112 §5). Text here is a binary string: one character, one byte. What the user
// gave is checked on its way in, so nothing can end a head early.
import { utf8AsBinary } from './text.js'
import { isToken } from './token.js'

/** Fields to send: a list repeats the field, null and undefined leave it out. */
export type SentHeaders = Record<string, string | number | readonly (string | number)[] | null | undefined>

// Kinds of fields that a head's writer has an eye on.
export const ORDINARY = 0
export const CONTENT_LENGTH = 1
export const CONNECTION = 2
export const TRANSFER_ENCODING = 3
export const KEEP_ALIVE = 4
export const DATE = 5
export const SERVER = 6
export const CONTENT_TYPE = 7
export const HOST = 8
export const AUTHORIZATION = 9
export const USER_AGENT = 10
export const ACCEPT_ENCODING = 11
export const RANGE = 12
export const EXPECT = 13
export const PROXY_AUTHORIZATION = 15
/** Of one connection alone (RFC 9110 §7.6.1), and not for a user to say. */
export const HOP_BY_HOP = 14

const kinds: Readonly<Record<string, number>> = {
  __proto__: null as never,
  'content-length': CONTENT_LENGTH,
  connection: CONNECTION,
  'transfer-encoding': TRANSFER_ENCODING,
  'keep-alive': KEEP_ALIVE,
  date: DATE,
  server: SERVER,
  'content-type': CONTENT_TYPE,
  host: HOST,
  authorization: AUTHORIZATION,
  'user-agent': USER_AGENT,
  'accept-encoding': ACCEPT_ENCODING,
  range: RANGE,
  'proxy-authorization': PROXY_AUTHORIZATION,
  expect: EXPECT,
  upgrade: HOP_BY_HOP,
  te: HOP_BY_HOP,
  trailer: HOP_BY_HOP,
  'proxy-connection': HOP_BY_HOP,
}

/** Characters of a value up to which its line is kept. */
const MAX_KEPT = 256

// Programs say much the same every time: the last line of each name is kept, and a value that comes again is neither
// checked nor written again.
export class FieldName {
  readonly prefix: string
  readonly kind: number
  private lastValue = ''
  private lastLine: string

  constructor(name: string) {
    if (!isToken(name)) throw new TypeError('a header name is not a token')
    this.prefix = `${name}: `
    this.kind = kinds[name.toLowerCase()] ?? ORDINARY
    this.lastLine = `${this.prefix}\r\n`
  }

  /** @throws TypeError for CR, LF, NUL and the like (RFC 9110 §5.5) */
  line(value: string | number): string {
    if (value === this.lastValue) return this.lastLine
    const text = fieldValue(value)
    const line = `${this.prefix}${text}\r\n`
    if (text === value && text.length <= MAX_KEPT) {
      this.lastValue = text
      this.lastLine = line
    }
    return line
  }

  /** A line for each value of a list. */
  lines(value: NonNullable<SentHeaders[string]>): string {
    if (typeof value !== 'object') return this.line(value)
    let lines = ''
    for (const one of value) if (one !== null && one !== undefined) lines += this.line(one)
    return lines
  }
}

// Names come from code, so they are few; a program that makes them up is held to this many.
const MAX_NAMES = 1000
const names = new Map<string, FieldName>()

/** @throws TypeError for a name that is no token */
export function fieldName(name: string): FieldName {
  let known = names.get(name)
  if (known === undefined) {
    known = new FieldName(name)
    if (names.size < MAX_NAMES) names.set(name, known)
  }
  return known
}

/** A value as it is written: UTF-8. @throws TypeError for a control character */
export function fieldValue(value: string | number): string {
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a header value is text or a number, not a ${typeof value}`)
  const text = typeof value === 'string' ? value : String(value)
  if (!/[^\t\x20-\x7e]/.test(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) throw new TypeError('a header value holds a control character')
  return utf8AsBinary(text)
}

/** Bytes as a user states them. @throws TypeError */
export function statedLength(value: NonNullable<SentHeaders[string]>): number {
  const text = String(value)
  if (!/^\d{1,15}$/.test(text)) throw new TypeError('a stated Content-Length is not a number of bytes')
  return Number(text)
}

/** @throws TypeError for what is no map, such as a Headers object or a list of pairs */
export function demandMap(headers: object | null | undefined): void {
  if (
    headers !== undefined &&
    (headers === null || typeof headers !== 'object' || Symbol.iterator in headers)
  ) {
    throw new TypeError('headers must be a plain map of names to values')
  }
}
