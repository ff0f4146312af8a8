// Requests that wait for a thread: how many may, who counts them, and what becomes of those whose clients leave.
import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { ask, connectPeer, eventually, type RawPeer } from '../support/raw-peer.js'
import { get, post, SEEN, servePool } from '../support/threads-pool.js'
import { until } from '../support/waiting.js'

ensureBuilt()

it('lets so many wait, and answers 503 with Retry-After to the next', async () => {
  // Middleware, and routing, are between the server and the pool.
  const wrap =
    (handler: Parameters<Parameters<typeof servePool>[2] & {}>[0]) =>
    async (req: Parameters<typeof handler>[0]) =>
      handler({ ...req })
  const { server, handler, shared, release } = await servePool({ queueSize: 2 }, {}, wrap)
  const peers: RawPeer[] = []
  for (let count = 0; count < 3; count++) peers.push((await connectPeer(server.port)).send(get('/hold')))
  await eventually(() => handler.stats()).toEqual({
    threads: 1,
    running: 1,
    queued: 2,
    streaming: 0,
    completed: 0,
  })
  expect(server.stats().queued).toBe(2)
  const refused = await ask(server.port, get('/hold'))
  expect([refused.status, refused.header('retry-after')]).toEqual([503, '1'])
  expect(server.stats()).toMatchObject({ queued: 2, rejected: 1, inFlight: 3 })
  release()
  for (const peer of peers) expect((await peer.response()).status).toBe(200)
  expect(handler.stats()).toMatchObject({ running: 0, queued: 0, completed: 3 })
  expect(server.stats().queued).toBe(0)
  expect(shared[SEEN]).toBe(3)
  expect(server.errors).toEqual([])
})

it('lets nobody wait where queueSize is 0', async () => {
  const { server, handler, release } = await servePool({ queueSize: 0 })
  const peer = (await connectPeer(server.port)).send(get('/hold'))
  await eventually(() => handler.stats().running).toBe(1)
  expect((await ask(server.port, get('/thread'))).status).toBe(503)
  release()
  expect((await peer.response()).status).toBe(200)
})

const leaves: [how: string, leave: (peer: RawPeer) => void][] = [
  ['closes its connection', (peer) => peer.destroy()],
  ['resets it', (peer) => peer.reset()],
]

it.each(leaves)('takes a request out of the queue whose client %s, and never runs it', async (_, leave) => {
  const { server, handler, shared, release } = await servePool({ queueSize: 1 })
  const first = (await connectPeer(server.port)).send(get('/hold'))
  await until(() => shared[SEEN] === 1)
  const second = (await connectPeer(server.port)).send(get('/hold'))
  await eventually(() => handler.stats().queued).toBe(1)
  leave(second)
  await eventually(() => handler.stats().queued).toBe(0)
  const third = (await connectPeer(server.port)).send(get('/thread'))
  await eventually(() => handler.stats().queued).toBe(1)
  release()
  expect((await first.response()).status).toBe(200)
  expect((await third.response()).status).toBe(200)
  expect(shared[SEEN]).toBe(1)
  expect(server.errors).toEqual([])
})

it.each(leaves)(
  'tells a handler that computes that its client %s, and leaves its thread alone',
  async (_, leave) => {
    const { server, shared } = await servePool()
    const thread = (await ask(server.port, get('/thread'))).text
    const peer = (await connectPeer(server.port)).send(post('/until-gone', 'Content-Length: 3', 'abc'))
    await until(() => shared[SEEN] === 1)
    leave(peer)
    await until(() => shared[SEEN] === 2)
    expect((await ask(server.port, get('/thread'))).text).toBe(thread)
    expect(server.errors).toEqual([])
  },
)

it('runs as many calls at once as there are threads, each with so many', async () => {
  const { server, handler, shared, release } = await servePool({ threads: 2, concurrency: 2 })
  const held = [await connectPeer(server.port), await connectPeer(server.port)]
  for (const peer of held) peer.send(get('/hold'))
  // Both threads are held, so that neither call shares one.
  await until(() => shared[SEEN] === 2)
  const others = await Promise.all([1, 2, 3].map(() => connectPeer(server.port)))
  for (const peer of others) peer.send(get('/thread'))
  await eventually(() => handler.stats()).toMatchObject({ threads: 2, running: 4, queued: 1 })
  release()
  for (const peer of [...held, ...others]) expect((await peer.response()).status).toBe(200)
})
