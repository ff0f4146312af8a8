// A table for each scenario: medians over the undisturbed rounds, and ratios to ws with bufferutil and to Bun; and at the
// end the ratios of all.

import { fixed, table } from './figures.js'
import { mediansOf, notesOn, trustOf } from './rounds.js'

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

export function report({ title, connections }, servers) {
  const rows = servers.map((server) => {
    const { cpuEach, perSecond } = mediansOf(server.rounds)
    const other = (name) => mediansOfNamed(servers, name)
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
  console.log(`\n### ${title}\n\n${connections} connections.\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(servers)) console.log(note)
}

/** Only where this library was among those measured. */
export function summarize(scenarios) {
  const rows = scenarios.flatMap(({ title, servers }) => {
    const ours = mediansOfNamed(servers, subject).cpuEach
    const ratio = (name) => fixed(mediansOfNamed(servers, name).cpuEach / ours, 2)
    return Number.isFinite(ours) ? [[title, ...['ws', 'ws-plain', 'bun', 'deno'].map(ratio)]] : []
  })
  if (rows.length === 0) return
  const columns = ['CPU ÷ httpkit-wasm', 'ws + bufferutil', 'ws', 'Bun.serve', 'Deno.serve']
  console.log(`\n### all scenarios\n\n${table(columns, rows)}`)
}

function mediansOfNamed(servers, name) {
  return mediansOf(servers.find((server) => server.name === name)?.rounds ?? [])
}
