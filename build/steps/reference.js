// `npm run docs`: writes the reference, docs/api, of what tsc has declared: for each entry of package.json a page with the names
// that it exports, their comments and members. With --check it only says which pages are not as they would be written.
//
// A name has its place on the first page that has it, and so have types that no entry exports but that others speak of.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { commented, membersOf } from './members.js'
import { modules, neighbour, source } from './statements.js'

const ENTRIES = ['server', 'client', 'edge', 'middleware', 'core', 'fake', 'hub', 'threads', 'metrics']
const root = new URL('../../', import.meta.url)
const folder = new URL('docs/api/', root)
const LIST = /^export (?:type )?\{([^}]*)\}/gm
const LISTED = /(?:type )?(\w+)(?: as (\w+))?/g
const FOREIGN = /import\("[^"]+"\)\./g

// Constants that one statement declares.
const constants = new Map()
for (const module of modules.values())
  for (const statement of module.declared.values())
    for (const [, name, type] of constantsOf(statement)) constants.set(`${module.file} ${name}`, type)

function constantsOf(statement) {
  const { code } = commented(statement)
  return code.startsWith('export declare const ') ? code.matchAll(/(\w+): ([^;,]+)/g) : []
}

// Where a name is declared, by the modules that pass it on.
function found(module, name) {
  const from = module.links.get(name)
  if (from) return from.startsWith('.') ? found(neighbour(module, from), name) : undefined
  const type = constants.get(`${module.file} ${name}`)
  const statement = type ? `declare const ${name}: ${type};` : module.declared.get(name)
  return statement && { module, name, statement, key: `${module.file} ${name}`, kind: kindOf(statement) }
}

const kindOf = (statement) => /\b(function|const|class|interface|type) /.exec(commented(statement).code)[1]

const homes = new Map()
const pages = ENTRIES.map((entry) => ({ entry, exported: exportedBy(entry), more: [] }))
for (const page of pages)
  for (const one of page.exported) if (!homes.has(one.key)) homes.set(one.key, { page, ...one })
for (const page of pages) page.own = page.exported.filter(({ key }) => homes.get(key).page === page)
for (const page of pages) for (const one of page.own) gather(one, page)

function exportedBy(entry) {
  const module = modules.get(new URL(`${entry}.d.ts`, source).href)
  return Array.from(module.text.matchAll(LIST), ([, names]) =>
    Array.from(names.matchAll(LISTED), ([, name, as = name]) => ({ ...found(module, name), as })),
  )
    .flat()
    .filter(({ as }, index, all) => all.findIndex((other) => other.as === as) === index)
}

// Types that are spoken of, and have no place yet.
function gather({ module, statement }, page) {
  for (const [word] of visible(statement).matchAll(/\b[A-Z]\w*/g)) {
    const one = found(module, word) ?? imported(statement, module, word)
    if (!one || homes.has(one.key)) continue
    homes.set(one.key, { page, ...one, as: one.name })
    page.more.push(homes.get(one.key))
    gather(one, page)
  }
}

function imported(statement, module, name) {
  const [, path] = new RegExp(`import\\("(\\.[^"]+)"\\)\\.${name}\\b`).exec(statement) ?? []
  return path && found(neighbour(module, path), name)
}

// What is shown of a statement: a class's private members are not.
function visible(statement) {
  const { code } = commented(statement)
  if (!/^(?:export )?(?:declare )?(?:class|interface) /.test(code)) return code
  const [head] = code.split('{\n')
  return [head, ...membersOf(code).map(({ code }) => code)].join('\n')
}

const anchorOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
const spread = (text) => text.replace(FOREIGN, '')

function pageOf({ entry, exported, own, more }) {
  const functions = own.filter(({ kind }) => kind === 'function' || kind === 'const').sort(byName)
  const classes = own.filter(({ kind }) => kind === 'class').sort(byName)
  const types = own.filter(({ kind }) => kind === 'interface' || kind === 'type')
  const elsewhere = exported.filter((one) => !own.includes(one))
  const parts = [
    `# httpkit-wasm${entry === 'index' ? '' : `/${entry}`}`,
    aboutEntry(entry),
    ...[...together(functions), ...classes.map((one) => [one])].map((group) => section(group, entry)),
    ...named('Types', [...types].sort(byName), entry),
    ...named('Types they speak of', [...more].sort(byName), entry),
  ]
  if (elsewhere.length > 0) {
    parts.push('## Also exported here', elsewhere.map(({ key, as }) => linked(key, as, entry)).join(', '))
  }
  return `${parts.join('\n\n')}\n`
}

const byName = (one, other) => one.as.localeCompare(other.as, 'en')
const named = (title, list, entry) =>
  list.length > 0 ? [`## ${title}`, ...list.map((one) => section([one], entry, '###'))] : []

// What the entry's file says at its top.
function aboutEntry(entry) {
  const text = readFileSync(new URL(`src/${entry}.ts`, root), 'utf8')
  const [comment] = /^(?:\/\/.*\n)+/.exec(text)
  const said = comment
    .replace(/^\/\/ ?/gm, '')
    .replaceAll('\n', ' ')
    .replace(/^[\w/-]+: /, '')
    .trim()
  return `${said[0].toUpperCase()}${said.slice(1)}`
}

// Constants of one type stand together.
function together(list) {
  const groups = new Map()
  for (const one of list) {
    const key = one.kind === 'const' ? one.statement.split(': ')[1] : one.as
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

function section(group, entry, level = '##') {
  const [{ statement, module, kind }] = group
  const said = commented(statement)
  const parts = [`${level} ${titleOf(group)}`]
  if (kind === 'function' || kind === 'const') parts.push(fenced(signatures(group)))
  if (kind === 'type') parts.push(fenced(spread(said.code)))
  const heritage = /^[^{]*? (?:extends|implements) ([^{]+) \{/.exec(said.code)
  if (heritage && kind !== 'type')
    parts.push(`Also all of ${typeText(heritage[1], module, entry, statement)}.`)
  if (said.text) parts.push(said.text)
  parts.push(...aboutCall(said))
  if (kind === 'interface' || kind === 'class') parts.push(...membersText(said.code, module, entry))
  if (kind !== 'interface' && kind !== 'class') parts.push(...see(group[0], entry))
  return parts.join('\n\n')
}

const titleOf = (group) => group.map(({ as }) => as).join(', ')
const fenced = (code) =>
  `\`\`\`ts\n${code
    .replace(/^export /gm, '')
    .replace(/^declare /gm, '')
    .trim()}\n\`\`\``

function signatures(group) {
  if (group[0].kind === 'const')
    return `const ${titleOf(group)}: ${spread(group[0].statement.split(': ')[1])}`
  return spread(group[0].statement.replace(/\/\*\*[\s\S]*?\*\/\n/g, ''))
}

function aboutCall({ params, returns, throws }) {
  const lines = params.map(([name, text]) => `- \`${name}\`: ${text}`)
  if (returns) lines.push(`- returns ${returns}`)
  if (throws) lines.push(`- throws ${throws}`)
  return lines.length > 0 ? [lines.join('\n')] : []
}

function see({ statement, module }, entry) {
  const names = new Set(Array.from(visible(statement).matchAll(/\b[A-Z]\w*/g), ([word]) => word))
  const links = [...names].flatMap((name) => {
    const one = found(module, name) ?? imported(statement, module, name)
    return one && homes.has(one.key) && one.statement !== statement ? [linked(one.key, one.name, entry)] : []
  })
  return links.length > 0 ? [`See ${links.join(', ')}.`] : []
}

function linked(key, text, entry) {
  const { page, as, kind } = homes.get(key)
  const group = together([...page.own].sort(byName)).find((list) => list.some((one) => one.key === key))
  const anchor = anchorOf(kind === 'const' ? titleOf(group) : as)
  return `[\`${text}\`](${page.entry === entry ? '' : `${page.entry}.md`}#${anchor})`
}

function membersText(code, module, entry) {
  const members = membersOf(code)
  const properties = members.filter(({ isMethod }) => !isMethod)
  const methods = members.filter(({ isMethod }) => isMethod)
  return [
    ...table(properties, [
      ['', ({ name }) => `\`${name}\``],
      ['type', ({ type }) => typeText(type, module, entry, type)],
      ['default', (one) => one.default],
      ['unit', ({ unit }) => unit],
      ['', ({ text }) => text],
    ]),
    ...table(methods, [
      ['', ({ code }) => typeText(code, module, entry, code)],
      ['', (one) => [one.text, ...aboutCall(one).map(inCell)].filter(Boolean).join('<br>')],
    ]),
  ]
}

const inCell = (list) => list.replace(/^- /gm, '').replaceAll('\n', '<br>')

// Columns that say nothing are left out.
function table(members, all) {
  if (members.length === 0) return []
  const columns = all.filter(([, cell]) => members.some(cell))
  const rows = members.map((one) => columns.map(([, cell]) => cellText(cell(one))))
  const lines = [columns.map(([title]) => title), columns.map(() => '---'), ...rows]
  return [lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')]
}

const cellText = (text = '') =>
  text
    .replace(/\s*\n- /g, '<br>')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/(?<!\\)\|/g, '\\|')

// Code in which known types are links.
function typeText(type, module, entry, statement) {
  const plain = spread(type)
    .replace(/\s+/g, ' ')
    .replace(/[<>*_[\]{}]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const text = plain.replace(/\b[A-Z]\w*/g, (word) => {
    const one = found(module, word) ?? imported(statement, module, word)
    return one && homes.has(one.key) ? linked(one.key, word, entry).replaceAll('`', '') : word
  })
  return `<code>${text}</code>`
}

const texts = pages.map((page) => [`${page.entry}.md`, pageOf(page)])
const stale = texts.filter(([name, text]) => {
  const file = new URL(name, folder)
  return !existsSync(file) || readFileSync(file, 'utf8') !== text
})
if (process.argv.includes('--check')) {
  for (const [name] of stale) console.log(`docs/api/${name} is not what the declarations say: npm run docs`)
  process.exit(stale.length > 0 ? 1 : 0)
}
mkdirSync(folder, { recursive: true })
for (const [name, text] of stale) writeFileSync(new URL(name, folder), text)
