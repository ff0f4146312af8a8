// A body as text: by its byte order mark, its Content-Type, or what it says of itself (HTML Standard, "determining the
// character encoding"; XML, appendix F); else UTF-8.
import { type Decode, decoderOf, decoderOrUtf8, parameterOf } from '../core/media-type.js'
import { latin1Of } from '../core/text.js'

/** Bytes of a document in which it may say what it is. */
const PROLOGUE = 1024
const META = /<meta\s[^>]*?charset\s*=\s*["']?\s*([^\s"'/>;]+)/i
const XML = /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]+)["']/i
const DOCUMENT = /^\s*(?:text\/html|(?:text|application)\/xml|[^;]*\+xml)\s*(?:;|$)/i
const UTF8 = /^[^;]*;\s*charset="?utf-?8"?\s*$/i
const TEXTUAL =
  /^\s*(?:text\/[^;]*|application\/(?:json|xml|javascript|ecmascript|x-javascript|x-www-form-urlencoded|x-ndjson)|[^;]*\+(?:json|xml))\s*(?:;|$)/i

/** Whether a body of this type is to be read as text. */
export function isTextual(contentType: string | undefined): boolean {
  return contentType !== undefined && TEXTUAL.test(contentType)
}

/** Whether UTF-8 is all that it can be, but for a byte order mark. */
export function isPlainUtf8(contentType: string | undefined): boolean {
  if (contentType === undefined) return true
  if (contentType !== lastType) {
    lastType = contentType
    lastVerdict = contentType.includes(';') ? UTF8.test(contentType) : !DOCUMENT.test(contentType)
  }
  return lastVerdict
}

// A server's answers are mostly of one type.
let lastType: string | undefined
let lastVerdict = false

/** @throws RangeError where it is longer than a string can be */
export function bodyText(bytes: Uint8Array, contentType: string | undefined): string {
  const decode = byMark(bytes) ?? byType(contentType) ?? byContent(bytes, contentType)
  return (decode ?? decoderOrUtf8(undefined))(bytes)
}

function byMark([first, second, third]: Uint8Array): Decode | undefined {
  if (first === 0xfe && second === 0xff) return decoderOf('utf-16be')
  if (first === 0xff && second === 0xfe) return decoderOf('utf-16le')
  return first === 0xef && second === 0xbb && third === 0xbf ? decoderOf('utf-8') : undefined
}

function byType(contentType: string | undefined): Decode | undefined {
  const charset = contentType === undefined ? undefined : parameterOf(contentType, 'charset')
  return charset === undefined ? undefined : decoderOf(charset)
}

// What says in ASCII that it is UTF-16 is not.
function byContent(bytes: Uint8Array, contentType: string | undefined): Decode | undefined {
  if (contentType === undefined || !DOCUMENT.test(contentType)) return undefined
  const prologue = latin1Of(bytes.subarray(0, PROLOGUE))
  const charset = (XML.exec(prologue) ?? META.exec(prologue))?.[1]
  return charset === undefined || /^utf-16/i.test(charset) ? undefined : decoderOf(charset)
}
