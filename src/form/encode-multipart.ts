// Parts as a multipart body (RFC 7578, RFC 2046 §5.1): what it is made of, in which order, and how long that is. How it leaves
// is told in multipart-body.ts.

import { utf8Length } from '../core/text.js'
import type { FileBody } from '../io/file-body.js'
import { fileType } from '../io/file-type.js'
import type { PieceSource } from '../io/pieces.js'
import { type Item, isFile, type OpaqueContent, readBody } from './multipart-body.js'

/** Text, numbers and the like go out as UTF-8; streams as they come. */
export type PartContent =
  | string
  | number
  | boolean
  | bigint
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FileBody
  | PieceSource

/** A part of a multipart body. */
export interface Part {
  /** Of the form's field; not written in a mixed body. */
  name?: string
  /** Streams and files are read when the part is sent. */
  content: PartContent
  /** Makes it a file (default: a File's own, or that of `file(path)`, or 'blob' for another Blob). */
  filename?: string
  /** Its media type (default: a Blob's own, else by the filename's extension; none for text without a filename). */
  contentType?: string
}

/** How a multipart body is written. */
export interface MultipartOptions {
  /** multipart/mixed instead of multipart/form-data. */
  mixed?: boolean
  /** 1 to 70 characters (RFC 2046 §5.1.1; default: random). */
  boundary?: string
}

/** A multipart body, and what is to be said of it. */
export interface EncodedMultipart {
  /** With the boundary. */
  contentType: string
  /** Bytes; undefined where nobody knows how long a stream is. */
  contentLength?: number
  /** Can be read again where no part is a stream. */
  body: AsyncIterable<Uint8Array>
}

const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/
// Control characters, but for those that names are cleaned of below, and HTAB.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/
// What a name may not have as it is; most have none of it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
const SPECIAL = /[\0-\x1f"\x7f]/
/** Characters of heads and texts that leave together. */
const GATHERED = 64 * 1024

/**
 * Writes parts as the body of a form (or of multipart/mixed).
 *
 * @throws TypeError for a name or type with control characters, a bad boundary, a content of no known kind; or what the file
 * system says of a file
 */
export function encodeMultipart(parts: Iterable<Part>, options: MultipartOptions = {}): EncodedMultipart {
  const { mixed = false, boundary = randomBoundary() } = options
  if (!BOUNDARY.test(boundary)) throw new TypeError('a boundary is 1 to 70 characters of RFC 2046')
  const body = new Layout()
  for (const part of parts) {
    const { head, content, size } = preparePart(part, boundary, mixed)
    body.addText(head)
    if (typeof content === 'string') body.addText(content)
    else body.addContent(content, size)
    body.addText('\r\n')
  }
  body.addText(`--${boundary}--\r\n`)
  body.endText()
  const quoted = /[^\w'+\-.]/.test(boundary) ? `"${boundary}"` : boundary
  return {
    contentType: `multipart/${mixed ? 'mixed' : 'form-data'}; boundary=${quoted}`,
    ...(Number.isNaN(body.length) ? {} : { contentLength: body.length }),
    body: { [Symbol.asyncIterator]: () => readBody(body.items) },
  }
}

// Random words are asked for many at a time: to ask takes longer than to write a small form.
const randomWords = new Uint32Array(256)
let wordsLeft = 0

// Nobody can guess it, so nobody can put it into the data.
function randomBoundary(): string {
  return `----httpkit${randomDigits()}${randomDigits()}${randomDigits()}${randomDigits()}`
}

function randomDigits(): string {
  if (wordsLeft === 0) {
    crypto.getRandomValues(randomWords)
    wordsLeft = randomWords.length
  }
  wordsLeft--
  return randomWords[wordsLeft]!.toString(16).padStart(8, '0')
}

interface PreparedPart {
  head: string
  content: string | OpaqueContent
  /** Bytes of the content where it is no text; NaN where nobody knows. */
  size: number
}

function preparePart(part: Part, boundary: string, mixed: boolean): PreparedPart {
  const content = contentOf(part.content)
  const filename = part.filename ?? ownName(content)
  const type = part.contentType ?? typeOf(content, filename)
  if (type !== undefined && (CONTROL.test(type) || /[\r\n]/.test(type)))
    throw new TypeError('a content type has no control characters')
  const file = filename === undefined ? '' : `; filename="${escaped(filename)}"`
  const disposition = mixed
    ? ''
    : `Content-Disposition: form-data; name="${escaped(nameOf(part))}"${file}\r\n`
  const head = `--${boundary}\r\n${disposition}${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`
  return { head, content, size: sizeOf(content) }
}

function nameOf({ name }: Part): string {
  if (typeof name === 'string') return name
  throw new TypeError('a part of a form has a name')
}

// What browsers make of names (HTML Standard, "multipart/form-data encoding algorithm").
function escaped(name: string): string {
  if (typeof name === 'string' && !SPECIAL.test(name)) return name
  if (CONTROL.test(name)) throw new TypeError('a name of a part has no control characters')
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function contentOf(content: PartContent): PreparedPart['content'] {
  if (typeof content === 'string') return content
  if (typeof content === 'number' || typeof content === 'boolean' || typeof content === 'bigint')
    return String(content)
  if (content instanceof ArrayBuffer) return new Uint8Array(content)
  const isKnown =
    typeof content === 'object' &&
    content !== null &&
    (content instanceof Blob || isFile(content) || Symbol.iterator in content || isStream(content))
  if (isKnown) return content
  throw new TypeError('a part has a content of no known kind')
}

function isStream(content: object): boolean {
  return Symbol.asyncIterator in content || content instanceof ReadableStream
}

function ownName(content: PreparedPart['content']): string | undefined {
  if (typeof content === 'string') return undefined
  // Bun's Blobs have a name, too, which may be undefined.
  if (content instanceof Blob) return content instanceof File ? content.name : 'blob'
  return isFile(content) ? content.name : undefined
}

function typeOf(content: PreparedPart['content'], filename: string | undefined): string | undefined {
  if (content instanceof Blob && content.type !== '') return content.type
  if (filename !== undefined) return fileType(filename)
  return typeof content === 'string' ? undefined : 'application/octet-stream'
}

function sizeOf(content: PreparedPart['content']): number {
  if (typeof content === 'string') return 0
  if (content instanceof Uint8Array) return content.length
  if (content instanceof Blob) return content.size
  return isFile(content) ? content.size() : Number.NaN
}

// What the body is made of, and how long that is. Text is gathered before it is looked at.
class Layout {
  readonly items: Item[] = []
  /** Bytes; NaN where nobody knows. */
  length = 0
  private text = ''

  addText(text: string): void {
    this.text += text
    if (this.text.length >= GATHERED) this.endText()
  }

  endText(): void {
    if (this.text === '') return
    this.items.push(this.text)
    this.length += utf8Length(this.text)
    this.text = ''
  }

  addContent(content: OpaqueContent, size: number): void {
    this.endText()
    this.items.push({ content, size, isSpent: false })
    this.length += size
  }
}
