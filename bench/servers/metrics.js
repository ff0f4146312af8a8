// This library saying hello, and counting it as METRICS says: off, on, or told to OpenTelemetry too, whose SDK reads all
// instruments once a second and sends them nowhere. Its numbers are at /metrics.

import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { runServer } from 'httpkit-wasm'
import { createMetrics } from 'httpkit-wasm/metrics'
import { helloText, listening, port, textType } from './answers.js'

const text = { 'Content-Type': textType }
const kind = process.env.METRICS
const metrics = kind === 'off' ? undefined : createMetrics({ meter: kind === 'otel' ? meter() : undefined })

const handler = (request) =>
  request.uri === '/metrics' ? metrics.handler(request) : { headers: text, body: helloText }

const server = await runServer(handler, { port, ip: '127.0.0.1', metrics })
listening(server.port)

function meter() {
  const exporter = {
    export: (_, done) => done({ code: 0 }),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1000 })
  return new MeterProvider({ readers: [reader] }).getMeter('bench')
}
