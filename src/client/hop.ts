// A request as it goes to one server: where, its head as text, its body (RFC 9112 §3). A redirect is another hop.

import { encodeQuery } from '../core/encode-query.js'
import { AUTHORIZATION, CONTENT_TYPE, EXPECT, fieldValue, USER_AGENT } from '../core/field-line.js'
import { methodText, type RequestFields, writeRequestFields } from '../core/request-head.js'
import { type Address, addressOf } from './address.js'
import { basicCredentials } from './credentials.js'
import { knownCodings } from './decoder.js'
import type { RequestOptions } from './options.js'
import { type OutgoingBody, outgoingBody } from './outgoing-body.js'
import { type Route, routeOf } from './route.js'

export interface Hop {
  readonly route: Route
  /** The absolute URL with its query, without userinfo and fragment. */
  readonly url: string
  /** In upper case. */
  readonly method: string
  readonly head: string
  readonly body: OutgoingBody | undefined
  /** Bytes of the body; undefined: chunked. */
  readonly length: number | undefined
  /** The body waits until the server wants it (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** The user's own `Connection: close`. */
  readonly closes: boolean
}

const DEFAULT_AGENT = 'User-Agent: httpkit-wasm\r\n'
const CODINGS = `Accept-Encoding: ${knownCodings}\r\n`
const CLOSE = 'Connection: close\r\n'
const KEEP = 'Connection: keep-alive\r\n'

/** Those whose meaning includes what they carry: without it they say that it is empty (RFC 9110 §8.6). */
const carriers: readonly string[] = ['POST', 'PUT', 'PATCH']
const idempotent: ReadonlySet<string> = new Set(
  'GET HEAD PUT DELETE OPTIONS TRACE PROPFIND PROPPATCH LOCK UNLOCK REPORT COPY MOVE ACL SEARCH MKCOL'.split(
    ' ',
  ),
)

/** @throws whatever is wrong with the options, before anything is sent */
export function hopOf(options: RequestOptions, keepalive: number, asksForCodings: boolean): Hop {
  const { url, method = 'get', queryParams } = options
  const address = addressOf(url as string)
  const verb = methodText(method)
  const route = routeOf(address, options)
  const body = outgoingBody(options)
  const path =
    queryParams === undefined || queryParams === null
      ? address.pathAndQuery
      : withQuery(address.pathAndQuery, options)
  const fields = writeRequestFields(options.headers, replacedBy(options, body))
  const length = lengthOf(body, fields.statedLength)
  const closes = fields.closes || keepalive <= 0
  const head =
    `${verb} ${route.proxy && !route.isTunnelled ? `http://${address.authority}` : ''}${path} HTTP/1.1\r\n` +
    (fields.hostLine ?? `Host: ${address.authority}\r\n`) +
    fields.lines +
    authorizationLines(options, route, fields) +
    (asksForCodings && !fields.choosesCoding ? CODINGS : '') +
    agentLine(options, fields) +
    typeLine(body, fields) +
    framingLine(verb, body, length) +
    (closes ? CLOSE : fields.asksToKeep ? KEEP : '') +
    '\r\n'
  return {
    route:
      route.isTunnelled && fields.proxyAuthorization ? tunnelFor(route, fields.proxyAuthorization) : route,
    url: address.origin + path,
    method: verb,
    head,
    body,
    length,
    expectsContinue: fields.expectsContinue,
    closes,
  }
}

/** Whether it may be sent once more where nobody knows if it was received (RFC 9110 §9.2.2). */
export function isRepeatable({ method, body }: Hop): boolean {
  return idempotent.has(method) && (body === undefined || body.isReplayable)
}

function withQuery(path: string, { queryParams, nestedParamStyle }: RequestOptions): string {
  const query = encodeQuery(queryParams!, nestedParamStyle)
  if (query === '') return path
  const joint = path.includes('?') ? (/[?&]$/.test(path) ? '' : '&') : '?'
  return path + joint + query
}

// Fields of the user's that an option says better.
function replacedBy(options: RequestOptions, body: OutgoingBody | undefined): readonly number[] {
  const { basicAuth, oauthToken, userAgent } = options
  const replaced: number[] = []
  if (basicAuth !== undefined || oauthToken !== undefined) replaced.push(AUTHORIZATION)
  if (userAgent) replaced.push(USER_AGENT)
  if (body?.isForm) replaced.push(CONTENT_TYPE)
  // Who has no content to send expects nothing (RFC 9110 §10.1.1).
  if (body === undefined || body.length === 0) replaced.push(EXPECT)
  return replaced
}

function authorizationLines(options: RequestOptions, route: Route, fields: Readonly<RequestFields>): string {
  const { proxy, isTunnelled } = route
  const proxyCredentials = isTunnelled ? undefined : (fields.proxyAuthorization ?? proxy?.credentials)
  const forProxy = proxyCredentials === undefined ? '' : `Proxy-Authorization: ${proxyCredentials}\r\n`
  const credentials = fields.hasAuthorization ? undefined : credentialsFor(options, route.address)
  return credentials === undefined ? forProxy : `Authorization: ${credentials}\r\n${forProxy}`
}

// A tunnel is opened with the caller's credentials, and is his alone; whoever is at its end never sees them.
function tunnelFor(route: Route, credentials: string): Route {
  return { ...route, key: `${route.key} ${credentials}`, proxy: { ...route.proxy!, credentials } }
}

function credentialsFor({ basicAuth, oauthToken }: RequestOptions, address: Address): string | undefined {
  if (oauthToken !== undefined) {
    if (typeof oauthToken !== 'string' || oauthToken === '') throw new TypeError('oauthToken is a string')
    return `Bearer ${fieldValue(oauthToken)}`
  }
  return basicAuth === undefined ? address.credentials : basicCredentials(basicAuth)
}

function agentLine({ userAgent }: RequestOptions, fields: Readonly<RequestFields>): string {
  if (userAgent === undefined) return fields.hasUserAgent ? '' : DEFAULT_AGENT
  if (userAgent !== null && typeof userAgent !== 'string') throw new TypeError('userAgent is a string')
  return userAgent ? `User-Agent: ${fieldValue(userAgent)}\r\n` : ''
}

function typeLine(body: OutgoingBody | undefined, fields: Readonly<RequestFields>): string {
  if (body?.type === undefined || fields.hasType) return ''
  return `Content-Type: ${fieldValue(body.type)}\r\n`
}

function lengthOf(body: OutgoingBody | undefined, stated: number): number | undefined {
  const length = body === undefined ? 0 : body.length
  if (stated < 0) return length
  if (length !== undefined && length !== stated)
    throw new TypeError(`Content-Length is ${length}, not ${stated}`)
  return stated
}

function framingLine(verb: string, body: OutgoingBody | undefined, length: number | undefined): string {
  if (body === undefined) return carriers.includes(verb) ? 'Content-Length: 0\r\n' : ''
  return length === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`
}
