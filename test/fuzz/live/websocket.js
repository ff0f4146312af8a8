// Our WebSockets, the server's and the client's, which send back what they get, against peers that send whole conversations:
// handshake, messages, fragments, control frames, compression, close; and break rules, change bytes, cut and reset. What must
// come back, and what the callbacks must be told, is known from what was drawn, and from our own decoder after a change.
import { Child } from './child.js'
import { HostileWebSocketServer } from './hostile-websocket-server.js'
import { demandNothingLogged, demandSoon, runLive, tally } from './run-live.js'
import { echoesOf } from './websocket-judge.js'
import { WebSocketOracle } from './websocket-oracle.js'
import { drawPlan } from './websocket-plan.js'
import { playPlan } from './websocket-session.js'

export const live = {
  name: 'websocket',
  about: 'WebSockets, a server’s and a client’s (RFC 6455, RFC 7692)',
  async run(options) {
    const child = new Child('websocket-child.js')
    const oracle = new WebSocketOracle(child)
    const clients = new HostileWebSocketServer()
    try {
      const counts = { messages: 0, pings: 0, broadcasts: 0, refused: {}, kinds: {} }
      const run = { child, clients, ports: await child.ask('start') }
      await clients.listen()
      await oracle.start(run.ports)
      const play = async (index) => {
        const plan = drawPlan(options.seed, index)
        note(counts, plan, await playPlan(run, plan))
      }
      const demandNothingLeft = () => demandSoon(() => leftAt(child))
      const told = await runLive('websocket', options, { child, oracle, play, demandNothingLeft })
      return { ...told, ...counts }
    } finally {
      clients.close()
      await child.end()
      await oracle.end().catch(() => {})
    }
  },
}

function note(counts, { kind, side, ending, extension, isSlow, joins }, log) {
  tally(counts.kinds, kind, side, ending, extension && 'deflate', isSlow && 'slow', joins && 'hub')
  if (log === undefined) return
  const echoes = echoesOf(log).length
  counts.messages += echoes
  counts.broadcasts += log.messages.length - echoes
  counts.pings += log.pongs.length
  tally(counts.refused, log.code)
}

async function leftAt(child) {
  const stats = await child.ask('stats')
  demandNothingLogged(stats)
  const { connections, websockets, hub } = stats
  if (connections + websockets + hub === 0) return undefined
  return `${connections} connections, ${websockets} WebSockets, ${hub} in the hub`
}
