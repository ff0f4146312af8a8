// An upload that the page may hold up. Its buttons reach one thing only: the loop that reads the body. Nobody tells the
// browser; while the loop waits, the server takes nothing from the socket, the sockets on the way fill up, and the browser
// cannot send. That is backpressure, and this is all there is to it: a handler that does not ask for the next piece.

import { createHash, randomUUID } from 'node:crypto'
import { asChannel } from 'httpkit-wasm'
import { Gate } from './backpressure/gate.js'
import { chartFiles } from './charts.js'
import { pages } from './pages.js'

export const title = 'Backpressure'
export const path = '/backpressure'
export const sentence =
  'An upload with a pause button, on the server’s side: it stops reading, and the browser stalls by itself.'

const files = {
  ...chartFiles,
  '/page.css': 'page.css',
  '/backpressure': 'backpressure/page.html',
  '/backpressure/page.css': 'backpressure/page.css',
  '/backpressure/page.js': 'backpressure/page.js',
}
export const paths = ['/backpressure/channel', '/backpressure/upload', ...Object.keys(files)]

const interval = 100 // ms between two reports
const maxVisitors = 100

const visitors = new Map() // id → { gate, upload }, while their channel is open
const send = pages(files)

export function handler(req) {
  if (req.uri === '/backpressure/channel') return visit(req)
  if (req.uri === '/backpressure/upload') return readUpload(req)
  return send(req)
}

/** The channel of a page: what was read of its upload, out; how fast to read it, in. */
function visit(req) {
  if (visitors.size >= maxVisitors) return { status: 503 }
  const id = randomUUID()
  const visitor = { gate: new Gate(), upload: { read: 0 } } // the last upload
  const report = () => JSON.stringify({ id, read: visitor.upload.read, memory: process.memoryUsage.rss() })
  let timer
  return asChannel(req, {
    onOpen(channel) {
      visitors.set(id, visitor)
      channel.send(report(), false)
      timer = setInterval(() => channel.send(report(), false), interval)
    },
    onReceive(channel, text) {
      if (!visitor.gate.set(text)) channel.close(1008, 'pause, go on, or bytes a second')
    },
    onClose() {
      clearInterval(timer)
      visitors.delete(id)
      visitor.gate.set('go on') // whoever holds it up is gone
    },
  })
}

async function readUpload(req) {
  const visitor = visitors.get(new URLSearchParams(req.queryString).get('id'))
  if (!visitor || req.requestMethod !== 'put') return { status: 404 }
  const hash = createHash('sha256')
  const upload = { read: 0 }
  visitor.upload = upload
  for await (const piece of req.body ?? []) {
    hash.update(piece)
    upload.read += piece.byteLength
    await visitor.gate.passed(piece.byteLength)
  }
  return {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ size: upload.read, sha256: hash.digest('hex') }),
  }
}
