// Queries and form-data, read and written, against the codecs that Node programs use, in turn within one run.

import { fileURLToPath } from 'node:url'
import { demandTwoCores } from './children.js'
import { chosen, fixed, table } from './figures.js'
import { subjects } from './forms/subjects.js'
import { measureInTurn, scenariosOf, tableOfRatios } from './in-turn.js'

const script = fileURLToPath(new URL('forms/measure.js', import.meta.url))

const everyone = Object.values(subjects).flatMap(({ candidates }) => Object.keys(candidates))

/** @param options.seconds of one measurement on one input */
export async function run({ rounds = 5, seconds = 0.2, only, scenario }) {
  demandTwoCores()
  const wanted = chosen([...new Set(everyone)], only)
  const scenarios = []
  for (const name of chosen(Object.keys(subjects), scenario)) {
    const { title, unit, noun, inputs } = subjects[name]
    const inputNames = Object.keys(inputs)
    const measured = await measureInTurn(candidatesOf(name, wanted), { inputs: inputNames, rounds, seconds })
    if (measured.length === 0) continue
    console.log(`\n### ${title}: medians of ${rounds} rounds of ${seconds} s, ${unit.name}\n`)
    report(measured, subjects[name])
    const peers = measured.map(({ name }) => name).filter((name) => name !== 'httpkit')
    const ratios = tableOfRatios(
      inputNames,
      measured,
      peers.map((peer) => [peer, 'httpkit']),
    )
    if (ratios) console.log(`\n${ratios}`)
    scenarios.push(...scenariosOf(inputNames, measured, { name, group: title, unit: `ns per ${noun}` }))
  }
  return { options: { rounds, seconds }, scenarios }
}

function candidatesOf(subject, wanted) {
  return Object.entries(subjects[subject].candidates)
    .filter(([name]) => wanted.includes(name))
    .map(([name, title]) => ({ name, title, args: ['--no-deprecation', script, subject, name] }))
}

function report(candidates, { inputs, unit }) {
  const described = Object.values(inputs)
  const rows = candidates.map(({ title, medians }) => {
    return [title, ...medians.map((ns, n) => fixed(unit.of(ns, described[n]), unit.digits))]
  })
  console.log(table(['', ...Object.keys(inputs)], rows))
}
