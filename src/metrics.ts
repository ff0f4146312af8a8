// httpkit-wasm/metrics: what servers and hubs count, for Prometheus and OpenTelemetry.
export { createMetrics } from './metrics/create-metrics.js'
