// The responses of a connection, one after another, as a client reads them: which of their bytes are body depends on what
// they answer, too.
import { parseResponseHead } from '../../../build/modules/core/parse-head.js'
import { readResponseHead } from '../../../build/modules/core/wasm.js'
import { compareResponses } from '../differences/http-responses.js'
import { checkMaxHead, checkOneShot, isMapOf } from '../relations/heads.js'
import { checkConsumed, checkRewritten } from '../relations/messages.js'
import { casesIn } from '../seeds/http.js'
import { chunkTokens, framingFaults, messageTokens } from '../seeds/http-tokens.js'
import { isSameButUnended } from '../transcripts/http.js'
import { understandingOf } from '../transcripts/http-messages.js'
import { FIRST_FINAL, readResponses, responseWays, responseWriter } from '../transcripts/responses.js'

export const target = {
  name: 'response-head',
  about: 'responses of a connection (RFC 9112 §4, §6)',
  maxLength: 1100,
  dictionary: [
    ...messageTokens,
    ...chunkTokens,
    ...framingFaults,
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 204\r\n\r\n',
    'HTTP/1.1 100 \r\n\r\n',
    ' 101 ',
    ' 304 ',
    ' 205 ',
  ],
  ways: responseWays,
  seeds,
  read: readResponses,
  isSame: (whole, cut, pieces, way) =>
    isSameButUnended(whole, cut, pieces, (others) => readResponses(others, way)),
  work: { perByte: 9, perPiece: 5, fixed: 100 },
  check,
  compare: compareResponses,
}

function check(bytes, transcript, way) {
  const understanding = understandingOf(transcript)
  const { messages } = understanding
  const complete = messages.filter(({ isComplete }) => isComplete)
  const final = complete.filter(({ method }) => Number(method) >= FIRST_FINAL)
  const readAgain = (pieces, passed) => readResponses(pieces, way, passed)
  if (final.length > 0) checkConsumed(bytes, transcript, final, readAgain)
  if (complete.length > 0) checkRewritten(complete, responseWriter, readAgain)
  checkOneShot(bytes, understanding, parseResponseHead, isSameHead)
  checkMaxHead(bytes.subarray(0, messages[0]?.headEnd), readResponseHead)
}

function isSameHead(head, { method, target, fields }) {
  return String(head.status) === method && head.reason === target && isMapOf(head.headers, fields, listed)
}

function listed(earlier, value) {
  return Array.isArray(earlier) ? [...earlier, value] : [earlier, value]
}

function seeds() {
  const cases = casesIn('responses/').map(
    ({ options, text }) => `${options.startsWith('HEAD') ? 'h' : 'g'}${text}`,
  )
  const inTurn =
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc'
  return [...cases, `t${inTurn}`, `g${'HTTP/1.1 100\r\n\r\n'.repeat(65)}`]
}
