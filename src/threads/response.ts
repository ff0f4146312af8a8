// A handler's response on its way to who sends it, and there.
import { MessageChannel, type Transferable, threadId } from 'node:worker_threads'
import { FileBody } from '../io/file-body.js'
import { hush, type Pieces, piecesOf } from '../io/pieces.js'
import type { RingResponse } from '../ring/contract.js'
import { withType } from '../ring/with-type.js'
import { ownBytes, PortPieces, sendPieces } from './port-pieces.js'
import type { Reply } from './task.js'
import { NO_CHANNELS } from './thread-channel.js'

/**
 * In the thread: the reply that brings the response. Bytes are copied here, and the copy transferred: a handler may keep what it
 * returns, and return it again.
 *
 * @param transfers what the reply hands over
 * @throws TypeError for a response that cannot be sent from here, or a DataCloneError
 */
export function replyOf(response: RingResponse | null | undefined, transfers: Transferable[]): Reply {
  if (typeof response !== 'object' || response === null) return { response: structuredClone(response)! }
  const { body, ...map } = response
  if (response.listener !== undefined) throw new TypeError(NO_CHANNELS)
  structuredClone(map)
  if (body === undefined || body === null || typeof body === 'string')
    return { response: { ...map, body: body! } }
  if (body instanceof Uint8Array) {
    const bytes = ownBytes(body)
    transfers.push(bytes.buffer)
    return { response: { ...map, body: bytes } }
  }
  if (body instanceof FileBody) return { response: map, file: [body.path, body.range] }
  if (typeof body === 'object' && 'isOpen' in body) throw new TypeError(NO_CHANNELS)
  const pieces = typeof body === 'object' ? piecesOf(body instanceof Blob ? body.stream() : body) : undefined
  if (pieces === undefined) throw new TypeError('a response with a body of no known kind')
  hush(body)
  const head = body instanceof Blob ? { ...map, headers: blobHeaders(map, body) } : map
  return { response: head, port: portOf(pieces, transfers), threadId }
}

function blobHeaders({ headers }: RingResponse, { type, size }: Blob): NonNullable<RingResponse['headers']> {
  const others = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-length')
  return { ...withType(Object.fromEntries(others), type).headers, 'Content-Length': size }
}

function portOf(pieces: Pieces, transfers: Transferable[]): Reply['port'] & {} {
  const { port1, port2 } = new MessageChannel()
  sendPieces(port1, pieces)
  transfers.push(port2)
  return port2
}

/** With the server: the response that the reply brings. */
export function responseOf({ response, file, port }: Reply): RingResponse {
  if (file !== undefined) return { ...response, body: new FileBody(...file) }
  if (port === undefined) return response!
  return { ...response, body: new PortPieces(port, 'the thread that made the body has ended') }
}
