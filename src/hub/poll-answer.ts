// What a long poll is answered: the messages, and where to go on from.
import { base64Of } from '../core/text.js'

export const POLL_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/** JSON: `{ id, messages, complete }`; text as strings, bytes as `{ base64 }`. */
export function pollAnswer(
  messages: readonly (string | Uint8Array)[],
  id: string,
  complete: boolean,
): string {
  const said = messages.map((message) =>
    typeof message === 'string' ? message : { base64: base64Of(message) },
  )
  return JSON.stringify({ id, messages: said, complete })
}
