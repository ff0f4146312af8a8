// What answers the payloads of test/fuzz/differences/smuggling.js: a handler that reads a request's body, and tells what it
// saw; on some paths it does what a front end could be desynchronised by. One log for each server.
//
//   /early        answers without reading the body
//   /throw        fails, without reading the body
//   /stream       answers with a body of a length that is not known
//   /socket       speaks WebSocket
//   /status/204   answers with this status, and a body
//   /reflect?x    writes x, decoded, into a field
//   X-Refuse: n   anywhere: answers n without reading the body
import { setImmediate } from 'node:timers/promises'
import { asChannel, type Handler, type RingRequest, type RingResponse } from '../../src/server.js'

export interface Seen {
  /** Requests that came whole, as the payloads' `requests` are written. */
  whole: string[]
  /** Requests that the handler was called with, and whose bodies broke off. */
  broken: string[]
}

/** @param isSlow true takes a few turns before it reads, but for /early, whose answer is to be early */
export function seeingHandler(seen: Seen, isSlow = false): Handler {
  return async (req) => {
    if (isSlow && req.uri !== '/early') for (let turn = 0; turn < 3; turn++) await setImmediate()
    const refusal = req.headers['x-refuse']
    const readsNothing = refusal !== undefined || ['/early', '/throw', '/socket'].includes(req.uri)
    const line = lineOf(req)
    if (readsNothing) seen.whole.push(line)
    else seen.whole.push(line + (await quotedBody(req, line, seen)))
    return refusal === undefined ? respondTo(req) : { status: Number(refusal) }
  }
}

function lineOf({ requestMethod, serverName, uri, queryString }: RingRequest): string {
  const target = requestMethod === 'connect' ? '' : uri
  return `${requestMethod.toUpperCase()} ${serverName}${target}${queryString === undefined ? '' : `?${queryString}`}`
}

async function quotedBody({ body }: RingRequest, line: string, seen: Seen): Promise<string> {
  try {
    const bytes = (await body?.bytes()) ?? []
    return bytes.length > 0 ? ` "${Buffer.from(bytes).toString('latin1')}"` : ''
  } catch (error) {
    seen.broken.push(line)
    throw error
  }
}

function respondTo(req: RingRequest): RingResponse {
  const [, first, rest] = req.uri.split('/')
  if (first === 'socket') return asChannel(req, {})
  if (first === 'throw') throw new Error('thrown')
  if (first === 'stream') return { body: ['a', 'b'] }
  if (first === 'status') return { status: Number(rest), body: 'a body' }
  if (first === 'reflect') return { headers: { 'X-Text': decodeURIComponent(req.queryString!) } }
  return { body: `at ${req.uri}` }
}
