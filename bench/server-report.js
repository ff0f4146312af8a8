// One table a scenario: medians over the undisturbed rounds, and ratios to node:http and to the null server.

import { fixed, table } from './figures.js'
import { mediansNamed, notesOn, trustOf } from './rounds.js'

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

export function report(scenario) {
  const nodeHttp = mediansNamed(scenario, 'node-http')
  const floor = mediansNamed(scenario, 'null')
  const rows = scenario.competitors.map((competitor) => {
    const { perSecond, cpuEach } = competitor.medians
    return [
      competitor.title,
      fixed(perSecond, 0),
      fixed(perSecond / nodeHttp.perSecond, 2),
      fixed(perSecond / floor.perSecond, 2),
      fixed(cpuEach, 2),
      fixed(nodeHttp.cpuEach / cpuEach, 2),
      fixed(cpuEach / floor.cpuEach, 2),
      ...trustOf(competitor),
    ]
  })
  console.log(`\n### ${scenario.name}\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(scenario)) console.log(note)
}
