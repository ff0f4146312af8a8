// Server-sent events (HTML, "Server-sent events"): what an EventSource reads. Each has a cursor as its id, which the browser says
// again, as Last-Event-ID, when it comes back.
import { base64Of } from '../core/text.js'

export const EVENT_STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // nginx holds back what it proxies, else.
  'X-Accel-Buffering': 'no',
}

/** What the browser remembers as its place, without an event. */
export function idOf(cursor: string): string {
  return `id: ${cursor}\n\n`
}

/** Says nothing, but that the stream is open. */
export const COMMENT = ':\n\n'

/** Says that messages between the client's place and what follows are forgotten. */
export const GAP = 'event: gap\ndata: {"complete":false}\n\n'

/** Text as a message event; bytes, in base64, as an event named `bytes`. */
export function eventOf(message: string | Uint8Array, cursor: string): string {
  if (typeof message !== 'string') return `event: bytes\ndata: ${base64Of(message)}\n${idOf(cursor)}`
  const lines = message.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `${lines.join('')}${idOf(cursor)}`
}
