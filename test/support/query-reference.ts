// What a query means, twice: by the steps of the URL Standard (§5.1) taken one by one on bytes, and by the platform. And a
// reader of the nested names that `indexed` writes.

export type Pair = readonly [name: string, value: string]

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The pairs of a query, in order, by the steps of the URL Standard. */
export function pairsOf(query: string): Pair[] {
  const sequences = Buffer.from(query).toString('latin1').split('&')
  return sequences.filter(Boolean).map((sequence) => {
    const [, name, value = ''] = /^([^=]*)=?(.*)$/s.exec(sequence)!
    return [decoded(name!), decoded(value)]
  })
}

function decoded(binary: string): string {
  const spaced = binary.replaceAll('+', ' ')
  const bytes = spaced.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decoder.decode(Buffer.from(bytes, 'latin1'))
}

/**
 * The pairs of a query, in order, as URLSearchParams reads them. It gets all beyond ASCII as escapes, which mean the same:
 * beside an escape that is no UTF-8 Node 20 reads one byte of such a character.
 */
export function platformPairsOf(query: string): Pair[] {
  return [...new URLSearchParams(`?${query.replace(/[\u0080-\uffff]+/g, escaped)}`)]
}

function escaped(text: string): string {
  return Buffer.from(text)
    .toString('hex')
    .replace(/../g, (hex) => `%${hex}`)
}

/** The pairs as an object's entries in its order (integers first): the values of a repeated name are an array. */
export function grouped(pairs: readonly Pair[]): [name: string, value: string | string[]][] {
  const groups = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const values = groups.get(name)
    if (values) values.push(value)
    else groups.set(name, [value])
  }
  const single = [...groups].map(([name, values]): [string, string | string[]] => [
    name,
    values.length === 1 ? values[0]! : values,
  ])
  return Object.entries(Object.fromEntries(single))
}

export type Tree = string | Tree[] | Map<string, Tree>

/** What a query in the style `indexed` was made from. A level whose names are all numbers is an array. */
export function unnest(query: string): Tree {
  const root: Tree = new Map()
  for (const [name, value] of platformPairsOf(query)) {
    const [first, ...rest] = name.split('[').map((step) => step.replace(/\]$/, ''))
    plant(root, [first!, ...rest], value)
  }
  return withArrays(root)
}

function plant(tree: Map<string, Tree>, [step, ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    if (tree.has(step!)) throw new Error(`'${step}' has two values`)
    tree.set(step!, value)
    return
  }
  const below = tree.get(step!) ?? new Map<string, Tree>()
  if (!(below instanceof Map)) throw new Error(`'${step}' is a value, and has others below it`)
  tree.set(step!, below)
  plant(below, rest, value)
}

function withArrays(tree: Tree): Tree {
  if (!(tree instanceof Map)) return tree
  const entries = [...tree].map(([step, below]) => [step, withArrays(below)] as const)
  const isArray = entries.every(([step]) => /^\d+$/.test(step))
  if (!isArray) return new Map(entries)
  return entries.map(([step, below], index) => {
    if (Number(step) !== index) throw new Error(`'${step}' comes as number ${index}`)
    return below
  })
}
