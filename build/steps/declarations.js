// Makes the package's type declarations of those that tsc made, which lie in build/modules: the entries as they are, and in
// rooms.d.ts all that they speak of, however indirectly. The rest describes what no user can import.
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

// Answers with the name in rooms.d.ts, which is another where two modules have the same.
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
  rooms.set(free, module.declared.get(name).replace(WORD, kept))
}

for (const [, name] of JSON.stringify(manifest.exports).matchAll(/"types":"\.\/build\/(.+?)"/g)) {
  const entry = modules.get(new URL(name, source).href)
  const listed = (all, name, as = ` as ${name}`) =>
    keep(entry, name) === name ? all : keep(entry, name) + as
  const text = entry.text.replace(/\{[^}]*\}/g, (names) => names.replace(/(\w+)( as \w+)?/g, listed))
  writeFileSync(new URL(name, build), text.replace(/'\.\/\w.*\/.*'/g, "'./rooms.js'"))
}

// Headers, say, is the platform's where no room's is imported.
const mistaken = [...foreign].filter((name) => /^[A-Z]/.test(name) && rooms.has(name))
if (mistaken.length > 0) throw new Error(`meant as another's, but declared by a room: ${mistaken}`)
writeFileSync(new URL('rooms.d.ts', build), [...imported, ...rooms.values()].join('\n'))
