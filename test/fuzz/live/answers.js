// What the server under test answers to which path: its handler makes the answers with this, and the model knows them by it.
// Every answer says which request it answers, by a hash of all that the handler saw of it.
import { createHash } from 'node:crypto'

/** Limits that the server is run with, so that little is needed to pass them. */
export const limits = { maxLine: 1024, maxHeaders: 32, maxBody: 256 * 1024 }

const ROUTE = /^\/([a-z]+)(?:\/(\d{1,2}))?(?:\/|$)/
const BIG = 120_000

/** Paths whose handlers read the body to its end. */
const readers = new Set(['echo', 'slow', 'pipe'])
/** Paths whose answers begin before their end is known. */
const streams = new Set(['pipe', 'stream', 'drip'])
/** Paths that are answered through a channel, which takes the client's FIN for the end. */
const channels = new Set(['poll', 'drip'])
const failing = new Set(['throw', 'reject'])
const known = new Set([
  ...readers,
  ...streams,
  ...channels,
  ...failing,
  ...['now', 'later', 'close', 'empty', 'unchanged', 'big'],
])

export const paths = [...known]
export const readingPaths = [...readers]

/** What a path asks for; `number` is milliseconds or pieces. */
export function routeOf(uri) {
  const [, path, number = '3'] = ROUTE.exec(uri) ?? []
  const name = known.has(path) ? path : 'unknown'
  return {
    name,
    number: Number(number),
    readsBody: readers.has(name),
    isStream: streams.has(name),
    isChannel: channels.has(name),
    fails: failing.has(name),
    closes: name === 'close',
  }
}

/** A request in the handler's words, as a short hash. */
export function seenOf({ requestMethod, uri, queryString, protocol, headers, contentLength }) {
  const lines = [requestMethod, uri, queryString, protocol, contentLength, ...Object.entries(headers).flat()]
  return hashOf(lines.join('\n'))
}

export function hashOf(content) {
  return createHash('sha256').update(content).digest('base64url').slice(0, 20)
}

/** @param body of the request, where the path reads it; undefined without one */
export function answerTo(route, seen, body) {
  const status = statusOf(route)
  const headers = route.fails ? {} : { 'X-Seen': seen, ...(route.closes && { Connection: 'close' }) }
  return { status, headers, body: bodyOf(route, seen, body) }
}

function statusOf({ name, fails }) {
  if (fails) return 500
  return { empty: 204, unchanged: 304, unknown: 404 }[name] ?? 200
}

function bodyOf(route, seen, body = Buffer.alloc(0)) {
  const { name, fails } = route
  if (fails || name === 'empty' || name === 'unchanged') return ''
  if (name === 'pipe') return body
  if (name === 'big') return `${seen}\n`.repeat(BIG / 21)
  if (route.isStream) return Array.from({ length: route.number }, (_, at) => pieceOf(seen, at)).join('')
  return route.readsBody ? `${seen} ${hashOf(body)}\n` : `${seen}\n`
}

export function pieceOf(seen, at) {
  return `${seen} piece ${at}\n`.repeat(1 + (at % 5) * 20)
}
