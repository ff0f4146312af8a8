// Responses drawn by lot, in all framings, with interim responses, trailers and codings; and such as break a rule.
import { deflateSync, gzipSync } from 'node:zlib'

const STATUSES = { 200: 30, 201: 2, 202: 1, 206: 2, 299: 1, 204: 2, 304: 2, 404: 3, 400: 1, 500: 2, 503: 1 }
const REASONS = ['OK', '', 'Not Quite\tRight', 'caf\xe9']
const VALUES = ['', 'x', 'a\tb', '"q, \\" r"', '\xff\x80', 'a,b,,c', 'timeout=5, max=100']
const FRAMINGS = { length: 10, chunks: 10, close: 3 }
const CODINGS = { gzip: gzipSync, deflate: deflateSync }

export const tokens = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    '0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
  ],
  ...[
    'Content-Length: 7\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Content-Encoding: gzip\r\n',
  ],
  ...['HTTP/1.0', '204', '304', '101', '1', ';a', 'ffffffff', 'Content-Length: 0\r\n'],
]

/**
 * A right answer.
 *
 * @param nonce what its body begins with
 * @returns bytes, `isUntilClose`, and what is to come of it: `status`, `fields`, `content`, `raw`, `trailers`
 */
export function drawResponse(lots, nonce, isHead) {
  const status = Number(lots.weighed(STATUSES))
  const isBodiless = isHead || status === 204 || status === 304
  const is1_0 = lots.chance(0.08)
  const content = Buffer.concat([Buffer.from(nonce), lots.bytes(lots.size(lots.pick([200, 3000])))])
  const all = lots.chance(0.05)
    ? Buffer.concat([content, Buffer.alloc(lots.between(50_000, 150_000), nonce)])
    : content
  const coding = lots.chance(0.15) && !isBodiless ? lots.pick(Object.keys(CODINGS)) : undefined
  const raw = coding ? CODINGS[coding](all) : all
  const drawnFraming = lots.weighed(FRAMINGS)
  const framing = is1_0 && drawnFraming === 'chunks' ? 'close' : drawnFraming
  const fields = furtherFields(lots, is1_0)
  if (coding) fields.push(['Content-Encoding', coding])
  if (lots.chance(0.05)) fields.push(['Connection', 'close'])
  if (framing === 'length' && status !== 204) fields.push(['Content-Length', `${raw.length}`])
  if (framing === 'chunks' && status !== 204) fields.push(['Transfer-Encoding', 'chunked'])
  const trailers = framing === 'chunks' && lots.chance(0.3) ? [['X-Sum', nonce]] : []
  const head = `HTTP/1.${is1_0 ? 0 : 1} ${status} ${lots.pick(REASONS)}\r\n${linesOf(fields, lots)}\r\n`
  const body = isBodiless ? Buffer.alloc(0) : framed(raw, framing, trailers, lots)
  return {
    bytes: Buffer.concat([Buffer.from(interim(lots) + head, 'latin1'), body]),
    isUntilClose: framing === 'close' && !isBodiless,
    ...{ status, fields, trailers: isBodiless ? [] : trailers },
    content: isBodiless ? Buffer.alloc(0) : all,
    raw: isBodiless ? Buffer.alloc(0) : raw,
  }
}

function furtherFields(lots, is1_0) {
  const fields = Array.from({ length: lots.size(6) }, (_, at) => [
    `X-${lots.pick(['a', 'B!', "c'"])}${at}`,
    lots.pick(VALUES),
  ])
  if (lots.chance(0.1)) fields.push(['Set-Cookie', 'a=b'], ['Set-Cookie', 'c=d, e'])
  if (lots.chance(0.1)) fields.push(['Keep-Alive', 'timeout=5'])
  if (is1_0 && lots.chance(0.5)) fields.push(['Connection', 'keep-alive'])
  return fields
}

function linesOf(fields, lots) {
  const space = () => lots.pick([' ', '', '\t '])
  return fields.map(([name, value]) => `${name}:${space()}${value}${space()}\r\n`).join('')
}

function interim(lots) {
  const count = lots.chance(0.1) ? lots.between(1, 3) : 0
  return Array.from({ length: count }, () => lots.pick(['100 Continue\r\n', '103 \r\nLink: <a>\r\n']))
    .map((lines) => `HTTP/1.1 ${lines}\r\n`)
    .join('')
}

function framed(raw, framing, trailers, lots) {
  if (framing !== 'chunks') return raw
  const parts = []
  for (let at = 0; at < raw.length; ) {
    const data = raw.subarray(at, at + lots.between(1, lots.pick([20, 1000, 70_000])))
    parts.push(
      Buffer.from(`${data.length.toString(16)}${parts.length < 9 ? lots.pick(['', ';a="b"']) : ''}\r\n`),
    )
    parts.push(data, Buffer.from('\r\n'))
    at += data.length
  }
  const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([...parts, Buffer.from(`0\r\n${lines}\r\n`)])
}

const line = 'HTTP/1.1 200 OK\r\n'
const coded = `${line}Transfer-Encoding: chunked\r\n\r\n`

/** Responses that break one rule each: ERR_PROTOCOL, by no reader of ours. */
export const violations = [
  'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
  `${line}Content-Length: 0\n\r\n`,
  `${line}Content-Length: 0\r\n\n`,
  `${line}Content-Length : 0\r\n\r\n`,
  `${line}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
  `${line}: x\r\nContent-Length: 0\r\n\r\n`,
  `${line}no colon\r\nContent-Length: 0\r\n\r\n`,
  `${line}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  `${line}Content-Length: 1x\r\n\r\na`,
  `${line}Content-Length: -1\r\n\r\n`,
  `${line}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${line}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n',
  'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n'.repeat(80),
  `${line}X: ${'y'.repeat(70_000)}\r\n\r\n`,
  `${coded}x\r\n`,
  `${coded}3\nabc\r\n0\r\n\r\n`,
  `${coded}3\r\nabcd\r\n0\r\n\r\n`,
  `${coded}3\r\nabc\n0\r\n\r\n`,
  `${coded}-3\r\nabc\r\n0\r\n\r\n`,
  `${coded}11111111111111111\r\n`,
  `${coded}0\r\nX: y\n\r\n`,
].map((text) => Buffer.from(text, 'latin1'))
