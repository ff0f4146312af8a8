// Resident memory of an idle keep-alive connection: the server's RSS with thousands of connections open, each after one
// answered request, less its RSS when the first few were open. Those first ones have already paid for code, pools
// and the heap's first growth, so what is left is the price of one more connection.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, portOf, start, stop } from './children.js'
import { commandOf, competitors } from './competitors.js'
import { chosen, fixed, median, rotated, table } from './figures.js'

const names = ['httpkit', 'null', 'node-http']
const connectionsFirst = 1000
const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
const probe = ['--expose-gc', '--import', inBench('load/rss-probe.js')]

export async function run({ rounds = 3, connections = 8000, only }) {
  demandTwoCores()
  const servers = chosen(names, only).map((name) => ({ name, perConnection: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const server of rotated(servers, round)) {
      try {
        server.perConnection.push(await measure(server.name, connections))
      } catch (error) {
        console.log(`${competitors[server.name].title} is left out: ${error.message}`)
        servers.splice(servers.indexOf(server), 1)
      }
    }
  }
  report(servers, connections, rounds)
}

/** @returns bytes of RSS per connection */
async function measure(name, connections) {
  const server = startUnlimited(commandOf(name, 'hello', probe), cores.server)
  const clients = startUnlimited([process.execPath, [inBench('load/idle-clients.js')]], cores.load)
  try {
    const port = await portOf(server)
    await ask(clients, { port, connections: connectionsFirst })
    const before = await ask(server, 'rss')
    await ask(clients, { port, connections })
    const after = await ask(server, 'rss')
    const { alive } = await ask(clients, 'count')
    if (alive !== connectionsFirst + connections) throw new Error(`only ${alive} connections stayed open`)
    return (after.rss - before.rss) / connections
  } finally {
    await stop(clients)
    await stop(server)
  }
}

// A connection is a file descriptor at both ends. Only root may go past the hard limit.
function startUnlimited([command, args], core) {
  const raise = 'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn); exec "$@"'
  return start('sh', ['-c', raise, 'sh', command, ...args], { core, ipc: true })
}

function report(servers, connections, rounds) {
  const medians = new Map(servers.map(({ name, perConnection }) => [name, median(perConnection) / 1024]))
  const rows = servers.map(({ name, perConnection }) => [
    competitors[name].title,
    fixed(medians.get(name), 2),
    fixed(medians.get(name) / medians.get('null'), 2),
    fixed(medians.get(name) / medians.get('node-http'), 2),
    perConnection.map((bytes) => fixed(bytes / 1024, 2)).join(' '),
  ])
  console.log(`\n### idle: ${fixed(connections, 0)} connections, medians of ${rounds} rounds\n`)
  console.log(table(['server', 'KiB/connection', '÷ null', '÷ node:http', 'rounds'], rows))
}
