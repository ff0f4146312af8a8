// What a redirect keeps and drops (RFC 9110 §15.4): the next hop's options, from the last one's and the answer's Location.
import type { RequestHeaders } from '../core/request-head.js'
import { bytesOf, utf8Of } from '../core/text.js'
import { HttpKitError } from './error.js'
import type { Hop } from './hop.js'
import type { RequestOptions } from './options.js'

const CONTENT_FIELDS = /^(?:content-.*|transfer-encoding|expect|digest|last-modified)$/i
const PRIVATE_FIELDS = /^(?:authorization|cookie2?|host|proxy-authorization)$/i

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/**
 * @param options of the hop that was answered
 * @param original the URL that it was given, for its userinfo and fragment
 * @throws HttpKitError ERR_REDIRECT_LOCATION or ERR_BODY_NOT_REPLAYABLE
 */
export function redirected(
  options: RequestOptions,
  hop: Hop,
  status: number,
  location: string | string[] | undefined,
): RequestOptions {
  const from = new URL(hop.url)
  const to = resolve(location, from, new URL(String(options.url)))
  if (from.protocol === 'https:' && to.protocol === 'http:' && !options.allowInsecureRedirects)
    throw failure('a redirect from https: to http:')
  const { queryParams: _, ...next } = options
  next.url = to.href
  next.traceRedirects = [...(options.traceRedirects ?? []), hop.url]
  if (asksByGet(status, options)) {
    if (hop.method !== 'HEAD') next.method = 'get'
    dropBody(next)
  } else if (hop.body?.isReplayable === false)
    throw new HttpKitError('ERR_BODY_NOT_REPLAYABLE', `a redirect (${status}) asks again for a stream`)
  if (from.origin !== to.origin) dropPrivate(next)
  return next
}

function failure(message: string): HttpKitError {
  return new HttpKitError('ERR_REDIRECT_LOCATION', message)
}

// RFC 9110 §10.2.2: what the old URL had as its fragment is the new one's, unless that has its own.
function resolve(location: string | string[] | undefined, from: URL, original: URL): URL {
  if (typeof location !== 'string') throw failure('a redirect without a Location, or with several')
  const text = utf8Of(bytesOf(location))
  if (!URL.canParse(text, from)) throw failure(`a redirect to no URL: ${text}`)
  const to = new URL(text, from)
  if (to.protocol !== 'http:' && to.protocol !== 'https:') throw failure(`a redirect to ${to.protocol}`)
  if (to.hash === '') to.hash = original.hash
  if (to.origin === from.origin && to.username === '' && to.password === '') {
    to.username = original.username
    to.password = original.password
  }
  return to
}

function asksByGet(status: number, options: RequestOptions): boolean {
  return status !== 307 && status !== 308 && !options.allowUnsafeRedirectMethods
}

function dropBody(options: RequestOptions): void {
  delete options.body
  delete options.formParams
  delete options.multipart
  dropFields(options, CONTENT_FIELDS)
}

function dropPrivate(options: RequestOptions): void {
  delete options.basicAuth
  delete options.oauthToken
  delete options.unixSocket
  dropFields(options, PRIVATE_FIELDS)
}

function dropFields(options: RequestOptions, names: RegExp): void {
  if (options.headers === undefined) return
  const kept = Object.entries(options.headers).filter(([name]) => !names.test(name))
  options.headers = Object.fromEntries(kept) as RequestHeaders
}
