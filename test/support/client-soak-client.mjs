// The client of client-soak.test.ts, in a process of its own so that its sockets, timers and memory can be watched: the
// built package. PORT is the server's, FILE what it uploads as a file.
//
// A message [what, ...arguments] is answered with
//   'requests', first, count, atOnce    what was not as it should be, a few of them
//   'left'                              { resources, sockets, heap, buffers, listeners, stats }, after collecting garbage
//   'close'                             the same, when the client has closed
//   'download', bytes                   { bytes, sha256, growth }      bytes by which the process grew at the most
//   'upload', 'stream' | 'file', bytes  { told, sha256, growth }       what the server says, and what was sent
import { createHash } from 'node:crypto'
import { getEventListeners, setMaxListeners } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { file, makeClient } from 'httpkit-wasm/client'
import { pieces } from './client-soak-pieces.mjs'

const url = `http://127.0.0.1:${process.env.PORT}`
const megabyte = 1024 * 1024
const client = makeClient({ maxConnections: 50 })
const { signal } = new AbortController()
setMaxListeners(0, signal)
// The first socket that Node destroys opens it: it is to be there from the start.
void process.stderr

async function* late(text) {
  yield text.slice(0, 3)
  await new Promise(setImmediate)
  yield text.slice(3)
}

const is = (wanted) => (response) => response.status === 200 && response.body === wanted
const fails = (code) => (response) => response.error?.code === code

// Each a request, and whether its answer is right.
const kinds = [
  (name) => [client.get(`${url}/sized/${name}`, { signal }), is(name)],
  (name) => [client.get(`${url}/chunked/${name}`), is(name)],
  (name) => [client.post(`${url}/echo`, { body: name, signal }), is(name)],
  (name) => [client.put(`${url}/echo`, { body: late(name) }), is(name)],
  (name) => [
    client.head(`${url}/sized/${name}`),
    (response) => response.headers['content-length'] === `${name.length}`,
  ],
  () => [
    client.get(`${url}/nothing`, { signal }),
    (response) => response.status === 204 && response.body === '',
  ],
  (name) => [client.get(`${url}/moved/${name}`), is(name)],
  (name) => [client.get(`${url}/gzip/${name}`), is(name)],
  (name) => [client.get(`${url}/sized/${name}`, { as: 'stream' }).then(readText), is(name)],
]
const rare = [
  () => [client.get(`${url}/never`, { deadline: 20 }), fails('ERR_DEADLINE')],
  () => [client.get(`${url}/never`, { signal: AbortSignal.timeout(20) }), fails('ERR_ABORTED')],
  () => [client.get('http://127.0.0.1:1/'), fails('ERR_CONNECT')],
  () => [client.get(`${url}/sized/x`, { filter: { accept: () => false } }), fails('ERR_BODY_REJECTED')],
]

async function readText(response) {
  return { ...response, body: await new Response(response.body).text() }
}

async function requests(first, count, atOnce) {
  const wrong = []
  let next = first
  const lane = async () => {
    while (next < first + count) {
      const index = next++
      const kind =
        index % 100 === 99 ? rare[Math.floor(index / 100) % rare.length] : kinds[index % kinds.length]
      const [request, isRight] = kind(`request-${index}`)
      const response = await request
      if (!isRight(response)) wrong.push(`${index}: ${response.status} ${response.body} ${response.error}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return wrong.slice(0, 10)
}

function countSockets() {
  if (process.platform !== 'linux') return 0
  const isSocket = (name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:')
    } catch {
      // The folder's own descriptor, gone by now.
      return false
    }
  }
  return readdirSync('/proc/self/fd').filter(isSocket).length
}

async function left() {
  // What has ended in this turn is let go of in the next ones.
  for (let round = 0; round < 5; round++) {
    await sleep(50)
    globalThis.gc()
  }
  const { heapUsed: heap, arrayBuffers: buffers } = process.memoryUsage()
  return {
    resources: process.getActiveResourcesInfo().sort(),
    sockets: countSockets(),
    ...{ heap, buffers },
    listeners: getEventListeners(signal, 'abort').length,
    stats: client.stats(),
  }
}

async function close() {
  await client.close()
  return left()
}

let uncollected = 0

/** V8 lets some 64 MiB of buffers lie before it looks which of them are held, and that is what is to be measured here. */
function collectAfter(bytes) {
  uncollected += bytes
  if (uncollected < 16 * megabyte) return
  uncollected = 0
  globalThis.gc()
}

async function growthDuring(work) {
  let most = 0
  const sample = () => {
    most = Math.max(most, process.memoryUsage.rss())
  }
  const before = process.memoryUsage.rss()
  const sampling = setInterval(sample, 10)
  const result = await work()
  clearInterval(sampling)
  sample()
  return { ...result, growth: most - before }
}

async function download() {
  const { body } = await client.get(`${url}/download`, { as: 'stream' }).unwrap()
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of body) {
    if (bytes < 100 * megabyte && bytes + piece.length >= 100 * megabyte) await sleep(1000)
    bytes += piece.length
    hash.update(piece)
    collectAfter(piece.length)
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function upload(kind, bytes) {
  const hash = createHash('sha256')
  function* hashed() {
    for (const piece of pieces(bytes)) {
      hash.update(piece)
      yield piece
    }
  }
  const body = kind === 'file' ? file(process.env.FILE) : hashed()
  let sent = 0
  const onUploadProgress = (now) => {
    collectAfter(now - sent)
    sent = now
  }
  const { status, body: told } = await client.post(`${url}/upload`, { body, onUploadProgress }).unwrap()
  return { told: `${status} ${told}`, sha256: hash.digest('hex') }
}

const works = {
  requests,
  left,
  close,
  download: () => growthDuring(download),
  upload: (kind, bytes) => growthDuring(() => upload(kind, bytes)),
  // For a process that is to end by itself.
  forget: () => process.nextTick(() => process.disconnect()),
}

process.on('message', async ([what, ...rest]) => {
  const result = await works[what](...rest)
  if (process.connected) process.send({ result })
})
process.send({ result: 'ready' })
