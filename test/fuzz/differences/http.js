// Where what we have understood of a connection and what a peer has are not the same, and whether a row says why. Each place
// where they part is one disagreement:
//
//   we-refuse     they go on where we stop            they-refuse   we go on where they stop
//   start, fields, closes, body, trailers             of a message that both have read; closes: whether it is the last
//   end           it ends elsewhere, or only for one of them
//   more          one of them has found a message where the other waits for more
import { Failure } from '../engine/failure.js'
import { isEqual } from '../transcripts/http.js'

/**
 * @param ours an Understanding (transcripts/http-messages.js)
 * @returns all of them, each with where its message begins; nothing is compared behind one where a party stops, or reads on
 * elsewhere
 */
export function disagreementsOf(ours, theirs) {
  const found = []
  const length = Math.max(ours.messages.length, theirs.messages.length)
  let begin = 0
  for (let at = 0; at < length; at++) {
    const our = ours.messages[at]
    const their = theirs.messages[at]
    const add = (kind) => found.push({ kind, begin, our, their })
    const last = our && their ? compareMessages(ours, theirs, at, add) : kindOfOne(our, ours, theirs)
    if (last !== undefined) add(last)
    if (last !== undefined || our.closes || their.closes) return found
    begin = our.end
  }
  // Of what we refuse they have read nothing yet: they may still refuse it.
  if (ours.refusal === undefined && theirs.refusal !== undefined) found.push({ kind: 'they-refuse', begin })
  return found
}

// Of a message that only one of them has.
function kindOfOne(our, ours, theirs) {
  if (our !== undefined) return theirs.refusal === undefined ? 'more' : 'they-refuse'
  return ours.refusal === undefined ? 'more' : 'we-refuse'
}

// Of a message whose head both have. @returns the kind of what cannot be followed any further
function compareMessages(ours, theirs, at, add) {
  const our = ours.messages[at]
  const their = theirs.messages[at]
  for (const kind of ['start', 'fields']) if (!isSame[kind](our, their)) add(kind)
  if (!our.isComplete && !their.isComplete && !isSame.closes(our, their)) add('closes')
  if (!our.isComplete || !their.isComplete) return kindOfUnfinished(our, their, ours, theirs)
  // Who does not say where a message ends has another body where it ends elsewhere.
  if (their.end >= 0 ? our.end !== their.end : our.body !== their.body) return 'end'
  for (const kind of ['closes', 'body', 'trailers']) if (!isSame[kind](our, their)) add(kind)
}

function kindOfUnfinished(our, their, ours, theirs) {
  const weStop = !our.isComplete && ours.refusal !== undefined
  const theyStop = !their.isComplete && theirs.refusal !== undefined
  if (weStop !== theyStop) return weStop ? 'we-refuse' : 'they-refuse'
  if (weStop) return undefined
  return our.isComplete !== their.isComplete || our.body !== their.body ? 'end' : undefined
}

const isSame = {
  start: (our, their) =>
    our.method === their.method && our.target === their.target && our.version === their.version,
  fields: (our, their) => isEqual(our.fields, their.fields),
  closes: (our, their) => their.closes === undefined || our.closes === their.closes,
  body: (our, their) => our.body === their.body,
  trailers: (our, their) => isEqual(our.trailers, their.trailers),
}

/**
 * @param rows of which the first that explains a disagreement is its reason
 * @param peers [name, what it has understood]
 * @throws Failure for the first disagreement without a reason
 */
export function demandReasons(rows, bytes, ours, peers, way) {
  for (const [peer, theirs] of peers) {
    for (const found of disagreementsOf(ours, theirs)) {
      if (rowOf(rows, peer, ours, theirs, bytes, way, found) === undefined)
        throw new Failure(peer, told(ours, theirs, found))
    }
  }
}

/** @returns each disagreement: `{ peer, row }`, of which the row is its name, or undefined */
export function reasons(rows, bytes, ours, peers, way) {
  return peers.flatMap(([peer, theirs]) =>
    disagreementsOf(ours, theirs).map((found) => ({
      peer,
      row: rowOf(rows, peer, ours, theirs, bytes, way, found)?.name,
    })),
  )
}

function rowOf(rows, peer, ours, theirs, bytes, way, found) {
  return rows.find((row) => row.peers.includes(peer) && row.explains(ours, theirs, bytes, way, found))
}

function told(ours, theirs, { kind, our, their }) {
  return [
    `${kind}; we: ${verdictOf(ours)}; they: ${verdictOf(theirs)}`,
    `ours:   ${our === undefined ? 'none' : JSON.stringify(our)}`,
    `theirs: ${their === undefined ? 'none' : JSON.stringify(their)}`,
  ].join('\n')
}

function verdictOf({ messages, refusal, refusedAt, isOpen }) {
  const verdict = refusal === undefined ? (isOpen ? 'more is needed' : 'read') : `${refusal} at ${refusedAt}`
  return `${messages.length} heads, ${verdict}`
}
