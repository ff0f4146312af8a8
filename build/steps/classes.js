// Makes classes smaller, in the modules that are about to be written: short names for what is private, and no declaration of
// a field that the constructor sets anyway.
//
// A name is shortened where every declaration of it is private (or protected), and the code reaches it through `this`
// alone: then nobody else can mean it, for who has a thing from us knows it by a type. Short ones begin with `_`, as
// nothing else here does, nor what we extend, but for those with more than three letters.
import { readdirSync, readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'rolldown/utils'

const modules = new URL('../modules/', import.meta.url)
const MEMBER = /^ +(private |protected )?(?:static |abstract |readonly |get |set )*(\w+)[?(:<;]/gm

function privateNames() {
  const names = new Set()
  const others = new Set()
  for (const path of readdirSync(modules, { recursive: true })) {
    if (!path.endsWith('.d.ts')) continue
    const text = readFileSync(new URL(path.replaceAll('\\', '/'), modules), 'utf8')
    for (const [, hidden, name] of text.matchAll(MEMBER)) (hidden ? names : others).add(name)
  }
  return [...names].filter((name) => !others.has(name))
}

const isThis = (node) => node?.type === 'ThisExpression'

// Where properties are named: of classes, of `this`, and otherwise.
function namesIn(program) {
  const own = []
  const others = new Set()
  const note = (isOwn, { name, start, end, value }) => {
    if (isOwn) own.push({ name, start, end })
    else others.add(name ?? value)
  }
  const member = (node) => node.computed || note(true, node.key)
  new Visitor({
    MethodDefinition: member,
    PropertyDefinition: member,
    MemberExpression(node) {
      if (!node.computed) note(isThis(node.object), node.property)
    },
    Literal: (node) => others.add(node.value),
    TemplateElement: (node) => others.add(node.value.cooked),
    Property: (node) => node.computed || others.add(node.key.name ?? node.key.value),
  }).visit(program)
  return { own, others }
}

// Fields that are declared, and then set by a statement of the constructor.
function needlessFields(program) {
  const fields = []
  new Visitor({
    ClassBody({ body }) {
      const { value } = body.find(({ kind }) => kind === 'constructor') ?? {}
      const set = new Set(value?.body.body.flatMap(namesSetBy))
      for (const field of body) {
        const isBare = field.type === 'PropertyDefinition' && !field.value && !field.static && !field.computed
        if (isBare && set.has(field.key.name)) fields.push(field)
      }
    },
  }).visit(program)
  return fields
}

function namesSetBy({ type, expression }) {
  if (type !== 'ExpressionStatement') return []
  const all = expression.type === 'SequenceExpression' ? expression.expressions : [expression]
  return all
    .filter(
      ({ type, operator, left }) =>
        type === 'AssignmentExpression' && operator === '=' && isThis(left.object),
    )
    .map(({ left }) => left.property.name)
}

function shortNames(parsed) {
  const counts = new Map()
  for (const { name } of parsed.flatMap(({ own }) => own)) counts.set(name, (counts.get(name) ?? 0) + 1)
  const isOthers = (name) => parsed.some(({ others }) => others.has(name))
  const names = privateNames().filter((name) => counts.has(name) && !isOthers(name))
  names.sort((a, b) => counts.get(b) - counts.get(a))
  return new Map(names.map((name, index) => [name, `_${index.toString(36)}`]))
}

function edit(code, edits) {
  const pieces = []
  let at = 0
  for (const { start, end, text } of edits.sort((a, b) => a.start - b.start)) {
    if (start < at) continue
    pieces.push(code.slice(at, start), text)
    at = end
  }
  return pieces.join('') + code.slice(at)
}

export const classes = {
  name: 'classes',
  generateBundle(_, output) {
    const parsed = Object.values(output).map((module) => {
      const { program } = parseSync(module.fileName, module.code)
      return { module, ...namesIn(program), fields: needlessFields(program) }
    })
    const short = shortNames(parsed)
    for (const { module, own, fields } of parsed) {
      const shortened = own.map(({ name, ...place }) => ({ ...place, text: short.get(name) ?? name }))
      const removed = fields.map(({ start, end }) => ({ start, end, text: '' }))
      module.code = edit(module.code, [...removed, ...shortened])
    }
  },
}
