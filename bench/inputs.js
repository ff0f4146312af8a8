// What every subject is fed: the same bytes for every competitor, plain enough to read here in full.
// A request is kept as its parts, because some load generators want parts and the others bytes.

const host = ['Host', 'localhost:8090']

const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const accept =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'

const twelveHeaders = [
  host,
  ['Connection', 'keep-alive'],
  ['Cache-Control', 'max-age=0'],
  ['Upgrade-Insecure-Requests', '1'],
  ['User-Agent', userAgent],
  ['Accept', accept],
  ['Sec-Fetch-Site', 'none'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cookie', 'session=4f9d1c2ab7e84f0c9d3e; theme=dark; consent=yes'],
]

const cookies = Array.from({ length: 30 }, (_, i) => `pref_${i}=${`${i}c7e2f9a1b4d8`.repeat(3)}`).join('; ')

const json1KiB = JSON.stringify({
  id: 4711,
  name: 'A thing with a name',
  price: 12.5,
  tags: ['alpha', 'beta', 'gamma', 'delta'],
  stock: { warehouse: 120, shop: 7, reserved: null, open: true },
  notes: 'x'.repeat(857),
})

/** The requests of the server benchmark; each has the name of its scenario, which is also its path. */
export const requests = {
  hello: { method: 'GET', path: '/hello', headers: [host] },
  browser: { method: 'GET', path: '/browser', headers: twelveHeaders },
  json: {
    method: 'POST',
    path: '/json',
    headers: [host, ['Content-Type', 'application/json'], ['Content-Length', `${json1KiB.length}`]],
    body: json1KiB,
  },
  pipelined: { method: 'GET', path: '/pipelined', headers: [host] },
  large: { method: 'GET', path: '/large', headers: [host] },
}

/** The heads of the parser benchmark. The last has a body, of the shortest kind: callback parsers go on into it. */
export const heads = {
  '40 B GET': { method: 'GET', path: '/', headers: [host] },
  '0.7 KB browser': {
    method: 'GET',
    path: '/articles/2026/11/how-the-parser-works?utm_source=feed&utm_medium=rss&page=2',
    headers: [...twelveHeaders, ['Referer', 'http://localhost:8090/articles/2026/11/']],
  },
  '2 KB cookies': {
    method: 'GET',
    path: '/account/orders?from=2026-01-01&to=2026-11-30&sort=date',
    headers: [...twelveHeaders.slice(0, -1), ['DNT', '1'], ['Cookie', cookies]],
  },
  'POST chunked': {
    method: 'POST',
    path: '/api/v1/upload/items?overwrite=true',
    headers: [
      host,
      ['User-Agent', 'curl/8.5.0'],
      ['Accept', '*/*'],
      ['Content-Type', 'application/octet-stream'],
      ['Transfer-Encoding', 'chunked'],
      ['X-Request-Id', '9f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0'],
    ],
    body: '0\r\n\r\n',
  },
}

export function headOf({ method, path, headers }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${method} ${path} HTTP/1.1\r\n${lines}\r\n`
}

export function messageOf(request) {
  return headOf(request) + (request.body ?? '')
}
