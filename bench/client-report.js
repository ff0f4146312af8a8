// A table for each scenario: medians over the undisturbed rounds, and ratios to this library and to the null client; and
// at the end the ratios of all. For a profile, the functions that took the most.

import { fixed, table } from './figures.js'
import { mediansNamed, notesOn, trustOf } from './rounds.js'

const subject = 'httpkit'
const floor = 'null'
const functionsShown = 25

const waitingNote =
  '<: the client waited for the server: the rate is that of both, the CPU each a little too high.'

export function report(scenario, unit) {
  const headings = [
    'client',
    `CPU ${unit.cpu}/${unit.noun}`,
    '÷ httpkit-wasm',
    '÷ null',
    unit.rate,
    'httpkit-wasm ÷ it',
    'core busy',
    'rounds',
  ]
  const ours = mediansNamed(scenario, subject)
  const rows = scenario.competitors.map((client) => {
    const { cpuEach, perSecond } = client.medians
    return [
      client.title,
      fixed(cpuEach, unit.cpuDigits),
      fixed(cpuEach / ours.cpuEach, 2),
      fixed(cpuEach / mediansNamed(scenario, floor).cpuEach, 2),
      fixed(perSecond, 0),
      fixed(ours.perSecond / perSecond, 2),
      ...trustOf(client),
    ]
  })
  console.log(`\n### ${scenario.title}\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(scenario)) console.log(note.startsWith('<') ? waitingNote : note)
}

/** Only where this library was among those measured. */
export function summarize(scenarios) {
  const everyone = new Map(
    scenarios.flatMap(({ competitors }) => competitors.map(({ name, title }) => [name, title])),
  )
  if (!everyone.delete(subject)) return
  const rows = [...everyone].map(([name, title]) => [
    title,
    ...scenarios.map((scenario) =>
      fixed(mediansNamed(scenario, name).cpuEach / mediansNamed(scenario, subject).cpuEach, 2),
    ),
  ])
  const headings = ['CPU ÷ httpkit-wasm', ...scenarios.map(({ name }) => name)]
  console.log(`\n### all scenarios\n\n${table(headings, rows)}`)
}

export function reportProfile(title, functions) {
  const rows = functions
    .slice(0, functionsShown)
    .map(({ name, place, share }) => [`${name} ${place}`.trim(), `${fixed(share * 100, 1)} %`])
  console.log(`\n### ${title}: self time\n\n${table(['function', 'of the time'], rows)}`)
}
