// The platform's Request as a request map (Ring's SPEC).
import { type Headers as Fields, newHeaders } from '../core/fields.js'
import { contentTypeOf, parameterOf } from '../core/media-type.js'
import type { RequestChannel } from '../ring/as-channel.js'
import type { RingRequest } from '../ring/contract.js'
import { hasToken } from '../ring/handshake.js'
import { asBytes } from './header-text.js'
import { StreamBody } from './request-body.js'

/** A URL's scheme, authority, path and query, as a Request has them: written in one way only. */
const URL_PARTS = /^(https?):\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?/

/**
 * Makes the map of `request`.
 *
 * @throws TypeError for a request that is not for http: or https:
 */
export function readRequest(
  request: Request,
  channel: RequestChannel,
  remoteAddr: string,
  maxBody: number,
): RingRequest {
  const parts = URL_PARTS.exec(request.url)
  if (parts === null) throw new TypeError(`not a URL of http or https: ${request.url}`)
  const [, scheme, serverName, port, uri, queryString] = parts
  const headers = fieldsOf(request.headers)
  headers.host ??= port === undefined ? serverName! : `${serverName}:${port}`
  const type = headers['content-type']
  const charset = type === undefined ? undefined : parameterOf(type, 'charset')
  const length = headers['content-length']
  return {
    serverPort: port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port),
    serverName: serverName!,
    remoteAddr,
    uri: uri === '' ? '/' : uri!,
    queryString,
    scheme: scheme as RingRequest['scheme'],
    requestMethod: request.method.toLowerCase(),
    protocol: 'HTTP/1.1',
    headers,
    contentType: contentTypeOf(type, charset),
    contentLength: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    characterEncoding: charset,
    body: request.body === null ? undefined : new StreamBody(request.body, charset, maxBody),
    websocket: hasToken(headers.upgrade, 'websocket'),
    asyncChannel: channel,
    startTime: performance.now(),
  }
}

function fieldsOf(headers: Headers): Fields {
  const fields = new newHeaders()
  headers.forEach((value, name) => {
    fields[name] = asBytes(value)
  })
  return fields
}
