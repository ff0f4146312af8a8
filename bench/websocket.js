// Server CPU per WebSocket message and messages per second, every competitor in turn within one run: echoes, and a
// broadcast, where each delivery is a message. The CPU time is taken around the time the load sends, with the connections
// already open, and divided by the messages that came back.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, start, stop } from './children.js'
import { webSocketCompetitors } from './competitors.js'
import { cpuTimeOf, pinSelf } from './cpu.js'
import { chosen } from './figures.js'
import { measure, measureAll, scenarioOf, startAll } from './rounds.js'
import { scenarios } from './websocket-inputs.js'
import { report, summarize } from './websocket-report.js'

const load = fileURLToPath(new URL('load/websocket-clients.js', import.meta.url))
const units = { cpuEach: 'µs of CPU per message', perSecond: 'messages/s' }
// The load's own code gets fast before it counts.
const loadWarmUpSeconds = 0.3

/** @param options.seconds of one measurement; each server is warmed up for half of it first, and for 2 s at least */
export async function run({ rounds = 5, seconds = 2, only, scenario }) {
  demandTwoCores()
  pinSelf(cores.load)
  console.log(`Medians of ${rounds} rounds of ${seconds} s.`)
  const done = []
  for (const name of chosen(Object.keys(scenarios), scenario)) {
    const servers = await startAll(webSocketCompetitors, {
      only,
      scenario: name,
      serves: name === 'broadcast' ? 'broadcast' : 'echo',
      verify: (port) => withClients(port, name, () => {}),
    })
    const warmUpSeconds = Math.max(2, seconds / 2)
    for (const { port } of servers) await withClients(port, name, (sendFor) => sendFor(warmUpSeconds))
    await measureAll(servers, rounds, (server) => measureOne(server, name, seconds))
    for (const server of servers) await stop(server.process)
    const { title, connections } = scenarios[name]
    const measured = scenarioOf({ name, title, units }, servers)
    report(measured, connections)
    done.push(measured)
  }
  summarize(done)
  return { options: { rounds, seconds }, scenarios: done }
}

function measureOne(server, scenario, seconds) {
  return withClients(server.port, scenario, async (sendFor, clients) => {
    await sendFor(loadWarmUpSeconds)
    return measure(
      server,
      () => sendFor(seconds),
      () => cpuTimeOf(clients.pid) / 1e6,
    )
  })
}

// A process of clients for every measurement; their connections have been opened, and one answer to each checked.
async function withClients(port, scenario, use) {
  const clients = start(process.execPath, [load], { core: cores.load, ipc: true })
  try {
    await ask(clients, { command: 'open', port, scenario })
    const result = await use((seconds) => ask(clients, { command: 'run', seconds, scenario }), clients)
    await ask(clients, { command: 'close' })
    return result
  } finally {
    await stop(clients)
  }
}
