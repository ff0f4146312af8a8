// Handlers on threads, and what is counted; where Node's types are.
import { createMetrics, type MetricsSnapshot } from 'httpkit-wasm/metrics'
import { type Handler, runServer } from 'httpkit-wasm/server'
import { type ThreadedHandler, type ThreadsStats, threaded } from 'httpkit-wasm/threads'

const compute: ThreadedHandler = threaded(new URL('./handler.js', import.meta.url), {
  threads: 2,
  queueSize: 100,
})
const stats: ThreadsStats = compute.stats()
const metrics = createMetrics({ prefix: 'app_', buckets: [0.01, 0.1, 1] })
const end: () => void = metrics.watch(compute)

const handler: Handler = (req) => (req.uri === '/metrics' ? metrics.handler(req) : compute(req))
const server = await runServer(handler, { port: 0, metrics, reusePort: false })
export const told: [number, MetricsSnapshot] = [stats.queued, metrics.snapshot()]
await server.stop({ timeout: 1000 })
await compute.close({ timeout: 1000 })
end()

// @ts-expect-error a module's URL
threaded(() => ({ status: 200 }))
// @ts-expect-error a number
threaded('./handler.js', { threads: 'all' })
// @ts-expect-error not a hub, nor a pool
metrics.watch(server)
