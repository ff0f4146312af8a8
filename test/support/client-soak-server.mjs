// The server of client-soak.test.ts, in a process of its own: the built package.
//
//   GET /sized/N  /chunked/N  /gzip/N    say N, in their own way            GET /moved/N    302 to /sized/N
//   POST /echo                           the body                           GET /nothing    204
//   GET /never                           no answer                          GET /download   1 GiB, no two pieces alike
//   POST /upload                         reads on after a rest of 1 s behind 100 MiB, and answers how many bytes it was, and
//                                        their SHA-256
//
// It sends { port }, and answers every message with { connections, most, sha256 }: how many there are, and were at the most,
// and the hash of the last download.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { asChannel, runServer } from 'httpkit-wasm/server'
import { pieces } from './client-soak-pieces.mjs'

const megabyte = 1024 * 1024
const total = 1024 * megabyte
const text = { 'Content-Type': 'text/plain' }

let most = 0
let sha256 = ''

function* download() {
  const hash = createHash('sha256')
  for (const piece of pieces(total)) {
    hash.update(piece)
    yield piece
  }
  sha256 = hash.digest('hex')
}

async function upload(body) {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of body) {
    if (bytes < 100 * megabyte && bytes + piece.length >= 100 * megabyte) await sleep(1000)
    bytes += piece.length
    hash.update(piece)
  }
  return `${bytes} ${hash.digest('hex')}`
}

const routes = {
  sized: (name) => ({ headers: text, body: name }),
  chunked: (name) => ({ headers: text, body: [name.slice(0, 2), name.slice(2)] }),
  gzip: (name) => ({ headers: { ...text, 'Content-Encoding': 'gzip' }, body: gzipSync(name) }),
  moved: (name) => ({ status: 302, headers: { Location: `/sized/${name}` } }),
  nothing: () => ({ status: 204 }),
  // A channel that nothing is sent on ends with its client; a handler that never answers would keep the connection.
  never: (_name, req) => asChannel(req, {}),
  echo: async (_name, { body }) => ({ headers: text, body: await body.text() }),
  download: () => ({ body: download() }),
  upload: async (_name, { body }) => ({ headers: text, body: await upload(body) }),
}

function handler(req) {
  most = Math.max(most, server.stats().connections)
  const [, route, name = ''] = req.uri.split('/')
  return routes[route](name, req)
}

const server = await runServer(handler, { ip: '127.0.0.1', port: 0, maxBody: 2 * total })
process.send({ port: server.port })
process.on('message', () => process.send({ connections: server.stats().connections, most, sha256 }))
process.on('disconnect', () => process.exit())
