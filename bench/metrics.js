// What counting costs: the hello server without metrics, with them, with somebody who reads them every second, and with
// OpenTelemetry. The difference is a few hundredths, and two processes of the same program differ by one or two already: so
// each kind is started anew several times, and the medians are over all of them.

import { cores, demandTwoCores, stop } from './children.js'
import { cpuTimeOfEndedChildren, pinSelf } from './cpu.js'
import { fixed, table } from './figures.js'
import { requests } from './inputs.js'
import { pickGenerator } from './load/generator.js'
import { measure, measureAll, mediansNamed, notesOn, scenarioOf, startAll, trustOf } from './rounds.js'
import { verify } from './server-verify.js'

const server = { runtime: [process.execPath], file: 'metrics' }
const kinds = {
  off: { ...server, title: 'metrics off', env: { METRICS: 'off' } },
  on: { ...server, title: 'on', env: { METRICS: 'on' } },
  scraped: { ...server, title: 'on, read every second', env: { METRICS: 'on' } },
  otel: { ...server, title: 'on, with OpenTelemetry', env: { METRICS: 'otel' } },
}
const units = { cpuEach: 'µs of CPU per request', perSecond: 'requests/s' }
const starts = 5
const scrapeMs = 1000

/** @param options.rounds of each kind in all, a fifth of them by each of five processes */
export async function run({ rounds = 25, seconds = 2, only }) {
  demandTwoCores()
  pinSelf(cores.load)
  const generator = pickGenerator()
  const job = { request: requests.hello, depth: 1, connections: 50, seconds }
  console.log(
    `Load: ${generator.name}, 50 connections; medians of ${rounds} rounds of ${seconds} s, in ${starts} starts.`,
  )
  const all = new Map()
  for (let start = 0; start < starts; start++) {
    for (const measured of await measureStart(generator, job, Math.ceil(rounds / starts), only)) {
      const earlier = all.get(measured.name)
      if (earlier) earlier.rounds.push(...measured.rounds)
      else all.set(measured.name, measured)
      all.get(measured.name).failure ??= measured.failure
    }
  }
  const title = 'metrics: hello, counted and not'
  const scenario = scenarioOf({ name: 'hello', title, units }, [...all.values()])
  report(scenario)
  return { options: { rounds, seconds }, scenarios: [scenario] }
}

async function measureStart(generator, job, rounds, only) {
  const verifyHello = (port) => verify(port, 'hello')
  const servers = await startAll(kinds, { only, scenario: 'hello', verify: verifyHello })
  for (const { port } of servers) await generator.load({ ...job, port, seconds: 2 })
  await measureAll(servers, rounds, ({ name, ...server }) => {
    const load = () => generator.load({ ...job, port: server.port })
    return measure(
      server,
      name === 'scraped' ? () => whileScraped(server.port, load) : load,
      cpuTimeOfEndedChildren,
    )
  })
  for (const { process } of servers) await stop(process)
  return servers
}

async function whileScraped(port, load) {
  const timer = setInterval(() => scrape(port), scrapeMs)
  try {
    return await load()
  } finally {
    clearInterval(timer)
  }
}

async function scrape(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  if (!text.includes('httpkit_requests_total')) throw new Error(`it answers ${response.status}: ${text}`)
}

function report(scenario) {
  const off = mediansNamed(scenario, 'off')
  const rows = scenario.competitors.map((competitor) => {
    const { perSecond, cpuEach } = competitor.medians
    return [
      competitor.title,
      fixed(perSecond, 0),
      fixed(cpuEach, 2),
      fixed(cpuEach / off.cpuEach, 3),
      fixed((cpuEach - off.cpuEach) * 1000, 0),
      ...trustOf(competitor),
    ]
  })
  const headings = ['hello', 'requests/s', 'CPU µs/request', '÷ off', 'ns more', 'core busy', 'rounds']
  console.log(`\n### hello, counted and not\n\n${table(headings, rows)}\n`)
  for (const note of notesOn(scenario)) console.log(note)
}
