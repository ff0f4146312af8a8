// What a run measured, kept as results/SUBJECT.json: tables are for reading, these for drawing and for comparing later. A
// file has one run or several; figures are only compared within a scenario, and a scenario is always of one run.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { machine } from './machine.js'
import { peers } from './peers.js'

const folder = new URL('results/', import.meta.url)

/** What an earlier run left; undefined where there was none. */
export function readResults(subject) {
  try {
    return JSON.parse(readFileSync(new URL(`${subject}.json`, folder), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Puts the scenarios of a run in the place of those of the same name, and leaves the others with the run they are of.
 *
 * @param measured.options what the figures depend on: `rounds`, `seconds`, `connections`
 * @param measured.scenarios `{ name, title, group?, units, competitors }`: `units` by reading, and for each competitor
 * its `name`, `title`, `medians` by reading and the single `rounds`, each readings as well
 */
export function saveResults(subject, { options, scenarios }) {
  const date = new Date().toISOString().slice(0, 10)
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
  const run = { date, node: process.versions.node, machine, command, options, versions: peers, scenarios }
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${subject}.json`, folder), textOf(merged(subject, run)))
  console.log(`\nSaved: bench/results/${subject}.json (${scenarios.map(({ name }) => name).join(', ')})`)
}

function merged(subject, run) {
  const measured = new Set(run.scenarios.map(({ name }) => name))
  const earlier = (readResults(subject)?.runs ?? []).map((other) => {
    return { ...other, scenarios: other.scenarios.filter(({ name }) => !measured.has(name)) }
  })
  return { subject, runs: [...earlier.filter(({ scenarios }) => scenarios.length > 0), run] }
}

// A line for each competitor, five digits of each figure: small, and easy to compare from run to run.
function textOf(results) {
  const lines = JSON.stringify(results, (_, value) => (typeof value === 'number' ? rounded(value) : value), 1)
  return `${lines.replace(/\n {7,}/g, ' ').replace(/\n {6}\}/g, ' }')}\n`
}

function rounded(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(5))
}
