// OpenTelemetry: its own SDK reads our instruments, under the names of its HTTP conventions.

import { metrics as api } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMetrics } from '../../src/metrics.js'
import { asChannel } from '../../src/server.js'
import { connectPeer, serve } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: oddity\r\n\r\n`

interface Point {
  attributes: object
  value: unknown
}

function provider() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => provider.shutdown())
  const read = async () => {
    exporter.reset()
    await provider.forceFlush()
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    const metrics = all.flatMap(({ metrics }) => metrics)
    return {
      scopes: all.map(({ scope }) => scope.name),
      units: Object.fromEntries(metrics.map(({ descriptor }) => [descriptor.name, descriptor.unit])),
      points: Object.fromEntries(
        metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as Point[]]),
      ),
    }
  }
  return { provider, read }
}

describe('a meter', () => {
  it('has the numbers and the durations, by status and by nothing that a client sent', async () => {
    const { provider: meters, read } = provider()
    const metrics = createMetrics({ meter: meters.getMeter('shop'), buckets: [0.5, 1] })
    const gate = deferred()
    const server = await serve(
      async (req) => {
        if (req.uri === '/poll') return asChannel(req, {})
        if (req.uri === '/broken') throw new Error('broken')
        if (req.uri === '/wait') await gate.promise
        return req.uri === '/none' ? { status: 404 } : { body: 'ok' }
      },
      { metrics, thread: 2 },
    )
    const peer = await connectPeer(server.port)
    await peer.send(get().repeat(3) + get('/none') + get('/broken')).responses(5)
    const leaving = await connectPeer(server.port)
    leaving.send(get('/wait'))
    await until(() => metrics.snapshot().inFlight === 1)
    leaving.reset()
    await until(() => metrics.snapshot().inFlight === 0)
    const polling = await connectPeer(server.port)
    polling.send(get('/poll'))
    await until(() => metrics.snapshot().channels === 1)
    const { points, units, scopes } = await read()
    expect(scopes).toEqual(['shop'])
    expect(units).toEqual({
      'http.server.request.duration': 's',
      'httpkit.queue.wait': 's',
      'http.server.active_requests': '{request}',
      'httpkit.received': 'By',
      'httpkit.sent': 'By',
      'httpkit.connections': '{connection}',
      'httpkit.connections.refused': '{connection}',
      'httpkit.channels': '{channel}',
      'httpkit.queue.length': '{call}',
    })
    const durations = points['http.server.request.duration']!.map(({ attributes, value }) => {
      const { count, buckets } = value as { count: number; buckets: { boundaries: number[] } }
      expect(buckets.boundaries).toEqual([0.5, 1])
      return [attributes, count]
    })
    expect(durations).toEqual([
      [{ 'http.response.status_code': 200 }, 3],
      [{ 'http.response.status_code': 404 }, 1],
      [{ 'http.response.status_code': 500, 'error.type': '500' }, 1],
      [{ 'error.type': 'aborted' }, 1],
    ])
    const numbers = Object.entries(points).filter(([name]) => units[name] !== 's')
    const { bytesIn, bytesOut } = server.stats()
    expect(
      Object.fromEntries(
        numbers.map(([name, all]) => [name, all.map(({ attributes, value }) => ({ ...attributes, value }))]),
      ),
    ).toEqual({
      'http.server.active_requests': [{ value: 1 }],
      'httpkit.received': [{ value: bytesIn }],
      'httpkit.sent': [{ value: bytesOut }],
      'httpkit.connections': [{ value: 2 }],
      'httpkit.connections.refused': [{ value: 0 }],
      'httpkit.channels': [
        { kind: 'websocket', value: 0 },
        { kind: 'http', value: 1 },
      ],
      'httpkit.queue.length': [{ value: 0 }],
    })
    expect((points['httpkit.queue.wait']![0]!.value as { count: number }).count).toBe(7)
    gate.resolve()
  })

  it('has the hub and the threads from when they are watched', async () => {
    const { provider: meters, read } = provider()
    const metrics = createMetrics({ meter: meters.getMeter('shop') })
    const numbers = { topics: 1, subscribers: 2, published: 3, delivered: 4, received: 5, lost: 6, missed: 7 }
    metrics.watch({ status: 'connected', stats: () => numbers })
    metrics.watch({ stats: () => ({ running: 1, queued: 2, threads: 3, completed: 4 }) })
    const { points } = await read()
    const value = (name: string) => points[name]![0]!.value
    expect(['topics', 'subscribers'].map((name) => value(`httpkit.hub.${name}`))).toEqual([1, 2])
    expect(
      ['published', 'delivered', 'received', 'lost', 'missed'].map((name) =>
        value(`httpkit.hub.messages.${name}`),
      ),
    ).toEqual([3, 4, 5, 6, 7])
    expect(['.running', '.queued', '', '.completed'].map((name) => value(`httpkit.threads${name}`))).toEqual([
      1, 2, 3, 4,
    ])
  })
})

it("is the process's own where `otel` is true", async () => {
  const { provider: meters, read } = provider()
  api.setGlobalMeterProvider(meters)
  onTestFinished(() => api.disable())
  const metrics = createMetrics({ otel: true })
  metrics.requestEnded(200, false, true, performance.now())
  const { points, scopes } = await read()
  expect(scopes).toEqual(['httpkit-wasm'])
  expect(points['http.server.request.duration']).toHaveLength(1)
})
