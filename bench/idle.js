// Resident memory of an idle keep-alive connection, after one answered request on each. The price of all of them is the
// growth of the server's RSS from the first connection to the last, the heap's own growth included; what one more
// connection costs is seen after the first thousand, when code, pools and the young generation have got their pages.

import { fileURLToPath } from 'node:url'
import { ask, cores, demandTwoCores, portOf, start, stop } from './children.js'
import { commandOf, competitors } from './competitors.js'
import { chosen, fixed, median, rotated, table } from './figures.js'

const names = ['httpkit', 'null', 'node-http']
const thousand = 1000
const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
const probe = ['--expose-gc', '--import', inBench('load/rss-probe.js')]

/** @param options.connections more than 1000; Linux has ports for about 28,000 on one address */
export async function run({ rounds = 3, connections = 8000, only }) {
  demandTwoCores()
  if (connections <= thousand) throw new Error(`--connections is a number above ${thousand}`)
  const servers = chosen(names, only).map((name) => ({ name, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const server of rotated(servers, round)) {
      if (server.failure) continue
      try {
        server.rounds.push(await measure(server.name, connections))
      } catch (error) {
        server.failure = error
        console.log(`${competitors[server.name].title} is left out: ${error.message}`)
      }
    }
  }
  report(
    servers.filter((server) => !server.failure),
    connections,
    rounds,
  )
}

/** @returns KiB of RSS a connection: of all, and of those after the first thousand */
async function measure(name, connections) {
  const server = startUnlimited(commandOf(name, 'hello', probe), cores.server)
  const clients = startUnlimited([process.execPath, [inBench('load/idle-clients.js')]], cores.load)
  try {
    const port = await portOf(server)
    const kibWith = async (total) => {
      const { alive } = await ask(clients, { port, total })
      const { rss } = await ask(server, 'rss')
      if (alive !== total) throw new Error(`only ${alive} of ${total} connections stayed open`)
      return rss / 1024
    }
    const one = await kibWith(1)
    const some = await kibWith(thousand)
    const all = await kibWith(connections)
    return { each: (all - one) / (connections - 1), further: (all - some) / (connections - thousand) }
  } finally {
    await stop(clients)
    await stop(server)
  }
}

// A connection is a file descriptor at both ends. Going past the hard limit takes a privilege; else all of it is used.
function startUnlimited([command, args], core) {
  const raise = 'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn); exec "$@"'
  return start('sh', ['-c', raise, 'sh', command, ...args], { core, ipc: true })
}

function report(servers, connections, rounds) {
  const medianOf = (reading, name) => {
    const measured = servers.find((server) => server.name === name)?.rounds
    return measured ? median(measured.map((round) => round[reading])) : Number.NaN
  }
  const rows = servers.map(({ name, rounds }) => {
    const each = medianOf('each', name)
    return [
      competitors[name].title,
      fixed(each, 2),
      fixed(each / medianOf('each', 'null'), 2),
      fixed(each / medianOf('each', 'node-http'), 2),
      fixed(medianOf('further', name), 2),
      rounds.map((round) => fixed(round.each, 2)).join(' '),
    ]
  })
  console.log(`\n### idle: ${fixed(connections, 0)} connections, medians of ${rounds} rounds\n`)
  console.log(table(['server', 'KiB each', '÷ null', '÷ node:http', 'KiB one more', 'rounds'], rows))
}
