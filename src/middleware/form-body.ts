// The body of a request that is a form's text.
import { readForm } from '../core/form-reader.js'
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOf, hasType, isUtf8, parameterOf } from '../core/media-type.js'
import type { Params } from '../core/params.js'
import { protocolError } from '../core/protocol-error.js'
import type { RequestBody, RingRequest } from '../ring/contract.js'

/** The Content-Type as sent; `contentType` may have lost its parameters. */
export function fullType(req: RingRequest): string {
  return req.headers?.['content-type'] ?? req.contentType ?? ''
}

export function isForm(req: RingRequest): boolean {
  return req.body !== undefined && hasType(fullType(req), 'application/x-www-form-urlencoded')
}

/**
 * Reads it in the charset that its type names, else as UTF-8.
 *
 * @throws ProtocolError UNKNOWN_CHARSET, QUERY_TOO_LARGE, TOO_MANY_PAIRS; or what the body throws
 */
export async function readFormBody(req: RingRequest, maxPairs: number, maxBytes: number): Promise<Params> {
  const charset = req.characterEncoding ?? parameterOf(fullType(req), 'charset')
  const decode = isUtf8(charset) ? undefined : decoderOf(charset!)
  if (decode === undefined && !isUtf8(charset)) throw protocolError('UNKNOWN_CHARSET')
  return readForm(await readUpTo(maxBytes, req.body!, req.contentLength), maxPairs, decode)
}

async function readUpTo(most: number, body: RequestBody, stated: number | undefined): Promise<Uint8Array> {
  if (stated !== undefined && stated > most) throw protocolError('QUERY_TOO_LARGE')
  const bytes = new GrowingBytes()
  for await (const piece of body) {
    if (bytes.length + piece.length > most) throw protocolError('QUERY_TOO_LARGE')
    bytes.append(piece)
  }
  return bytes.bytes
}
