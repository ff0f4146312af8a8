// The fuzzer: executions/s with all properties checked, the edges it reaches from nothing but a dictionary, over time; and what
// reading its seeds takes, with and without counters and in other parsers, in turn within one run.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hunt } from '../test/fuzz/engine/hunt.js'
import { targets as allTargets, targetUrl } from '../test/fuzz/targets.js'
import { demandTwoCores } from './children.js'
import { chosen, fixed, table } from './figures.js'
import { measureInTurn, scenariosOf } from './in-turn.js'
import { stepsAsSvg } from './plots/steps.js'

const SEED = 7
const readingSeconds = 0.2
const plot = new URL('plots/fuzz-edges.svg', import.meta.url)
const script = fileURLToPath(new URL('fuzzing/measure.js', import.meta.url))
const hook = new URL('../test/fuzz/engine/core-hook.js', import.meta.url).href

const ours = { httpkit: 'httpkit-wasm', instrumented: 'the same, instrumented' }
/** Whose readers there are, for each target. */
const peers = {
  'request-head': { llhttp: 'llhttp wasm', node: "Node's parser" },
  'response-head': { llhttp: 'llhttp wasm', node: "Node's parser" },
  chunked: { llhttp: 'llhttp wasm', node: "Node's parser" },
  query: { node: 'URLSearchParams' },
  multipart: { busboy: 'busboy' },
  frames: { ws: 'ws, Receiver' },
  utf8: { node: 'buffer.isUtf8' },
}

/** @param options.seconds that each target is fuzzed */
export async function run({ rounds = 5, seconds = 60, only }) {
  demandTwoCores()
  const names = chosen(allTargets, only)
  const reached = await fuzzFromNothing(names, seconds)
  console.log(`\n### fuzz: from nothing but the dictionary, ${seconds} s each, seed ${SEED}\n`)
  reportReached(reached)
  if (only === undefined)
    writeFileSync(plot, await stepsAsSvg(curvesOf(reached), { x: 'seconds', y: 'edges' }))
  console.log(
    `\n### fuzz: reading the seeds, medians of ${rounds} rounds of ${readingSeconds} s, ns an input\n`,
  )
  const read = await readSeeds(names, rounds)
  console.log(table(['', ...headings, 'instrumented ÷ plain', 'peers ÷ plain'], read.map(readingRow)))
  const scenarios = [fromNothing(reached), ...read.flatMap(readingScenarios)]
  return { options: { rounds, seconds: readingSeconds, fuzzedSeconds: seconds, seed: SEED }, scenarios }
}

function fromNothing(reached) {
  return {
    name: 'from-nothing',
    title: 'from nothing but the dictionary',
    units: { perSecond: 'executions/s', edges: 'edges' },
    competitors: reached.map(({ name, executions, seconds, edges }) => {
      return { name, title: name, medians: { perSecond: executions / seconds, edges }, rounds: [] }
    }),
  }
}

async function fuzzFromNothing(names, seconds) {
  const reached = []
  for (const name of names) {
    const outcome = await hunt(targetUrl(name), { seed: SEED, seconds, corpus: [] })
    if (outcome.failure) throw new Error(`${name}: ${outcome.failure.message}`)
    reached.push({ name, ...outcome })
  }
  return reached
}

function reportReached(reached) {
  const rows = reached.map(({ name, executions, seconds, edges, growth }) => {
    const nearly = growth.find(([, , count]) => count >= 0.9 * edges)
    return [
      name,
      fixed(executions, 0),
      fixed(executions / seconds, 0),
      fixed(edges, 0),
      `${fixed(nearly[0], 2)} s (${fixed(nearly[1], 0)})`,
    ]
  })
  console.log(table(['', 'executions', 'executions/s', 'edges', '90 % of them after'], rows))
}

function curvesOf(reached) {
  return reached.flatMap(({ name, growth, seconds, edges }) =>
    [...growth, [seconds, 0, edges]].map(([x, , y]) => ({ curve: name, x, y })),
  )
}

const headings = [...Object.values(ours), 'peers']

async function readSeeds(names, rounds) {
  const read = []
  for (const name of names.filter((name) => peers[name])) {
    const measured = await measureInTurn(candidatesOf(name), {
      inputs: [name],
      rounds,
      seconds: readingSeconds,
    })
    read.push({ name, measured })
  }
  return read
}

function readingRow({ name, measured }) {
  const [plain, instrumented, ...others] = measured.map(({ title, medians: [ns] }) => ({ title, ns }))
  return [
    name,
    ns(plain),
    ns(instrumented),
    others.map((other) => `${other.title} ${ns(other)}`).join(', '),
    fixed(instrumented.ns / plain.ns, 2),
    others.map((other) => fixed(other.ns / plain.ns, 2)).join(', '),
  ]
}

function readingScenarios({ name, measured }) {
  return scenariosOf([name], measured, { name: 'seeds', unit: 'ns per input' })
}

function candidatesOf(target) {
  const own = [
    { name: 'httpkit', title: ours.httpkit, args: [script, 'httpkit'] },
    { name: 'instrumented', title: ours.instrumented, args: ['--import', hook, script, 'httpkit'] },
  ]
  const others = Object.entries(peers[target]).map(([file, title]) => {
    return { name: file, title, args: ['--no-deprecation', script, file] }
  })
  return [...own, ...others]
}

function ns(one) {
  return fixed(one.ns, 0)
}
