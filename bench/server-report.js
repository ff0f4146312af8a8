// One table a scenario: medians over the undisturbed rounds, and ratios to node:http and to the null server.

import { fixed, table } from './figures.js'
import { mediansOf, notesOn, trustOf } from './rounds.js'

const headings = [
  'server',
  'requests/s',
  '÷ node:http',
  '÷ null',
  'CPU µs/request',
  'node:http ÷ it',
  'it ÷ null',
  'core busy',
  'rounds',
]

export function report(scenario, servers) {
  const medians = new Map(servers.map((server) => [server.name, mediansOf(server.rounds)]))
  const ratio = (reading, name, other) => fixed(medians.get(name)[reading] / medians.get(other)?.[reading], 2)
  const rows = servers.map((server) => {
    const { name, title } = server
    const { perSecond, cpuEach } = medians.get(name)
    return [
      title,
      fixed(perSecond, 0),
      ratio('perSecond', name, 'node-http'),
      ratio('perSecond', name, 'null'),
      fixed(cpuEach, 2),
      fixed(medians.get('node-http')?.cpuEach / cpuEach, 2),
      ratio('cpuEach', name, 'null'),
      ...trustOf(server),
    ]
  })
  console.log(`\n### ${scenario}\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(servers)) console.log(note)
}
