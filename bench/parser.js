// ns a request head and MB/s, every parser on the same four heads, in turn within one run. Two comparisons matter: the
// core's call against llhttp's wasm with empty callbacks (both only find where things are), and the complete request
// object against Node's own parser, which stops at an array of strings.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, start, stop } from './children.js'
import { chosen, fixed, geometricMean, median, rotated, table } from './figures.js'
import { headOf, heads } from './inputs.js'

const candidates = {
  'httpkit-raw': { title: 'httpkit-wasm, core call', file: 'httpkit', form: 'raw' },
  'httpkit-object': { title: 'httpkit-wasm, request object', file: 'httpkit', form: 'object' },
  'llhttp-empty': { title: 'llhttp wasm, empty callbacks', file: 'llhttp', form: 'empty' },
  'llhttp-strings': { title: 'llhttp wasm, header array', file: 'llhttp', form: 'strings' },
  node: { title: "Node's own, header array", file: 'node', form: 'array' },
  'http-parser-js': { title: 'http-parser-js, header array', file: 'http-parser-js', form: 'array' },
}
const comparisons = [
  ['llhttp-empty', 'httpkit-raw'],
  ['node', 'httpkit-object'],
  ['llhttp-strings', 'httpkit-object'],
]
const headNames = Object.keys(heads)
const measure = fileURLToPath(new URL('parsers/measure.js', import.meta.url))

/** @param options.seconds of one measurement of one head */
export async function run({ rounds = 5, seconds = 0.2, only }) {
  demandTwoCores()
  const parsers = chosen(Object.keys(candidates), only).map(startParser)
  for (let round = 0; round < rounds; round++) {
    for (const head of headNames) {
      for (const parser of rotated(parsers, round)) await measureOnce(parser, head, seconds * 1000)
    }
  }
  for (const parser of parsers) await stop(parser.process)
  const measured = parsers.filter((parser) => !parser.failure)
  console.log(`\n### parser: medians of ${rounds} rounds of ${seconds} s, ns a head (MB/s)\n`)
  report(measured)
  compare(measured)
}

function startParser(name) {
  const { title, file, form } = candidates[name]
  const child = start(process.execPath, ['--no-deprecation', measure, file, form], {
    core: cores.server,
    ipc: true,
  })
  return { name, title, process: child, rounds: new Map(headNames.map((head) => [head, []])) }
}

async function measureOnce(parser, head, ms) {
  if (parser.failure) return
  try {
    const { ns } = await ask(parser.process, { head, ms })
    parser.rounds.get(head).push(ns)
  } catch (error) {
    parser.failure = error
    console.log(`${parser.title} is left out: ${error.message}`)
  }
}

function report(parsers) {
  const bytes = new Map(headNames.map((head) => [head, headOf(heads[head]).length]))
  const headings = ['parser', ...headNames.map((head) => `${head} (${bytes.get(head)} B)`), 'geometric mean']
  const rows = parsers.map((parser) => {
    const cell = (head) => {
      const ns = median(parser.rounds.get(head))
      return `${fixed(ns, 0)} (${fixed((bytes.get(head) * 1000) / ns, 0)})`
    }
    return [parser.title, ...headNames.map(cell), fixed(geometricMean(mediansOf(parser)), 0)]
  })
  console.log(table(headings, rows))
}

function compare(parsers) {
  const rows = []
  for (const [slower, faster] of comparisons) {
    const [one, other] = [slower, faster].map((name) => parsers.find((parser) => parser.name === name))
    if (!one || !other) continue
    const others = mediansOf(other)
    const ratios = mediansOf(one).map((ns, i) => ns / others[i])
    rows.push([
      `${one.title} ÷ ${other.title}`,
      ...[...ratios, geometricMean(ratios)].map((ratio) => fixed(ratio, 2)),
    ])
  }
  if (rows.length > 0) console.log(`\n${table(['time', ...headNames, 'geometric mean'], rows)}`)
}

function mediansOf(parser) {
  return headNames.map((head) => median(parser.rounds.get(head)))
}
