// Where requests are read otherwise by llhttp and by node:http's parser, which is llhttp too, of another version.
import constants from 'undici/lib/llhttp/constants.js'
import { wayOf } from '../engine/way.js'
import * as llhttp from '../peers/llhttp.js'
import * as node from '../peers/node-parser.js'
import { understandingOf } from '../transcripts/http-messages.js'
import { readRequests, requestWays } from '../transcripts/requests.js'
import { demandReasons, reasons } from './http.js'
import { BOTH, closingRows, framingRows, refusedFor } from './http-common.js'
import { isAuthority, isTarget, Rest } from './http-text.js'

const requestRows = [
  {
    name: 'empty-lines-before-a-request',
    peers: BOTH,
    example: 'd\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    we: 'read past one CRLF before a request-line, and refuse a second, or half of one: BAD_REQUEST_LINE, BARE_LF',
    they: 'read past any number of CR and LF',
    source: 'RFC 9112 §2.2',
    why: 'at least one empty line should be ignored, which is what old clients send behind a body; more of them, and lone CR and LF, are what a party leaves behind that has lost its place',
    explains: refusedFor(['BAD_REQUEST_LINE', 'BARE_LF'], (rest, at) =>
      /^[\r\n]+$/.test(rest.textBefore(at + 1)),
    ),
  },
  {
    name: 'method-of-no-list',
    peers: BOTH,
    example: 'dFOO / HTTP/1.1\r\nHost: a\r\n\r\n',
    we: 'hand over every token without lower-case letters as a method',
    they: 'know a list of methods, of which some are for RTSP and some for HTTP/2 alone, and refuse others',
    source: 'RFC 9110 §9.1, §16.1',
    why: 'methods are an open registry, and whether one is known is for the application to say, with 501',
    explains: isUnknownMethod,
  },
  {
    name: 'spaces-in-a-request-line',
    peers: BOTH,
    example: 'dGET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    we: 'refuse more than one space between the parts: BAD_TARGET, BAD_VERSION',
    they: 'read past any number of spaces',
    source: 'RFC 9112 §3',
    why: 'the grammar has single spaces; to split on more is a MAY that invites parties to differ on what the target is (§11.2)',
    explains: refusedFor(['BAD_TARGET', 'BAD_VERSION'], (rest, at) => rest.textBefore(at + 1).endsWith('  ')),
  },
  {
    name: 'request-target',
    peers: BOTH,
    example: 'dGET /#a HTTP/1.1\r\nHost: a\r\n\r\n',
    we: 'refuse what is none of the four forms: a fragment, "*" without OPTIONS, CONNECT without a port, user information, no host, a scheme other than http and https: BAD_TARGET',
    they: 'take anything that looks like a URL',
    source: 'RFC 9112 §3, §3.2; RFC 9110 §4.2.1, §4.2.4, §7.1, §9.3.6',
    why: 'a recipient of an invalid request-line should answer 400; what a server routes by must be read alike by all on the way',
    explains: refusedFor(['BAD_TARGET'], isBadTarget),
  },
  {
    name: 'version',
    peers: BOTH,
    example: 'dGET / HTTP/2.0\r\nHost: a\r\n\r\n',
    we: 'speak HTTP/1.1 and HTTP/1.0: BAD_VERSION',
    they: 'read 0.9 and 2.0 in the same format, and with some methods RTSP and ICE',
    source: 'RFC 9112 §2.3, RFC 9110 §2.5',
    why: 'messages of another major version are not in this format',
    explains: refusedFor(['BAD_VERSION'], (rest) =>
      /^[A-Z_-]+ \S+ (?:HTTP\/(?:0\.9|2\.0)|RTSP\/|ICE\/)/.test(rest.startLine),
    ),
  },
  {
    name: 'no-version',
    peers: BOTH,
    example: 'dGET /\r\nHost: a\r\n\r\n',
    we: 'refuse a request-line without a version: BAD_REQUEST_LINE',
    they: 'take it for HTTP/0.9, and read fields behind it all the same',
    source: 'RFC 9112 §3, §C.1',
    why: 'HTTP/0.9 has no fields, no status and no framing, and nobody speaks it',
    explains: refusedFor(['BAD_REQUEST_LINE'], (rest) => /^\S+ \S* *(?:\n|$)/.test(rest.startLine)),
  },
  {
    name: 'host-missing',
    peers: BOTH,
    example: 'dGET / HTTP/1.1\r\n\r\n',
    we: 'refuse HTTP/1.1 without Host: MISSING_HOST',
    they: 'leave it to the server above them',
    source: 'RFC 9112 §3.2',
    why: 'a server must answer 400',
    explains: refusedFor(
      ['MISSING_HOST'],
      (rest) => rest.version === '1.1' && rest.valuesOf('host').length === 0,
    ),
  },
  {
    name: 'host-repeated',
    peers: BOTH,
    example: 'dGET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    we: 'refuse a second Host: REPEATED_HOST',
    they: 'hand over both',
    source: 'RFC 9112 §3.2',
    why: 'a server must answer 400',
    explains: refusedFor(['REPEATED_HOST'], (rest) => rest.valuesOf('host').length > 1),
  },
  {
    name: 'host-invalid',
    peers: BOTH,
    example: 'dGET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    we: 'refuse a Host that is no host and port, or empty in HTTP/1.1: BAD_HOST',
    they: 'hand it over',
    source: 'RFC 9112 §3.2, RFC 9110 §7.2',
    why: 'a server must answer 400 to an invalid value; an empty one means that the target has no authority, which http and https always have',
    explains: refusedFor(['BAD_HOST'], isBadHost),
  },
  {
    name: 'content-of-connect',
    peers: BOTH,
    example: 'dCONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na',
    we: 'read the body that the head of a CONNECT states, and close the connection behind the answer',
    they: 'take what follows the head for bytes of a tunnel',
    source: 'RFC 9110 §9.3.6, RFC 9112 §6.3',
    why: 'no tunnels are made here, so what is framed is read; and as bytes behind a CONNECT mean different things to different parties, none of them is ever read as a request',
    explains: (_ours, _theirs, _bytes, _way, { kind, our }) =>
      !['start', 'fields', 'closes'].includes(kind) && our?.method === 'CONNECT' && our.hasBody,
  },
  {
    name: 'expectation',
    peers: BOTH,
    example: 'dGET / HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n',
    we: 'answer 417 to any expectation but 100-continue: EXPECTATION_FAILED',
    they: 'leave it to the server above them',
    source: 'RFC 9110 §10.1.1',
    why: 'a server may answer 417 to one that it does not know, and what it does not know it cannot meet',
    explains: refusedFor(['EXPECTATION_FAILED'], (rest) =>
      rest.valuesOf('expect').some((value) => value.toLowerCase() !== '100-continue'),
    ),
  },
  {
    name: 'limits',
    peers: BOTH,
    example: 'sPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789',
    we: 'refuse what is over `maxLine`, `maxHeaders` or `maxBody`: 414, 431, 413',
    they: 'have no such limits, or larger ones',
    source: 'RFC 9110 §15.5.14, §15.5.15; RFC 6585 §5',
    why: 'whoever sends must not say how much memory is needed',
    explains: refusedFor(
      ['REQUEST_LINE_TOO_LONG', 'FIELD_TOO_LONG', 'TOO_MANY_FIELDS', 'HEAD_TOO_LARGE', 'BODY_TOO_LARGE'],
      isOverLimit,
    ),
  },
]

const { METHODS_HTTP } = constants

/** Those that llhttp reads in requests of HTTP/1.x. */
const HTTP_METHODS = new Set(
  METHODS_HTTP.map((number) => llhttp.methodNames[number]).filter((name) => name !== 'PRI'),
)

// A beginning of a method, too, while nothing else has come.
function isUnknownMethod(_ours, theirs, bytes, _way, { kind, begin }) {
  const isTheirs = ['INVALID_METHOD', 'INVALID_CONSTANT', 'INVALID_VERSION', 'PAUSED_H2_UPGRADE'].includes(
    theirs.refusal,
  )
  if (kind !== 'more' && !(kind === 'they-refuse' && isTheirs)) return false
  const [, method] = /^([!#$%&'*+.^_`|~0-9A-Z-]+)(?: |$)/.exec(new Rest(bytes, begin).startLine) ?? []
  return method !== undefined && !HTTP_METHODS.has(method)
}

// That a line is over a narrow limit is looked at by the target (relations/messages.js).
function isOverLimit(rest, at, { maxLine, maxHeaders, maxBody }) {
  const [length = 0] = rest.valuesOf('content-length')
  const isBodyOver = length > maxBody || rest.chunkedLength > maxBody
  return isBodyOver || rest.lineAt(at).length > maxLine || rest.fieldsBefore(at) >= maxHeaders
}

function isBadTarget(rest) {
  const [, method, target] = /^(\S+) ([^ ]*)/.exec(rest.startLine) ?? []
  return method !== undefined && !isTarget(method, target)
}

function isBadHost(rest) {
  const [value] = rest.valuesOf('host')
  return value === '' ? rest.version === '1.1' : !isAuthority(value)
}

/** An example's first byte is the way that it is read, as in targets/request-head.js. */
export const differences = [...requestRows, ...forRequests(framingRows), ...forRequests(closingRows)]

function forRequests(rows) {
  return rows.map((row) => ({ ...row, example: `d${row.example}` }))
}

export function compareRequests(bytes, transcript, way) {
  demandReasons(differences, bytes, understandingOf(transcript), peersOf(bytes), way)
}

/** @returns each disagreement about a connection: `{ peer, row }`, the row's name, or undefined */
export function disagreementsOn(example) {
  const { way, input } = wayOf({ ways: requestWays }, Buffer.from(example, 'latin1'))
  return reasons(differences, input, understandingOf(readRequests([input], way)), peersOf(input), way)
}

function peersOf(bytes) {
  return [
    ['llhttp', llhttp.readRequests(bytes)],
    ['node', node.readRequests(bytes)],
  ]
}
