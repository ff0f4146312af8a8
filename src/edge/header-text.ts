// Header values as platforms hold them: a character for each byte (Fetch Standard), but in workerd text, which it reads and
// writes as UTF-8. A request map has bytes as characters everywhere, a response map has text.
import { bytesOf, checkedUtf8Of, utf8AsBinary } from '../core/text.js'

const holdsText = ((): boolean => {
  try {
    return new Headers({ 'x-cup': '\u2615' }).get('x-cup') === '\u2615'
  } catch {
    return false
  }
})()

/** A platform's value as one of a request map. */
export function asBytes(value: string): string {
  return holdsText && isBeyondAscii(value) ? utf8AsBinary(value) : value
}

/** A value that is UTF-8 with a character for each byte, as a platform's. */
export function fromBytes(value: string): string {
  return holdsText ? decoded(value) : value
}

/** A platform's value as text. */
export function asText(value: string): string {
  return holdsText ? value : decoded(value)
}

function decoded(value: string): string {
  return isBeyondAscii(value) ? (checkedUtf8Of(bytesOf(value)) ?? value) : value
}

function isBeyondAscii(value: string): boolean {
  return /[^\t\x20-\x7e]/.test(value)
}
