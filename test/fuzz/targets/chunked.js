// A chunked body with its trailers, behind a head that is always the same and has the connection close: what stands behind
// the body is left over.
import { compareRequests } from '../differences/http-requests.js'
import { compareResponses } from '../differences/http-responses.js'
import { checkConsumed, checkLimits, checkRewritten } from '../relations/messages.js'
import { chunkedBodies, chunkTokens } from '../seeds/http-tokens.js'
import { isSameButUnended } from '../transcripts/http.js'
import { understandingOf } from '../transcripts/http-messages.js'
import { DEFAULTS, readRequests, requestWays, requestWriter } from '../transcripts/requests.js'
import { readResponses, responseWays, responseWriter } from '../transcripts/responses.js'

const fields = 'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n'

const request = {
  head: Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${fields}`),
  read: readRequests,
  writer: requestWriter,
  compare: compareRequests,
}

const response = {
  head: Buffer.from(`HTTP/1.1 200 OK\r\n${fields}`),
  read: readResponses,
  writer: () => responseWriter,
  compare: compareResponses,
}

export const target = {
  name: 'chunked',
  about: 'chunked bodies and trailers (RFC 9112 §7.1)',
  maxLength: 400,
  dictionary: [
    ...chunkTokens,
    '\r\n',
    '\r\n\r\n',
    ': ',
    ' \t',
    'x: y\r\n',
    'X-A:\r\n',
    'Host: a\r\n',
    'Content-Length: 1\r\n',
    '7fffffffffffffff',
    '20000000000000\r\n',
  ],
  ways: {
    q: { side: request, options: DEFAULTS },
    // Just enough for the head.
    s: { side: request, options: requestWays.s },
    p: { side: response, options: responseWays.g },
  },
  seeds: () => ['q', 's', 'p'].flatMap((way) => chunkedBodies.map((body) => way + body)),
  read,
  isSame: (whole, cut, pieces, way) => isSameButUnended(whole, cut, pieces, (others) => read(others, way)),
  work: { perByte: 6, perPiece: 6, fixed: 200 },
  check,
  compare(bytes, transcript, { side, options }) {
    side.compare(Buffer.concat([side.head, bytes]), transcript, options)
  },
}

function read(pieces, { side, options }) {
  return side.read([side.head, ...pieces], options)
}

function check(bytes, transcript, { side, options }) {
  const whole = Buffer.concat([side.head, bytes])
  const readAgain = (pieces) => side.read(pieces, options)
  const complete = understandingOf(transcript).messages.filter(({ isComplete }) => isComplete)
  if (complete.length > 0) {
    checkConsumed(whole, transcript, complete, readAgain)
    checkRewritten(complete, side.writer(options), readAgain)
  }
  if (side === request && options !== DEFAULTS) {
    checkLimits(whole, transcript, readRequests([whole], DEFAULTS), options)
  }
}
