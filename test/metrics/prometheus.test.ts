// Prometheus' text: what it says is what was done, promtool has nothing to complain of, and nothing a client sends is in it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHub } from '../../src/hub.js'
import { createMetrics, type Metrics } from '../../src/metrics.js'
import { asChannel, type Handler, type HttpServer, runServer } from '../../src/server.js'
import { complaintsOf, hasPromtool, readMetrics } from '../support/metrics-text.js'
import { freePort } from '../support/nginx.js'
import { hasProgram, start, temporaryFolder } from '../support/programs.js'
import { connectPeer, serve } from '../support/raw-peer.js'
import { connectRawWebSocket } from '../support/raw-websocket.js'
import { until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const OPEN = 'application/openmetrics-text'
const byPrometheus = `${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`

const handlerWith =
  (metrics: Metrics): Handler =>
  (req) => {
    if (req.uri === '/metrics') return metrics.handler(req)
    return req.websocket || req.uri === '/poll' ? asChannel(req, {}) : { body: 'hello' }
  }

const metrics = createMetrics({ buckets: [0.5, 1] })
let server: HttpServer
const scrape = async (port: number, fields = ''): Promise<{ type: string; text: string }> => {
  const peer = await connectPeer(port)
  const answer = await peer.send(get('/metrics', `${fields}Connection: close\r\n`)).response()
  expect(answer.status).toBe(200)
  await peer.ended()
  return { type: answer.header('Content-Type')!, text: answer.text }
}

beforeAll(async () => {
  server = await runServer(handlerWith(metrics), { ip: '127.0.0.1', port: 0, thread: 100, metrics })
})
afterAll(() => server.stop())

it('says what was done', async () => {
  const peer = await connectPeer(server.port)
  const sent = get().repeat(3)
  const received = (await peer.send(sent).responses(3)).length
  const polling = await connectPeer(server.port)
  polling.send(get('/poll'))
  const socket = await connectRawWebSocket(server.port)
  await (await connectPeer(server.port)).send('nonsense\r\n\r\n').response()
  await until(() => metrics.snapshot().channels === 1 && metrics.snapshot().duration.count === 5)
  const { bytesIn, bytesOut } = server.stats()
  const { sum } = metrics.snapshot().duration
  const { type, text } = await scrape(server.port)
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
  const { values, types } = readMetrics(text)
  expect(received).toBe(3)
  expect(values).toMatchObject({
    'httpkit_requests_total{status="2xx",by="handler"}': 3,
    'httpkit_requests_total{status="1xx",by="handler"}': 1,
    'httpkit_requests_total{status="4xx",by="server"}': 1,
    'httpkit_requests_total{status="5xx",by="server"}': 0,
    httpkit_requests_aborted_total: 0,
    // The poll, and the one that asks.
    httpkit_requests_in_flight: 2,
    'httpkit_request_duration_seconds_bucket{le="0.5"}': 5,
    'httpkit_request_duration_seconds_bucket{le="1"}': 5,
    'httpkit_request_duration_seconds_bucket{le="+Inf"}': 5,
    httpkit_request_duration_seconds_count: 5,
    httpkit_request_duration_seconds_sum: sum,
    httpkit_connections_refused_total: 0,
    'httpkit_channels{kind="websocket"}': 1,
    'httpkit_channels{kind="http"}': 1,
    httpkit_queue_length: 0,
    // Five that reached the handler, and the one that asks.
    httpkit_queue_wait_seconds_count: 6,
    httpkit_queue_wait_seconds_sum: 0,
    httpkit_sent_bytes_total: bytesOut,
    httpkit_received_bytes_total: bytesIn + get('/metrics', 'Connection: close\r\n').length,
  })
  expect(types).toEqual({
    httpkit_requests_total: 'counter',
    httpkit_requests_aborted_total: 'counter',
    httpkit_request_duration_seconds: 'histogram',
    httpkit_requests_in_flight: 'gauge',
    httpkit_received_bytes_total: 'counter',
    httpkit_sent_bytes_total: 'counter',
    httpkit_connections: 'gauge',
    httpkit_connections_refused_total: 'counter',
    httpkit_channels: 'gauge',
    httpkit_queue_length: 'gauge',
    httpkit_queue_wait_seconds: 'histogram',
  })
  socket.tcp.reset()
  polling.reset()
})

it('adds up the buckets: each holds what those below it hold', async () => {
  const own = createMetrics({ buckets: [1, 2, 4] })
  for (const seconds of [0.5, 1.5, 1.6, 3, 5, 6])
    own.requestEnded(200, false, true, performance.now() - seconds * 1000)
  const { port } = await serve(own.handler)
  const { values } = readMetrics((await scrape(port)).text)
  const buckets = Object.entries(values).filter(([key]) => key.startsWith('httpkit_request_duration'))
  expect(buckets.slice(0, 4).map(([, value]) => value)).toEqual([1, 3, 4, 6])
  expect(buckets[4]![1]).toBeCloseTo(17.6)
})

describe('the parsers of Prometheus', () => {
  it.skipIf(!hasPromtool && !process.env.CI)('promtool has nothing to complain of', async () => {
    const all = createMetrics()
    const topics = { topics: 1, subscribers: 2, published: 3, delivered: 4, received: 5, lost: 6, missed: 7 }
    all.watch({ status: 'connected', stats: () => topics })
    all.watch({ stats: () => ({ running: 1, queued: 2 }) })
    const { port } = await serve(handlerWith(all), { metrics: all })
    await (await connectPeer(port)).send(get()).response()
    const { text } = await scrape(port)
    expect(Object.keys(readMetrics(text).types)).toHaveLength(11 + 8 + 4)
    expect(await complaintsOf(text)).toBe('')
    expect(await complaintsOf(text.replace('httpkit_requests_total', 'httpkit_requests'))).not.toBe('')
  })

  it.skipIf(!hasProgram('prometheus') && !process.env.CI)(
    'Prometheus itself asks for OpenMetrics, is answered so, and has our numbers',
    async () => {
      const own = createMetrics()
      const types: unknown[] = []
      const { port } = await serve(
        async (req) => {
          const answer = await handlerWith(own)(req)
          if (req.uri === '/metrics') types.push(answer.headers?.['Content-Type'])
          return answer
        },
        { metrics: own },
      )
      await (await connectPeer(port)).send(get().repeat(7)).responses(7)
      const ask = await startPrometheus(port)
      // Prometheus counts itself among the 2xx.
      const answered = 'httpkit_requests_total{status="2xx",by="handler"}'
      const giveUpAt = performance.now() + 15_000
      while (!((await ask(answered)) >= 7) && performance.now() < giveUpAt) await sleep(20)
      expect(await ask(answered)).toBeGreaterThanOrEqual(7)
      expect(await ask('up')).toBe(1)
      expect(await ask('httpkit_request_duration_seconds_bucket{le="+Inf"}')).toBeGreaterThanOrEqual(7)
      expect(types[0]).toBe(`${OPEN}; version=1.0.0; charset=utf-8`)
    },
  )
})

/** Has Prometheus read our metrics every 200 ms, once it has begun, which takes it 5 s. @returns asks it for a number */
async function startPrometheus(target: number) {
  const folder = temporaryFolder()
  const port = await freePort()
  const config = { global: { scrape_interval: '200ms', scrape_timeout: '200ms' } }
  const jobs = [{ job_name: 'httpkit', static_configs: [{ targets: [`127.0.0.1:${target}`] }] }]
  // YAML takes JSON.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ ...config, scrape_configs: jobs }))
  const program = start('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await program.prints(/Server is ready/, 'stderr')
  return async (query: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1])
  }
}

describe('content types', () => {
  const plain = 'text/plain; version=0.0.4; charset=utf-8'
  const open = `${OPEN}; version=1.0.0; charset=utf-8`
  it.each([
    [plain, undefined],
    [plain, '*/*'],
    [plain, 'text/plain;version=0.0.4'],
    [plain, `${OPEN};q=0`],
    [plain, `text/plain, ${OPEN};q=0.5`],
    [open, byPrometheus],
    [open, OPEN.toUpperCase()],
    [open, `text/plain;q=0.5, ${OPEN};version=1.0.0;q=0.6`],
  ])('are %s for Accept: %s', async (type, accept) => {
    const answer = await scrape(server.port, accept === undefined ? '' : `Accept: ${accept}\r\n`)
    expect(answer.type).toBe(type)
    expect(answer.text.endsWith('# EOF\n')).toBe(type === open)
    expect(answer.text).toMatch(/^httpkit_requests_total\{status="2xx",by="handler"\} \d+$/m)
    expect(answer.text).toMatch(
      type === open ? /^# TYPE httpkit_requests counter/m : /_requests_total counter/,
    )
  })
})

describe('labels', () => {
  it('have no value that a client sent, whatever it sends', async () => {
    const own = createMetrics()
    const { port } = await serve(handlerWith(own), { metrics: own })
    for (const bytes of [
      'ODDITY /oddity?oddity HTTP/1.1\r\nHost: oddity.example\r\nUser-Agent: oddity\r\nOddity: oddity\r\n\r\n',
      'GET /oddity HTTP/1.1\r\nHost: oddity\r\nAccept: oddity\r\nTraceparent: oddity\r\n\r\n',
      'oddity\r\n\r\n',
    ]) {
      await (await connectPeer(port)).send(bytes).response()
    }
    const { text } = await scrape(port)
    expect(text).not.toMatch(/oddity/i)
    const { labels } = readMetrics(text)
    expect(Object.keys(labels).sort()).toEqual(['by', 'kind', 'le', 'status'])
    expect([...labels.status!]).toEqual(['none', '1xx', '2xx', '3xx', '4xx', '5xx'])
    expect([...labels.by!]).toEqual(['handler', 'server'])
  })
})

describe("a registry of the user's", () => {
  it('has our metrics beside its own, with its default labels, and is what the handler answers', async () => {
    const register = new Registry()
    register.setDefaultLabels({ app: 'shop' })
    const orders = new Counter({ name: 'orders_total', help: 'Orders', registers: [register] })
    const own = createMetrics({ register, prefix: 'shop_http_' })
    const { port } = await serve(handlerWith(own), { metrics: own })
    orders.inc(2)
    await (await connectPeer(port)).send(get()).response()
    const { text } = await scrape(port, `Accept: ${byPrometheus}\r\n`)
    expect(readMetrics(text).values).toMatchObject({
      'orders_total{app="shop"}': 2,
      'shop_http_requests_total{status="2xx",by="handler",app="shop"}': 1,
      'shop_http_request_duration_seconds_bucket{le="+Inf",app="shop"}': 1,
    })
    expect(await register.metrics()).toContain('shop_http_channels{kind="http",app="shop"} 0')
    register.resetMetrics()
    expect(await register.getSingleMetricAsString('shop_http_requests_total')).toContain(
      'by="handler",app="shop"} 2',
    )
  })

  it('answers as OpenMetrics where it was told to, time and again', async () => {
    const register = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>()
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const own = createMetrics({ register })
    const { port } = await serve(own.handler)
    for (let time = 0; time < 2; time++) {
      const { type, text } = await scrape(port)
      expect(type).toBe(Registry.OPENMETRICS_CONTENT_TYPE)
      expect(text).toMatch(/^# TYPE httpkit_requests counter\nhttpkit_requests_total\{/m)
    }
  })

  it('has no two metrics of one name', () => {
    const register = new Registry()
    createMetrics({ register })
    expect(() => createMetrics({ register })).toThrow(/httpkit_requests_total has already been registered/)
    createMetrics({ register, prefix: 'admin_' })
  })

  it('is taken into a registry whole or not at all', () => {
    const register = new Registry()
    register.registerMetric(new Gauge({ name: 'httpkit_connections', help: 'mine', registers: [] }))
    expect(() => createMetrics({ register })).toThrow(/httpkit_connections has already been registered/)
    expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(['httpkit_connections'])
    register.clear()
    createMetrics({ register })
  })

  it('is read anew when something more is watched', async () => {
    const register = new Registry()
    const all = createMetrics({ register })
    const before = register.metrics()
    all.watch(createHub())
    expect(await register.metrics()).toContain('httpkit_hub_status')
    await before
  })

  it('has the hubs and the pools from when the first is watched, once', async () => {
    const register = new Registry()
    const own = createMetrics({ register })
    expect(register.getSingleMetric('httpkit_hub_topics')).toBeUndefined()
    const hub = () => ({
      topics: 1,
      subscribers: 2,
      published: 3,
      delivered: 4,
      received: 5,
      lost: 6,
      missed: 7,
    })
    for (const status of ['connected', 'disconnected']) own.watch({ status, stats: hub })
    for (const running of [1, 2]) own.watch({ stats: () => ({ running, queued: 0 }) })
    expect(readMetrics(await register.metrics()).values).toMatchObject({
      'httpkit_hub_status{status="connected"}': 1,
      'httpkit_hub_status{status="disconnected"}': 1,
      'httpkit_hub_status{status="closed"}': 0,
      httpkit_hub_topics: 2,
      httpkit_hub_lost_messages_total: 12,
      httpkit_threads_running: 3,
    })
  })

  it('takes no prefix that a name cannot begin with', () => {
    for (const prefix of ['1_', 'a-', 'ä_', 'a b']) expect(() => createMetrics({ prefix })).toThrow(TypeError)
  })

  it('is summed up over the processes of a cluster by AggregatorRegistry', async () => {
    const answers = await Promise.all(
      [1, 2].map(async (requests) => {
        const register = new Registry()
        const own = createMetrics({ register, buckets: [1] })
        for (let n = 0; n < requests; n++) own.requestEnded(200, false, true, performance.now())
        own.channelOpened()
        return JSON.parse(JSON.stringify(await register.getMetricsAsJSON())) as object
      }),
    )
    const text = await AggregatorRegistry.aggregate(answers as object[]).metrics()
    expect(readMetrics(text).values).toMatchObject({
      'httpkit_requests_total{status="2xx",by="handler"}': 3,
      'httpkit_request_duration_seconds_bucket{le="1"}': 3,
      httpkit_request_duration_seconds_count: 3,
      'httpkit_channels{kind="http"}': 2,
    })
  })
})
