// The other end of the wire: what our client makes of answers that would leave it one ahead or one behind its requests, and
// which requests it does not send.
//
// `expected` of an answer: what comes of the request (`status` and `body`, or `error`), and whether the connection is kept.
// The next request has its own answer in every case.

import { family } from './outcomes.js'

const stolen = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen'
const withLength = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const inChunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'

const answer = (name, bytes, outcome, further = {}) => ({ name, bytes, ...outcome, ...further })

function broken(code) {
  return {
    does: `fails with ERR_PROTOCOL, ${code}, and closes`,
    expected: { error: `ERR_PROTOCOL ${code}`, isKept: false },
  }
}

function read(does, status, body, isKept) {
  return { does, expected: { status, body, isKept } }
}

const each = (bytesOf, code, rows) =>
  rows.map(([name, text, own = code]) => answer(name, bytesOf(text), broken(own)))

const readOnce = read('reads the one answer, and keeps the connection', 200, 'hello', true)
const thenCloses = (status, body) =>
  read('reads the answer, and closes: what follows was never asked for', status, body, false)

const lengths = family(
  'Our client: an answer with two ends',
  'RFC 9112 §6.3, §11.1',
  'an answer whose end is not certain is an error, and its connection is gone',
  each(
    (fields) => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n${stolen}`,
    'BAD_TRANSFER_ENCODING',
    [
      ['both', 'Content-Length: 5\r\nTransfer-Encoding: chunked', 'LENGTH_AND_TRANSFER_ENCODING'],
      [
        'both, the other way round',
        'Transfer-Encoding: chunked\r\nContent-Length: 5',
        'LENGTH_AND_TRANSFER_ENCODING',
      ],
      ['two lengths', 'Content-Length: 5\r\nContent-Length: 15', 'REPEATED_CONTENT_LENGTH'],
      ['the same length twice', 'Content-Length: 5\r\nContent-Length: 5', 'REPEATED_CONTENT_LENGTH'],
      ['a list of lengths', 'Content-Length: 5, 5', 'BAD_CONTENT_LENGTH'],
      ['a signed length', 'Content-Length: +5', 'BAD_CONTENT_LENGTH'],
      ['no length', 'Content-Length:', 'BAD_CONTENT_LENGTH'],
      [
        'chunked twice',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
        'REPEATED_TRANSFER_ENCODING',
      ],
      ['identity', 'Transfer-Encoding: identity'],
      ['xchunked', 'Transfer-Encoding: xchunked'],
      ['chunked, identity', 'Transfer-Encoding: chunked, identity'],
      ['gzip, chunked', 'Transfer-Encoding: gzip, chunked'],
      ['a space before the colon', 'Transfer-Encoding : chunked', 'SPACE_BEFORE_COLON'],
      ['on a folded line', 'X-A: x\r\n Transfer-Encoding: chunked', 'OBS_FOLD'],
      ['behind an LF', 'X-A: x\nTransfer-Encoding: chunked', 'BARE_LF'],
    ],
  ),
  answer(
    'chunked in HTTP/1.0',
    `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${stolen}`,
    broken('TRANSFER_ENCODING_IN_1_0'),
  ),
)

const chunks = family(
  'Our client: chunks that end elsewhere',
  'RFC 9112 §7.1',
  'chunks are read as strictly as a server reads them',
  each(
    (body) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n${stolen}`,
    'BAD_CHUNK_SIZE',
    [
      ['0x', '0x5\r\nhello\r\n'],
      ['small in 64 bits', '10000000000000005\r\nhello\r\n'],
      ['an LF in an extension', '5;a\nhello\r\n', 'BARE_LF'],
      ['a CRLF in a quoted extension', '5;a="\r\nhello\r\n', 'BAD_CHUNK_EXTENSION'],
      ['more data than the size says', '5\r\nhelloXX2\r\n', 'BAD_CHUNK_END'],
      ['an LF behind the data', '5\r\nhello\n', 'BAD_CHUNK_END'],
      ['Content-Length as a trailer', '0\r\nContent-Length: 5\r\n\r\n', 'FORBIDDEN_TRAILER'],
    ],
  ),
)

const poisoned = family(
  'Our client: response queue poisoning, answers behind an answer',
  'RFC 9112 §9.2',
  'a connection on which anything follows a complete answer is never used again',
  answer('behind a length', withLength + stolen, thenCloses(200, 'hello')),
  answer('behind the last chunk', inChunks + stolen, thenCloses(200, 'hello')),
  answer('one byte', `${withLength}x`, thenCloses(200, 'hello')),
  answer('later, on the idle connection', withLength, thenCloses(200, 'hello'), { later: stolen }),
  answer('the body of an answer to HEAD', withLength, thenCloses(200, ''), { method: 'HEAD' }),
  answer('the chunks of an answer to HEAD', inChunks, thenCloses(200, ''), { method: 'HEAD' }),
  answer(
    'the body of a 204',
    `HTTP/1.1 204 No Content\r\nContent-Length: ${stolen.length}\r\n\r\n${stolen}`,
    thenCloses(204, ''),
  ),
  answer(
    'the body of a 304',
    `HTTP/1.1 304 Not Modified\r\nContent-Length: ${stolen.length}\r\n\r\n${stolen}`,
    thenCloses(304, ''),
  ),
  answer(
    'an answer to HEAD that only states a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    read('reads the answer, which has no body, and keeps the connection', 200, '', true),
    { method: 'HEAD', why: 'RFC 9110 §9.3.2: the length is that of the answer to GET' },
  ),
)

const interim = family(
  'Our client: interim answers',
  'RFC 9110 §15.2, §7.8',
  'an interim answer is read past, up to 64 of them, and never ends a request',
  answer('100, unasked', `HTTP/1.1 100 Continue\r\n\r\n${withLength}`, readOnce),
  answer('103 with fields', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${withLength}`, readOnce),
  answer('100 with a length', `HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n${withLength}`, readOnce),
  answer(
    '100 with a length and a body',
    `HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello${withLength}`,
    broken('BAD_VERSION'),
  ),
  answer(
    '65 of them',
    `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(65)}${withLength}`,
    broken('TOO_MANY_INTERIM'),
  ),
  answer(
    '101, unasked',
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n${stolen}`,
    broken('UNASKED_UPGRADE'),
  ),
)

const lines = family(
  'Our client: status-lines and line ends',
  'RFC 9112 §2.2, §4',
  'what is no status-line is no answer, least of all one of HTTP/0.9',
  each((bytes) => bytes + stolen, 'BAD_VERSION', [
    ['HTTP/0.9', '<html>hello</html>'],
    ['another word for the version', 'COW< 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['http in small letters', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['an empty line in front', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n', 'BAD_STATUS_LINE'],
    ['LF throughout', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'BARE_LF'],
    ['CR behind a field', 'HTTP/1.1 200 OK\r\nX-A: x\rContent-Length: 0\r\n\r\n', 'BARE_CR'],
    ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 0\r\n\r\n', 'BAD_FIELD_VALUE'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nx\r\nContent-Length: 0\r\n\r\n', 'MISSING_COLON'],
  ]),
)

/** What a server may answer our client with. */
export const answerFamilies = [lengths, chunks, poisoned, interim, lines]

const refusal = 'rejects with ERR_INVALID_ARGUMENT: nothing is sent'
const split = 'x\r\nContent-Length: 0\r\n\r\nGET /smuggled HTTP/1.1\r\nX-A: x'
const asked = (name, options) => ({
  name,
  options,
  does: refusal,
  expected: { error: 'ERR_INVALID_ARGUMENT' },
})
const sent = (name, options, does, target) => ({ name, options, does, expected: { target } })

/** What a caller may ask our client to send: request options beside a URL; `path` is put behind the server's. */
export const requestFamilies = [
  family(
    'Our client: request splitting, line ends in what a program is told to send',
    'RFC 9110 §5.5, RFC 9112 §11.1',
    'a request that would be two, or another one, is an error before a byte of it has left',
    asked('in a value', { headers: { 'X-A': split } }),
    asked('in one value of several', { headers: { 'X-A': ['x', split] } }),
    asked('LF alone', { headers: { 'X-A': 'x\nX-B: y' } }),
    asked('CR alone', { headers: { 'X-A': 'x\rX-B: y' } }),
    asked('NUL', { headers: { 'X-A': 'x\0' } }),
    asked('in a name', { headers: { 'X-A: x\r\nX-B': 'y' } }),
    asked('a colon in a name', { headers: { 'X-A:': 'y' } }),
    asked('a space in a name', { headers: { 'Content-Length ': '5' } }),
    asked('an empty name', { headers: { '': 'y' } }),
    asked('in the method', { method: 'GET / HTTP/1.1\r\nX-A: x\r\n\r\nGET' }),
    asked('a space in the method', { method: 'GET /smuggled' }),
    asked('in Host', { headers: { Host: 'example.com\r\nX-A: x' } }),
    asked('a coding of one’s own', {
      method: 'POST',
      body: 'x',
      headers: { 'Transfer-Encoding': 'chunked' },
    }),
    asked('a length of one’s own, too short', {
      method: 'POST',
      body: 'hello',
      headers: { 'Content-Length': 1 },
    }),
    asked('a length of one’s own, too long', {
      method: 'POST',
      body: 'hello',
      headers: { 'Content-Length': 50 },
    }),
    asked('in the URL', { path: '/a HTTP/1.1\r\nX-A: x' }),
    sent('a request-line in the URL', { path: '/a HTTP/1.1' }, 'sends the space encoded', '/a%20HTTP/1.1'),
    sent(
      'in a parameter',
      { path: '/', queryParams: { a: 'x HTTP/1.1\r\nX-A: x' } },
      'sends it percent-encoded',
      '/?a=x+HTTP%2F1.1%0D%0AX-A%3A+x',
    ),
  ),
]
