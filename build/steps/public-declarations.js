// Leaves, of the type declarations, those that the package's entries speak of, however indirectly. The rest describes what no
// user can import.
//
// The compiler writes one statement after the other, each from the begin of a line, its comment above it. From the entries
// on, a name leads to its statement, and the words in that lead to further ones.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('../package.json', build), 'utf8'))
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:type|interface|class|function|const) (\w+)/m
const STATEMENT = /\n(?=(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:import|export|declare) )/
const FROM = /^(im|ex)port (?:type )?(?:\{([^}]*)\}|\*) from '(\..+?)\.js'/

const modules = new Map(
  readdirSync(build, { recursive: true })
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => moduleOf(new URL(path.replaceAll('\\', '/'), build)))
    .map((module) => [module.file.href, module]),
)

function moduleOf(file) {
  const statements = []
  for (const text of readFileSync(file, 'utf8').split(STATEMENT)) {
    if (statements.at(-1)?.endsWith('*/')) statements.push(`${statements.pop()}\n${text}`)
    else statements.push(text)
  }
  return { file, statements, kept: new Set() }
}

function linkOf(statement, file) {
  const [, way, names, path] = FROM.exec(statement) ?? []
  if (path === undefined) return undefined
  const list = names
    ?.split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter(Boolean)
  return { isImport: way === 'im', names: list, module: modules.get(new URL(`${path}.d.ts`, file).href) }
}

// Of a module all that it exports, where no name is given.
function keep(module, name) {
  for (const statement of module.statements) {
    const link = linkOf(statement, module.file)
    const isNamed = link ? link.names?.includes(name) : DECLARED.exec(statement)?.[1] === name
    if (link?.isImport || (name !== undefined && link?.names && !isNamed)) continue
    if (link) for (const each of name ? [name] : (link.names ?? [undefined])) keep(link.module, each)
    else if (name !== undefined && !isNamed) continue
    keepStatement(module, statement)
  }
}

function keepStatement(module, statement) {
  if (module.kept.has(statement)) return
  module.kept.add(statement)
  const words = new Set(statement.replace(/\/\*[\s\S]*?\*\//g, '').match(/\w+/g))
  for (const other of module.statements) {
    const link = linkOf(other, module.file)
    if (!link && words.has(DECLARED.exec(other)?.[1])) keepStatement(module, other)
    if (link?.isImport) for (const name of link.names) if (words.has(name)) keep(link.module, name)
  }
}

// An import without the names that nobody speaks of any more.
function pruned(statement, module) {
  if (!statement.startsWith('import')) return module.kept.has(statement) ? statement : ''
  const words = new Set([...module.kept].join('\n').match(/\w+/g))
  const [, list] = /\{(.*)\}/s.exec(statement)
  const names = list.split(',').filter((name) => words.has(name.trim().replace(/^type /, '')))
  return names.length > 0 ? statement.replace(/\{.*\}/s, () => `{${names.join(',')}}`) : ''
}

for (const [, types] of JSON.stringify(manifest.exports).matchAll(/"types":"(.+?)"/g)) {
  keep(modules.get(new URL(`../${types}`, build).href))
}
const named = JSON.stringify(manifest.imports)
for (const module of modules.values()) {
  // What the package's own imports name is needed to compile it.
  if (named.includes(module.file.href.slice(build.href.length))) continue
  const text = module.statements
    .map((statement) => pruned(statement, module))
    .filter(Boolean)
    .join('\n')
  if (module.kept.size === 0) rmSync(module.file)
  else writeFileSync(module.file, text)
}
