// Our client, which asks a hostile server and an honest one over one pool. A session is some requests, one after another or
// at once, and the script of an answer to each: right ones in all framings, and such as are changed, wrong, surplus, cut off,
// early, late or missing. What must come of an answer is known from what was drawn, or from our own reader after a change.
import { toLine } from '../engine/escaped.js'
import { Failure } from '../engine/failure.js'
import { Child } from './child.js'
import { demandRight } from './client-judge.js'
import { drawPlan } from './client-plan.js'
import { HonestServer } from './honest-server.js'
import { HostileServer } from './hostile-server.js'
import { demandNothingLogged, demandSoon, runLive, tally } from './run-live.js'
import { detailOf } from './sessions.js'

/** Milliseconds that a request which was given up may still be on its way. */
const LATE_MS = 5000

export const live = {
  name: 'client',
  about: 'the HTTP client, against a hostile server (RFC 9112)',
  async run(options) {
    const child = new Child('client-child.js')
    const hostile = new HostileServer()
    const oracle = new HonestServer(child)
    try {
      const counts = { requests: 0, answered: 0, refused: {}, kinds: {} }
      const run = { child, hostile, port: await hostile.listen(), counts }
      await oracle.start()
      const play = (index) => playPlan(run, drawPlan(options.seed, index))
      const demandNothingLeft = () => demandClosed(child)
      const told = await runLive('client', options, { child, oracle, play, demandNothingLeft })
      return { ...told, ...counts, connections: hostile.connections }
    } finally {
      hostile.close()
      oracle.close()
      await child.end()
    }
  },
}

async function playPlan(run, { exchanges, isParallel }) {
  if (isParallel) await Promise.all(exchanges.map((exchange) => playExchange(run, exchange)))
  else for (const exchange of exchanges) await playExchange(run, exchange)
}

async function playExchange({ child, hostile, port, counts }, exchange) {
  const { target, script, asked } = exchange
  hostile.add(target, script)
  try {
    const got = await child.ask('ask', { ...asked, url: `http://127.0.0.1:${port}${target}` })
    if (hostile.failure) throw hostile.failure
    demandRight(exchange, got)
    note(counts, exchange, got)
  } catch (error) {
    throw error instanceof Failure ? explained(exchange, error) : error
  } finally {
    setTimeout(() => hostile.delete(target), LATE_MS).unref()
  }
}

function explained({ kind, manner, model, script, asked }, failure) {
  const how = `${kind}, ${manner}, ${script.end}${script.isEarly ? ', early' : ''}`
  const wish = JSON.stringify({ ...asked, body: undefined })
  const meaning = model.fault?.code ?? `${model.response?.status}, to ${model.end} of ${script.bytes.length}`
  const bytes = toLine(script.bytes.subarray(0, 5000))
  return new Failure(failure.property, `${detailOf(failure)}\n${how}; ${wish}\nread as ${meaning}: ${bytes}`)
}

function note(counts, { kind, manner }, { code }) {
  counts.requests++
  if (code === undefined) counts.answered++
  tally(counts.refused, code)
  tally(counts.kinds, kind, manner)
}

async function demandClosed(child) {
  await demandSoon(async () => {
    const stats = await child.ask('stats')
    demandNothingLogged(stats)
    const { active, queued } = stats
    return active + queued > 0 ? `${active} requests are active, ${queued} queued` : undefined
  })
  await child.ask('close')
  const { connections } = await child.ask('stats')
  if (connections > 0) throw new Failure('leak', `${connections} connections are left after close()`)
}
