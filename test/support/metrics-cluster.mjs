// Two workers behind one port, each with metrics in prom-client's own registry, and a primary that serves their sums: prints both
// ports when all are there.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { runServer } from 'httpkit-wasm'
import { createMetrics } from 'httpkit-wasm/metrics'
import { AggregatorRegistry, register } from 'prom-client'

const address = { ip: '127.0.0.1', port: 0 }
const aggregator = new AggregatorRegistry()

if (cluster.isPrimary) {
  const handler = async () => ({ body: await aggregator.clusterMetrics() })
  const workers = [cluster.fork(), cluster.fork()]
  const [[{ port }]] = await Promise.all(workers.map((worker) => once(worker, 'message')))
  const sums = await runServer(handler, address)
  console.log(`serving ${port}, sums ${sums.port}`)
} else {
  const metrics = createMetrics({ register })
  const { port } = await runServer(() => ({ body: `${process.pid}` }), { ...address, metrics })
  process.send({ port })
}
