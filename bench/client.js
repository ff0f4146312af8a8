// Client CPU per request and requests per second, every competitor in turn within one run. Here the client is what is
// measured, so it has the core that the servers have elsewhere; the server that answers it is its load and has the other.
// The CPU time is taken around the time the client runs, and divided by the answers it has had.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, portOf, start, stop } from './children.js'
import { scenarios } from './client-inputs.js'
import { report, reportProfile, summarize } from './client-report.js'
import { clientCompetitors } from './clients/competitors.js'
import { commandOf } from './competitors.js'
import { cpuTimeOf, pinSelf } from './cpu.js'
import { chosen } from './figures.js'
import { measure, measureAll, scenarioOf } from './rounds.js'

const script = fileURLToPath(new URL('clients/measure.js', import.meta.url))
// Brings back what connections a client gave up while others had their turn.
const runUpSeconds = 0.2

/**
 * @param options.seconds of one measurement; each client is warmed up for half of it first, and for 2 s at least
 * @param options.profile true tells where each client's time goes instead
 */
export async function run({ rounds = 5, seconds = 2, only, scenario, profile }) {
  demandTwoCores()
  pinSelf(cores.load)
  if (!profile) console.log(`Medians of ${rounds} rounds of ${seconds} s.`)
  const done = []
  for (const name of chosen(Object.keys(scenarios), scenario)) {
    await withServer(scenarios[name], async (server) => {
      const clients = await startAll(only, name, server.port)
      for (const { process } of clients) await runFor(Math.max(2, seconds / 2), process)
      if (profile) await profileAll(clients, name, seconds)
      else {
        await measureAll(clients, rounds, (client) => measureOne(client, server.process, seconds))
        const measured = inItsUnit(name, clients)
        report(measured, scenarios[name].unit)
        done.push(measured)
      }
      for (const { process } of clients) await stop(process)
    })
  }
  if (profile) return undefined
  summarize(done)
  return { options: { rounds, seconds }, scenarios: done }
}

function inItsUnit(name, clients) {
  const { title, unit } = scenarios[name]
  const units = { cpuEach: `${unit.cpu} of CPU per ${unit.noun}`, perSecond: unit.rate }
  return scenarioOf({ name, title, units }, clients, (round) => ({
    ...round,
    cpuEach: unit.ofMicroseconds(round.cpuEach),
    perSecond: round.perSecond * unit.amount,
  }))
}

async function withServer({ server, serves }, use) {
  const process = start(...commandOf({ runtime: [globalThis.process.execPath], file: server }, serves), {
    core: cores.load,
  })
  try {
    await use({ process, port: await portOf(process) })
  } finally {
    await stop(process)
  }
}

// One that gets the answer wrong is told of and left out.
async function startAll(only, scenario, port) {
  const clients = []
  for (const name of chosen(Object.keys(clientCompetitors), only)) {
    const { title } = clientCompetitors[name]
    const url = `http://127.0.0.1:${port}/${scenarios[scenario].serves}`
    const child = start(process.execPath, ['--no-deprecation', script, name, scenario, url], {
      core: cores.server,
      ipc: true,
    })
    try {
      await ask(child, { command: 'verify' })
      clients.push({ name, title, process: child, rounds: [] })
    } catch (error) {
      console.log(`${title} is left out of ${scenario}: ${error.message}`)
      await stop(child)
    }
  }
  return clients
}

async function measureOne(client, server, seconds) {
  await runFor(runUpSeconds, client.process)
  return measure(
    client,
    () => runFor(seconds, client.process),
    () => cpuTimeOf(server.pid) / 1e6,
  )
}

function runFor(seconds, child) {
  return ask(child, { command: 'run', seconds })
}

async function profileAll(clients, scenario, seconds) {
  for (const { title, process } of clients) {
    const { functions } = await ask(process, { command: 'profile', seconds })
    reportProfile(`${title}, ${scenarios[scenario].title}`, functions)
  }
}
