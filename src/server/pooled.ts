// A handler behind a worker pool: its calls wait for their turn, and how long they did is counted where somebody counts.
import { quietly } from '../io/quietly.js'
import type { Handler, RingRequest } from '../ring/contract.js'
import type { ServerMetrics } from '../ring/server-metrics.js'
import type { WorkerPool } from '../ring/worker.js'

export function pooled(handler: Handler, pool: WorkerPool, metrics: ServerMetrics | undefined): Handler {
  // A client that has gone while its request waited needs no answer.
  const call = (request: RingRequest) => (request.asyncChannel.isOpen ? handler(request) : {})
  if (metrics === undefined) return (request) => pool.run(() => call(request))
  return (request) => {
    let hasBegun = false
    let waitsFrom = 0
    const answer = pool.run(() => {
      hasBegun = true
      quietly(() => metrics.callWaited(waitsFrom === 0 ? 0 : performance.now() - waitsFrom))
      return call(request)
    })
    if (!hasBegun) waitsFrom = performance.now()
    return answer
  }
}
