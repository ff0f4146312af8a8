// A map as a query string, or a form's text (URL Standard, "application/x-www-form-urlencoded"), as http-kit writes them.

import { flatParams, type NestedParamStyle } from './flat-params.js'
import { writeForm } from './form-writer.js'
import { writeShortForm } from './short-form.js'

const styles: readonly unknown[] = [undefined, 'array', 'indexed', 'commaSeparated']

/** @throws TypeError for an unknown one */
export function demandStyle(style: NestedParamStyle | undefined): void {
  if (!styles.includes(style)) throw new TypeError(`unknown style: ${String(style)}`)
}

/**
 * Writes `name=value&…`: all but letters, digits and `*-._` is encoded, a space as '+'. Maps in maps are `a[b]=…`; null is an
 * empty value; undefined and empty maps are left out.
 *
 * @param params a map, a Map, or a list of `[name, value]`
 * @param style of arrays (default: the name is repeated); those that hold maps or arrays are indexed in every style
 * @throws TypeError for functions and symbols, maps in a circle, and an unknown style
 */
export function encodeQuery(params: object, style?: NestedParamStyle): string {
  if (typeof params !== 'object' || params === null) throw new TypeError('params are a map')
  demandStyle(style)
  const texts = flatParams(params, style)
  return writeShortForm(texts) ?? writeForm(texts)
}
