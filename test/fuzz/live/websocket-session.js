// One WebSocket session: a conversation that plays its plan, and what comes of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { toLine } from '../engine/escaped.js'
import { Failure } from '../engine/failure.js'
import { writeCut } from './cuts.js'
import { FrameLog } from './frame-log.js'
import { frameModel } from './frame-model.js'
import { PATIENCE_MS } from './peer.js'
import { detailOf, reduced } from './sessions.js'
import { echoesOf, judgeCallbacks, judgeFrames, messagesOf, pingsOf } from './websocket-judge.js'
import { demandRefusal, openedWith } from './websocket-opening.js'

/** Milliseconds after which a handshake whose connection was reset has not arrived. */
const LOST_MS = 500

/** @returns what came back; undefined where the handshake was wrong @throws Failure, with the fewest parts that show it */
export async function playPlan(run, plan) {
  if (plan.kind === 'handshake') return demandRefusal(run, plan)
  try {
    return await played(run, plan, plan.parts, `${plan.index}`)
  } catch (error) {
    throw error instanceof Failure ? await explained(run, plan, error) : error
  }
}

async function explained(run, plan, failure) {
  let times = 0
  const again = (_, fewer) => played(run, plan, fewer, `${plan.index}-again-${++times}`)
  const parts = await reduced(plan, plan.parts, failure, again)
  const { side, kind, ending, extension, isSlow, joins, isAhead, cuts, resetAt } = plan
  const how = JSON.stringify({ side, kind, ending, extension, isSlow, joins, isAhead, resetAt })
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const where = cuts
    .slice(0, 60)
    .map(({ at, pause }) => `${at}+${pause}`)
    .join(' ')
  return new Failure(
    failure.property,
    `${detailOf(failure)}\n${how}; cut at ${where}\n${toLine(bytes.subarray(0, 8000))}`,
  )
}

async function played(run, plan, parts, name) {
  const { side, ending, deflates, resetAt } = plan
  const all = Buffer.concat(parts.map((part) => part.bytes))
  const sent = ending === 'reset' ? all.subarray(0, resetAt) : all
  const model = frameModel(sent, side, deflates)
  demandAsDrawn(model, parts, sent.length)
  const log = new FrameLog(side === 'client')
  const peer = await openedWith(run, plan, log, name)
  const isWrong = model.code !== undefined && !model.isClosed
  const hasLeft = ending === 'reset' || ending === 'leave'
  const isLoss = ending === 'half-close' && model.code === undefined
  const how = { isCut: hasLeft, isSlow: plan.isSlow, isLost: plan.isSlow && (isWrong || isLoss) }
  try {
    await writeCut(peer, sent, plan.cuts)
    if (ending === 'reset') peer.reset()
    else await ended(peer, plan, model, log, how)
    judgeFrames(model, log, how)
    const callbacks = await told(run.child, name, how)
    if (callbacks) judgeCallbacks(model, callbacks, how)
    return log
  } finally {
    peer.destroy()
  }
}

async function ended(peer, { ending }, model, log, how) {
  if (ending === 'half-close') peer.halfClose()
  const isThere = () =>
    model.code !== undefined
      ? log.code !== undefined
      : echoesOf(log).length >= messagesOf(model).length && log.pongs.length >= pingsOf(model).length
  if (!how.isLost) await peer.until(isThere, 'what is to come back')
  if (ending === 'leave') return peer.destroy()
  if (ending !== 'half-close') peer.halfClose()
  await peer.until(() => false, 'the end of the connection')
}

// Undefined where the handshake was lost with the connection.
async function told(child, name, { isCut }) {
  const start = performance.now()
  for (;;) {
    const log = await child.ask('log', name)
    const elapsed = performance.now() - start
    if (log === undefined && isCut && elapsed > LOST_MS) return undefined
    if (log?.closes.length > 0 || elapsed > PATIENCE_MS) {
      await child.ask('forget', name)
      return log
    }
    await sleep(20)
  }
}

// What the decoder makes of the parts that are right is what was drawn.
function demandAsDrawn(model, parts, sentLength) {
  let end = 0
  const events = []
  let code
  for (const part of parts) {
    end += part.bytes.length
    if (part.isChanged || end > sentLength) break
    code = part.code ?? part.events?.find((event) => event.code !== undefined)?.code
    if (code !== undefined) break
    events.push(...part.events)
  }
  const isRight = events.every(({ opcode, payload }, at) => {
    return model.events[at]?.opcode === opcode && model.events[at].payload.equals(payload)
  })
  if (!isRight || (code !== undefined && model.code !== code)) {
    const detail = `${events.length} events and ${code} were drawn, ${model.events.length} and ${model.code} are read`
    throw new Failure('reader', detail)
  }
}
