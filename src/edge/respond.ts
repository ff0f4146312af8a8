// From a response map to the platform's Response: which kind of body it is, and so how it leaves.
import type { ResponseHeaders } from '../core/response-head.js'
import { isBodiless } from '../core/status.js'
import { encodeUtf8 } from '../core/text.js'
import { cancelPieces, type Pieces, piecesOf } from '../io/pieces.js'
import type { RingResponse } from '../ring/contract.js'
import { withType } from '../ring/with-type.js'
import { piecesAsStream, type StreamOwner } from './piece-stream.js'
import { headOf } from './response-headers.js'

/** workerd's way to state the length of a stream. */
declare const FixedLengthStream: (new (length: number) => TransformStream<Uint8Array, Uint8Array>) | undefined

/** A file to send, wherever the runtime has files. */
interface Openable {
  readonly contentType: string
  open(): Promise<{ readonly size: number; pieces(): AsyncIterable<Uint8Array> }>
}

// A node stream of a file can be opened, too; what it is of has no type there.
function isOpenable(body: object): body is Openable {
  return 'open' in body && 'contentType' in body
}

/**
 * Makes the Response of a map; nothing stands for 404, as on our server.
 *
 * @param owner is told when the body has gone, or will not go
 * @throws TypeError or RangeError for a response that cannot be sent
 */
export function respond(
  response: RingResponse | null | undefined,
  isHead: boolean,
  owner: StreamOwner,
): Response | Promise<Response> {
  if (response === null || response === undefined)
    return whole({ status: 404 }, isHead, new Uint8Array(), owner)
  if (typeof response !== 'object') throw new TypeError('a handler must return a response map')
  const { body } = response
  if (body === undefined || body === null) return whole(response, isHead, new Uint8Array(), owner)
  if (typeof body === 'string') return whole(response, isHead, encodeUtf8(body), owner)
  if (body instanceof Uint8Array) return whole(response, isHead, body, owner)
  if (typeof body !== 'object') throw new TypeError('a response with a body of no known kind')
  if (body instanceof Blob) {
    return streamed(typed(response, body.type), isHead, body.size, piecesOf(body.stream())!, owner)
  }
  if (isOpenable(body)) return fromFile(response, isHead, body, owner)
  const pieces = piecesOf(body)
  if (pieces === undefined) throw new TypeError('a response with a body of no known kind')
  return streamed(response, isHead, -1, pieces, owner)
}

async function fromFile(
  response: RingResponse,
  isHead: boolean,
  body: Openable,
  owner: StreamOwner,
): Promise<Response> {
  const file = await body.open()
  return streamed(typed(response, body.contentType), isHead, file.size, piecesOf(file.pieces())!, owner)
}

function typed(response: RingResponse, type: string): RingResponse {
  return { ...response, ...withType(response.headers, type) }
}

// Bytes, and no text: for that the platform would add a Content-Type of its own. Bun does for bytes, too, but not for a stream.
function whole(
  { status = 200, headers }: RingResponse,
  isHead: boolean,
  bytes: Uint8Array,
  owner: StreamOwner,
): Response {
  const { fields, stated } = headOf(status, headers)
  const isWithout = isHead || isBodiless(status)
  if (isHead && !isBodiless(status)) fields.set('content-length', String(stated < 0 ? bytes.length : stated))
  const answer = new Response(isWithout ? null : bodyOf(bytes, fields), { status, headers: fields })
  owner.onDone('server-close')
  return answer
}

function bodyOf(bytes: Uint8Array, fields: Headers): BodyInit {
  if ('Bun' in globalThis && !fields.has('content-type')) return untyped(bytes, fields)
  return bytes as Uint8Array<ArrayBuffer>
}

function untyped(bytes: Uint8Array, fields: Headers): ReadableStream<Uint8Array> {
  fields.set('content-length', String(bytes.length))
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

function streamed(
  { status = 200, headers }: RingResponse,
  isHead: boolean,
  length: number,
  pieces: Pieces,
  owner: StreamOwner,
): Response {
  try {
    return begun(status, headers, isHead, length, pieces, owner)
  } catch (error) {
    cancelPieces(pieces, error as Error)
    throw error
  }
}

function begun(
  status: number,
  headers: ResponseHeaders | undefined,
  isHead: boolean,
  length: number,
  pieces: Pieces,
  owner: StreamOwner,
): Response {
  const { fields, stated } = headOf(status, headers)
  const bytes = length < 0 ? stated : length
  if (bytes >= 0 && !isBodiless(status)) fields.set('content-length', String(bytes))
  const init = { status, headers: fields }
  if (!isHead && !isBodiless(status)) {
    return new Response(measured(piecesAsStream(pieces, bytes, owner), bytes), init)
  }
  const answer = new Response(null, init)
  cancelPieces(pieces, new Error('no body is wanted'))
  owner.onDone('server-close')
  return answer
}

function measured(stream: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  if (length < 0 || typeof FixedLengthStream !== 'function') return stream
  return stream.pipeThrough(new FixedLengthStream(length))
}
