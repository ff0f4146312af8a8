// A connection that two parties believe in different states: an answer before the body, 100 Continue, HTTP/1.0, fields
// named in Connection, an upgrade that fails, CONNECT.

import {
  answered,
  each,
  family,
  faulty,
  get,
  head,
  heldBack,
  payload,
  post,
  refused,
  served,
  servedLast,
  silently,
  smuggled,
} from './outcomes.js'

const counted = `Content-Length: ${smuggled.length}`
const inChunks = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`

const seenEarly = (method) => `${method} example.com/early`
const readPast = (method) =>
  served('answers without reading the body, and reads past it: it is never a request', seenEarly(method))
const closes = (method) =>
  servedLast('answers without reading the body, says close, and reads no more', seenEarly(method))
const early = (line, fields, body = smuggled) => head(`${line} /early HTTP/1.1`, fields) + body
const unlessHeld = (method) => ({
  ...heldBack(readPast(method), closes(method)),
  does: 'reads past a body that has begun to come; where none has come before the answer, says close and reads no more',
})

const noBodyThere =
  'a front end that sees no body there, and sends another request, finds the connection closed'

const earlyAnswers = family(
  '0.CL and answers before the body: what comes of a body that nobody waits for',
  'RFC 9112 §9.3, §9.6; RFC 9110 §9.3.1',
  'a stated body is read past to its end, or the connection ends: no byte of it is ever a request',
  payload('GET', early('GET', counted), unlessHeld('GET'), noBodyThere),
  payload('HEAD', early('HEAD', counted), unlessHeld('HEAD'), noBodyThere),
  payload('DELETE', early('DELETE', counted), unlessHeld('DELETE'), noBodyThere),
  payload('POST', early('POST', counted), readPast('POST')),
  payload('OPTIONS', early('OPTIONS', counted), readPast('OPTIONS')),
  payload(
    'POST to a handler that fails',
    head('POST /throw HTTP/1.1', counted) + smuggled,
    answered(served('answers 500, and reads past the body', 'POST example.com/throw'), 500),
  ),
  payload('POST, chunked', early('POST', 'Transfer-Encoding: chunked', inChunks), {
    ...heldBack(readPast('POST'), closes('POST'), closes('POST')),
    does: 'reads past a body that came along with its head; where its end is still to come, says close and reads no more',
  }),
  payload(
    'POST, more than is worth reading past',
    early('POST', 'Content-Length: 200000', smuggled.padEnd(200_000, smuggled)),
    heldBack(closes('POST'), closes('POST'), closes('POST')),
  ),
  payload(
    'POST, more than the limit',
    post('Content-Length: 8388609', smuggled),
    refused('413 BODY_TOO_LARGE'),
  ),
)

const pause = (name, bytes, outcome, why) => ({
  ...payload(name, bytes, outcome, why),
  pauseAt: bytes.length - smuggled.length,
})
const stalled = refused('408 BODY_TIMEOUT')

const pauses = family(
  'Pauses: a body that comes when the server has given up waiting for it',
  'RFC 9112 §9.5, §9.6',
  'whoever waits too long for a body ends the connection with it; what comes then is read by nobody',
  pause('before the body', post(counted, smuggled), stalled),
  pause('in the body', post(`Content-Length: ${smuggled.length + 5}`, `hello${smuggled}`), stalled),
  pause(
    'in a chunk',
    post('Transfer-Encoding: chunked', `${(smuggled.length + 5).toString(16)}\r\nhello${smuggled}`),
    stalled,
  ),
  pause('between chunks', post('Transfer-Encoding: chunked', `5\r\nhello\r\n${smuggled}`), stalled),
  pause('before the trailers', post('Transfer-Encoding: chunked', `0\r\n${smuggled}`), stalled),
  pause(
    'in the head',
    `POST / HTTP/1.1\r\nHost: example.com\r\nX-A: ${smuggled}`,
    refused('408 HEADERS_TIMEOUT'),
  ),
  pause(
    'before a body that nobody waits for',
    early('POST', counted),
    silently(servedLast('answers, and closes when the body does not come', seenEarly('POST'))),
  ),
  pause(
    'in a body that nobody waits for',
    early('POST', `Content-Length: ${smuggled.length + 5}`, `hello${smuggled}`),
    silently(servedLast('answers, and closes when the rest does not come', seenEarly('POST'))),
  ),
)

const goesOn = served(
  'reads the body as the body; says 100 first where it was held back',
  `POST example.com/ "${smuggled}"`,
)

const expect = family(
  'Expect: a body that one of them holds back',
  'RFC 9110 §10.1.1',
  'either the body is read, or the answer says close and nothing that follows is read',
  payload('100-continue', post(`${counted}\r\nExpect: 100-continue`, smuggled), goesOn),
  payload(
    '100-continue, an answer before the body',
    early('POST', `${counted}\r\nExpect: 100-continue`),
    unlessHeld('POST'),
  ),
  payload(
    '100-continue on GET, an answer before the body',
    early('GET', `${counted}\r\nExpect: 100-continue`),
    unlessHeld('GET'),
  ),
  payload(
    '100-continue twice',
    post(`${counted}\r\nExpect: 100-continue\r\nExpect: 100-continue`, smuggled),
    goesOn,
  ),
  payload(
    '100-continue without a body',
    get('Expect: 100-continue'),
    served('answers, and says no 100', 'GET example.com/'),
    'there is nothing to hold back',
  ),
  payload(
    '100-continue on HEAD, with a body',
    head('HEAD / HTTP/1.1', `${counted}\r\nExpect: 100-continue`) + smuggled,
    served('reads the body as the body', `HEAD example.com/ "${smuggled}"`),
  ),
  payload(
    'in HTTP/1.0',
    head('POST / HTTP/1.0', `${counted}\r\nConnection: keep-alive\r\nExpect: y`) + smuggled,
    served('ignores the expectation, and reads the body', `POST example.com/ "${smuggled}"`),
    'HTTP/1.0 has no 100, so nothing can be held back',
  ),
  each(
    (value) => post(`${counted}\r\nExpect: ${value}`, smuggled),
    refused('417 EXPECTATION_FAILED'),
    [
      ['y 100-continue', 'y 100-continue'],
      ['a comma behind', '100-continue,'],
      ['a comma in front', ',100-continue'],
      ['another beside it', '100-continue, x'],
      ['a parameter', '100-continue;q=1'],
      ['in quotes', '"100-continue"'],
      ['a number alone', '100'],
      ['no value', ''],
      ['two lines', '100-continue\r\nExpect: x'],
      ['a byte past ASCII', '100-continue\xa0'],
    ],
    'an expectation that is not exactly 100-continue is refused, before it can mean different things',
  ),
  payload(
    'a space before the colon',
    post(`${counted}\r\nExpect :\t100-continue`, smuggled),
    faulty('SPACE_BEFORE_COLON'),
    'a line whose name is no token is refused',
  ),
  payload(
    'a folded value',
    post(`${counted}\r\nExpect: 100-\r\n continue`, smuggled),
    faulty('OBS_FOLD'),
    'folded lines are refused',
  ),
)

const old = (method, fields, path = '/') => head(`${method} ${path} HTTP/1.0`, fields)

const http10 = family(
  'HTTP/1.0: whether there are chunks, and whether the connection is kept',
  'RFC 9112 §6.1, §9.3, Appendix C.2.2',
  'in HTTP/1.0 a connection is kept only where the client asks and the answer says so; nothing has chunks',
  each((fields) => old('POST', fields) + inChunks, faulty('TRANSFER_ENCODING_IN_1_0'), [
    ['chunked', 'Transfer-Encoding: chunked'],
    ['chunked, kept alive', 'Transfer-Encoding: chunked\r\nConnection: keep-alive'],
    ['chunked and a length', `${counted}\r\nTransfer-Encoding: chunked`],
    ['gzip and a length', `Transfer-Encoding: gzip\r\n${counted}`, faulty('BAD_TRANSFER_ENCODING')],
  ]),
  payload(
    'no keep-alive',
    old('GET'),
    servedLast('answers, closes, and reads no more', 'GET example.com/'),
    'the answer says close',
  ),
  payload(
    'keep-alive in Keep-Alive alone',
    old('GET', 'Keep-Alive: timeout=5'),
    servedLast('answers, closes, and reads no more', 'GET example.com/'),
    'the answer says close',
  ),
  payload(
    'keep-alive and a length',
    old('POST', `Connection: keep-alive\r\n${counted}`) + smuggled,
    served('reads the body, answers with keep-alive, goes on', `POST example.com/ "${smuggled}"`),
    'both sides have said keep-alive, and the length is one',
  ),
  payload(
    'keep-alive and an answer of unknown length',
    old('GET', 'Connection: keep-alive', '/stream'),
    servedLast('sends the answer without chunks, and ends it by closing', 'GET example.com/stream'),
    'the end of the answer is the end of the connection, and it says close',
  ),
  payload(
    'no Host',
    `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
    served('reads one request, for the server’s own address', 'GET 127.0.0.1/'),
    'Host is not needed there, and nothing of the framing hangs on it',
  ),
)

const named = family(
  'Connection: fields that a front end is told to take away',
  'RFC 9110 §7.6.1',
  'what arrives is what counts: a field named in Connection keeps its meaning here',
  payload(
    'Content-Length',
    post(`Connection: Content-Length\r\n${counted}`, smuggled),
    served('reads the body as the body', `POST example.com/ "${smuggled}"`),
  ),
  payload(
    'Transfer-Encoding',
    post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked', inChunks),
    served('reads the body as the body', `POST example.com/ "${smuggled}"`),
  ),
  payload('Host', get('Connection: Host'), served('reads one request, for Host’s host', 'GET example.com/')),
  payload(
    'close, and a request behind it',
    get('Connection: close'),
    servedLast('answers, closes, and reads no more', 'GET example.com/'),
    'the client has said that nothing follows',
  ),
  payload(
    'close and keep-alive',
    get('Connection: keep-alive, close'),
    servedLast('answers, closes, and reads no more', 'GET example.com/'),
    'close wins, as RFC 9112 §9.3 has it',
  ),
  payload(
    'Proxy-Connection: close',
    get('Proxy-Connection: close'),
    served('reads one request, and goes on', 'GET example.com/'),
    'the field has no meaning in HTTP/1.1 (RFC 9112, Appendix C.2.2)',
  ),
)

const websocket = (version = 13, key = 'dGhlIHNhbXBsZSBub25jZQ==') =>
  `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: ${key}`
const toSocket = (fields) => head('GET /socket HTTP/1.1', fields)
const refusedUpgrade = (status, method = 'GET') =>
  answered(
    servedLast(`answers ${status}, says close, and reads no more`, `${method} example.com/socket`),
    status,
  )

const upgrades = family(
  'Upgrades: a tunnel that only one of them believes in',
  'RFC 9110 §7.8, RFC 6455 §4.2.2, RFC 9931',
  'what stands behind a handshake is frames where the answer is 101, and is not read at all where it is another',
  payload('a WebSocket of another version', toSocket(websocket(777)), refusedUpgrade(426)),
  payload('a WebSocket with a bad key', toSocket(websocket(13, 'x')), refusedUpgrade(400)),
  payload(
    'a WebSocket that Connection does not name',
    toSocket(websocket().replace('Connection: Upgrade', 'Connection: keep-alive')),
    refusedUpgrade(400),
  ),
  payload(
    'a WebSocket by POST',
    head('POST /socket HTTP/1.1', `${websocket()}\r\nContent-Length: 0`),
    refusedUpgrade(400, 'POST'),
  ),
  payload(
    'a WebSocket with a body',
    toSocket(`${websocket()}\r\n${counted}`) + smuggled,
    refusedUpgrade(400),
  ),
  payload(
    'a WebSocket where none is spoken',
    get(websocket()),
    servedLast('answers 200, says close, and reads no more', 'GET example.com/'),
  ),
  payload(
    'a WebSocket in HTTP/1.0',
    old('GET', websocket().replace('Connection: Upgrade', 'Connection: Upgrade, keep-alive')),
    served('answers 200, and goes on', 'GET example.com/'),
    'Upgrade has no meaning in HTTP/1.0 (RFC 9110 §7.8)',
  ),
  payload(
    'a WebSocket, and a request behind the handshake',
    toSocket(websocket()),
    {
      does: 'answers 101; what follows is frames, and a request among them ends the connection',
      expected: {
        requests: ['GET example.com/socket'],
        statuses: [101],
        next: false,
        becomes: 'websocket',
      },
    },
    'after 101 nothing is read as HTTP any more',
  ),
  payload(
    'h2c',
    get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    served('answers 200 and stays with HTTP/1.1', 'GET example.com/'),
    'this server speaks no HTTP/2, and never answers 101 to it',
  ),
  payload(
    'TLS',
    get('Connection: Upgrade\r\nUpgrade: TLS/1.2'),
    served('answers 200 and stays with HTTP', 'GET example.com/'),
    'the first byte of TLS is none of a method: what follows is a request, or refused',
  ),
)

const toTunnel = (fields = '') => `CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n${fields}\r\n`

const connect = family(
  'CONNECT: a tunnel, or a request with a body',
  'RFC 9110 §9.3.6, RFC 9931',
  'no byte behind a CONNECT is served, whatever the answer',
  payload(
    'accepted',
    toTunnel(),
    servedLast('answers without framing, closes, and reads no more', 'CONNECT example.com'),
  ),
  payload(
    'accepted, with a body',
    toTunnel(`${counted}\r\n`) + smuggled,
    servedLast('answers without framing, closes, and reads no more', `CONNECT example.com "${smuggled}"`),
  ),
  payload(
    'refused',
    toTunnel('X-Refuse: 405\r\n'),
    answered(servedLast('answers, closes, and reads no more', 'CONNECT example.com'), 405),
  ),
)

export const connections = [earlyAnswers, pauses, expect, http10, named, upgrades, connect]
