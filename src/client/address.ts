// Where a URL leads, and what is said on the way (RFC 9110 §4.2). Programs ask for the same URLs again and again, so the last
// few are kept.
import { credentialsOf } from './credentials.js'
import { type Target, targetOf } from './target.js'

export interface Address extends Target {
  readonly href: string
  /** Scheme, host and port. */
  readonly origin: string
  /** What Host says. */
  readonly authority: string
  /** The request-target in origin-form. */
  readonly pathAndQuery: string
  /** For Authorization, of the URL's userinfo. */
  readonly credentials: string | undefined
}

const MAX_KEPT = 256
const MAX_KEPT_LENGTH = 1024
const kept = new Map<string, Address>()

/** @throws TypeError for what is no http: or https: URL; URIError for userinfo that cannot be decoded */
export function addressOf(url: string | URL): Address {
  const text = typeof url === 'string' ? url : hrefOf(url)
  let address = kept.get(text)
  if (address === undefined) {
    address = read(text)
    if (kept.size >= MAX_KEPT) kept.clear()
    if (text.length <= MAX_KEPT_LENGTH) kept.set(text, address)
  }
  return address
}

function hrefOf(url: unknown): string {
  if (url instanceof URL) return url.href
  throw new TypeError('a request needs a url')
}

function read(text: string): Address {
  // The URL Standard would leave them out without a word.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
  if (/[\0-\x1f\x7f]/.test(text)) throw new TypeError('a control character in a URL')
  if (!URL.canParse(text)) throw new TypeError(`not a URL: ${withoutUserinfo(text)}`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`not an http URL: ${withoutUserinfo(text)}`)
  return {
    ...targetOf(url),
    href: url.href,
    origin: url.origin,
    authority: url.host,
    pathAndQuery: url.pathname + (url.search || emptyQuery(url)),
    credentials: credentialsOf(url),
  }
}

function withoutUserinfo(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@')
}

// Which the URL Standard keeps, though its `search` does not tell.
function emptyQuery({ href, hash }: URL): string {
  return href.endsWith(`?${hash}`) ? '?' : ''
}
