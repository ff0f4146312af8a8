// A head codec for tests: text in as Latin-1, and the error that a text is refused with.
import type { ProtocolError } from '../../src/core.js'

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** What `parse` makes of a text, taken to be complete; and the error that it throws, which it must. */
export function codecOf<Head>(parse: (bytes: Uint8Array) => Head | undefined) {
  const parseText = (text: string): Head => parse(bytesOf(text))!
  const errorOf = (text: string): ProtocolError => {
    try {
      parseText(text)
    } catch (error) {
      return error as ProtocolError
    }
    throw new Error(`no error for ${JSON.stringify(text)}`)
  }
  return { parse: parseText, errorOf }
}
