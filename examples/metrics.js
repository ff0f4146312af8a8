// What the server counts, as the text that Prometheus reads. serve.js hands the same object to runServer; live.js draws it.

import { createMetrics } from 'httpkit-wasm/metrics'

export const title = 'Metrics'
export const path = '/metrics'
export const sentence = 'What this server has counted, for Prometheus to collect.'
export const curl = ['curl http://localhost:8090/metrics']

// Seconds. Most answers here take less than a millisecond: that is where the chart looks closely.
const buckets = [
  50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1, 2, 5, 10,
]

export const metrics = createMetrics({ buckets })

export const handler = (req) => metrics.handler(req)
