// The same core in every runtime: ns a head and a frame, and how long the module takes to be compiled and instantiated. The
// drivers are the tests'. Every round starts each runtime once, in turn, on one core.

import { fileURLToPath } from 'node:url'
import { bundleModule } from '../test/runtimes/bundle-module.js'
import { drivers as all } from '../test/runtimes/drivers/index.js'
import { preparePackages } from '../test/runtimes/packages.js'
import { cores, demandTwoCores, outputOf, start } from './children.js'
import { chosen, fixed, median, rotated, table } from './figures.js'
import { scenariosOf, tableOfRatios } from './in-turn.js'

// Not those that run a part of the tests once more.
const drivers = all.filter(({ parts }) => !parts)

const tasks = {
  'head-40': { title: '40 B head, core call', way: 'head, core', head: '40 B GET' },
  'head-700': { title: '0.7 KB head, core call', way: 'head, core', head: '0.7 KB browser' },
  'head-object': { title: '0.7 KB head, parseRequestHead', way: 'head, object', head: '0.7 KB browser' },
  'read-64': { title: '64 B frame of 16, read', way: 'read', frames: 16, size: 64 },
  'read-16k': { title: '16 KiB frame, read', way: 'read', frames: 1, size: 16 * 1024 },
  'written-64': { title: '64 B frame, written', way: 'written', size: 64 },
  'written-16k': { title: '16 KiB frame, written', way: 'written', size: 16 * 1024 },
}
const measured = fileURLToPath(new URL('runtimes/measure.js', import.meta.url))
const runDriver = fileURLToPath(new URL('runtimes/run-driver.js', import.meta.url))
const reference = 'node20'
const steps = ['compile', 'instantiate']

/** @param options.seconds of one measurement of one task */
export async function run({ rounds = 5, seconds = 0.2, only, scenario }) {
  demandTwoCores()
  preparePackages()
  const wanted = chosen(
    drivers.map(({ name }) => name),
    only,
  )
  const names = chosen(Object.keys(tasks), scenario)
  const runtimes = await readied(drivers.filter(({ name }) => wanted.includes(name)))
  const options = { tasks: names.map((name) => tasks[name]), ms: seconds * 1000 }
  for (let round = 0; round < rounds; round++) {
    for (const runtime of rotated(runtimes, round)) await measureOnce(runtime, options)
  }
  const measuredOnes = runtimes.filter(({ rounds }) => rounds.length > 0)
  const titles = options.tasks.map(({ title }) => title)
  const candidates = candidatesOf(measuredOnes, titles)
  report(candidates, titles, `medians of ${rounds} rounds of ${seconds} s`)
  reportStartUps(measuredOnes)
  const scenarios = [
    ...scenariosOf(titles, candidates, { unit: 'ns each' }),
    ...startUpScenarios(measuredOnes),
  ]
  return { options: { rounds, seconds }, scenarios }
}

function candidatesOf(runtimes, titles) {
  return runtimes.map(({ name, title, rounds }) => {
    const times = titles.map((_, n) => rounds.map(({ times }) => times[n]))
    return { name, title, medians: times.map(median), rounds: times }
  })
}

async function readied(chosenDrivers) {
  const runtimes = []
  for (const driver of chosenDrivers) {
    const missing = driver.missing()
    if (missing) console.log(`${driver.title} is left out: ${missing}`)
    else runtimes.push(await ready(driver))
  }
  return runtimes
}

async function ready(driver) {
  const title = `${driver.title} ${await driver.version()}`
  return { name: driver.name, title, bundle: await bundleModule(driver, measured), rounds: [] }
}

// One that fails is told of, and not measured again.
async function measureOnce(runtime, options) {
  if (runtime.failed) return
  const { name, title, bundle, rounds } = runtime
  try {
    const child = start(process.execPath, [runDriver, name, bundle, JSON.stringify(options)], {
      core: cores.server,
    })
    rounds.push(JSON.parse(await outputOf(child)))
  } catch (error) {
    runtime.failed = true
    console.log(`${title} failed: ${error.message}`)
  }
}

function report(candidates, titles, how) {
  const rows = candidates.map(({ title, medians }) => [
    title,
    ...medians.map((ns) => fixed(ns, ns < 100 ? 1 : 0)),
  ])
  console.log(`\n### runtimes: ${how}, ns each\n\n${table(['', ...titles], rows)}`)
  const others = candidates.filter(({ name }) => name !== reference)
  const ratios = tableOfRatios(
    titles,
    candidates,
    others.map(({ name }) => [name, reference]),
  )
  if (ratios) console.log(`\n${ratios}`)
}

function reportStartUps(runtimes) {
  const rows = runtimes.map((runtime) => [
    runtime.title,
    ...steps.map((step) => fixed(startUpOf(runtime, step), 0)),
  ])
  console.log(`\n### runtimes: start-up of core.wasm, medians, µs\n\n${table(['', ...steps], rows)}`)
  console.log(
    '\n–: compiled before, by whoever deploys it: the runtime imports a module, and compiles nothing while it runs.',
  )
}

function startUpOf({ rounds }, step) {
  return median(rounds.map(({ start }) => start[step] ?? Number.NaN))
}

function startUpScenarios(runtimes) {
  return steps.map((step) => ({
    name: `start-up/${step}`,
    title: `core.wasm: ${step}`,
    units: { µs: 'µs' },
    competitors: runtimes
      .filter((runtime) => Number.isFinite(startUpOf(runtime, step)))
      .map((runtime) => {
        const { name, title, rounds } = runtime
        return {
          name,
          title,
          medians: { µs: startUpOf(runtime, step) },
          rounds: rounds.map(({ start }) => ({ µs: start[step] })),
        }
      }),
  }))
}
