// One message to thousands of WebSockets on one topic: server CPU per delivery, with messages published as fast as all get
// them, and the delay of deliveries at a modest rate. In one process, and in three that Redis joins.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, portOf, startUnlimited, stop } from './children.js'
import { commandOf, hubCompetitors } from './competitors.js'
import { cpuTimeOf, pinSelf } from './cpu.js'
import { chosen } from './figures.js'
import { scenarios } from './hub-inputs.js'
import { report } from './hub-report.js'
import { demandRedis, withRedis } from './redis.js'
import { measure, measureAll, scenarioOf } from './rounds.js'

const load = [process.execPath, [fileURLToPath(new URL('load/hub-clients.js', import.meta.url))]]
const messagesPerSecond = 10
const units = {
  cpuEach: 'µs of CPU per delivery',
  p99: 'ms until 99 % have it',
  p50: 'ms until half have it',
  perSecond: 'deliveries/s',
}
// The load's own code gets fast before it counts.
const loadWarmUpSeconds = 0.3

/**
 * @param options.seconds of one measurement, of CPU as of delays; each server is warmed up for half of it first, and for 2 s
 * at least
 * @param options.connections of all processes together
 */
export async function run({ rounds = 5, seconds = 3, connections = 5000, only, scenario }) {
  demandTwoCores()
  demandRedis()
  pinSelf(cores.load)
  console.log(
    `${connections} WebSockets; medians of ${rounds} rounds of ${seconds} s, and ${seconds} s of ${messagesPerSecond} messages/s.`,
  )
  const done = []
  for (const name of chosen(Object.keys(scenarios), scenario)) {
    const { title, processes, size } = scenarios[name]
    const measureWith = (redis) =>
      measureScenario({ name, processes, size, connections, redis }, { rounds, seconds, only })
    const servers = await (processes > 1 ? withRedis({ core: cores.load }, measureWith) : measureWith())
    const measured = scenarioOf({ name, title, units }, servers)
    report(measured)
    done.push(measured)
  }
  return { options: { rounds, seconds, connections }, scenarios: done }
}

async function measureScenario(crowd, { rounds, seconds, only }) {
  const servers = await startAll(crowd, only)
  try {
    for (const server of servers)
      await withClients(server, crowd, (tell) => tell({ command: 'run', seconds: Math.max(2, seconds / 2) }))
    await measureAll(servers, rounds, (server) => measureOne(server, crowd, seconds))
    return servers
  } finally {
    for (const server of servers) await stopServer(server)
  }
}

// One whose messages do not reach everyone is told of and left out.
async function startAll(crowd, only) {
  const servers = []
  for (const name of chosen(Object.keys(hubCompetitors), only)) {
    const server = startServer(name, crowd)
    try {
      server.ports = await Promise.all(server.processes.map((process) => portOf(process)))
      await withClients(server, crowd, () => {})
      servers.push(server)
    } catch (error) {
      console.log(`${server.title} is left out of ${crowd.name}: ${error.message}`)
      await stopServer(server)
    }
  }
  return servers
}

function startServer(name, { processes, redis }) {
  const competitor = hubCompetitors[name]
  const options = { core: cores.server, env: redis && { REDIS_PATH: redis.path } }
  const startOne = () => startUnlimited(commandOf(competitor, 'hub'), options)
  return { name, title: competitor.title, processes: Array.from({ length: processes }, startOne), rounds: [] }
}

function stopServer({ processes }) {
  return Promise.all(processes.map(stop))
}

function measureOne(server, crowd, seconds) {
  return withClients(server, crowd, async (tell, clients) => {
    await tell({ command: 'run', seconds: loadWarmUpSeconds })
    const loads = crowd.redis ? [clients, crowd.redis.process] : [clients]
    const loadCpuTime = () => loads.reduce((sum, { pid }) => sum + cpuTimeOf(pid) / 1e6, 0)
    const fast = await measure(server, () => tell({ command: 'run', seconds }), loadCpuTime)
    const delays = { command: 'delays', seconds, perSecond: messagesPerSecond }
    const { p50, p99, ...slow } = await measure(server, () => tell(delays), loadCpuTime)
    const greater = (reading) => Math.max(fast[reading], slow[reading])
    return { ...fast, p50, p99, foreign: greater('foreign'), stolen: greater('stolen') }
  })
}

// A process of clients for every measurement; all have had one message, and compared it.
async function withClients({ name, ports }, { size, connections }, use) {
  const clients = startUnlimited(load, { core: cores.load })
  try {
    await ask(clients, { command: 'open', ports, competitor: name, size, connections }, { timeoutMs: 60_000 })
    const result = await use((message) => ask(clients, message), clients)
    await ask(clients, { command: 'close' })
    return result
  } finally {
    await stop(clients)
  }
}
