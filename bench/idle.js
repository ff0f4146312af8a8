// Resident memory of an idle connection, after one answered request on each, or one echoed message on a WebSocket. The
// price of all of them is the growth of the server's RSS from the first connection to the last, the heap's own growth
// included; what one more connection costs is seen after the first thousand, when code, pools and the young generation
// have got their pages.

import { demandTwoCores } from './children.js'
import { competitors, webSocketCompetitors } from './competitors.js'
import { chosen, fixed, table } from './figures.js'
import { inTurn, medianFor, scenarioOf, withIdleConnections } from './resident.js'

const thousand = 1000
const http = {
  noun: 'connections',
  competitors,
  names: ['httpkit', 'null', 'node-http'],
  references: ['null', 'node-http'],
  scenario: 'hello',
  clientsFile: 'load/idle-clients.js',
}
const webSockets = {
  noun: 'WebSockets',
  competitors: webSocketCompetitors,
  names: ['httpkit', 'ws'],
  references: ['ws'],
  scenario: 'echo',
  clientsFile: 'load/idle-websockets.js',
}

/** @param options.connections more than 1000; Linux has ports for about 28,000 on one address */
export async function run({ rounds = 3, connections = 8000, only, websocket = false }) {
  demandTwoCores()
  if (connections <= thousand) throw new Error(`--connections is a number above ${thousand}`)
  const kind = websocket ? webSockets : http
  const servers = await inTurn(kind.competitors, chosen(kind.names, only), rounds, (competitor) =>
    withIdleConnections(competitor, kind, ({ kibWith }) => measure(kibWith, connections)),
  )
  report(kind, servers, connections, rounds)
  const title = `${fixed(connections, 0)} idle ${kind.noun}`
  const units = { each: 'KiB each', further: 'KiB one more' }
  return {
    options: { rounds, connections },
    scenarios: [scenarioOf({ name: kind.noun, title, units }, servers)],
  }
}

/** @returns KiB of RSS a connection: of all, and of those after the first thousand */
async function measure(kibWith, connections) {
  const one = await kibWith(1)
  const some = await kibWith(thousand)
  const all = await kibWith(connections)
  return { each: (all - one) / (connections - 1), further: (all - some) / (connections - thousand) }
}

function report({ noun, competitors, references }, servers, connections, rounds) {
  const rows = servers.map((server) => {
    const each = medianFor(servers, server.name, 'each')
    return [
      server.title,
      fixed(each, 2),
      ...references.map((name) => fixed(each / medianFor(servers, name, 'each'), 2)),
      fixed(medianFor(servers, server.name, 'further'), 2),
      server.rounds.map((round) => fixed(round.each, 2)).join(' '),
    ]
  })
  const ratios = references.map((name) => `÷ ${competitors[name].title.replace(' server', '')}`)
  console.log(`\n### idle: ${fixed(connections, 0)} ${noun}, medians of ${rounds} rounds\n`)
  console.log(table(['server', 'KiB each', ...ratios, 'KiB one more', 'rounds'], rows))
}
