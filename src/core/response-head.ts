// A response's head as text (RFC 9112 §4 to §6). Text here is a binary string: one character, one byte. What the user
// gave is checked on its way in, so nothing can end the head early; framing, Connection and Date are ours.
import { utf8AsBinary } from './text.js'
import { isToken } from './token.js'

export type ResponseHeaders = Record<
  string,
  string | number | readonly (string | number)[] | null | undefined
>

/** The user's fields: their lines, and what they say of what the server decides. */
export interface WrittenFields {
  /** Field-lines in the user's order and spelling, those left out that are the server's alone. */
  lines: string
  /** Content-Length as stated, or -1. */
  statedLength: number
  /** True for `Connection: close`. */
  closes: boolean
  /** Further tokens of Connection, such as `upgrade`. */
  connection: string
  hasDate: boolean
  hasServer: boolean
  hasType: boolean
}

const ORDINARY = 0
const CONTENT_LENGTH = 1
const CONNECTION = 2
const TRANSFER_ENCODING = 3
const DATE = 4
const SERVER = 5
const CONTENT_TYPE = 6

const kinds: Readonly<Record<string, number>> = {
  'content-length': CONTENT_LENGTH,
  connection: CONNECTION,
  'transfer-encoding': TRANSFER_ENCODING,
  'keep-alive': TRANSFER_ENCODING,
  date: DATE,
  server: SERVER,
  'content-type': CONTENT_TYPE,
}

// A handler says much the same every time: the last line of each name is kept, and a value that comes again is neither
// checked nor written again.
class FieldName {
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
}

/** Characters of a value up to which its line is kept. */
const MAX_KEPT = 256

// Names come from code, so they are few; a program that makes them up is held to this many.
const MAX_NAMES = 1000
const names = new Map<string, FieldName>()

function fieldName(name: string): FieldName {
  let known = names.get(name)
  if (known === undefined) {
    known = new FieldName(name)
    if (names.size < MAX_NAMES) names.set(name, known)
  }
  return known
}

// One record for all: it is read before the next head is written.
const written: WrittenFields = {
  lines: '',
  statedLength: -1,
  closes: false,
  connection: '',
  hasDate: false,
  hasServer: false,
  hasType: false,
}

/**
 * Writes the user's fields. The result is valid until the next call.
 *
 * @throws TypeError for a name that is not a token, or CR, LF, NUL and the like in a value (RFC 9110 §5.5)
 */
export function writeFields(headers: ResponseHeaders | undefined): Readonly<WrittenFields> {
  written.lines = written.connection = ''
  written.statedLength = -1
  written.closes = written.hasDate = written.hasServer = written.hasType = false
  if (headers !== undefined && Symbol.iterator in headers) {
    throw new TypeError('headers must be a plain map of names to values')
  }
  for (const name in headers) {
    const value = headers[name]
    if (value === null || value === undefined) continue
    const field = fieldName(name)
    const { kind } = field
    if (kind !== ORDINARY) noteField(kind, value)
    if (kind === CONTENT_LENGTH || kind === CONNECTION || kind === TRANSFER_ENCODING) continue
    if (typeof value === 'object') for (const one of value) written.lines += field.line(one)
    else written.lines += field.line(value)
  }
  return written
}

function noteField(kind: number, value: NonNullable<ResponseHeaders[string]>): void {
  if (kind === CONTENT_LENGTH) written.statedLength = statedLength(value)
  else if (kind === CONNECTION) noteConnection(String(value))
  else if (kind === DATE) written.hasDate = true
  else if (kind === SERVER) written.hasServer = true
  else if (kind === CONTENT_TYPE) written.hasType = true
}

function noteConnection(value: string): void {
  for (const token of fieldValue(value).split(',')) {
    const name = token.trim().toLowerCase()
    if (name === 'close') written.closes = true
    else if (name !== '' && name !== 'keep-alive') written.connection += `${token.trim()}, `
  }
}

function statedLength(value: NonNullable<ResponseHeaders[string]>): number {
  const text = String(value)
  if (!/^\d{1,15}$/.test(text)) throw new TypeError('a stated Content-Length is not a number of bytes')
  return Number(text)
}

function fieldValue(value: string | number): string {
  const text = typeof value === 'string' ? value : String(value)
  if (!/[^\t\x20-\x7e]/.test(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) throw new TypeError('a header value holds a control character')
  return utf8AsBinary(text)
}
