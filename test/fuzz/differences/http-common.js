// Rows that requests and responses share: what frames a body, the chunked coding, what ends a connection, limits.
import { valuesOf } from '../transcripts/http-messages.js'
import { beginsChunkLine, elementsOf, isChunkLine, Rest } from './http-text.js'

export const BOTH = ['llhttp', 'node']

/** Explains that we refuse what they read, with one of these codes, where it is so. */
export function refusedFor(codes, isSo) {
  return (ours, _theirs, bytes, way, { kind, begin }) =>
    kind === 'we-refuse' && codes.includes(ours.refusal) && isSo(new Rest(bytes, begin), ours.refusedAt, way)
}

/** Explains that they refuse what we read, with one of these errors, where it is so. */
export function readDespite(errors, isSo) {
  return (_ours, theirs, bytes, _way, { kind, begin }) =>
    kind === 'they-refuse' &&
    errors.includes(theirs.refusal) &&
    isSo(new Rest(bytes, begin), theirs.refusedAt)
}

/** Explains that only one of us ends the connection with a message that both have read, where it is so. */
export function closing(isSo) {
  return (_ours, _theirs, bytes, _way, { kind, begin, our }) =>
    kind === 'closes' && isSo(our, new Rest(bytes, begin))
}

const isChunked = (rest) => rest.valuesOf('transfer-encoding').length > 0

export const framingRows = [
  {
    name: 'transfer-coding',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    we: 'refuse any Transfer-Encoding but `chunked`, once: BAD_TRANSFER_ENCODING, REPEATED_TRANSFER_ENCODING',
    they: 'look for chunked at the end of the list, and read a response whose list ends otherwise until the connection closes',
    source: 'RFC 9112 §6.1, §7',
    why: 'no other coding is undone here, so the body would mean nothing; lists of codings are where parties have differed about whether a body is chunked (§11.2)',
    explains: refusedFor(
      ['BAD_TRANSFER_ENCODING', 'REPEATED_TRANSFER_ENCODING'],
      (rest) => rest.valuesOf('transfer-encoding').join().toLowerCase() !== 'chunked',
    ),
  },
  {
    name: 'transfer-encoding-in-1.0',
    peers: BOTH,
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    we: 'refuse it: TRANSFER_ENCODING_IN_1_0',
    they: 'read the body as chunked',
    source: 'RFC 9112 §6.1',
    why: 'such a message must be treated as if its framing were faulty, as whoever is of HTTP/1.0 on the way has not understood it',
    explains: refusedFor(['TRANSFER_ENCODING_IN_1_0'], (rest) => rest.version === '1.0' && isChunked(rest)),
  },
  {
    name: 'length-past-2^53',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740992\r\n\r\n',
    we: 'refuse more than 9007199254740991: BAD_CONTENT_LENGTH, BAD_CHUNK_SIZE',
    they: 'count up to 18446744073709551615',
    source: 'RFC 9110 §8.6, RFC 9112 §7.1',
    why: 'recipients must anticipate large numerals and prevent errors due to integer conversion; ours are exact up to there',
    explains: refusedFor(['BAD_CONTENT_LENGTH', 'BAD_CHUNK_SIZE'], isLengthTooLarge),
  },
  {
    name: 'zeros-before-a-chunk-size',
    peers: BOTH,
    example:
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000001\r\na\r\n0\r\n\r\n',
    we: 'refuse more than 16 digits: BAD_CHUNK_SIZE',
    they: 'read any number of zeros',
    source: 'RFC 9112 §7.1',
    why: 'recipients must anticipate large numerals; 16 digits hold every size there is, and more would be work without bytes of a body',
    explains: refusedFor(
      ['BAD_CHUNK_SIZE'],
      (rest, at) => isChunked(rest) && /^0[\dA-Fa-f]{16}/.test(rest.lineAt(at)),
    ),
  },
  {
    name: 'chunk-extension',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\r\na\r\n0\r\n\r\n',
    we: 'refuse what is no chunk-ext: BAD_CHUNK_EXTENSION',
    they: 'read past an empty value, an empty name, or control characters in quotes',
    source: 'RFC 9112 §7.1.1',
    why: 'the grammar has none of these; a chunk line is where requests have been hidden from one of two parties',
    explains: refusedFor(['BAD_CHUNK_EXTENSION'], isBadExtension),
  },
  {
    name: 'blanks-in-a-chunk-extension',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 ; a = b\r\na\r\n0\r\n\r\n',
    we: 'read past blanks around ";" and "="',
    they: 'refuse them',
    source: 'RFC 9112 §7.1.1',
    why: 'the grammar has BWS there, which a recipient must parse and remove (RFC 9110 §5.6.3); a blank that no extension follows is refused',
    explains: readDespite(['INVALID_CHUNK_SIZE', 'STRICT'], isBlankInExtension),
  },
  {
    name: 'forbidden-trailer',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n',
    we: 'refuse trailers that frame, route, authenticate or describe: FORBIDDEN_TRAILER',
    they: 'hand them over',
    source: 'RFC 9110 §6.5.1',
    why: 'a sender must not send them; a recipient that merges trailers into the head would have them count',
    explains: refusedFor(['FORBIDDEN_TRAILER'], isForbiddenTrailer),
  },
  {
    name: 'tab-behind-a-length',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\t\r\n\r\na',
    we: 'take blanks away from both ends of a value, tabs like spaces',
    they: 'refuse a tab behind Content-Length and Transfer-Encoding; a response’s `chunked` is not seen, and it is read until the connection closes',
    source: 'RFC 9110 §5.6.3, RFC 9112 §5.1',
    why: 'OWS is SP and HTAB, and is excluded from a value before it is evaluated',
    explains: isTabBehind,
  },
  {
    name: 'unfinished-head',
    peers: BOTH,
    example: 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n',
    we: 'may wait for the end of a line that is wrong already, and for the end of a head with both Content-Length and Transfer-Encoding',
    they: 'refuse it at the byte',
    source: 'RFC 9112 §2.2, §6.3',
    why: 'a line is judged when it has ended, and what two of them say together at the end of the head; until then nothing comes of it',
    explains: isUnfinished,
  },
]

export const closingRows = [
  {
    name: 'proxy-connection',
    peers: BOTH,
    example: 'GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n',
    we: 'take Proxy-Connection for a field like others',
    they: 'take it for Connection',
    source: 'RFC 9112 §9.3, §C.2.2',
    why: 'whether a connection persists is said by Connection and the version alone',
    explains: (ours, theirs, _bytes, _way, { kind, our }) =>
      kind === 'closes'
        ? isRight(our) && saysProxyConnection(our)
        : kind === 'they-refuse' &&
          theirs.refusal === 'CLOSED_CONNECTION' &&
          saysProxyConnection(ours.messages[theirs.messages.length - 1]),
  },
  {
    name: 'close-and-keep-alive',
    peers: BOTH,
    example: 'GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n',
    we: 'close where `close` stands among the options',
    they: 'keep a connection of HTTP/1.0 where `keep-alive` does, too',
    source: 'RFC 9112 §9.3',
    why: 'close is asked for first: where it is present, the connection does not persist',
    explains: closing(
      (our) => isRight(our) && our.version === '1.0' && optionsOf(our).includes('keep-alive') && our.closes,
    ),
  },
  {
    name: 'blanks-around-a-connection-option',
    peers: BOTH,
    example: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t\r\n\r\n',
    we: 'take tabs away from around `close` and `keep-alive`, like spaces',
    they: 'do not know the option then',
    source: 'RFC 9110 §5.6.1, §5.6.3',
    why: 'OWS around the elements of a list is SP and HTAB',
    explains: closing(
      (our, { lines }) => isRight(our) && lines.some((line) => /^connection:.*\t/i.test(line)),
    ),
  },
]

// Whether it is so.

function isLengthTooLarge(rest, at) {
  const [, length] = /^content-length:[ \t]*(\d+)[ \t]*$/i.exec(rest.lineAt(at)) ?? []
  const [, size] = /^([\dA-Fa-f]{1,16})/.exec(rest.lineAt(at)) ?? []
  if (length !== undefined) return isPastExact(length)
  return isChunked(rest) && size !== undefined && isPastExact(`0x${size}`)
}

function isPastExact(number) {
  return BigInt(number) > Number.MAX_SAFE_INTEGER
}

function isBadExtension(rest, at) {
  return isChunked(rest) && !isChunkLineAt(rest, at)
}

function isBlankInExtension(rest, at) {
  const outside = rest.lineAt(at).replace(/"(?:[^"\\]|\\.)*"?/g, '')
  return isChunked(rest) && isChunkLineAt(rest, at) && /[ \t]/.test(outside)
}

// Or may become one.
function isChunkLineAt(rest, at) {
  const line = rest.lineAt(at)
  return rest.text.includes('\r\n', at - rest.begin) ? isChunkLine(line) : beginsChunkLine(line)
}

const FORBIDDEN =
  /^(?:host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|authorization|proxy-authorization|cookie|set-cookie|content-encoding|content-type|content-range|max-forwards|cache-control|range)$/i

function isForbiddenTrailer(rest, at) {
  return isChunked(rest) && FORBIDDEN.test(rest.lineAt(at).split(':')[0])
}

function isTabBehind(_ours, theirs, bytes, _way, { kind, begin, their }) {
  const isRefused =
    kind === 'they-refuse' && ['INVALID_CONTENT_LENGTH', 'INVALID_TRANSFER_ENCODING'].includes(theirs.refusal)
  const isUntilClose =
    ['closes', 'end', 'we-refuse'].includes(kind) && their !== undefined && !their.isComplete && their.closes
  const { lines } = new Rest(bytes, begin)
  const behind = isRefused ? TAB_BEHIND : TAB_BEHIND_CHUNKED
  return (isRefused || isUntilClose) && lines.some((line) => behind.test(line))
}

const TAB_BEHIND = /^(?:content-length:[ \t]*\d+|transfer-encoding:[ \t]*chunked) *\t[ \t]*$/i
const TAB_BEHIND_CHUNKED = /^transfer-encoding:[ \t]*chunked *\t[ \t]*$/i

// Of a head or a trailer section: the lines of chunks are read byte by byte.
function isUnfinished(ours, theirs, bytes, _way, { kind, begin, our }) {
  if (kind !== 'they-refuse' || ours.refusal !== undefined || !ours.isOpen) return false
  if (bytes.indexOf(LF, theirs.refusedAt) < 0) return true
  const rest = new Rest(bytes, begin)
  return our === undefined && isChunked(rest) && rest.valuesOf('content-length').length > 0
}

const LF = 0x0a

function saysProxyConnection(message) {
  return has(message, 'proxy-connection') || message.trailers.includes('proxy-connection')
}

function optionsOf(message) {
  return elementsOf(valuesOf(message, 'connection'))
}

function has(message, name) {
  return valuesOf(message, name).length > 0
}

// Whether our word on it is what the options, the version and the framing come to (RFC 9112 §9.3, §6.3).
function isRight(our) {
  const options = optionsOf(our)
  const isUntilClose = our.hasBody && !has(our, 'content-length') && !has(our, 'transfer-encoding')
  const closes =
    options.includes('close') || (our.version === '1.0' && !options.includes('keep-alive')) || isUntilClose
  return closes === our.closes
}
