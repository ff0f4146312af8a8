// node:cluster: prom-client's AggregatorRegistry adds up what the workers' metrics say.

import { expect, it } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'
import { readMetrics } from '../support/metrics-text.js'
import { start } from '../support/programs.js'
import { connectPeer } from '../support/raw-peer.js'

const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

it('the primary has the sums of all workers', async () => {
  ensureBuilt()
  const program = start(process.execPath, [`${root}test/support/metrics-cluster.mjs`])
  const [, port, sums] = await program.prints(/serving (\d+), sums (\d+)/)
  const workers = new Set<string>()
  let asked = 0
  for (; workers.size < 2 && asked < 100; asked++) {
    const peer = await connectPeer(Number(port))
    workers.add((await peer.send(request).response()).text)
    await peer.ended()
  }
  expect(workers.size).toBe(2)
  const { text } = await (await connectPeer(Number(sums))).send(request).response()
  const { values } = readMetrics(text)
  expect(values).toMatchObject({
    'httpkit_requests_total{status="2xx",by="handler"}': asked,
    'httpkit_request_duration_seconds_bucket{le="+Inf"}': asked,
    httpkit_received_bytes_total: asked * request.length,
  })
})
