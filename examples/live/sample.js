// One second of the server in a few numbers: what the totals have grown by since the last call.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { metrics } from '../metrics.js'

const loop = monitorEventLoopDelay({ resolution: 10 })
loop.enable()

let before = metrics.snapshot()
let beforeAt = performance.now()

/** Rates are per second, times in ms; null where there was nothing to measure. */
export function sample() {
  const now = metrics.snapshot()
  const at = performance.now()
  const seconds = (at - beforeAt) / 1000
  const rate = (later, earlier) => Math.round((later - earlier) / seconds)
  const counts = now.duration.counts.map((count, n) => count - before.duration.counts[n])
  const taken = {
    at: Date.now() / 1000,
    requests: rate(now.duration.count, before.duration.count),
    p50: quantile(0.5, now.duration.bounds, counts),
    p99: quantile(0.99, now.duration.bounds, counts),
    bytesIn: rate(now.bytesIn, before.bytesIn),
    bytesOut: rate(now.bytesOut, before.bytesOut),
    // The longest of these ticks, less what it takes when nothing is late.
    loopDelay: Math.max(0, loop.max / 1e6 - 10),
    connections: now.connections,
    websockets: now.websockets,
    channels: now.channels,
  }
  loop.reset()
  before = now
  beforeAt = at
  return taken
}

// Within a bucket, values are taken to lie evenly.
function quantile(share, bounds, counts) {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let rest = share * total
  const n = counts.findIndex((count) => (rest -= count) <= 0)
  const [low, high] = [bounds[n - 1] ?? 0, bounds[n] ?? bounds.at(-1)]
  return (high + (rest / counts[n]) * (high - low)) * 1000
}
