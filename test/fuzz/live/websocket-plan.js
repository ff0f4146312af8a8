// What a WebSocket session is to be: with whom, what is sent, where it is cut, how it ends.
import { drawCuts } from './cuts.js'
import { FrameDrawer } from './frame-grammar.js'
import { Lots } from './lots.js'
import { mutated } from './mutate.js'
import { wrongAnswers, wrongRequests } from './websocket-handshakes.js'

const SIDES = { server: 3, client: 2 }
const KINDS = { right: 10, changed: 6, violating: 5, handshake: 2 }
const ENDINGS = { close: 9, 'half-close': 3, reset: 3, leave: 3 }
/** What is offered to a server, and the answers to a client's offer. */
const OFFERS = ['permessage-deflate', 'permessage-deflate; client_no_context_takeover']
const FURTHER = ['', '; server_no_context_takeover', '; server_max_window_bits=10']
const ANSWERS = [
  'permessage-deflate',
  'permessage-deflate; server_no_context_takeover',
  'permessage-deflate; client_no_context_takeover',
]
const tokens = [
  '\x81\x00',
  '\x89\x00',
  '\x88\x00',
  '\x81\x85',
  '\x00\x80',
  '\xff\xff',
  '\x80',
  '\xc1',
  '\x7e\x00\x80',
]

/** @param side 'server' or 'client': which of ours it is with */
export function drawPlan(seed, index) {
  const lots = new Lots(seed, index)
  const side = lots.weighed(SIDES)
  const kind = lots.weighed(KINDS)
  const drawn = lots.weighed(ENDINGS)
  const extension = lots.chance(0.5) ? drawExtension(lots, side) : undefined
  const forgets = side === 'server' ? /client_no/.test(extension) : /server_no/.test(extension)
  const deflates = extension && { forgets }
  const drawer = new FrameDrawer(lots, side === 'server', deflates)
  let parts = Array.from({ length: lots.between(0, lots.pick([2, 6, 15])) }, () => drawer.part())
  if (kind === 'violating') parts.push(drawer.violation())
  if (drawn === 'close' || kind === 'violating') parts.push(drawer.close())
  if (lots.chance(0.1)) parts.push(drawer.part())
  if (kind === 'changed' && parts.length > 0) parts = changedAt(parts, lots)
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  return {
    ...{ index, side, kind, ending: drawn, extension, deflates, parts },
    cuts: drawCuts(lots, bytes.length, endsOf(parts)),
    resetAt: lots.below(bytes.length + 1),
    isSlow: lots.chance(0.25),
    joins: side === 'server' && lots.chance(0.3),
    isAhead: lots.chance(0.3),
    wrong: lots.pick(side === 'server' ? wrongRequests : wrongAnswers),
  }
}

function drawExtension(lots, side) {
  return side === 'server' ? lots.pick(OFFERS) + lots.pick(FURTHER) : lots.pick(ANSWERS)
}

function changedAt(parts, lots) {
  const at = lots.below(parts.length)
  return parts.with(at, { bytes: mutated(parts[at].bytes, lots, tokens).bytes, isChanged: true })
}

function endsOf(parts) {
  let end = 0
  return parts.map(({ bytes }) => (end += bytes.length))
}
