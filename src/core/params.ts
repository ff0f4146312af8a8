// Names and values as the map a user sees: a name that comes more than once has an array, and nothing is inherited.
//
// Most of the work would be to make a property's name of each fresh string, and to ask the map whether it has it. But the
// names of a form are the same each time: those met before are kept, each in the place that its length and a few of its
// characters give it. A name whose place has not been used in this map cannot be in it.

import { addRepeated } from './add-repeated.js'
import { bareMap, wideBareMap } from './bare-map.js'

/** Nothing is inherited: `'toString' in params` is false. */
export type Params<Value = string> = Record<string, Value | Value[]>

const ParamMap = bareMap<string | string[]>()
const WideMap = wideBareMap<string | string[]>()
/** Bytes of a text that probably has more than ten names. */
const MANY_NAMES = 256
const PLACES = 512
const MAX_KEPT = 32

const names: string[] = new Array(PLACES).fill('')
/** The map for which each place was used last. */
const usedFor = new Uint32Array(PLACES)
let map = 0

/**
 * A map to add to, until the next one is made.
 *
 * @param length of the text that it is read from
 */
export function newParams(length = 0): Params {
  map = (map + 1) >>> 0
  return length < MANY_NAMES ? new ParamMap() : new WideMap()
}

export function addParam(params: Params, name: string, value: string): void {
  const { length } = name
  if (length === 0 || length > MAX_KEPT) return addRepeated(params, name, value)
  const place = placeOf(name, length)
  let kept = names[place]!
  if (kept !== name) kept = names[place] = name
  if (usedFor[place] === map) return addRepeated(params, kept, value)
  usedFor[place] = map
  params[kept] = value
}

// It need not spread well, only differ for names that come together: first, last two, a middle character, and length.
function placeOf(name: string, length: number): number {
  const last = name.charCodeAt(length - 1)
  const beforeLast = length > 1 ? name.charCodeAt(length - 2) : 0
  const sum = length * 101 + name.charCodeAt(0) * 5 + name.charCodeAt(length >> 1) * 37 + beforeLast * 57
  return (sum + last * 3) & (PLACES - 1)
}

/** All in one map; where two have a name, the later one's. */
export function mergeParams<Value>(...maps: (Params<Value> | undefined)[]): Params<Value> {
  return Object.assign(new ParamMap(), ...maps)
}
