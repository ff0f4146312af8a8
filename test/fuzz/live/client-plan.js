// What a session with the client is to be: what it is asked to ask for, and for each request the script of its answer.
import { hashOf } from './answers.js'
import { drawCuts } from './cuts.js'
import { Lots } from './lots.js'
import { mutated } from './mutate.js'
import { drawResponse, tokens, violations } from './response-grammar.js'
import { responseModel } from './response-model.js'

const KINDS = { right: 12, changed: 8, violating: 4, surplus: 3, short: 3, nothing: 2 }
const METHODS = { GET: 12, POST: 4, PUT: 2, HEAD: 2, DELETE: 1 }
const MANNERS = { plain: 20, abort: 2, hurry: 1, cancel: 2 }
/** Those that may be sent twice. */
const IDEMPOTENT = new Set(['GET', 'PUT', 'HEAD', 'DELETE'])
/** Milliseconds of silence after which it gives up, where silence is what it gets, and where it is not. */
const SHORT_IDLE_MS = 150
const LONG_IDLE_MS = 20_000
/** Bytes that are sure to be read at once. */
const ONE_READ = 8 * 1024

export function drawPlan(seed, index) {
  const lots = new Lots(seed, index)
  const count = lots.between(1, lots.pick([1, 3, 6]))
  const exchanges = Array.from({ length: count }, (_, at) => drawExchange(lots.split(), `/s${index}/r${at}`))
  return { index, exchanges, isParallel: lots.chance(0.4) }
}

/** What the body of an answer begins with; a change of it shows. */
export function nonceOf(target) {
  return `<${target} ${hashOf(target)}>`
}

function drawExchange(lots, target) {
  const kind = lots.weighed(KINDS)
  const manner = lots.weighed(MANNERS)
  const method = kind === 'violating' ? 'GET' : lots.weighed(METHODS)
  const isHead = method === 'HEAD'
  const nonce = nonceOf(target)
  const drawn = drawResponse(lots, nonce, isHead)
  const bytes = bytesOf(kind, drawn, lots)
  const model = responseModel(bytes, isHead)
  const end = drawEnd(kind, model, lots)
  const carries = method === 'POST' || method === 'PUT'
  const body = carries ? Buffer.concat([Buffer.from(nonce), lots.bytes(lots.size(2000))]) : Buffer.alloc(0)
  const as = manner === 'cancel' ? 'stream' : lots.pick(['byteArray', 'byteArray', 'stream', 'rawByteArray'])
  const isSilent = model.end === undefined && model.isCertain && model.fault === undefined && end === 'keep'
  const isEarly = carries && lots.chance(0.15)
  const isLate = carries && lots.chance(0.3)
  // A stream can be sent only once.
  const mayRepeat = IDEMPOTENT.has(method) && !isLate
  const script = {
    ...{ bytes, end, isEarly, method, body, mayRepeat, attempts: 0, mostAttempts: mayRepeat ? 2 : 1 },
    cuts: cutsOf(bytes, model, lots),
    delay: lots.pick([0, 0, 1, 8]),
    isSpent: model.end !== bytes.length || !model.keepsAlive,
  }
  const asked = {
    method,
    as,
    ...(carries && { body, isLate }),
    followRedirects: false,
    idleTimeout: isSilent || !model.isCertain ? SHORT_IDLE_MS : LONG_IDLE_MS,
    keepalive: lots.pick([120_000, 120_000, 120_000, 20, -1]),
    deadline: manner === 'hurry' ? lots.between(1, 10) : 30_000,
    ...(manner === 'abort' && { abortAfter: lots.below(12) }),
    ...(manner === 'cancel' && { readsUntil: lots.below(500) }),
  }
  return { target, nonce, kind, manner, drawn, model, script, asked, isSilent }
}

function bytesOf(kind, { bytes }, lots) {
  switch (kind) {
    case 'changed':
      return mutated(bytes, lots, tokens).bytes
    case 'violating':
      return lots.pick(violations)
    case 'surplus':
      return Buffer.concat([bytes, lots.pick([forged, Buffer.from('x'), Buffer.from('\r\n'), bytes])])
    case 'short':
      return bytes.subarray(0, lots.below(bytes.length))
    case 'nothing':
      return Buffer.alloc(0)
    default:
      return bytes
  }
}

const forged = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged')

function drawEnd(kind, model, lots) {
  if (kind === 'nothing') return lots.pick(['end', 'reset', 'keep'])
  if (model.isUntilClose) return lots.pick(['end', 'end', 'end', 'reset', 'keep'])
  if (model.end !== undefined && !model.keepsAlive) return lots.pick(['end', 'keep'])
  return lots.weighed({ keep: 8, end: 3, reset: 2 })
}

// What lies behind the end of an answer comes in the same read as that end: later it could be meant for the next request.
function cutsOf(bytes, { end }, lots) {
  const cuts = drawCuts(lots, bytes.length, [])
  if (end === undefined || end === bytes.length) return cuts
  return bytes.length < ONE_READ ? cuts.filter(({ at }) => at < end) : []
}
