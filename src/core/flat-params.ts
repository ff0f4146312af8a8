// Nested params as flat pairs, in http-kit's four styles: `{ a: { b: [1, 2] } }` is a[b]=1, a[b]=2, or what the style makes
// of the array. Where an array holds maps or arrays, only indices keep apart what belongs to which, so it has them in
// every style.

/** How an array under a name is written: `a[]=1&a[]=2`, `a[0]=1&a[1]=2`, `a=1,2`; without a style `a=1&a=2`. */
export type NestedParamStyle = 'array' | 'indexed' | 'commaSeparated'

const MAX_DEPTH = 64

type Params = Record<string, unknown>

/**
 * Names and values in turn.
 *
 * @throws TypeError for functions and symbols, and for maps in a circle
 */
export function flatParams(params: object, style: NestedParamStyle | undefined): string[] {
  const plain = plainParams(params as Params, style === undefined)
  if (plain) return plain
  const flat = new FlatParams(style)
  if (isList(params)) for (const pair of params) addPair(flat, pair)
  else flat.addMap(undefined, params, 0)
  return flat.texts
}

// Of a map of texts, and of lists of them, which most params are. V8 is quicker with this loop than with that over the
// names; it also gives what is inherited, which is not wanted.
function plainParams(params: Params, repeatsNames: boolean): string[] | undefined {
  if (Symbol.iterator in params) return undefined
  const names = Object.keys(params)
  const texts: string[] = []
  let index = 0
  for (const name in params) {
    const value = params[name]
    if (name !== names[index++]) return undefined
    if (typeof value === 'string') texts.push(name, value)
    else if (!repeatsNames || !Array.isArray(value) || !addTexts(texts, name, value)) return undefined
  }
  return texts
}

function addTexts(texts: string[], name: string, values: readonly unknown[]): boolean {
  for (const value of values) {
    if (typeof value !== 'string') return false
    texts.push(name, value)
  }
  return values.length > 0
}

class FlatParams {
  readonly texts: string[] = []
  private readonly style: NestedParamStyle | undefined

  constructor(style: NestedParamStyle | undefined) {
    this.style = style
  }

  add(name: string, value: unknown, depth: number): void {
    if (value === undefined) return
    if (typeof value === 'string' || !isNested(value)) this.addText(name, value)
    else if (depth === MAX_DEPTH) throw new TypeError('params nest too deeply, or in a circle')
    else if (isList(value)) this.addList(name, [...value], depth + 1)
    else this.addMap(name, value, depth + 1)
  }

  /** @param name of the map; the outermost has none */
  addMap(name: string | undefined, map: object, depth: number): void {
    if (isMap(map)) for (const [key, value] of map) this.addEntry(name, keyOf(key), value, depth)
    else for (const key of Object.keys(map)) this.addEntry(name, key, (map as Params)[key], depth)
  }

  private addEntry(name: string | undefined, key: string, value: unknown, depth: number): void {
    this.add(name === undefined ? key : `${name}[${key}]`, value, depth)
  }

  private addText(name: string, value: unknown): void {
    this.texts.push(name, textOf(value))
  }

  private addList(name: string, values: unknown[], depth: number): void {
    const { style } = this
    if (style === 'indexed' || values.some(isNested)) {
      for (const [index, value] of values.entries()) this.add(`${name}[${index}]`, value, depth)
      return
    }
    const texts = values.filter((value) => value !== undefined).map(textOf)
    const repeated = style === 'array' ? `${name}[]` : name
    if (style === 'commaSeparated') this.addText(name, texts.join(','))
    else if (texts.length === 0) this.addText(repeated, '')
    else for (const text of texts) this.addText(repeated, text)
  }
}

// At the top a list is one of pairs.
function addPair(flat: FlatParams, pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2)
    throw new TypeError('a list of params is one of [name, value]')
  flat.add(keyOf(pair[0]), pair[1], 0)
}

function isList(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && !isMap(value)
}

function isMap(value: object): value is Map<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]'
}

// A list or a map; not what has a text of its own, like a Date or a URL. Another realm has another Object.prototype, and
// `toString` may be a name in a map.
function isNested(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  if (Object.hasOwn(value, 'toString')) return typeof value.toString !== 'function'
  return value.toString === rootOf(value).toString
}

function rootOf(value: object): object {
  const prototype: object | null = Object.getPrototypeOf(value)
  return prototype === null ? value : rootOf(prototype)
}

function keyOf(key: unknown): string {
  if (isNested(key)) throw new TypeError('a map or a list is no name')
  return textOf(key)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a ${typeof value} is no param`)
  return typeof value === 'object' && 'toISOString' in value ? (value as Date).toISOString() : String(value)
}
