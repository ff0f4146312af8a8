// The core as it is released, with counters: build/fuzz/core.mjs, for the fuzzer. An edge is one way of a decision. So
// every condition passes through a function that counts which way it went, and every loop turn and call burns fuel, so
// that work can be bounded and a loop without end traps. Nothing is moved, so the code that runs is the code that is
// released; binaryen then puts these functions where they are called.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { FEATURES } from './features.js'

const source = binaryen.readBinary(readFileSync(new URL('../core.wasm', import.meta.url)))
source.setFeatures(FEATURES)
const tree = parse(source.emitText())

// Memory is made longer: by a page for what is counted here, and by one at whose end the fuzzer lays its inputs.
const PAGE = 64 * 1024
const [, memoryName, pages] = tree.find(isCalled('memory'))
tree.find(isCalled('memory'))[2] = String(Number(pages) + 2)
const FUEL = Number(pages) * PAGE
const COUNTERS = FUEL + 16

// The module's start function needs fuel, too.
const helpers = `
  (data (memory ${memoryName}) (i32.const ${FUEL}) "\\ff\\ff\\ff\\7f")
  (func $decide (param $condition i32) (param $counter i32) (result i32)
    (call $count (i32.add (local.get $counter) (i32.ne (local.get $condition) (i32.const 0))))
    (local.get $condition))
  (func $choose (param $index i32) (param $counter i32) (param $last i32) (result i32)
    (call $count (i32.add (local.get $counter)
      (select (local.get $index) (local.get $last) (i32.lt_u (local.get $index) (local.get $last)))))
    (local.get $index))
  (func $count (param $counter i32)
    (i32.store8 (local.get $counter) (i32.add (i32.load8_u (local.get $counter)) (i32.const 1))))
  (func $burn (param $units i32)
    (if (i32.lt_u (i32.load (i32.const ${FUEL})) (local.get $units))
      (then (i32.store (i32.const ${FUEL}) (i32.const 0)) (unreachable)))
    (i32.store (i32.const ${FUEL}) (i32.sub (i32.load (i32.const ${FUEL})) (local.get $units))))
  (func $copied (param $length i32) (result i32)
    (call $burn (i32.shr_u (local.get $length) (i32.const 6)))
    (local.get $length))`

let edges = 0
const constants = new Set()
for (const func of tree.filter(isCalled('func'))) instrumentFunction(func)

const core = binaryen.parseText(`${print(tree).slice(0, -1)}${helpers})`)
core.setFeatures(FEATURES)
if (!core.validate()) throw new Error('the instrumented core is not valid')
binaryen.setAlwaysInlineMaxSize(1000)
core.runPasses(['inlining'])

const folder = new URL('../fuzz/', import.meta.url)
mkdirSync(folder, { recursive: true })
const lines = [
  '// The instrumented core, made by build/steps/instrument.js.',
  `export default Buffer.from('${Buffer.from(core.emitBinary()).toString('base64')}', 'base64')`,
  `export const FUEL = ${FUEL}`,
  `export const COUNTERS = ${COUNTERS}`,
  `export const EDGES = ${edges}`,
  '// What the core compares its input with: bytes, and words of them, each byte a character.',
  `export const CONSTANTS = ${JSON.stringify([...constants].sort())}`,
]
writeFileSync(new URL('core.mjs', folder), `${lines.join('\n')}\n`)

// A list is an expression, its first element its name; all else is a word.

function isCalled(name) {
  return (expression) => expression[0] === name
}

function instrumentFunction(func) {
  for (const expression of func) instrument(expression)
  const declarations = ['func', 'export', 'type', 'param', 'result', 'local']
  const isDeclaration = (part) => typeof part === 'string' || declarations.includes(part[0])
  const body = func.findLastIndex(isDeclaration) + 1
  if (body < func.length) func.splice(body, 0, counted(), burnt())
}

function instrument(expression) {
  if (typeof expression === 'string') return
  for (const part of expression) instrument(part)
  const last = expression.length - 1
  switch (expression[0]) {
    case 'if': {
      const condition = expression.findIndex(isCalled('then')) - 1
      expression[condition] = decided(expression[condition])
      break
    }
    case 'br_if':
    case 'select':
      expression[last] = decided(expression[last])
      break
    case 'br_table':
      expression[last] = chosen(expression[last], last - 2)
      break
    case 'loop':
      expression.splice(expression.findIndex(isBody), 0, burnt())
      break
    case 'memory.copy':
    case 'memory.fill':
      expression[last] = ['call', '$copied', expression[last]]
      break
    default:
      noteConstant(expression)
  }
}

function isBody(part, index) {
  return index > 0 && typeof part !== 'string' && part[0] !== 'result'
}

function decided(condition) {
  return ['call', '$decide', condition, constant(counter(2))]
}

function chosen(index, last) {
  return ['call', '$choose', index, constant(counter(last + 1)), constant(last)]
}

function counted() {
  return ['call', '$count', constant(counter(1))]
}

function burnt() {
  return ['call', '$burn', constant(1)]
}

function constant(value) {
  return ['i32.const', String(value)]
}

function counter(ways) {
  const first = COUNTERS + edges
  edges += ways
  return first
}

function noteConstant(expression) {
  if (!/^i(32|64)\.(eq|ne)$/.test(expression[0])) return
  for (const [name, value] of expression.slice(1)) {
    if (/^i(32|64)\.const$/.test(name) && value !== '0') constants.add(bytesOf(BigInt(value)))
  }
}

// As they lie in memory, the lowest first.
function bytesOf(number) {
  const bytes = []
  for (let left = BigInt.asUintN(64, number); left > 0n; left >>= 8n) bytes.push(Number(left & 0xffn))
  return String.fromCharCode(...bytes)
}

// WebAssembly's text is words, strings and brackets.

function parse(text) {
  const tokens = text.matchAll(/\(;.*?;\)|;;.*|"(?:[^"\\]|\\.)*"|[()]|[^\s()";]+/g)
  const open = [[]]
  for (const [token] of tokens) {
    if (token.startsWith('(;') || token.startsWith(';;')) continue
    if (token === '(') open.push([])
    else if (token === ')') open.at(-2).push(open.pop())
    else open.at(-1).push(token)
  }
  return open[0][0]
}

function print(expression) {
  return typeof expression === 'string' ? expression : `(${expression.map(print).join(' ')})`
}
