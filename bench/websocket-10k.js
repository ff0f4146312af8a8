// Ten thousand WebSockets at once, from several addresses of the loopback interface: what memory each takes while it is
// silent, and whether a message broadcast to all reaches every one of them, the right bytes in the right order.

import { demandTwoCores } from './children.js'
import { webSocketCompetitors } from './competitors.js'
import { cpuTimeOf } from './cpu.js'
import { chosen, fixed, median, table } from './figures.js'
import { inTurn, medianFor, scenarioOf, withIdleConnections } from './resident.js'

const names = ['httpkit', 'ws']
const crowd = { scenario: 'broadcast', clientsFile: 'load/idle-websockets.js', isSilent: true }
const broadcasts = 5
const units = {
  each: 'KiB each, silent',
  eachAfter: 'KiB each, after the broadcasts',
  ms: 'ms until the last has a broadcast',
  cpuEach: 'µs of CPU per socket and broadcast',
}

/** @param options.connections of WebSockets that are open at once */
export async function run({ rounds = 3, connections = 10_000, only }) {
  demandTwoCores()
  const servers = await inTurn(webSocketCompetitors, chosen(names, only), rounds, (competitor) =>
    withIdleConnections(competitor, crowd, (parts) => measure(parts, connections)),
  )
  report(servers, connections, rounds)
  const title = `${fixed(connections, 0)} WebSockets`
  return {
    options: { rounds, connections },
    scenarios: [scenarioOf({ name: 'crowd', title, units }, servers)],
  }
}

async function measure({ server, kibWith, tell }, connections) {
  const one = await kibWith(1)
  const all = await kibWith(connections)
  const runs = []
  for (let i = 0; i < broadcasts; i++) {
    const before = cpuTimeOf(server.pid)
    const { reached, ms } = await tell({ broadcast: i })
    if (reached !== connections) throw new Error(`a broadcast reached ${reached} of ${connections}`)
    runs.push({ ms, cpuEach: (cpuTimeOf(server.pid) - before) / 1000 / connections })
  }
  const after = await kibWith(connections)
  return {
    each: (all - one) / (connections - 1),
    eachAfter: (after - one) / (connections - 1),
    ms: median(runs.map(({ ms }) => ms)),
    cpuEach: median(runs.map(({ cpuEach }) => cpuEach)),
  }
}

function report(servers, connections, rounds) {
  const rows = servers.map((server) => {
    const of = (reading) => medianFor(servers, server.name, reading)
    return [
      server.title,
      fixed(of('each'), 2),
      fixed(of('each') / medianFor(servers, 'ws', 'each'), 2),
      fixed(of('eachAfter'), 2),
      `${fixed(connections, 0)} of ${fixed(connections, 0)}`,
      fixed(of('ms'), 0),
      fixed(of('cpuEach'), 2),
    ]
  })
  const headings = [
    'server',
    'KiB each',
    '÷ ws + bufferutil',
    'KiB each, after',
    'reached',
    'ms',
    'CPU µs/socket',
  ]
  console.log(
    `\n### ${fixed(connections, 0)} WebSockets, ${broadcasts} broadcasts of 100 B; medians of ${rounds} rounds\n`,
  )
  console.log(table(headings, rows))
}
