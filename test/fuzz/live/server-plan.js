// What a session with the server is to be: requests drawn by lot, some of them wrong or changed at a few bytes, where they are
// cut, and how it ends.
import { drawCuts } from './cuts.js'
import { Lots } from './lots.js'
import { mutated } from './mutate.js'
import { drawRequest, tokens, violations } from './request-grammar.js'

const SERVERS = { plain: 12, tls: 2, hasty: 1 }
const KINDS = { right: 9, changed: 7, violating: 4 }
const ENDINGS = { finish: 9, 'half-close': 5, reset: 3, leave: 3 }
/** Milliseconds after which a hasty server has given up. */
const TOO_LONG_MS = 300

/**
 * @returns parts, each { bytes } with what must be seen of it, or with `statuses`, one of which must refuse it
 */
export function drawPlan(seed, index, hasTls) {
  const lots = new Lots(seed, index)
  const server = lots.weighed(hasTls ? SERVERS : { ...SERVERS, tls: 0 })
  const kind = lots.weighed(KINDS)
  const parts = drawParts(lots, index, kind, server)
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const cuts = drawCuts(lots, length, endsOf(parts))
  if (server === 'hasty') addCut(cuts, { at: lots.below(length), pause: TOO_LONG_MS })
  return {
    ...{ index, server, kind, parts, cuts },
    ending: drawEnding(lots, server),
    resetAt: lots.below(length + 1),
    waits: lots.chance(0.7),
  }
}

function drawParts(lots, index, kind, server) {
  // To one that runs out of patience with a head nobody can tell what it answers.
  const noHead = server === 'hasty'
  const count = lots.between(1, lots.pick([1, 3, 8]))
  const parts = Array.from({ length: count }, (_, at) => drawRequest(lots, `s${index}-${at}`, { noHead }))
  if (kind === 'violating') return parts.toSpliced(lots.below(count + 1), 0, lots.pick(violations))
  return kind === 'changed' ? changedAt(parts, lots) : parts
}

// Node's TLS client may lose what comes after its own end.
function drawEnding(lots, server) {
  const ending = lots.weighed(ENDINGS)
  return server === 'tls' && ending === 'half-close' ? 'finish' : ending
}

function changedAt(parts, lots) {
  const at = lots.below(parts.length)
  const { bytes } = mutated(parts[at].bytes, lots, tokens)
  return parts.with(at, { bytes, isChanged: true })
}

function addCut(cuts, cut) {
  const after = cuts.findIndex(({ at }) => at > cut.at)
  cuts.splice(after < 0 ? cuts.length : after, 0, cut)
}

function endsOf(parts) {
  let end = 0
  return parts.flatMap(({ bytes, headLength }) => {
    const start = end
    end += bytes.length
    return headLength === undefined ? [end] : [start + headLength, end]
  })
}
