// A table for each scenario: medians over the undisturbed rounds, and ratios to this library.

import { fixed, table } from './figures.js'
import { mediansNamed, notesOn, trustOf } from './rounds.js'

const headings = [
  'server',
  'CPU µs/delivery',
  '÷ httpkit-wasm',
  'deliveries/s',
  'half have it, ms',
  '99 % have it, ms',
  '÷ httpkit-wasm',
  'core busy',
  'rounds',
]

export function report(scenario) {
  const ours = mediansNamed(scenario, 'httpkit')
  const rows = scenario.competitors.map((server) => {
    const { cpuEach, perSecond, p50, p99 } = server.medians
    return [
      server.title,
      fixed(cpuEach, 2),
      fixed(cpuEach / ours.cpuEach, 2),
      fixed(perSecond, 0),
      fixed(p50, 1),
      fixed(p99, 1),
      fixed(p99 / ours.p99, 2),
      ...trustOf(server),
    ]
  })
  console.log(`\n### ${scenario.title}\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(scenario)) console.log(note)
}
