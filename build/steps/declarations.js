// Makes the package's type declarations of those that tsc made, which lie in build/modules: the entries, which list names, and
// in rooms.d.cts all that they speak of, however indirectly; but in node.d.cts what leads to Node's own types, so that codecs,
// middleware and edge need none of those. The rest describes what no user can import.
//
// They are called .cts for their place in the package: npm packs by extension, and .d.ts files lie between the two copies of the
// core that gzip is to see as one (steps/core-modules.js), so that these have to be small. There is no code in them,
// hence nothing of CommonJS.
//
// From the entries on, a name leads to its statement, and the words in that lead to further ones.
import { readFileSync, writeFileSync } from 'node:fs'
import { modules, neighbour, source } from './statements.js'

const build = new URL('../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('../package.json', build), 'utf8'))
const WORD = /\/\*[\s\S]*?\*\/|import\("(\..+?)"\)\.(\w+)|(?<!\w\.)\b\w+/g
const PRIVATE =
  /(?:\n +\/\*\*(?:(?!\*\/)[\s\S])*@internal(?:(?!\*\/)[\s\S])*\*\/\n[^\n]*;|\n +private [^\n]*;)/g

// What is kept of a module, and under which names.
for (const module of modules.values()) module.kept = new Map()
const rooms = new Map()
const imported = new Map()
const foreign = new Set()

// Answers with the name in rooms.d.cts, which is another where two modules have the same.
function keep(module, name) {
  const from = module.links.get(name)
  if (from?.startsWith('.')) return keep(neighbour(module, from), name)
  if (from) imported.set(name, `import { type ${name} } from '${from}'`)
  else if (!module.declared.has(name)) foreign.add(name)
  else if (!module.kept.has(name)) keepStatement(module, name)
  return module.kept.get(name) ?? name
}

function keepStatement(module, name) {
  let free = name
  for (let count = 2; rooms.has(free); count++) free = `${name}${count}`
  module.kept.set(name, free)
  rooms.set(free, '')
  const kept = (word, path, foreign) => (path ? keep(neighbour(module, path), foreign) : keep(module, word))
  rooms.set(free, withoutPrivates(module.declared.get(name)).replace(WORD, kept))
}

// What a class keeps to itself is nobody's to read; that it does makes its type one that nothing else has.
function withoutPrivates(statement) {
  const others = statement.replace(PRIVATE, '')
  return others === statement ? statement : others.replace('{\n', '{\n    #private;\n')
}

const entries = Array.from(
  JSON.stringify(manifest.exports).matchAll(/"types":"\.\/build\/(.+?)"/g),
  ([, name]) => ({ name, entry: modules.get(new URL(name, source).href) }),
).map(({ name, entry }) => ({ name, others: entriesOf(entry), list: listOf(entry) }))

// The other entries that an entry has all of.
function entriesOf({ text }) {
  return Array.from(text.matchAll(/^export \* from .*/gm), ([statement]) => statement)
}

// What an entry exports of the rooms.
function listOf(entry) {
  return Array.from(entry.text.matchAll(/^export (type )?\{([^}]*)\}/gm), ([, type = '', names]) =>
    Array.from(names.matchAll(/(type )?(\w+)(?: as (\w+))?/g), ([, own = type, name, as = name]) => {
      const kept = keep(entry, name)
      return { kept, text: own + (kept === as ? as : `${kept} as ${as}`) }
    }),
  ).flat()
}

// Headers, say, is the platform's where no room's is imported.
const mistaken = [...foreign].filter((name) => /^[A-Z]/.test(name) && rooms.has(name))
if (mistaken.length > 0) throw new Error(`meant as another's, but declared by a room: ${mistaken}`)
// What users set is explained, in a sentence, and the maps between them and us; the rest of the comments would be a tenth of
// the package, and stands in the sources.
const SET = /\binterface (\w+(Options|Limits|Handlers|Callbacks)|Ring\w+|Channel)\b/
const COMMENT = /( *)\/\*\*([\s\S]*?)\*\/\n/g

function explained(statement) {
  return statement.replace(COMMENT, SET.test(statement) ? brief : '')
}

function brief(_, indent, comment) {
  const text = comment
    .replace(/\s*\n\s*\*/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
  const [whole] = text.split(/ ?@(?=param|returns|throws)/)
  const [first] = /^.*?\.(?= [A-Z`]|$)/.exec(whole) ?? [whole || text]
  return `${indent}/** ${first.trim()} */\n`
}

// What speaks of Node's types, or of what does: of AsyncDisposable too, which Node's types bring where a program's have none.
// The names of types begin with a capital.
const ofNode = new Set([...imported.keys(), 'AsyncDisposable'])
for (let before = 0; before < ofNode.size; ) {
  before = ofNode.size
  for (const [name, statement] of rooms)
    if (typesIn(statement).some((type) => ofNode.has(type))) ofNode.add(name)
}

function typesIn(statement) {
  return statement.replace(COMMENT, '').match(/\b[A-Z]\w*/g) ?? []
}

const statementsFor = (isWanted) =>
  Array.from(rooms)
    .filter(([name]) => isWanted(name))
    .map(([, text]) => text)
const neutral = statementsFor((name) => !ofNode.has(name))
const nodes = statementsFor((name) => ofNode.has(name))
const shared = new Set(nodes.flatMap(typesIn).filter((name) => rooms.has(name) && !ofNode.has(name)))
// One statement declares several constants.
for (const statement of nodes) for (const [, name] of constantsOf(statement)) ofNode.add(name)

function constantsOf(statement) {
  const code = statement.replace(COMMENT, '')
  return code.startsWith('export declare const ') ? code.matchAll(/(\w+): /g) : []
}

/** Bytes of a list that an entry's own file takes: npm's archive counts by 512, and what is longer lies with the rooms. */
const SHORT = 500
const from = (word, names, path) =>
  names.length > 0 ? [`${word} { ${names.join(', ')} } from '${path}'`] : []

write('rooms.d.cts', neutral.map(explained))
write('node.d.cts', [
  ...imported.values(),
  ...from('import', [...shared], './rooms.cjs'),
  ...nodes.map(explained),
])
for (const { name, others, list } of entries) {
  const namesOf = (isWanted) => list.filter(({ kept }) => isWanted(kept)).map(({ text }) => text)
  const neutralNames = namesOf((kept) => !ofNode.has(kept))
  const nodeNames = namesOf((kept) => ofNode.has(kept))
  const lists = [...from('export', neutralNames, './rooms.cjs'), ...from('export', nodeNames, './node.cjs')]
  const isShort = lists.join().length < SHORT
  if (!isShort) write(name.replace('.ts', '.cts'), lists)
  write(name, [...others, ...(isShort ? lists : [`export * from './${name.replace('.d.ts', '.cjs')}'`])])
}

function write(name, statements) {
  const indented = statements.join('\n').replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4))
  writeFileSync(new URL(name, build), indented.replace(/\n{2,}/g, '\n'))
}
