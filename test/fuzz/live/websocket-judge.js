// Holds what came back over a WebSocket, and what its callbacks were told, against what was sent.
import { createHash } from 'node:crypto'
import { Failure } from '../engine/failure.js'
import { PING, TEXT } from './frame-grammar.js'

/** Stands for an end without a close frame. */
const ABNORMAL = 1006

/** The messages among a model's events. */
export function messagesOf({ events }) {
  return events.filter(({ opcode }) => opcode <= 2)
}

export function pingsOf({ events }) {
  return events.filter(({ opcode }) => opcode === PING)
}

/** Messages that came back, without what is sent to all. */
export function echoesOf(log) {
  return log.messages.filter((message) => !isBroadcast(message))
}

function isBroadcast({ opcode, payload }) {
  return opcode === TEXT && payload.subarray(0, 10).toString('latin1') === 'broadcast-'
}

/**
 * @param how.isCut this end has gone before all had come
 * @param how.isSlow its callbacks take their time
 * @param how.isLost what was not handled when the end came need not have been
 */
export function judgeFrames(model, log, how) {
  if (log.fault) throw new Failure('malformed', log.fault)
  if (log.pings > 0) throw new Failure('unasked', `${log.pings} pings`)
  const messages = messagesOf(model)
  demandSame('echo', echoesOf(log), messages, how.isCut || how.isLost)
  const pongs = log.pongs.map((payload) => ({ opcode: PING, payload }))
  const pings = pingsOf(model)
  const isShort = pongs.length < pings.length && !how.isCut
  demandSame('pong', pongs, how.isSlow ? pingsOf(model.ahead) : pings, !isShort)
  demandConsecutive(log)
  if (how.isCut && log.code === undefined) return
  if (log.code !== model.code && !(how.isSlow && log.code === model.ahead.code))
    throw new Failure('close', `closed with ${log.code} instead of ${model.code}`)
}

function demandSame(what, got, wanted, mayBeFewer) {
  if (got.length > wanted.length)
    throw new Failure('unasked', `${got.length} ${what}s instead of ${wanted.length}`)
  if (got.length < wanted.length && !mayBeFewer) {
    throw new Failure('missing', `${got.length} ${what}s instead of ${wanted.length}`)
  }
  for (const [at, { opcode, payload }] of got.entries()) {
    if (opcode === wanted[at].opcode && payload.equals(wanted[at].payload)) continue
    const detail = `${what} ${at}: ${payload.subarray(0, 60).toString('latin1')}, opcode ${opcode}`
    throw new Failure(
      'wrong echo',
      `${detail}, instead of ${wanted[at].payload.subarray(0, 60).toString('latin1')}`,
    )
  }
}

function demandConsecutive(log) {
  const numbers = log.messages
    .filter(isBroadcast)
    .map(({ payload }) => Number.parseInt(payload.subarray(10).toString(), 10))
  const isRight = numbers.every((number, at) => number === numbers[0] + at)
  if (!isRight) throw new Failure('broadcast', `heard ${numbers.slice(0, 30)}`)
}

/** What the callbacks of the program under test were told. @param told of its child */
export function judgeCallbacks(model, told, how) {
  const { opened, received, afterClose, closes } = told
  if (opened !== 1) throw new Failure('callbacks', `onOpen was called ${opened} times`)
  if (closes.length !== 1) throw new Failure('callbacks', `onClose was called ${closes.length} times`)
  if (afterClose > 0) throw new Failure('callbacks', `onReceive was called ${afterClose} times after onClose`)
  const wanted = messagesOf(model).map(({ payload }) =>
    createHash('sha256').update(payload).digest('base64url'),
  )
  const mayBeFewer = how.isCut || how.isLost
  const isRight =
    received.every((hash, at) => hash === wanted[at]) && (mayBeFewer || received.length === wanted.length)
  if (!isRight)
    throw new Failure('callbacks', `onReceive was told ${received.length} messages of ${wanted.length}`)
  const code = closes[0][1]
  const codes = [model.code ?? ABNORMAL]
  if (how.isCut) codes.push(ABNORMAL)
  if (how.isSlow) codes.push(model.ahead.code ?? ABNORMAL)
  if (!codes.includes(code)) throw new Failure('callbacks', `onClose was told ${code} instead of ${codes}`)
}
