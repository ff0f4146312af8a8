// What tsc has declared, in build/modules: of each module the statements that declare its names, and where the names come from
// that it imports or passes on. The compiler writes one statement after the other, each from the begin of a line, its comment
// above it.
import { readdirSync, readFileSync } from 'node:fs'

export const source = new URL('../modules/', import.meta.url)

const STATEMENT = /\n(?=(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:import|export|declare|type|interface) )/
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:type|interface|class|function|const) (\w+)/m
const FROM = /^(?:im|ex)port (?:type )?\{([^}]*)\} from '(.+)'/

/** By their URLs: `{ file, text, declared, links }`, the statements and the paths of other modules by names. */
export const modules = new Map(
  readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => moduleOf(new URL(path.replaceAll('\\', '/'), source)))
    .map((module) => [module.file.href, module]),
)

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
  return { file, text, declared, links }
}

function statementsOf(text) {
  const statements = []
  for (const part of text.split(STATEMENT)) {
    if (statements.at(-1)?.endsWith('*/')) statements.push(`${statements.pop()}\n${part}`)
    else statements.push(part)
  }
  return statements
}

/** The module that another one calls by this path. */
export const neighbour = ({ file }, path) => modules.get(new URL(path.replace(/js$/, 'd.ts'), file).href)
