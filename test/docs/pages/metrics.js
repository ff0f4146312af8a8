// What docs/metrics.md counts.
import assert from 'node:assert/strict'
import { get } from 'httpkit-wasm'

const textOf = async (url, as) => (await get(url, { as: 'text', ...as })).body

export const checks = {
  async Prometheus({ metrics, inside }, { url }) {
    assert.equal(await textOf(`${url()}/shoes`), 'you asked for /shoes')
    const text = await textOf(`${url()}/metrics`)
    assert.match(text, /^httpkit_requests_total\{status="2xx",by="handler"\} [1-9]/m)
    assert.match(await textOf(`http://localhost:${inside.port}/`), /^httpkit_requests_total/m)
    assert.ok(metrics.snapshot().requests['2xx'] >= 2)
  },
  // All names in the table are those of an answer, and the other way round.
  async 'What is counted'({ metrics, shopMetrics }, { page }) {
    const numbers = { topics: 0, subscribers: 0, published: 0, delivered: 0, received: 0, lost: 0, missed: 0 }
    metrics.watch({ status: 'local', stats: () => numbers })()
    metrics.watch({ stats: () => ({ running: 0, queued: 0 }) })()
    const { body } = await metrics.handler({ headers: {} })
    const types = Object.fromEntries(
      Array.from(body.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, ...pair]) => pair),
    )
    const rows = Array.from(page.matchAll(/^\| (`httpkit_.+?) \| (counter|gauge|histogram) \|/gm))
    const told = rows.flatMap(([, names, type]) =>
      Array.from(names.matchAll(/`(\w+)`/g), ([, name]) => [name, type]),
    )
    assert.deepEqual(Object.fromEntries(told), types)
    const { bounds } = metrics.snapshot().duration
    assert.ok(page.includes(`${bounds.slice(0, -1).join(', ')} and ${bounds.at(-1)}`))
    assert.match((await shopMetrics.handler({ headers: {} })).body, /^shop_http_requests_total/m)
  },
  async 'Hubs and threads'({ metrics, unwatch, hub }) {
    hub.publish('news', 'hello')
    assert.equal(metrics.snapshot().hub.published, 1)
    unwatch()
    assert.equal(metrics.snapshot().hub.published, 1)
  },
  async 'A registry of your own'({ ours, orders }) {
    orders.inc()
    const { body } = await ours.handler({ headers: {} })
    assert.match(body, /^orders_total 1$/m)
    assert.match(body, /^httpkit_connections 0$/m)
  },
  async 'Processes of a cluster'({ allWorkers }) {
    assert.equal((await get(`http://localhost:${allWorkers.port}/`)).status, 200)
  },
  async OpenTelemetry({ provider, measured }) {
    const { dir } = console
    const told = []
    console.dir = ({ descriptor }) => told.push(descriptor.name)
    measured.requestEnded(200, false, true, performance.now())
    await provider.shutdown()
    console.dir = dir
    assert.ok(told.includes('http.server.request.duration'))
  },
  'Numbers for your own code'(_, { printed }) {
    assert.match(printed.at(-2), /^\d+ answered, 0 failed, 0 in flight$/)
    assert.match(printed.at(-1), /^\d+\.\d ms on average$/)
  },
}
