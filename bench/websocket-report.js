// A table for each scenario: medians over the undisturbed rounds, and ratios to ws with bufferutil and to Bun; and at the
// end the ratios of all.

import { fixed, table } from './figures.js'
import { mediansNamed, notesOn, trustOf } from './rounds.js'

const subject = 'httpkit'
const headings = [
  'server',
  'CPU µs/message',
  'ws + bufferutil ÷ it',
  'Bun ÷ it',
  'messages/s',
  '÷ ws + bufferutil',
  '÷ Bun',
  'core busy',
  'rounds',
]

export function report(scenario, connections) {
  const rows = scenario.competitors.map((server) => {
    const { cpuEach, perSecond } = server.medians
    const other = (name) => mediansNamed(scenario, name)
    return [
      server.title,
      fixed(cpuEach, 2),
      fixed(other('ws').cpuEach / cpuEach, 2),
      fixed(other('bun').cpuEach / cpuEach, 2),
      fixed(perSecond, 0),
      fixed(perSecond / other('ws').perSecond, 2),
      fixed(perSecond / other('bun').perSecond, 2),
      ...trustOf(server),
    ]
  })
  console.log(`\n### ${scenario.title}\n\n${connections} connections.\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(scenario)) console.log(note)
}

/** Only where this library was among those measured. */
export function summarize(scenarios) {
  const rows = scenarios.flatMap((scenario) => {
    const ours = mediansNamed(scenario, subject).cpuEach
    const ratio = (name) => fixed(mediansNamed(scenario, name).cpuEach / ours, 2)
    return Number.isFinite(ours) ? [[scenario.title, ...['ws', 'ws-plain', 'bun', 'deno'].map(ratio)]] : []
  })
  if (rows.length === 0) return
  const columns = ['CPU ÷ httpkit-wasm', 'ws + bufferutil', 'ws', 'Bun.serve', 'Deno.serve']
  console.log(`\n### all scenarios\n\n${table(columns, rows)}`)
}
