// What bench/results keeps is of the shape that `npm run bench -- report` reads, and bench/plots is what it draws of that.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface Competitor {
  name: string
  title: string
  failure?: string
  medians: Record<string, number>
  rounds: Record<string, unknown>[]
}

interface Run {
  date: string
  node: string
  machine: string
  command: string
  options: { rounds: number }
  scenarios: { name: string; title: string; units: Record<string, string>; competitors: Competitor[] }[]
}

interface Report {
  drawable(): string[]
  drawn(subject: string): Promise<string>
}

const bench = new URL('../../bench/', import.meta.url)
const { plots } = (await import(new URL('plots/plots.js', bench).href)) as {
  plots: Record<string, { omits?: string[] }>
}
const subjects = readdirSync(new URL('results/', bench)).map((file) => file.replace(/\.json$/, ''))
// Of the machine no more than its processor and kernel.
const said = new Set(['date', 'node', 'machine', 'command', 'options', 'note', 'versions', 'scenarios'])
// Vega is among bench's own packages, which are only there where a benchmark has run.
const hasVega = existsSync(new URL('node_modules/vega/package.json', bench))

it.each(subjects)('has results of %s that say what was measured, when, and by which command', (name) => {
  const { subject, runs } = resultsOf(name)
  expect(subject).toBe(name)
  expect(runs.length).toBeGreaterThan(0)
  for (const run of runs) {
    expect(run.date).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(run.command).toMatch(new RegExp(`^npm run bench -- ${name}\\b`))
    expect(run.node).toMatch(/^\d+\.\d+\.\d+$/)
    expect(run.machine).toMatch(/^\d+ × [\w .()@-]+, Linux [\d.]+$/)
    expect(Object.keys(run).filter((key) => !said.has(key))).toEqual([])
    expect(run.options.rounds).toBeGreaterThan(0)
  }
  const scenarios = runs.flatMap((run) => run.scenarios)
  expect(new Set(scenarios.map((scenario) => scenario.name)).size).toBe(scenarios.length)
  for (const { units, competitors } of scenarios) {
    const readings = Object.keys(units)
    expect(competitors.length).toBeGreaterThan(0)
    for (const { title, failure, medians, rounds } of competitors) {
      expect(title).not.toBe('')
      if (failure === undefined) expect(readings.filter((reading) => medians[reading]! > 0)).toEqual(readings)
      for (const round of rounds)
        expect(readings.some((reading) => typeof round[reading] === 'number')).toBe(true)
    }
  }
})

it.each(Object.keys(plots).filter((name) => subjects.includes(name)))(
  'has a plot of %s that names everyone measured and each run',
  (name) => {
    const svg = readFileSync(new URL(`plots/${name}.svg`, bench), 'utf8')
    const { runs } = resultsOf(name)
    expect(svg.length).toBeLessThan(40_000)
    for (const { date, scenarios } of runs) {
      expect(svg).toContain(`${date}, Node `)
      const drawn = scenarios.filter(({ name: scenario }) => !omits(name, scenario))
      for (const { title } of drawn.flatMap(({ competitors }) => competitors))
        expect(svg).toContain(`>${title}<`)
    }
  },
)

it.skipIf(!hasVega)(
  'draws of the results the plots that lie beside them, to the byte',
  async () => {
    const { drawable, drawn } = (await import(new URL('report.js', bench).href)) as Report
    const stale = []
    for (const name of drawable()) {
      const plot = readFileSync(new URL(`plots/${name}.svg`, bench), 'utf8')
      if ((await drawn(name)) !== plot) stale.push(name)
    }
    expect(stale, '`npm run bench -- report` mends it').toEqual([])
  },
  60_000,
)

function resultsOf(name: string): { subject: string; runs: Run[] } {
  const text = readFileSync(new URL(`results/${name}.json`, bench), 'utf8')
  return JSON.parse(text) as { subject: string; runs: Run[] }
}

function omits(subject: string, scenario: string): boolean {
  const { omits = [] } = plots[subject]!
  return omits.some((start) => scenario.startsWith(start))
}
