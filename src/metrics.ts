// httpkit-wasm/metrics: what servers, hubs and threads count, for Prometheus and OpenTelemetry.
export { createMetrics, type Metrics, type MetricsOptions } from './metrics/create-metrics.js'
export type { HistogramSnapshot } from './metrics/histogram.js'
export type { OpenTelemetryMeter } from './metrics/open-telemetry.js'
export type { PrometheusRegistry } from './metrics/prometheus.js'
export type {
  ByStatus,
  CountedHub,
  CountedPool,
  HubNumbers,
  MetricsSnapshot,
  ThreadNumbers,
} from './metrics/tally.js'
export type { CountedServer, ServerMetrics } from './ring/server-metrics.js'
