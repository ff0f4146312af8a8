// The request map (Ring's SPEC), made from the head record the core has just filled. The head becomes one string, and
// every text in the map is a part of it.
import { type Headers, readFields } from '../core/fields.js'
import { contentTypeOf, parameterOf } from '../core/media-type.js'
import {
  ABSOLUTE_TARGET,
  contentLength,
  FLAGS,
  HAS_CONTENT_LENGTH,
  HEAD_START,
  HOST_END,
  HOST_START,
  METHOD,
  METHOD_END,
  PATH_START,
  PORT,
  QUERY_START,
  TARGET_END,
  UPGRADE_WEBSOCKET,
  u32,
  VERSION_1_1,
  words,
} from '../core/wasm.js'
import type { Channel, RequestBody, RingRequest } from '../ring/contract.js'
import type { Origin } from './origin.js'

const methods = words.map((word) => word.toLowerCase())

/** The method that is this word of the core's, lower case; '' for word 0. */
export function methodOf(word: number): string {
  return methods[word]!
}

/** The method of the head read last, lower case. */
export function requestMethod(text: string): string {
  const word = u32[METHOD]!
  return word === 0 ? text.substring(u32[HEAD_START]!, u32[METHOD_END]!).toLowerCase() : methodOf(word)
}

/**
 * Makes the map of the head read last; its body and channel are filled in by the caller.
 *
 * @param text the head
 */
export function readRequest(
  text: string,
  method: string,
  origin: Origin,
  channel: Channel,
  now: number,
): RingRequest {
  const flags = u32[FLAGS]!
  const hostStart = u32[HOST_START]!
  const hostEnd = u32[HOST_END]!
  const pathStart = u32[PATH_START]!
  const targetEnd = u32[TARGET_END]!
  const query = u32[QUERY_START]!
  const pathEnd = query === 0 ? targetEnd : query
  const hasHost = hostEnd > hostStart
  const headers = readFields(text)
  if (origin.proxyFields) Object.assign(headers, origin.proxyFields)
  const type = headers['content-type']
  const charset = type === undefined ? undefined : parameterOf(type, 'charset')
  return {
    serverPort: hasHost ? statedPort(origin) : origin.localPort,
    serverName: hasHost ? text.substring(hostStart, hostEnd) : origin.localName,
    remoteAddr: origin.trustsForwardedFor ? forwardedFor(headers, origin) : origin.remoteAddr,
    uri: flags & ABSOLUTE_TARGET && pathEnd === pathStart ? '/' : text.substring(pathStart, pathEnd),
    queryString: query === 0 ? undefined : text.substring(query + 1, targetEnd),
    scheme: origin.scheme,
    requestMethod: method,
    protocol: flags & VERSION_1_1 ? 'HTTP/1.1' : 'HTTP/1.0',
    headers,
    contentType: contentTypeOf(type, charset),
    contentLength: flags & HAS_CONTENT_LENGTH ? contentLength() : undefined,
    characterEncoding: charset,
    body: undefined as RequestBody | undefined,
    websocket: (flags & UPGRADE_WEBSOCKET) !== 0,
    asyncChannel: channel,
    startTime: now,
  }
}

// An authority without a port means its scheme's (RFC 9110 §4.2).
function statedPort(origin: Origin): number {
  const port = u32[PORT]!
  if (port !== 0xffffffff) return port
  return origin.scheme === 'https' ? 443 : 80
}

// The leftmost address, as http-kit takes it; a PROXY header, which no client can forge, beats it.
function forwardedFor(headers: Headers, origin: Origin): string {
  const value = headers['x-forwarded-for']
  if (value === undefined || origin.proxyFields) return origin.remoteAddr
  return value.split(',', 1)[0]!.trim()
}
