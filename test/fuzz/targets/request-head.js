// The requests of a connection, one after another, as a server reads them: heads, bodies and trailers.
import { parseRequestHead } from '../../../build/modules/core/parse-head.js'
import { readRequestHead } from '../../../build/modules/core/wasm.js'
import { compareRequests } from '../differences/http-requests.js'
import { checkMaxHead, checkOneShot, isMapOf } from '../relations/heads.js'
import { checkConsumed, checkLimits, checkRewritten } from '../relations/messages.js'
import { casesIn } from '../seeds/http.js'
import { chunkTokens, framingFaults, messageTokens } from '../seeds/http-tokens.js'
import { isSameButUnended } from '../transcripts/http.js'
import { understandingOf } from '../transcripts/http-messages.js'
import { DEFAULTS, readRequests, requestWays, requestWriter } from '../transcripts/requests.js'

export const target = {
  name: 'request-head',
  about: 'requests of a connection (RFC 9112 §3, §6)',
  maxLength: 800,
  dictionary: [
    ...messageTokens,
    ...chunkTokens,
    ...framingFaults,
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET ',
    'OPTIONS * ',
    'CONNECT a:1 ',
    'http://a',
    'https://[::1]:1',
    'Host: ',
    'Host: a\r\n',
    'Expect: 100-continue\r\n',
    'Expect: ',
  ],
  ways: requestWays,
  seeds: () => casesIn('').flatMap(({ text }) => [`d${text}`, `m${text}`]),
  read: readRequests,
  isSame: (whole, cut, pieces, limits) =>
    isSameButUnended(whole, cut, pieces, (others) => readRequests(others, limits)),
  work: { perByte: 9, perPiece: 5, fixed: 100 },
  check,
  compare: compareRequests,
}

function check(bytes, transcript, limits) {
  const readAgain = (pieces) => readRequests(pieces, limits)
  const understanding = understandingOf(transcript)
  const complete = understanding.messages.filter(({ isComplete }) => isComplete)
  if (complete.length > 0) {
    checkConsumed(bytes, transcript, complete, readAgain)
    checkRewritten(complete, requestWriter(limits), readAgain)
  }
  if (limits !== DEFAULTS) return checkLimits(bytes, transcript, readRequests([bytes], DEFAULTS), limits)
  checkOneShot(bytes, understanding, parseRequestHead, isSameHead)
  checkMaxHead(bytes.subarray(0, understanding.messages[0]?.headEnd), readRequestHead)
}

function isSameHead(head, { method, target, fields }) {
  return head.method === method && head.target === target && isMapOf(head.headers, fields, joined)
}

// RFC 9110 §5.3, and of Cookie RFC 6265 §5.4
function joined(earlier, value, name) {
  return `${earlier}${name === 'cookie' ? ';' : ','} ${value}`
}
