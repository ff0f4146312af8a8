// Draws what results/ has as plots/SUBJECT.svg: bars, a panel for each scenario and reading. Nothing is measured, and the
// same results give the same bytes.

import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { countedOf } from './disturbance.js'
import { chosen } from './figures.js'
import { barsAsSvg } from './plots/bars.js'
import { card } from './plots/card.js'
import { plots } from './plots/plots.js'
import { isOurs } from './plots/rows.js'
import { readResults } from './results.js'

const fileOf = (subject) => new URL(`plots/${subject}.svg`, import.meta.url)

/** @param options.only subjects */
export async function run({ only }) {
  for (const subject of chosen(drawable(), only)) {
    writeFileSync(fileOf(subject), await drawn(subject))
    console.log(`bench/plots/${subject}.svg`)
  }
}

/** The subjects that have results and are drawn. */
export function drawable() {
  const measured = existsSync(new URL('results/', import.meta.url))
    ? readdirSync(new URL('results/', import.meta.url)).map((name) => name.replace(/\.json$/, ''))
    : []
  return Object.keys(plots).filter((subject) => measured.includes(subject))
}

/** A subject's plot as SVG. */
export async function drawn(subject) {
  const { runs } = readResults(subject)
  const { title, readings, omits = [] } = plots[subject]
  const panels = runs.flatMap(({ scenarios }) =>
    scenarios
      .filter(({ name }) => !omits.some((start) => name.startsWith(start)))
      .flatMap((scenario) => panelsOf(scenario, readings)),
  )
  const captions = runs.map((run) => captionOf(run, runs.length > 1))
  const hasRatios = panels.every(({ bars }) => bars.filter(isOurs).length === 1)
  const key = hasRatios ? 'shorter is better; ×: times httpkit-wasm’s' : 'shorter is better'
  return card(await barsAsSvg(panels, Math.min(2, panels.length)), { title, key, captions })
}

function panelsOf({ title, group, units, competitors }, readings) {
  const wanted = Object.keys(readings).filter((reading) => units[reading] !== undefined)
  return wanted.map((reading) => ({
    title: [group, title, readings[reading]].filter(Boolean).join(': '),
    unit: units[reading],
    bars: competitors
      .filter(({ medians }) => Number.isFinite(medians[reading]))
      .map(({ name, title, medians, rounds }) => {
        const counted = countedOf(rounds).map((round) => round[reading])
        return { name, title, value: medians[reading], rounds: counted }
      }),
  }))
}

function captionOf({ date, node, machine, command, options, note, scenarios }, isOneOfSeveral) {
  const { rounds, seconds } = options
  const how = `medians of ${rounds} rounds${seconds ? ` of ${seconds} s` : ''}`
  const of = isOneOfSeveral ? `${scenarios.map(({ name }) => name).join(', ')}: ` : ''
  return [`${of}${date}, Node ${node}, ${machine}; ${how}; ${command}`, ...(note ? [note] : [])]
}
