// What a part's head says (RFC 7578 §4.2), taken from the row of the core that has just read it.

import { bareMap } from './bare-map.js'
import type { Headers } from './fields.js'
import { protocolError } from './protocol-error.js'
import { latin1, utf8, utf8Span } from './text.js'
import {
  FILENAME_CODED,
  FILENAME_END,
  FILENAME_EXTENDED,
  FILENAME_START,
  HAS_FILENAME,
  HAS_NAME,
  HAS_TYPE,
  NAME_CODED,
  NAME_END,
  NAME_EXTENDED,
  NAME_START,
  PART_FLAGS,
  TYPE_END,
  TYPE_START,
  u32,
} from './wasm.js'

/** What a part without a Content-Type is (RFC 7578 §4.4). */
const DEFAULT_TYPE = 'text/plain'

const PartHeaders = bareMap<string>()

export class PartHead {
  readonly name: string | undefined
  readonly filename: string | undefined
  readonly contentType: string
  private readonly bytes: Uint8Array
  private readonly start: number
  private readonly end: number

  /**
   * @param bytes where the field-lines are kept, from `start` to `end`: who asks for them is rare
   * @throws ProtocolError BAD_PART_HEAD for an extended name that cannot be decoded
   */
  constructor(row: number, bytes: Uint8Array, start: number, end: number) {
    const flags = u32[row + PART_FLAGS]!
    const hasType = (flags & HAS_TYPE) !== 0
    this.name = nameOf(
      flags & NAME_EXTENDED,
      flags & HAS_NAME,
      flags & NAME_CODED,
      u32[row + NAME_START]!,
      u32[row + NAME_END]!,
    )
    this.filename = nameOf(
      flags & FILENAME_EXTENDED,
      flags & HAS_FILENAME,
      flags & FILENAME_CODED,
      u32[row + FILENAME_START]!,
      u32[row + FILENAME_END]!,
    )
    this.contentType = hasType ? latin1(u32[row + TYPE_START]!, u32[row + TYPE_END]!) : DEFAULT_TYPE
    this.bytes = bytes
    this.start = start
    this.end = end
  }

  /** Lower-case names; repeats are joined. */
  headers(): Headers {
    const headers = new PartHeaders()
    for (const line of utf8Span(this.bytes, this.start, this.end).split('\r\n').slice(0, -1)) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = withoutBlanks(line.slice(colon + 1))
      const earlier = headers[name]
      headers[name] = earlier === undefined ? value : `${earlier}, ${value}`
    }
    return headers
  }
}

// By hand: an expression for blanks at the end would begin anew at each blank in the middle, and `trim` takes more than these.
function withoutBlanks(value: string): string {
  let start = 0
  let end = value.length
  while (isBlank(value, start)) start++
  while (end > start && isBlank(value, end - 1)) end--
  return value.slice(start, end)
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}

function nameOf(
  isExtended: number,
  isPlain: number,
  isCoded: number,
  start: number,
  end: number,
): string | undefined {
  if (isExtended) return extendedValue(latin1(start, end))
  if (!isPlain) return undefined
  return isCoded ? uncoded(utf8(start, end)) : utf8(start, end)
}

const uncodings: Record<string, string> = { '%22': '"', '%0D': '\r', '%0A': '\n' }

// Quoted pairs, as curl sends them, and what browsers percent-encode (HTML Standard, "multipart/form-data encoding algorithm").
function uncoded(name: string): string {
  return name.replace(
    /\\(["\\])|%22|%0D|%0A/g,
    (code, quoted: string | undefined) => quoted ?? uncodings[code]!,
  )
}

// charset "'" [ language ] "'" value-chars (RFC 8187 §3.2.1).
function extendedValue(text: string): string {
  const [, charset, value] =
    /^(utf-8|iso-8859-1)'[^']*'((?:%[0-9a-f]{2}|[!#$&+\-.^_`|~\w])*)$/i.exec(text) ?? []
  if (charset === undefined || value === undefined) throw protocolError('BAD_PART_HEAD')
  if (charset.length > 5)
    return value.replace(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
  try {
    return decodeURIComponent(value)
  } catch {
    throw protocolError('BAD_PART_HEAD')
  }
}
