// Where a client stands in a topic when it subscribes, as its cursor says.
import { clockOf, type Section, type Sections, secondsNow, type Vector } from './cursor.js'

export interface Place {
  /** From when on messages are for it, on performance.now's clock. */
  readonly since: number
  /** The time of the cursor, in seconds since 1970, and whether that was partial. */
  readonly at: number
  readonly isPartial: boolean
  /** From when on it may lack messages of writers whom the cursor does not name, on performance.now's clock. */
  readonly lacksSince: number
  /** What it has seen last may be on its way here. */
  readonly isFresh: boolean
  /** The cursor could not be read. */
  readonly isLost: boolean
}

/** Seconds in which a message that a client has seen comes here; by the clocks of two machines. */
const IN_FLIGHT_SECONDS = 10

/**
 * @param cursor as the client gave it: undefined for none, '' for the very beginning
 * @param sections what the cursor says; undefined where it could not be read
 * @returns beside the place what it has seen; undefined where it asks for nothing that came before
 */
export function placeOf(
  digest: string,
  cursor: string | undefined,
  sections: Sections | undefined,
): { place: Place; seen: Vector | undefined } {
  const section = sections?.get(digest)
  const seen = cursor === '' ? new Map() : section && new Map(section.vector)
  const place = {
    since: sinceOf(seen, section),
    at: section?.at ?? 0,
    isPartial: section?.isPartial === true,
    lacksSince: lacksSince(section),
    isFresh: section !== undefined && secondsNow() - section.at < IN_FLIGHT_SECONDS,
    isLost: cursor !== undefined && sections === undefined,
  }
  return { place, seen }
}

function sinceOf(seen: Vector | undefined, section: Section | undefined): number {
  if (seen === undefined) return performance.now()
  return section?.isPartial ? clockOf(section.at) : Number.NEGATIVE_INFINITY
}

function lacksSince(section: Section | undefined): number {
  if (section === undefined) return Number.NEGATIVE_INFINITY
  return clockOf(section.at) - (section.isPartial ? 0 : IN_FLIGHT_SECONDS * 1000)
}
