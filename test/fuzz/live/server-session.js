// One session with the server: a connection that plays its plan, and what comes of it.

import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { toLine } from '../engine/escaped.js'
import { Failure } from '../engine/failure.js'
import { hashOf } from './answers.js'
import { writeCut } from './cuts.js'
import { Peer } from './peer.js'
import { requestModel } from './request-model.js'
import { ResponseLog } from './response-log.js'
import { judge } from './server-judge.js'
import { detailOf, reduced } from './sessions.js'

/** Milliseconds that a client waits for 100 Continue. */
const CONTINUE_MS = 150

/** @returns { answered, refusal, bytes, continued } @throws Failure, with the fewest parts of the plan that still show it */
export async function playPlan(ports, plan) {
  try {
    return await new Session(ports, plan, plan.parts).play()
  } catch (error) {
    throw error instanceof Failure ? await explained(ports, plan, error) : error
  }
}

async function explained(ports, plan, failure) {
  const parts = await reduced(plan, plan.parts, failure, (_, fewer) => new Session(ports, plan, fewer).play())
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const cuts = plan.cuts.slice(0, 60).map(({ at, pause }) => `${at}+${pause}`)
  const how = `${plan.kind}, to ${plan.server}, ${plan.ending}; cut at ${cuts.join(' ')}`
  return new Failure(failure.property, `${detailOf(failure)}\n${how}\n${toLine(bytes.subarray(0, 8000))}`)
}

class Session {
  #ports
  #plan
  #parts
  #model
  #log
  #peer
  #how

  constructor(ports, plan, parts) {
    this.#ports = ports
    this.#plan = plan
    this.#parts = parts
    const { ending, server } = plan
    this.#how = { isHasty: server === 'hasty', isCut: ending === 'reset' || ending === 'leave' }
  }

  async play() {
    const { server, ending, resetAt } = this.#plan
    const all = Buffer.concat(this.#parts.map((part) => part.bytes))
    const bytes = ending === 'reset' ? all.subarray(0, resetAt) : all
    const model = requestModel(bytes)
    demandAsDrawn(model, this.#parts, bytes.length)
    this.#model = model
    const log = new ResponseLog((at) => model.requests[at]?.isHead ?? model.refusesHead)
    this.#log = log
    this.#peer = await Peer.connect(this.#ports[server], server === 'tls', (piece) => log.push(piece))
    try {
      await writeCut(
        this.#peer,
        bytes,
        cutsFor(this.#plan, this.#parts),
        (cut) => cut.awaits && this.#awaitContinue(),
      )
      await this.#end()
      this.#how.hasEnded = this.#peer.hasEnded
      this.#how.isReset = this.#peer.error !== undefined
      if (this.#peer.hasEnded) log.end()
      return { ...judge(model, log, this.#how), bytes: bytes.length, continued: log.interimCount }
    } finally {
      this.#peer.destroy()
    }
  }

  async #end() {
    const { ending, resetAt, waits } = this.#plan
    if (ending === 'reset') {
      if (waits) await this.#peer.pause(resetAt % 8)
      return this.#peer.reset()
    }
    if (ending === 'half-close') this.#finish()
    await this.#peer.until(() => this.#log.completeCount >= this.#model.answersDue, this.#due())
    if (ending === 'leave') return this.#peer.destroy()
    if (ending === 'finish') this.#finish()
    await this.#peer.until(() => false, 'the end of the connection')
  }

  #finish() {
    this.#how.hasFinished = true
    this.#how.isWatched = this.#log.completeCount < this.#model.requests.length
    this.#peer.halfClose()
  }

  #due() {
    return `answers to ${this.#model.requests.map(({ map }) => map.uri.slice(0, 30)).join(' ')}`
  }

  // Whoever is answered otherwise, or not at all, goes on.
  async #awaitContinue() {
    const log = this.#log
    const count = () => log.interimCount + log.completeCount
    const before = count()
    await Promise.race([this.#peer.until(() => count() > before, '100 Continue'), sleep(CONTINUE_MS)])
  }
}

// Whoever expects 100-continue waits for it, or for an answer, before the body.
function cutsFor({ cuts, waits }, parts) {
  if (!waits) return cuts
  const awaits = []
  let start = 0
  for (const { bytes, expects, headLength } of parts) {
    if (expects) awaits.push({ at: start + headLength, pause: 0, awaits: true })
    start += bytes.length
  }
  return [...cuts, ...awaits].sort((a, b) => a.at - b.at)
}

// What the reader makes of the parts that are right is what was drawn.
function demandAsDrawn({ requests, refusals }, parts, sentLength) {
  let end = 0
  for (const [at, part] of parts.entries()) {
    end += part.bytes.length
    const request = requests[at]
    if (part.isChanged || end > sentLength) return
    if (part.statuses) return demandRefused(refusals, part, requests.length - at)
    const { requestMethod, uri, queryString, protocol, headers } = request?.map ?? {}
    const drawn = [part.requestMethod, part.uri, part.queryString, part.protocol, { ...part.headers }]
    const read = [requestMethod, uri, queryString, protocol, { ...headers }]
    const isWhole = request?.isComplete && hashOf(request.body ?? '') === hashOf(part.body ?? '')
    if (!isWhole || !isDeepStrictEqual(read, drawn)) {
      const detail = `part ${at} was drawn as ${JSON.stringify(drawn)}, and read as ${JSON.stringify(read)}`
      throw new Failure('reader', detail)
    }
    if (!request.keepsAlive) return
  }
}

function demandRefused(refusals, { statuses }, further) {
  const isRefused = [...refusals].some((status) => statuses.includes(status))
  if (!isRefused || further > 1) {
    throw new Failure('reader', `what is to be refused with ${statuses} is read, as ${[...refusals]}`)
  }
}
