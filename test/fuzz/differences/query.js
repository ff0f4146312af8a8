// Forms against the platform's URLSearchParams. Both follow the same steps of the URL Standard ("application/
// x-www-form-urlencoded" parsing and serializing), which leave nothing to choose: there are no differences, and a
// disagreement is a fault.
import { encodeQuery } from '../../../build/modules/core/encode-query.js'
import { Failure } from '../engine/failure.js'
import { readPairs, writePairs } from '../peers/url-search-params.js'

const PEER = 'url-search-params'

export const differences = []

/** @param texts the names and values that we have read, in turn */
export function compareQuery(bytes, texts) {
  const theirs = readPairs(bytes)
  const isSame = theirs.length === texts.length && theirs.every((text, index) => text === texts[index])
  if (!isSame) throw new Failure(PEER, `reads ${JSON.stringify(theirs)}, not ${JSON.stringify(texts)}`)
  const written = writePairs(texts)
  const ours = encodeQuery(pairsOf(texts))
  if (ours !== written) throw new Failure(PEER, `writes ${written}, not ${ours}`)
}

function pairsOf(texts) {
  return Array.from({ length: texts.length / 2 }, (_, pair) => [texts[2 * pair], texts[2 * pair + 1]])
}
