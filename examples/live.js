// The server's own metrics, once a second, over a channel: a WebSocket for the page, and lines of JSON for curl. Both are the
// same channel to the code below.

import { asChannel, broadcast } from 'httpkit-wasm'
import { chartFiles } from './charts.js'
import { sample } from './live/sample.js'
import { pages } from './pages.js'

export const title = 'Live metrics'
export const path = '/live'
export const sentence =
  'Charts of this very server, drawn while it serves you: requests, latency, bytes, event loop delay. Bring your own load, or press a button.'
export const hint = 'The numbers that the charts at /live draw, one line a second.'
export const curl = ['curl -N http://localhost:8090/live/feed']

const files = {
  ...chartFiles,
  '/page.css': 'page.css',
  '/live': 'live/page.html',
  '/live/page.css': 'live/page.css',
  '/live/page.js': 'live/page.js',
}
export const paths = ['/live/feed', '/live/block', ...Object.keys(files)]

const maxSamples = 120
const maxWatchers = 200
const head = { headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' } }

const samples = []
const watchers = new Set()

// Also while nobody looks: who comes finds the last two minutes.
setInterval(() => {
  samples.push(sample())
  if (samples.length > maxSamples) samples.shift()
  broadcast(watchers, line(samples.at(-1)), false)
}, 1000).unref()

const line = (value) => `${JSON.stringify(value)}\n`
const send = pages(files)

export function handler(req) {
  if (req.uri === '/live/feed') return watch(req)
  if (req.uri === '/live/block') return block(req)
  return send(req)
}

function watch(req) {
  if (watchers.size >= maxWatchers) return { status: 503 }
  return asChannel(req, {
    onOpen(channel) {
      const lines = samples.map(line).join('')
      channel.send(channel.websocket ? lines : { ...head, body: lines }, false)
      watchers.add(channel)
    },
    onClose(channel) {
      watchers.delete(channel)
    },
  })
}

/** What a handler must not do: everybody waits for it. */
function block(req) {
  if (req.requestMethod !== 'post') return { status: 405, headers: { Allow: 'POST' } }
  for (const end = performance.now() + 200; performance.now() < end; );
  return { status: 204 }
}
