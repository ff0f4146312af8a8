// Where parseQuery does not read a query as URLSearchParams does.
import { parseQuery, type QueryLimits } from '../../src/core.js'
import { grouped, platformPairsOf } from './query-reference.js'

export type Entries = [name: string, value: string | string[]][]

/** No limit. */
export const none: QueryLimits = { maxPairs: Number.POSITIVE_INFINITY }

export function read(query: string, limits?: QueryLimits): Entries {
  return Object.entries(parseQuery(query, limits))
}

/** The queries that parseQuery does not read as URLSearchParams does, up to ten. */
export function disagreements(queries: Iterable<string>): string[] {
  const wrong: string[] = []
  for (const query of queries) {
    const [found, wanted] = [read(query, none), grouped(platformPairsOf(query))]
    if (isSame(found, wanted)) continue
    wrong.push(`${shown(query)} is ${shown(JSON.stringify(found))}, not ${shown(JSON.stringify(wanted))}`)
    if (wrong.length === 10) break
  }
  return wrong
}

function isSame(one: Entries, other: Entries): boolean {
  const isAlike = (value: string | string[] | undefined, wanted: string | string[]): boolean =>
    typeof value === 'string' || typeof wanted === 'string'
      ? value === wanted
      : value?.length === wanted.length && wanted.every((text, at) => text === value[at])
  return (
    one.length === other.length &&
    other.every(([name, value], at) => one[at]![0] === name && isAlike(one[at]![1], value))
  )
}

function shown(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 100)} … ${text.slice(-100)} (${text.length})`
}

/** The numbers from one to another. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
