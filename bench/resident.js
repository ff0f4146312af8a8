// The resident memory of a server that holds many idle connections, opened by a process of its own.

import { fileURLToPath } from 'node:url'
import { ask, cores, portOf, startUnlimited, stop } from './children.js'
import { commandOf } from './competitors.js'
import { median, rotated } from './figures.js'

const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
const probe = ['--expose-gc', '--import', inBench('load/rss-probe.js')]

/**
 * Starts a server and clients for it, and ends both after `use`.
 *
 * @param options.clientsFile on a message with a `port` and a `total` it opens connections until there are so many, and
 * answers how many are `alive`
 * @param options.isSilent handed to the clients: nothing is sent on a new connection
 * @param use is given the server's process, `kibWith(total)`: the server's RSS with so many connections, and `tell(message)`
 * for what else the clients can do
 */
export async function withIdleConnections(competitor, { scenario, clientsFile, isSilent }, use) {
  const server = startUnlimited(commandOf(competitor, scenario, probe), { core: cores.server })
  const clients = startUnlimited([process.execPath, [inBench(clientsFile)]], { core: cores.load })
  try {
    const port = await portOf(server)
    const kibWith = async (total) => {
      const { alive } = await ask(clients, { port, total, isSilent })
      const { rss } = await ask(server, 'rss')
      if (alive !== total) throw new Error(`only ${alive} of ${total} connections stayed open`)
      return rss / 1024
    }
    return await use({ server, kibWith, tell: (message) => ask(clients, { port, ...message }) })
  } finally {
    await stop(clients)
    await stop(server)
  }
}

/** Each of the `names` in turn, once a round; what fails is told of and left out. @returns the others, with their rounds */
export async function inTurn(competitors, names, rounds, measureOne) {
  const servers = names.map((name) => ({ name, title: competitors[name].title, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const server of rotated(servers, round)) {
      if (server.failure) continue
      try {
        server.rounds.push(await measureOne(competitors[server.name]))
      } catch (error) {
        server.failure = error
        console.log(`${server.title} is left out: ${error.message}`)
      }
    }
  }
  return servers.filter((server) => !server.failure)
}

/** The servers' rounds and medians as results are kept. */
export function scenarioOf({ name, title, units }, servers) {
  const readings = Object.keys(servers[0]?.rounds[0] ?? {})
  const competitors = servers.map(({ name, title, rounds }) => ({
    name,
    title,
    medians: Object.fromEntries(readings.map((reading) => [reading, medianFor(servers, name, reading)])),
    rounds,
  }))
  return { name, title, units, competitors }
}

/** The median over a server's rounds, by the server's name; of one that was not measured no number. */
export function medianFor(servers, name, reading) {
  const measured = servers.find((server) => server.name === name)?.rounds
  return measured ? median(measured.map((round) => round[reading])) : Number.NaN
}
