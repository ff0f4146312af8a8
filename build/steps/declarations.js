// Makes the package's type declarations of those that tsc made, which lie in build/modules: the entries, which list names, and
// in rooms.d.cts all that they speak of, however indirectly. The rest describes what no user can import.
//
// It is called .cts for its place in the package: npm packs by extension, and .d.ts files lie between the two copies of the
// core that gzip is to see as one (steps/core-modules.js), so that these have to be small. There is no code in it, hence
// nothing of CommonJS.
//
// The compiler writes one statement after the other, each from the begin of a line, its comment above it. From the entries
// on, a name leads to its statement, and the words in that lead to further ones.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const source = new URL('modules/', build)
const manifest = JSON.parse(readFileSync(new URL('../package.json', build), 'utf8'))
const STATEMENT = /\n(?=(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:import|export|declare|type|interface) )/
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:type|interface|class|function|const) (\w+)/m
const WORD = /\/\*[\s\S]*?\*\/|import\("(\..+?)"\)\.(\w+)|(?<!\w\.)\b\w+/g
const PRIVATE =
  /(?:\n +\/\*\*(?:(?!\*\/)[\s\S])*@internal(?:(?!\*\/)[\s\S])*\*\/\n[^\n]*;|\n +private [^\n]*;)/g
const FROM = /^(?:im|ex)port (?:type )?\{([^}]*)\} from '(.+)'/

const modules = new Map(
  readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => moduleOf(new URL(path.replaceAll('\\', '/'), source)))
    .map((module) => [module.file.href, module]),
)
const rooms = new Map()
const imported = new Set()
const foreign = new Set()

function moduleOf(file) {
  const text = readFileSync(file, 'utf8')
  const declared = new Map()
  const links = new Map()
  for (const statement of statementsOf(text)) {
    const [, names, from] = FROM.exec(statement) ?? []
    for (const [, name] of names?.matchAll(/(?:type )?(\w+)[^,]*/g) ?? []) links.set(name, from)
    const [, name] = (!from && DECLARED.exec(statement)) || []
    // The signatures of a function are statements, too.
    if (name) declared.set(name, declared.has(name) ? `${declared.get(name)}\n${statement}` : statement)
  }
  return { file, text, declared, links, kept: new Map() }
}

function statementsOf(text) {
  const statements = []
  for (const part of text.split(STATEMENT)) {
    if (statements.at(-1)?.endsWith('*/')) statements.push(`${statements.pop()}\n${part}`)
    else statements.push(part)
  }
  return statements
}

const neighbour = ({ file }, path) => modules.get(new URL(path.replace(/js$/, 'd.ts'), file).href)

// Answers with the name in rooms.d.cts, which is another where two modules have the same.
function keep(module, name) {
  const from = module.links.get(name)
  if (from?.startsWith('.')) return keep(neighbour(module, from), name)
  if (from) imported.add(`import { type ${name} } from '${from}'`)
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

for (const [, name] of JSON.stringify(manifest.exports).matchAll(/"types":"\.\/build\/(.+?)"/g)) {
  const entry = modules.get(new URL(name, source).href)
  writeFileSync(new URL(name, build), [...entriesOf(entry), listOf(entry)].filter(Boolean).join('\n'))
}

// The other entries that an entry has all of.
function entriesOf({ text }) {
  return Array.from(text.matchAll(/^export \* from .*/gm), ([statement]) => statement)
}

// What an entry exports of the rooms, in one statement.
function listOf(entry) {
  const names = Array.from(entry.text.matchAll(/^export (type )?\{([^}]*)\}/gm), ([, type = '', names]) =>
    Array.from(names.matchAll(/(type )?(\w+)(?: as (\w+))?/g), ([, own = type, name, as = name]) => {
      const kept = keep(entry, name)
      return own + (kept === as ? as : `${kept} as ${as}`)
    }),
  ).flat()
  return names.length > 0 && `export { ${names.join(', ')} } from './rooms.cjs'`
}

// Headers, say, is the platform's where no room's is imported.
const mistaken = [...foreign].filter((name) => /^[A-Z]/.test(name) && rooms.has(name))
if (mistaken.length > 0) throw new Error(`meant as another's, but declared by a room: ${mistaken}`)
// What users set is explained, in a sentence, and the maps between them and us; the rest of the comments would be a tenth of
// the package, and stands in the sources.
const SET = /\binterface (\w+(Options|Limits|Handlers|Callbacks)|Ring\w+|Part|Network|Channel|Client)\b/
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

const text = [...imported, ...Array.from(rooms.values(), explained)].join('\n')
const indented = text.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4))
writeFileSync(new URL('rooms.d.cts', build), indented.replace(/\n{2,}/g, '\n'))
