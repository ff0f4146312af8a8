// Our server, spoken to by many hostile clients and an innocent one. A session is one connection. What must come back is known
// from what was drawn as long as that is right, and from our own reader after the first change; that both agree is checked, too.
import { makeCertificate } from './certificate.js'
import { Child } from './child.js'
import { HttpOracle } from './http-oracle.js'
import { demandNothingLogged, demandSoon, runLive, tally } from './run-live.js'
import { drawPlan } from './server-plan.js'
import { playPlan } from './server-session.js'

export const live = {
  name: 'server',
  about: 'the HTTP server, over sockets and TLS (RFC 9112)',
  async run(options) {
    const child = new Child('server-child.js')
    let oracle
    try {
      const ports = await child.ask('start', makeCertificate())
      oracle = new HttpOracle(ports.plain)
      const counts = { requests: 0, continued: 0, bytes: 0, refused: {}, kinds: {} }
      const play = async (index) => {
        const plan = drawPlan(options.seed, index, ports.tls !== undefined)
        note(counts, plan, await playPlan(ports, plan))
      }
      const demandNothingLeft = () => demandSoon(() => leftAt(child))
      const told = await runLive('server', options, { child, oracle, play, demandNothingLeft })
      return { ...told, ...counts }
    } finally {
      await child.end()
      await oracle?.end().catch(() => {})
    }
  },
}

function note(counts, { kind, ending, server }, { answered, refusal, bytes, continued }) {
  counts.requests += answered
  counts.continued += continued
  counts.bytes += bytes
  tally(counts.refused, refusal)
  tally(counts.kinds, kind, ending, server)
}

// A closing connection lingers for some seconds.
async function leftAt(child) {
  const stats = await child.ask('stats')
  demandNothingLogged(stats)
  const { connections, inFlight } = stats
  return connections + inFlight > 0 ? `${connections} connections and ${inFlight} requests` : undefined
}
