// Opening handshakes (RFC 6455 §4), right and wrong, of both sides.
import { createHash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

function acceptOf(key) {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** A request that asks for a WebSocket. @param offer of permessage-deflate, or undefined */
export function askedFor(target, offer) {
  return written(`GET ${target} HTTP/1.1`, [
    ...asking,
    ...(offer ? [`Sec-WebSocket-Extensions: ${offer}`] : []),
  ])
}

const asking = [
  ...['Host: a', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade'],
  ...[`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13'],
]

/** What is wrong with the 101 to `askedFor`, or undefined. */
export function faultOfAnswer(head) {
  if (!head.startsWith('HTTP/1.1 101 ')) return `it begins with ${head.split('\r\n', 1)[0]}`
  if (!head.includes(`\r\nSec-WebSocket-Accept: ${acceptOf(KEY)}\r\n`)) return 'the key is not accepted'
  return undefined
}

/** Requests that are to be refused, with the status. */
export const wrongRequests = [
  [(line) => line.replace('Version: 13', 'Version: 8'), 426],
  [(line) => (line.includes('-Version') ? undefined : line), 400],
  [(line) => (line.includes('-Key') ? undefined : line), 400],
  [(line) => line.replace(KEY, 'c2hvcnQ='), 400],
  [(line) => line.replace('Version: 13', 'Version: 13, 8'), 426],
]

export function wronglyAskedFor(target, [change]) {
  return written(
    `GET ${target} HTTP/1.1`,
    asking.map(change).filter((line) => line !== undefined),
  )
}

/** The answer to a key. @param extension what is agreed on, or undefined */
export function answered(key, extension) {
  return written('HTTP/1.1 101 Switching Protocols', answering(key, extension))
}

function answering(key, extension) {
  return [
    ...['Upgrade: WebSocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptOf(key)}`],
    ...(extension ? [`Sec-WebSocket-Extensions: ${extension}`] : []),
  ]
}

/** Answers that are no right handshake, with the error that comes of them. */
export const wrongAnswers = [
  [(key) => answered(`${key}x`), 'ERR_PROTOCOL'],
  [(key) => written('HTTP/1.0 101 Switching', answering(key)), 'ERR_PROTOCOL'],
  [(key) => written('HTTP/1.1 200 OK', answering(key)), 'ERR_WEBSOCKET_REFUSED'],
  [(key) => written('HTTP/1.1 101 OK', answering(key).slice(1)), 'ERR_PROTOCOL'],
  [(key) => written('HTTP/1.1 101 OK', answering(key).toSpliced(1, 1)), 'ERR_PROTOCOL'],
  [(key) => answered(key, 'x-unknown'), 'ERR_PROTOCOL'],
  [(key) => answered(key).replace('\r\n', '\n'), 'ERR_PROTOCOL'],
  [() => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'ERR_WEBSOCKET_REFUSED'],
  [() => 'nonsense\r\n\r\n', 'ERR_PROTOCOL'],
]

function written(line, fields) {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n`
}
