// What a request carries: all of it at once where it is at hand, else pieces that are opened when it is sent.
import { encodeQuery } from '../core/encode-query.js'
import { flatParams } from '../core/flat-params.js'
import { encodeUtf8, utf8AsBinary, utf8Length } from '../core/text.js'
import { encodeMultipart, type Part } from '../form/encode-multipart.js'
import { FileBody } from '../io/file-body.js'
import { cancelPieces, hush, isOneShot, type PieceSource, type Pieces, piecesOf } from '../io/pieces.js'
import type { RequestOptions } from './options.js'

export interface OutgoingBody {
  /** All of it, as bytes or as a binary string. */
  readonly whole: string | Uint8Array | undefined
  /** Bytes; undefined where nobody knows. */
  readonly length: number | undefined
  /** What it is; beats a Content-Type of the user's where `isForm`. */
  readonly type: string | undefined
  readonly isForm: boolean
  /** Whether it can be sent a second time. */
  readonly isReplayable: boolean
  /** Opens what is not whole. */
  open(): Pieces | Promise<Pieces>
  /** Tells streams that nobody will read them. */
  discard(): void
}

/** Bytes up to which text that is not ASCII is turned into a binary string, rather than into a buffer of its own. */
const SHORT_TEXT = 4 * 1024
const FORM = 'application/x-www-form-urlencoded'

/**
 * The body that the options ask for, or undefined where they ask for none.
 *
 * @throws TypeError for a body of no known kind, or for more than one; what the file system says of a file
 */
export function outgoingBody(options: RequestOptions): OutgoingBody | undefined {
  const { body, formParams, multipart } = options
  if (multipart !== undefined && multipart !== null) {
    if (isThere(body)) throw new TypeError('a request has a body or multipart, not both')
    return multipartBody(multipart, options)
  }
  if (isThere(formParams)) {
    return wholeBody(encodeQuery(formParams, options.nestedParamStyle), FORM, true)
  }
  if (!isThere(body)) return undefined
  if (typeof body === 'string') return wholeBody(body, undefined, false)
  if (typeof body === 'object') return objectBody(body)
  throw notABody()
}

function isThere<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null
}

function notABody(): TypeError {
  return new TypeError('a body of no known kind')
}

function objectBody(body: object): OutgoingBody {
  if (body instanceof Uint8Array) return wholeBody(body, undefined, false)
  if (body instanceof ArrayBuffer) return wholeBody(new Uint8Array(body), undefined, false)
  if (ArrayBuffer.isView(body)) {
    return wholeBody(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), undefined, false)
  }
  if (body instanceof FileBody) return fileBody(body)
  if (body instanceof Blob) return blobBody(body)
  if (body instanceof URLSearchParams) return wholeBody(body.toString(), FORM, false)
  if (body instanceof FormData) return multipartBody(partsOf(body), {})
  if (!isSource(body)) throw notABody()
  return streamed(() => piecesOf(body)!, {}, [body])
}

function isSource(body: object): body is PieceSource {
  return body instanceof ReadableStream || Symbol.asyncIterator in body || Symbol.iterator in body
}

function wholeBody(body: string | Uint8Array, type: string | undefined, isForm: boolean): OutgoingBody {
  const length = typeof body === 'string' ? utf8Length(body) : body.length
  const whole = typeof body === 'string' && length !== body.length ? asUtf8(body, length) : body
  return { whole, length, type, isForm, isReplayable: true, open: () => piecesOf([whole])!, discard() {} }
}

function asUtf8(text: string, length: number): string | Uint8Array {
  return length <= SHORT_TEXT ? utf8AsBinary(text) : encodeUtf8(text)
}

/** @param sources what it is made of, which may be at its end the second time */
function streamed(
  open: () => Pieces | Promise<Pieces>,
  { length, type, isForm = false }: Partial<Pick<OutgoingBody, 'length' | 'type' | 'isForm'>>,
  sources: readonly object[] = [],
): OutgoingBody {
  const oneShots = sources.filter(isOneShot)
  for (const source of oneShots) hush(source)
  const discard = (): void => {
    for (const source of oneShots) discardSource(source)
  }
  return { whole: undefined, length, type, isForm, isReplayable: oneShots.length === 0, open, discard }
}

/** Tells the stream of a request that will never be one. */
export function discardBody({ body }: RequestOptions): void {
  if (typeof body !== 'object' || body === null || !isOneShot(body)) return
  hush(body)
  discardSource(body)
}

// Somebody else may be reading it.
function discardSource(source: object): void {
  try {
    cancelPieces(piecesOf(source)!, new Error('the request is over'))
  } catch {}
}

function blobBody(blob: Blob): OutgoingBody {
  return streamed(() => piecesOf(blob.stream())!, { length: blob.size, type: blob.type || undefined })
}

// Its length is told before it is opened; one that has changed since then runs short, or over.
function fileBody(body: FileBody): OutgoingBody {
  const open = async (): Promise<Pieces> => piecesOf((await body.open()).pieces())!
  return streamed(open, { length: body.size(), type: body.contentType })
}

// Form params become fields before the parts, as in http-kit.
function multipartBody(multipart: Iterable<Part>, options: RequestOptions): OutgoingBody {
  const { formParams, nestedParamStyle, multipartMixed = false } = options
  const fields = isThere(formParams) ? fieldsOf(flatParams(formParams, nestedParamStyle)) : []
  const parts = [...fields, ...multipart]
  const { contentType, contentLength, body } = encodeMultipart(parts, { mixed: multipartMixed })
  const contents = parts.map(({ content }) => content).filter((content) => typeof content === 'object')
  return streamed(() => piecesOf(body)!, { length: contentLength, type: contentType, isForm: true }, [
    multipart,
    ...contents,
  ])
}

function partsOf(form: FormData): Part[] {
  return Array.from(form, ([name, content]) => ({ name, content }))
}

function fieldsOf(texts: readonly string[]): Part[] {
  const fields: Part[] = []
  for (let at = 0; at < texts.length; at += 2) fields.push({ name: texts[at]!, content: texts[at + 1]! })
  return fields
}
