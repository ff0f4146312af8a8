// ns a request head and MB/s, every parser on the same four heads, in turn within one run. Two comparisons matter: the
// core's call against llhttp's wasm with empty callbacks (both only find where things are), and the complete request
// object against Node's own parser, which stops at an array of strings.

import { fileURLToPath } from 'node:url'
import { demandTwoCores } from './children.js'
import { chosen, fixed, geometricMean, table } from './figures.js'
import { measureInTurn, scenariosOf, tableOfRatios } from './in-turn.js'
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
const script = fileURLToPath(new URL('parsers/measure.js', import.meta.url))

/** @param options.seconds of one measurement of one head */
export async function run({ rounds = 5, seconds = 0.2, only }) {
  demandTwoCores()
  const parsers = chosen(Object.keys(candidates), only).map((name) => {
    const { title, file, form } = candidates[name]
    return { name, title, args: ['--no-deprecation', script, file, form] }
  })
  const measured = await measureInTurn(parsers, { inputs: headNames, rounds, seconds })
  console.log(`\n### parser: medians of ${rounds} rounds of ${seconds} s, ns a head (MB/s)\n`)
  report(measured)
  const ratios = tableOfRatios(headNames, measured, comparisons)
  if (ratios) console.log(`\n${ratios}`)
  return {
    options: { rounds, seconds },
    scenarios: scenariosOf(headNames, measured, { unit: 'ns per head' }),
  }
}

function report(parsers) {
  const bytes = headNames.map((head) => headOf(heads[head]).length)
  const headings = ['parser', ...headNames.map((head, n) => `${head} (${bytes[n]} B)`), 'geometric mean']
  const rows = parsers.map(({ title, medians }) => {
    const cells = medians.map((ns, n) => `${fixed(ns, 0)} (${fixed((bytes[n] * 1000) / ns, 0)})`)
    return [title, ...cells, fixed(geometricMean(medians), 0)]
  })
  console.log(table(headings, rows))
}
