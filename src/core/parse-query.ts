// A query string, or a form's text, as a map (URL Standard, "application/x-www-form-urlencoded").

import { between } from './between.js'
import { MAX_SHARED, MAX_SHORT_TEXT, readForm, readShortForm } from './form-reader.js'
import { addParam, newParams, type Params } from './params.js'
import { protocolError } from './protocol-error.js'
import { encodeUtf8, utf8Length } from './text.js'

const EQUALS = 0x3d
const unbounded = Number.POSITIVE_INFINITY

/** How much of a query is read. */
export interface QueryLimits {
  /** Pairs of name and value (default 1000). */
  maxPairs?: number
  /** Bytes of the whole text, as UTF-8 (default: unbounded). */
  maxBytes?: number
}

/**
 * Reads `name=value&…`: `%XX` and '+' are decoded, as UTF-8 where bytes that are none become U+FFFD; an escape that is none
 * stays as it is. A name that comes more than once has an array of its values.
 *
 * @param text without the '?' of a URL
 * @throws ProtocolError TOO_MANY_PAIRS, QUERY_TOO_LARGE; both have status 413
 */
export function parseQuery(text: string, limits: QueryLimits = {}): Params {
  if (typeof text !== 'string') throw new TypeError('a query is a string')
  const maxPairs = between(limits.maxPairs, 'maxPairs', 0, unbounded, 1000)
  const maxBytes = between(limits.maxBytes, 'maxBytes', 0, unbounded, unbounded)
  if (isLonger(text, maxBytes)) throw protocolError('QUERY_TOO_LARGE')
  if (isPlain(text)) return readPlain(text, maxPairs)
  return text.length <= MAX_SHORT_TEXT ? readShortForm(text, maxPairs) : readForm(encodeUtf8(text), maxPairs)
}

function isLonger(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false
  return text.length > bytes || utf8Length(text) > bytes
}

// Nothing needs decoding: then the core, which would have to be brought the text, does not pay. But what is cut from a text
// keeps it alive, so it is not to be a large one.
function isPlain(text: string): boolean {
  return text.length <= MAX_SHARED && !text.includes('%') && !text.includes('+') && text.isWellFormed()
}

// The '=' is looked for by hand: `indexOf` may go on to the end of the text, for each pair.
function readPlain(text: string, maxPairs: number): Params {
  const params = newParams(text.length)
  let pairs = 0
  for (let start = 0; start < text.length; ) {
    const ampersand = text.indexOf('&', start)
    const end = ampersand < 0 ? text.length : ampersand
    if (end > start) {
      if (++pairs > maxPairs) throw protocolError('TOO_MANY_PAIRS')
      let equals = start
      while (equals < end && text.charCodeAt(equals) !== EQUALS) equals++
      addParam(params, text.slice(start, equals), text.slice(equals + 1, end))
    }
    start = end + 1
  }
  return params
}
