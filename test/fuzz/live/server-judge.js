// Holds what a server answered against what it was asked: the right answers in the right order, then the refusal that is due,
// then nothing. Where it depends on time what the server does, each way it may go is allowed, and no other.
import { Failure } from '../engine/failure.js'
import { answerTo } from './answers.js'

const BODY_CUT_SHORT = 400
const TIMEOUT = 408

/**
 * @param how.isCut this end has gone before all had come
 * @param how.hasFinished this end has sent its FIN
 * @param how.isWatched it had sent it before all was answered
 * @param how.isReset the other end has reset it
 * @param how.isHasty the server gives up soon
 * @returns {{ answered: number, refusal: number | undefined }}
 */
export function judge(model, log, how) {
  if (log.fault) throw new Failure('malformed', `the server's bytes break a rule: ${log.fault.message}`)
  const told = new Told(model, log, how)
  for (const request of model.requests) if (!told.passes(request)) return told.end()
  if (!model.isInBody && (model.isInHead || model.refusals.size > 0)) told.passRefusal()
  return told.end()
}

class Told {
  answered = 0
  refusal = undefined
  #at = 0
  /** It may have ended in the middle of something. */
  #endsShort = false

  constructor(model, log, how) {
    this.model = model
    this.log = log
    this.how = how
  }

  get #response() {
    return this.log.responses[this.#at]
  }

  // False where nothing may follow.
  passes(request) {
    const response = this.#response
    if (response === undefined) return this.#demandSilenceIsRight(request)
    if (request.isComplete ? this.#isTimeout(response) : this.#isRefusal(request, response)) {
      this.#refused(response)
      return false
    }
    this.#demandAnswer(request, response)
    this.#at++
    if (!response.isComplete) return false
    this.answered++
    this.#demandInterim(request, response)
    return this.#goesOn(request, response)
  }

  #demandSilenceIsRight(request) {
    const { how, log } = this
    const mayBeCut = request.route.isChannel && how.isWatched
    const waits = !request.isComplete && request.route.readsBody && this.model.refusals.size === 0
    const isDestroyed = !request.isComplete && request.route.isStream
    const isOurs = how.isCut || how.isHasty || mayBeCut || (waits && !how.hasFinished)
    this.#endsShort = isOurs || isDestroyed
    if (this.#endsShort) return false
    const got = log.isInHead ? 'part of a head' : 'nothing'
    throw new Failure('missing', `request ${this.#at} (${nameOf(request)}) was answered with ${got}`)
  }

  #isTimeout(response) {
    return this.how.isHasty && response.status === TIMEOUT
  }

  #isRefusal({ route }, response) {
    if (response.headers['x-seen'] !== undefined) return false
    const { refusals } = this.model
    const isDue =
      refusals.has(response.status) || (this.how.hasFinished && response.status === BODY_CUT_SHORT)
    // A handler that fails is told apart from a refusal by its status alone.
    return this.#isTimeout(response) || (isDue && !(route.fails && response.status === 500))
  }

  passRefusal() {
    const response = this.#response
    const { refusals, mustRefuse } = this.model
    const { isCut, isHasty } = this.how
    if (response === undefined) {
      this.#endsShort = isCut || isHasty
      if (!mustRefuse || this.#endsShort) return
      throw new Failure('unrefused', `what breaks a rule (${[...refusals]}) was not answered`)
    }
    if (!refusals.has(response.status) && !this.#isTimeout(response)) {
      throw new Failure('wrong refusal', `${response.status} instead of ${[...refusals].join(' or ')}`)
    }
    this.#refused(response)
  }

  #refused(response) {
    this.#at++
    if (!response.isComplete) return this.#demandMayBePart('a refusal')
    this.refusal = response.status
    if (!response.closes) throw new Failure('refusal', `a ${response.status} without Connection: close`)
    if (response.headers.date === undefined) throw new Failure('refusal', `a ${response.status} without Date`)
  }

  #demandAnswer(request, response) {
    const { route, seen } = request
    const told = response.headers['x-seen']
    const wanted = answerTo(route, seen, request.body)
    if (response.status !== wanted.status || told !== wanted.headers['X-Seen']) {
      const got = `${response.status} ${told} ${response.body.toString('latin1').slice(0, 300)}`
      const detail = `request ${this.#at} (${nameOf(request)}, seen as ${seen}) got: ${got}`
      throw new Failure('wrong answer', detail)
    }
    const body = Buffer.from(request.isHead ? '' : wanted.body)
    // Node does not always tell an end from a reset, and above TLS never.
    const isWhole = response.isComplete && !(response.isUntilClose && this.#mayBePart(request))
    const got = response.body
    const isRight = isWhole ? got.equals(body) : body.subarray(0, got.length).equals(got)
    if (!isRight) {
      const detail = `request ${this.#at} (${nameOf(request)}): ${got.length} bytes instead of ${body.length}`
      throw new Failure('wrong body', `${detail}: ${got.toString('latin1').slice(0, 300)}`)
    }
    if (!response.isComplete) this.#demandMayBePart(nameOf(request), request)
    if (response.headers.date === undefined) throw new Failure('head', 'an answer without Date')
  }

  // An answer of which only a part has come.
  #mayBePart(request) {
    const { how } = this
    const isBroken = request?.route.isStream && !request.isComplete
    const isDropped = request?.route.isChannel && how.isWatched
    return how.isCut || how.isHasty || isBroken || isDropped
  }

  #demandMayBePart(what, request) {
    if (this.#mayBePart(request)) return
    throw new Failure('part', `only a part of the answer to ${this.#at - 1} (${what}) has come`)
  }

  #demandInterim(request, { interim }) {
    const most = request.expectsContinue && request.route.readsBody ? 1 : 0
    if (interim.length > most || interim.some((status) => status !== 100)) {
      throw new Failure('interim', `${interim} before the answer to ${this.#at - 1} (${nameOf(request)})`)
    }
  }

  #goesOn(request, response) {
    const { route, is1_0, isHead, keepsAlive } = request
    const isStream = route.isStream && (route.name !== 'pipe' || request.hasBody)
    const endsWithIt = is1_0 && isStream && !isHead
    const mustClose = !keepsAlive || route.closes || endsWithIt
    const mayClose = request.hasBody && (!route.readsBody || route.isStream)
    const isPersistent = !response.closes && (!is1_0 || /keep-alive/.test(response.headers.connection))
    if (isPersistent && mustClose) throw new Failure('persistence', `${nameOf(request)} should have closed`)
    if (!isPersistent && !mustClose && !mayClose)
      throw new Failure('persistence', `${nameOf(request)} should not have closed`)
    return isPersistent && request.isComplete
  }

  /** Nothing more may have come, and the connection has been closed where it had to be. */
  end() {
    const { how, log } = this
    const rest = log.responses.length - this.#at
    if (rest > 0) {
      const { status, headers } = log.responses[this.#at]
      throw new Failure('unasked', `${rest} responses too many, the first: ${status} ${headers['x-seen']}`)
    }
    const isPart = log.isInHead || log.openInterim.length > 0
    if (isPart && !how.isCut && !this.#endsShort) throw new Failure('unasked', 'bytes that answer nothing')
    if (how.hasFinished && !how.isCut && !how.hasEnded) throw new Failure('open', 'it was not closed')
    return { answered: this.answered, refusal: this.refusal }
  }
}

function nameOf({ map, is1_0, isComplete }) {
  const { requestMethod, uri } = map
  return `${requestMethod} ${uri.slice(0, 60)}${is1_0 ? ' HTTP/1.0' : ''}${isComplete ? '' : ', unfinished'}`
}
