// Where responses are read otherwise by llhttp and by node:http's parser. What they have in common with requests stands
// there.
import { wayOf } from '../engine/way.js'
import * as llhttp from '../peers/llhttp.js'
import * as node from '../peers/node-parser.js'
import { understandingOf } from '../transcripts/http-messages.js'
import { FIRST_FINAL, readResponses, responseWays } from '../transcripts/responses.js'
import { demandReasons, reasons } from './http.js'
import { BOTH, closing, closingRows, framingRows, refusedFor } from './http-common.js'

/** An example's first byte is the way that it is read, as in targets/response-head.js. */
export const differences = [
  {
    name: 'empty-line-before-a-response',
    peers: BOTH,
    example: 'g\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    we: 'refuse line ends where a status-line should begin: BAD_VERSION',
    they: 'read past any number of CR and LF',
    source: 'RFC 9112 §2.2, §9.2',
    why: 'empty lines are to be ignored by servers, before a request-line; bytes that come before a response are of no response that was asked for',
    explains: refusedFor(['BAD_VERSION'], ({ text }) => /^[\r\n]/.test(text)),
  },
  {
    name: 'version-of-a-response',
    peers: BOTH,
    example: 'gHTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    we: 'speak HTTP/1.1 and HTTP/1.0: BAD_VERSION',
    they: 'read 0.9 and 2.0 in the same format, and RTSP and ICE',
    source: 'RFC 9112 §2.3, RFC 9110 §2.5',
    why: 'messages of another major version are not in this format',
    explains: refusedFor(['BAD_VERSION'], ({ text }) => /^(?:HTTP\/(?:0\.9|2\.0)|RTSP\/|ICE\/)/.test(text)),
  },
  {
    name: 'status-below-100',
    peers: BOTH,
    example: 'gHTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n',
    we: 'refuse it: BAD_STATUS_LINE',
    they: 'read any three digits',
    source: 'RFC 9110 §15',
    why: 'codes outside 100 to 599 are invalid, and should be processed like 5xx, as those from 600 on are; below 200 is where parties differ on whether a final response follows',
    explains: refusedFor(['BAD_STATUS_LINE'], ({ text }) => /^HTTP\/1\.[01] 0/.test(text)),
  },
  {
    name: 'control-in-a-reason',
    peers: BOTH,
    example: 'gHTTP/1.1 200 \x1b\r\nContent-Length: 0\r\n\r\n',
    we: 'refuse control characters in a reason-phrase: BAD_STATUS_LINE',
    they: 'read any byte there but CR and LF',
    source: 'RFC 9112 §4',
    why: 'the grammar has none of them but HTAB; a NUL, or what steers a terminal, is of no use to anybody who is shown it',
    explains: refusedFor(['BAD_STATUS_LINE'], (rest, at) => isControl(rest.text.charCodeAt(at - rest.begin))),
  },
  {
    name: 'two-cr-behind-a-status-line',
    peers: BOTH,
    example: 'gHTTP/1.1 200\r\rContent-Length: 0\r\n\r\n',
    we: 'refuse it: BARE_CR',
    they: 'take the second CR for the LF',
    source: 'RFC 9112 §2.2, §4',
    why: 'a line ends with CRLF, and a bare CR is invalid or a space',
    explains: refusedFor(['BARE_CR'], ({ text }) => /^HTTP\/1\.[01] \d{3}[^\r\n]*\r\r/.test(text)),
  },
  {
    name: 'length-of-an-interim-response',
    peers: BOTH,
    example: 'gHTTP/1.1 199\r\nContent-Length: 1\r\n\r\na',
    we: 'read no body of any 1xx, whatever its head says',
    they: 'read one, but of 100 to 103',
    source: 'RFC 9112 §6.3',
    why: 'a response with a 1xx status code is always terminated by the first empty line',
    explains: isLengthOfInterim,
  },
  {
    name: 'unasked-upgrade',
    peers: BOTH,
    example: 'gHTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    we: 'refuse 101 where no Upgrade was sent: UNASKED_UPGRADE',
    they: 'stop, and leave what follows to their user',
    source: 'RFC 9110 §7.8',
    why: 'a server must not switch to a protocol that the client has not named, and this reader is for those who have named none; a WebSocket’s handshake has its own',
    explains: refusedFor(['UNASKED_UPGRADE'], ({ text }) => /^HTTP\/1\.[01] 101/.test(text)),
  },
  {
    name: 'too-many-interim',
    peers: BOTH,
    example: `g${'HTTP/1.1 100\r\n\r\n'.repeat(65)}`,
    we: 'refuse the 65th interim response to one request: TOO_MANY_INTERIM',
    they: 'read any number',
    source: 'RFC 9110 §15.2',
    why: 'one or more may come before the final one; a server that sends nothing else would hold its client for ever',
    explains: refusedFor(['TOO_MANY_INTERIM'], ({ text }) => /^HTTP\/1\.[01] 1/.test(text)),
  },
  {
    name: 'close-in-an-interim-response',
    peers: BOTH,
    example: 'gHTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\nHTTP/1.1 204\r\n\r\n',
    we: 'read the final response behind one that says close, or is of HTTP/1.0',
    they: 'refuse what follows it',
    source: 'RFC 9110 §15.2, RFC 9112 §9.3',
    why: 'the final response to the same request is still to come, and has its own word on the connection',
    explains: closing((our) => Number(our.method) < FIRST_FINAL && !our.closes),
  },
]

function isLengthOfInterim(_ours, _theirs, _bytes, _way, { kind, our }) {
  if (
    our === undefined ||
    ['start', 'fields', 'closes'].includes(kind) ||
    !/^1(?:0[4-9]|[1-9]\d)$/.test(our.method) ||
    our.hasBody
  )
    return false
  return our.fields.includes('content-length') || our.fields.includes('transfer-encoding')
}

function isControl(code) {
  return code === 0x7f || (code < 0x20 && code !== 0x09)
}

function answersOf({ answersHead }) {
  return (messages) => {
    const number = messages.filter(({ method }) => Number(method) >= FIRST_FINAL).length
    return answersHead(number - 1)
  }
}

const rows = [...differences, ...framingRows, ...closingRows]

export function compareResponses(bytes, transcript, way) {
  demandReasons(rows, bytes, understandingOf(transcript), peersOf(bytes, way), way)
}

/** @returns each disagreement about a connection: `{ peer, row }`, the row's name, or undefined */
export function disagreementsOn(example) {
  const { way, input } = wayOf({ ways: responseWays }, Buffer.from(example, 'latin1'))
  return reasons(rows, input, understandingOf(readResponses([input], way)), peersOf(input, way), way)
}

function peersOf(bytes, way) {
  return [
    ['llhttp', llhttp.readResponses(bytes, answersOf(way))],
    ['node', node.readResponses(bytes, answersOf(way))],
  ]
}
