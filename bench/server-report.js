// One table a scenario: medians over the undisturbed rounds, and ratios to node:http and to the null server.

import { competitors } from './competitors.js'
import { fixed, median, table } from './figures.js'

// Part of the time that others may run on the two cores, or the hypervisor take from them.
const foreignLimit = 0.05
// A server busier than this was the limit; below it the load generator was.
const saturated = 0.95

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

export function isUndisturbed({ foreign, stolen, trouble }) {
  return foreign < foreignLimit && stolen < foreignLimit && trouble === undefined
}

export function report(scenario, servers) {
  const medians = new Map(servers.map((server) => [server.name, mediansOf(server.rounds)]))
  const isStarved = ({ name, rounds }) => rounds.some(isUndisturbed) && medians.get(name).busy < saturated
  const ratio = (reading, name, other) => fixed(medians.get(name)[reading] / medians.get(other)?.[reading], 2)
  const rows = servers.map((server) => {
    const { name, rounds } = server
    const { perSecond, cpuPerRequest, busy } = medians.get(name)
    const inverse = medians.get('node-http')?.cpuPerRequest / cpuPerRequest
    return [
      competitors[name].title,
      fixed(perSecond, 0),
      ratio('perSecond', name, 'node-http'),
      ratio('perSecond', name, 'null'),
      fixed(cpuPerRequest, 2),
      fixed(inverse, 2),
      ratio('cpuPerRequest', name, 'null'),
      `${fixed(busy * 100, 0)} %${isStarved(server) ? ' <' : ''}`,
      `${rounds.filter(isUndisturbed).length} of ${rounds.length}`,
    ]
  })
  console.log(`\n### ${scenario}\n\n${table(headings, rows)}\n`)
  for (const note of notes(servers)) console.log(note)
  if (servers.some(isStarved)) {
    console.log('<: the load generator was the limit: its requests/s are too low, its CPU a little too high.')
  }
}

function mediansOf(rounds) {
  const undisturbed = rounds.filter(isUndisturbed)
  const counted = undisturbed.length > 0 ? undisturbed : rounds
  const of = (reading) => median(counted.map((round) => round[reading]))
  return { perSecond: of('perSecond'), cpuPerRequest: of('cpuPerRequest'), busy: of('busy') }
}

function* notes(servers) {
  for (const { name, rounds, failure } of servers) {
    if (failure) yield `${competitors[name].title} failed: ${failure.message}`
    if (rounds.length > 0 && !rounds.some(isUndisturbed))
      yield `${competitors[name].title}: every round was disturbed; do not trust its row.`
    for (const trouble of new Set(rounds.map((round) => round.trouble))) {
      if (trouble !== undefined) yield `${competitors[name].title}: ${trouble}`
    }
  }
}
