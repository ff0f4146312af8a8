// What a client has seen, as text that only we read: for each topic, the number of the last message of each writer. It means the
// same in every process, so a client that comes back may come to any of them. It says until when all has been seen, too. A client
// may outrun what it has seen: a message reaches it from one process, and it another process, before the message is there. And
// not all processes remember the same writers: what one wrote long before that time, a cursor without his name does not lack.
//
//   1x8fk2z-t5k2wv.k3f9x2ab7q0-2s.m0c81kzz5f2-1 ~ 9ab3f4-….…       (without the spaces)
//   │       │      └ writer    └ number, base 36
//   │       └ seconds since 1970, base 36
//   └ topic: a digest of its name
//
// Where a process has yet to hear what others wrote, it gives a cursor with `_` before the time: of writers who are not named, all
// that came before that time does not matter.
import { WRITER } from './writer.js'

/** By writer, the number of the last message seen. */
export type Vector = Map<string, number>

/** What has been seen of one topic. */
export interface Section {
  readonly vector: Vector
  /** Until when all had been seen, in seconds since 1970; where it is partial, from when on it lacks writers. */
  readonly at: number
  readonly isPartial: boolean
}

/** By a topic's digest. */
export type Sections = Map<string, Section>

type Pair = [string, string]
const SECTION = new RegExp(`^[0-9a-z]{1,11}[-_][0-9a-z]{1,8}(\\.${WRITER}-[0-9a-z]{1,10})*$`)

/** FNV-1a of 53 bits: a topic's name for cursors, which need not tell it. */
export function digestOf(name: string): string {
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let at = 0; at < name.length; at++) {
    low = Math.imul(low ^ name.charCodeAt(at), 0x01000193)
    high = Math.imul(high ^ name.charCodeAt(at), 0x85ebca6b) ^ (low >>> 15)
  }
  return ((high >>> 11) * 2 ** 32 + (low >>> 0)).toString(36)
}

export function writeSection(
  digest: string,
  vector: Iterable<readonly [string, number]>,
  at: number,
  isPartial = false,
): string {
  let text = `${digest}${isPartial ? '_' : '-'}${at.toString(36)}`
  for (const [writer, number] of vector) text += `.${writer}-${number.toString(36)}`
  return text
}

/** The time, as cursors have it. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}

export function joinSections(sections: readonly string[]): string {
  return sections.join('~')
}

/** The same on performance.now's clock, a second early at most. */
export function clockOf(seconds: number): number {
  return performance.now() - (secondsNow() - seconds + 1) * 1000
}

/**
 * @param most characters of a cursor that is read at all
 * @returns undefined for what is no cursor: clients may send anything
 */
export function readCursor(text: unknown, most: number): Sections | undefined {
  if (typeof text !== 'string' || text.length > most) return undefined
  const sections: Sections = new Map()
  for (const section of text === '' ? [] : text.split('~')) {
    if (!SECTION.test(section)) return undefined
    const [[digest, at], ...entries] = section.split('.').map((pair) => pair.split(/[-_]/)) as [
      Pair,
      ...Pair[],
    ]
    const vector = new Map(entries.map(([writer, number]) => [writer, Number.parseInt(number, 36)]))
    sections.set(digest, {
      vector,
      at: Number.parseInt(at, 36),
      isPartial: section.includes('_'),
    })
  }
  return sections
}
