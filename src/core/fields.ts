// From field records to the map a user sees: lower-case names, repeats joined (RFC 9110 §5.3), nothing inherited.
import { addRepeated } from './add-repeated.js'
import { bareMap } from './bare-map.js'
import { FIELD_COUNT, FIELDS, u32, words } from './wasm.js'

/** A map of field names to values whose prototype is empty: `'toString' in headers` is false. */
export type Headers = Record<string, string>

export const newHeaders = bareMap<string>()

/** What a response says: one value, or those of a field that came more than once. */
export type ResponseHeaderMap = Record<string, string | string[]>

const newResponseHeaders = bareMap<string | string[]>()

// The reading in which each known name was met last. To ask the map whether it has a name costs more than all else that
// is done for a field, and is needed only for a repeat and for a name that is not known.
const metIn = new Uint32Array(words.length)
let reading = 0

/**
 * The field-lines of the head or trailer section read last.
 *
 * @param text the head, from the `start` its records count from
 */
export function readFields(text: string): Headers {
  return fill(new newHeaders(), text, addField)
}

/** The same of a response: a field that came more than once is a list. */
export function readResponseFields(text: string): ResponseHeaderMap {
  return fill(new newResponseHeaders(), text, addRepeated)
}

function fill<Map extends Record<string, unknown>>(
  headers: Map,
  text: string,
  add: (headers: Map, name: string, value: string) => void,
): Map {
  const end = FIELDS + u32[FIELD_COUNT]! * 4
  reading = (reading + 1) >>> 0
  for (let record = FIELDS; record < end; record += 4) {
    const word = u32[record + 1]! & 0xff
    const value = text.substring(u32[record + 2]!, u32[record + 3]!)
    if (word !== 0 && metIn[word] !== reading) (headers as Record<string, string>)[words[word]!] = value
    else add(headers, word === 0 ? fieldName(text, record) : words[word]!, value)
    metIn[word] = reading
  }
  return headers
}

/** The same field-lines one by one, in the order they were sent. `text` may have the names as they were written. */
export function listFields(text: string): [name: string, value: string][] {
  return Array.from({ length: u32[FIELD_COUNT]! }, (_, index) => {
    const record = FIELDS + index * 4
    return [fieldName(text, record), text.substring(u32[record + 2]!, u32[record + 3]!)]
  })
}

/** Field-lines as a map of lower-case names: one that came more than once has an array. */
export function collectFields(fields: readonly [name: string, value: string][]): ResponseHeaderMap {
  const headers = new newResponseHeaders()
  for (const [name, value] of fields) addRepeated(headers, name.toLowerCase(), value)
  return headers
}

function fieldName(text: string, record: number): string {
  const start = u32[record]!
  return text.substring(start, start + (u32[record + 1]! >>> 8))
}

// RFC 6265 §5.4 gives Cookie a separator of its own.
function addField(headers: Headers, name: string, value: string): void {
  const earlier = headers[name]
  headers[name] = earlier === undefined ? value : earlier + (name === 'cookie' ? '; ' : ', ') + value
}
