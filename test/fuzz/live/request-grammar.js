// Requests drawn by lot: all kinds of heads, bodies counted and chunked; and such as break a rule, with the refusal that is due.
import { limits, paths, readingPaths } from './answers.js'

const METHODS = {
  GET: 40,
  POST: 20,
  PUT: 8,
  HEAD: 8,
  DELETE: 4,
  OPTIONS: 3,
  PATCH: 3,
  PURGE: 2,
  'M-SEARCH': 1,
}
const QUERIES = ['', '?', '?a=1&b=%20', '?x=[1]', "?q='$(x)'!*", '?a=/../?', '?ä'.replace('ä', '%C3%A4')]
const TCHARS = "abcxyzABC019!#$%&'*+-.^_`|~"
const VALUES = [
  '',
  'x',
  'a b',
  'a\tb',
  '"quoted, \\" text"',
  'caf\xe9',
  '\xff\x80',
  'a,b,,c',
  'text/html;q=0.5',
  '(c)',
]
const SPACES = ['', ' ', '  ', '\t', ' \t ']

/** What a mutation may put in. */
export const tokens = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    ', ',
    '0\r\n\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    'GET /now HTTP/1.1\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Host: a\r\n',
    'X: y\r\n',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'Content-Length: 0\r\n',
    ';a=b',
    'ffffffff',
    'chunked',
    'Transfer-Encoding: ',
  ],
]

/**
 * A request that every server must take.
 *
 * @returns bytes, `headLength`, and what its handler must see: `requestMethod`, `uri`, `queryString`, `protocol`, `headers`, `body`
 */
export function drawRequest(lots, nonce, options = {}) {
  const method = options.noHead ? lots.pick(['GET', 'POST', 'PUT']) : lots.weighed(METHODS)
  const is1_0 = lots.chance(0.08)
  const route = lots.pick(lots.chance(0.3) ? readingPaths : paths)
  const path = `/${route}/${lots.below(12)}/${nonce}`
  const query = lots.pick(QUERIES)
  const host = lots.pick(['a', 'example.com', 'localhost:8090', '127.0.0.1:1', '[::1]:80'])
  const isAbsolute = lots.chance(0.08)
  const target = `${isAbsolute ? 'http://b.example:81' : ''}${path}${query}`
  const body = drawBody(lots, method, is1_0)
  const fields = lots.chance(0.97) || !is1_0 ? [['Host', host]] : []
  fields.push(...furtherFields(lots, is1_0), ...body.fields)
  if (lots.chance(0.5)) shuffle(fields, lots)
  const lines = fields.map(
    ([name, value]) => `${recased(name, lots)}:${lots.pick(SPACES)}${value}${lots.pick(SPACES)}`,
  )
  const protocol = `HTTP/1.${is1_0 ? 0 : 1}`
  const head = `${lots.chance(0.03) ? '\r\n' : ''}${method} ${target} ${protocol}\r\n${lines.join('\r\n')}\r\n\r\n`
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), body.bytes])
  const [uri, ...rest] = `${path}${query}`.split('?')
  return {
    bytes,
    headLength: head.length,
    expects: body.expects,
    requestMethod: method.toLowerCase(),
    uri,
    queryString: query === '' ? undefined : rest.join('?'),
    protocol,
    headers: joined(fields),
    body: body.content,
  }
}

function furtherFields(lots, is1_0) {
  const fields = Array.from({ length: lots.size(8) }, () => {
    const length = lots.between(1, 12)
    const name = `x-${Array.from({ length }, () => lots.pick(TCHARS)).join('')}`
    return [name, lots.chance(0.05) ? 'long '.repeat(150).trim() : lots.pick(VALUES)]
  })
  if (lots.chance(0.1)) fields.push(['Cookie', 'a=b'], ['Cookie', 'c=d'])
  if (lots.chance(0.1)) fields.push(['Accept', 'text/*'], ['Accept', '*/*'])
  if (lots.chance(0.04)) fields.push(['Connection', 'close'])
  else if (lots.chance(is1_0 ? 0.6 : 0.05)) fields.push(['Connection', 'keep-alive'])
  return fields
}

function drawBody(lots, method, is1_0) {
  const isLikely = method === 'POST' || method === 'PUT' || method === 'PATCH'
  if (!lots.chance(isLikely ? 0.9 : 0.06)) return { fields: [], bytes: Buffer.alloc(0), content: undefined }
  const content = lots.chance(0.04)
    ? Buffer.alloc(lots.between(60_000, 200_000), 'lorem ')
    : lots.bytes(lots.size(3000))
  const expects = !is1_0 && content.length > 0 && lots.chance(0.25)
  const expectation = expects ? [['Expect', '100-continue']] : []
  if (is1_0 || lots.chance(0.5)) {
    const fields = [...expectation, ['Content-Length', `${content.length}`]]
    return { fields, bytes: content, content: content.length > 0 ? content : undefined, expects }
  }
  const fields = [...expectation, ['Transfer-Encoding', lots.pick(['chunked', 'Chunked'])]]
  return { fields, bytes: chunked(content, lots), content, expects }
}

function chunked(content, lots) {
  const parts = []
  for (let at = 0; at < content.length; ) {
    const data = content.subarray(at, at + lots.between(1, lots.pick([3, 40, 1000, 70_000])))
    const size = data.length.toString(16).padStart(lots.pick([1, 1, 1, 6]), '0')
    // All of a body's extensions together are limited.
    const extension = parts.length > 30 ? '' : lots.pick(['', '', '', ';a', ';a=b', ';a="x y"', ' ; b = c'])
    parts.push(
      Buffer.from(`${lots.chance(0.5) ? size : size.toUpperCase()}${extension}\r\n`),
      data,
      Buffer.from('\r\n'),
    )
    at += data.length
  }
  const trailers = lots.chance(0.3) ? 'X-Trailer: a\r\nChecksum: \t\r\n' : ''
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)])
}

function joined(fields) {
  const headers = {}
  for (const [given, value] of fields) {
    const name = given.toLowerCase()
    const text = value
    if (Object.hasOwn(headers, name)) headers[name] += (name === 'cookie' ? '; ' : ', ') + text
    else headers[name] = text
  }
  return headers
}

function recased(name, lots) {
  return lots.pick([name, name, name.toLowerCase(), name.toUpperCase()])
}

function shuffle(list, lots) {
  for (let at = list.length - 1; at > 0; at--) {
    const other = lots.below(at + 1)
    ;[list[at], list[other]] = [list[other], list[at]]
  }
}

const head = (...lines) => `${lines.join('\r\n')}\r\n\r\n`
const get = 'GET /now HTTP/1.1'
const post = 'POST /echo HTTP/1.1'
const host = 'Host: a'
const coded = head(post, host, 'Transfer-Encoding: chunked')

/** Requests that break one rule each, and the refusal: independent of any reader of ours. */
export const violations = [
  [`${get}\nHost: a\r\n\r\n`, 400],
  [`${get}\r\nHost: a\n\r\n`, 400],
  [`${get}\r\nHost: a\r\n\n`, 400],
  [`${get}\r\nHost: a\r\nX: b\rY: c\r\n\r\n`, 400],
  [head(get, host, 'X : y'), 400],
  [head(get, host, ' X: folded'), 400],
  [head(get, host, 'no colon'), 400],
  [head(get, host, 'X: a\0b'), 400],
  [head(get, host, 'X\xe9: a'), 400],
  [head(get, host, ': nameless'), 400],
  [head(get), 400],
  [head(get, host, host), 400],
  [head(get, 'Host: a b'), 400],
  [head('GET  /now HTTP/1.1', host), 400],
  [head('GET /now', host), 400],
  [head('GET /n ow HTTP/1.1', host), 400],
  [head('GET /now HTTP/2.0', host), 400],
  [head('GET /now http/1.1', host), 400],
  [head('G(T /now HTTP/1.1', host), 400],
  [head('get /now HTTP/1.1', host), 501],
  [head('GET /now#x HTTP/1.1', host), 400],
  [head(post, host, 'Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
  [head(post, host, 'Content-Length: 5', 'Content-Length: 5'), 400],
  [head(post, host, 'Content-Length: 5, 5'), 400],
  [head(post, host, 'Content-Length: +5'), 400],
  [head(post, host, 'Content-Length: 0x5'), 400],
  [head(post, host, 'Content-Length: '), 400],
  [head(post, host, 'Transfer-Encoding: gzip, chunked'), 400],
  [head(post, host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400],
  [head(post, host, 'Transfer-Encoding: xchunked'), 400],
  [head('POST /echo HTTP/1.0', host, 'Transfer-Encoding: chunked'), 400],
  [head(post, host, 'Expect: a miracle'), 417],
  [head(post, host, `Content-Length: ${limits.maxBody + 1}`), 413],
  [head(`GET /${'n'.repeat(limits.maxLine)} HTTP/1.1`, host), 414],
  [head(get, host, `X: ${'y'.repeat(limits.maxLine)}`), 431],
  [head(get, host, ...Array.from({ length: limits.maxHeaders }, (_, at) => `X-${at}: y`)), 431],
  [`${coded}x\r\n`, 400],
  [`${coded}3\nabc\r\n0\r\n\r\n`, 400],
  [`${coded}3\r\nabcd\r\n0\r\n\r\n`, 400],
  [`${coded}3\r\nabc\n0\r\n\r\n`, 400],
  [`${coded}3;\r\nabc\r\n0\r\n\r\n`, 400],
  [`${coded}-3\r\nabc\r\n0\r\n\r\n`, 400],
  [`${coded}0\r\nHost: b\r\n\r\n`, 400],
  [`${coded}0\r\nContent-Length: 5\r\n\r\n`, 400],
  [`${coded}0\r\nX: y\n\r\n`, 400],
  [`${coded}11111111111111111\r\n`, 400, 413],
  [`${coded}50000\r\n`, 413],
].map(([text, ...statuses]) => ({ bytes: Buffer.from(text, 'latin1'), statuses }))
