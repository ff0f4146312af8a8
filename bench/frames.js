// ns a frame and GB/s of payload, this library's halves against those of ws, in turn within one run: masked frames read,
// frames written, masked or not, and UTF-8 validated.

import { fileURLToPath } from 'node:url'
import { demandTwoCores } from './children.js'
import { chosen, fixed, table } from './figures.js'
import { subjects } from './framing/subjects.js'
import { measureInTurn, scenariosOf, tableOfRatios } from './in-turn.js'

const script = fileURLToPath(new URL('framing/measure.js', import.meta.url))

const everyone = Object.values(subjects).flatMap(({ candidates }) => Object.keys(candidates))

/** @param options.seconds of one measurement on one input */
export async function run({ rounds = 5, seconds = 0.2, only, scenario }) {
  demandTwoCores()
  const wanted = chosen([...new Set(everyone)], only)
  const scenarios = []
  for (const name of chosen(Object.keys(subjects), scenario)) {
    const { title, unit = 'ns per frame', inputs, comparisons } = subjects[name]
    const inputNames = Object.keys(inputs)
    const measured = await measureInTurn(candidatesOf(name, wanted), { inputs: inputNames, rounds, seconds })
    if (measured.length === 0) continue
    console.log(`\n### ${title}: medians of ${rounds} rounds of ${seconds} s, ${unit} (GB/s)\n`)
    report(measured, inputs)
    const ratios = tableOfRatios(inputNames, measured, comparisons)
    if (ratios) console.log(`\n${ratios}`)
    scenarios.push(...scenariosOf(inputNames, measured, { name, group: title, unit: unit }))
  }
  return { options: { rounds, seconds }, scenarios }
}

function candidatesOf(subject, wanted) {
  return Object.entries(subjects[subject].candidates)
    .filter(([name]) => wanted.includes(name))
    .map(([name, { title, file, form, env }]) => {
      return { name, title, args: ['--no-deprecation', script, subject, file, form], env }
    })
}

function report(candidates, inputs) {
  const bytes = Object.values(inputs).map(({ message }) => message(0).length)
  const cell = (ns, n) =>
    `${fixed(ns, ns < 100 ? 1 : 0)} (${fixed(bytes[n] / ns, bytes[n] / ns < 10 ? 2 : 1)})`
  const rows = candidates.map(({ title, medians }) => [title, ...medians.map(cell)])
  console.log(table(['', ...Object.keys(inputs)], rows))
}
