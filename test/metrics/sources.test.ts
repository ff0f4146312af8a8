// One metrics for many: servers that come and go, hubs, handlers on threads.

import { describe, expect, it } from 'vitest'
import { createHub } from '../../src/hub.js'
import { type CountedServer, createMetrics } from '../../src/metrics.js'
import { newWorker, type RingResponse } from '../../src/server.js'
import { ensureBuilt } from '../support/built.js'
import { connectPeer, serve } from '../support/raw-peer.js'
import { get, servePool } from '../support/threads-pool.js'
import { until } from '../support/waiting.js'

ensureBuilt()

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const hubNumbers = { topics: 1, subscribers: 2, published: 3, delivered: 4, received: 5, lost: 6, missed: 7 }

describe('servers', () => {
  it('are added up; the totals of one that has stopped stay', async () => {
    const metrics = createMetrics()
    const [one, other] = [await serve(() => ({}), { metrics }), await serve(() => ({}), { metrics })]
    const answers: number[] = []
    for (const { port } of [one, other]) {
      const peer = await connectPeer(port)
      const [answer] = await peer.send(request).responses(1)
      answers.push(answer!.status)
    }
    const { bytesOut } = one.stats()
    expect(metrics.snapshot()).toMatchObject({
      connections: 2,
      requests: { '2xx': 2 },
      bytesIn: 2 * request.length,
      bytesOut: 2 * bytesOut,
    })
    await one.stop()
    expect(metrics.snapshot()).toMatchObject({ connections: 1, bytesIn: 2 * request.length })
    await other.stop()
    expect(metrics.snapshot()).toMatchObject({
      connections: 0,
      requests: { '2xx': 2 },
      bytesIn: 2 * request.length,
      bytesOut: 2 * bytesOut,
    })
  })

  it('are not held when they have stopped, nor when they could not start', async () => {
    const metrics = createMetrics()
    let asked = 0
    const server: CountedServer = {
      stats: () => {
        asked++
        return { connections: 1, websockets: 0, inFlight: 0, queued: 0, bytesIn: 5, bytesOut: 6 }
      },
    }
    metrics.serverStarted(server)
    metrics.serverStopped(server)
    const before = asked
    expect(metrics.snapshot()).toMatchObject({ connections: 0, bytesIn: 5, bytesOut: 6 })
    metrics.serverStopped(server)
    expect(metrics.snapshot().bytesIn).toBe(5)
    expect(asked).toBe(before)
    const { port } = await serve(() => ({}))
    await expect(serve(() => ({}), { port, metrics })).rejects.toThrow(/EADDRINUSE/)
    expect(metrics.snapshot().connections).toBe(0)
  })

  it('stop though a pool of the user’s cannot be asked any more', async () => {
    const metrics = createMetrics()
    let isGone = false
    const pool = newWorker()
    const workerPool = {
      run: pool.run.bind(pool),
      stats: () => {
        if (isGone) throw new Error('gone')
        return pool.stats()
      },
    }
    const server = await serve(() => ({}), { metrics, workerPool })
    isGone = true
    await server.stop()
    expect(metrics.snapshot().queued).toBe(0)
  })
})

describe('watch', () => {
  it('adds a hub’s numbers and its status; its totals stay when it is left', () => {
    const metrics = createMetrics()
    expect(metrics.snapshot().hub).toBeUndefined()
    const unwatch = metrics.watch({ status: 'connected', stats: () => ({ ...hubNumbers, duplicates: 9 }) })
    const hub = { status: 'local', stats: () => hubNumbers }
    metrics.watch(hub)
    metrics.watch(hub)
    const doubled = Object.fromEntries(Object.entries(hubNumbers).map(([name, value]) => [name, 2 * value]))
    const none = { local: 0, connecting: 0, connected: 0, disconnected: 0, closed: 0 }
    expect(metrics.snapshot().hub).toEqual({ ...doubled, statuses: { ...none, connected: 1, local: 1 } })
    unwatch()
    unwatch()
    expect(metrics.snapshot().hub).toEqual({
      ...doubled,
      topics: 1,
      subscribers: 2,
      statuses: { ...none, local: 1 },
    })
  })

  it('counts the totals of one that comes back once, and has it until whoever watches it last leaves it', () => {
    const metrics = createMetrics()
    const numbers = { ...hubNumbers, published: 100 }
    const hub = { status: 'local', stats: () => numbers }
    metrics.watch(hub)()
    numbers.published = 130
    const leave = [metrics.watch(hub), metrics.watch(hub)]
    expect(metrics.snapshot().hub).toMatchObject({ published: 130, topics: hubNumbers.topics })
    leave[0]!()
    leave[0]!()
    expect(metrics.snapshot().hub).toMatchObject({ published: 130, topics: hubNumbers.topics })
    leave[1]!()
    expect(metrics.snapshot().hub).toMatchObject({ published: 130, topics: 0 })
  })

  it('reads a hub as createHub makes it', async () => {
    const metrics = createMetrics()
    const hub = createHub()
    metrics.watch(hub)
    const channel = { isOpen: true, send: () => true }
    hub.subscribe(channel, 'news')
    hub.publish('news', 'hello')
    hub.publish('nobody’s', 'hello')
    expect(metrics.snapshot().hub).toMatchObject({
      subscribers: 1,
      published: 2,
      delivered: 1,
      received: 0,
      lost: 0,
      missed: 0,
      statuses: { local: 1, closed: 0 },
    })
    await hub.close()
    expect(metrics.snapshot().hub!.statuses).toMatchObject({ local: 0, closed: 1 })
  })

  it('reads a handler on threads, and a server has how long its calls waited', async () => {
    const metrics = createMetrics()
    const { server, handler, release } = await servePool({ threads: 1 }, { metrics })
    await handler.ready
    metrics.watch(handler)
    const peers = await Promise.all([connectPeer(server.port), connectPeer(server.port)])
    for (const peer of peers) peer.send(get('/hold'))
    await until(() => metrics.snapshot().threads!.queued === 1)
    expect(metrics.snapshot()).toMatchObject({ queued: 1, threads: { threads: 1, running: 1, completed: 0 } })
    expect(metrics.snapshot().queueWait.count).toBe(1)
    release()
    await Promise.all(peers.map((peer) => peer.response()))
    const { threads, queueWait, queued } = metrics.snapshot()
    expect({ ...threads, count: queueWait.count, inAll: queued }).toEqual({
      threads: 1,
      running: 0,
      queued: 0,
      completed: 2,
      count: 2,
      inAll: 0,
    })
  })

  it('counts once what waits for a pool that two servers have in common', async () => {
    const metrics = createMetrics()
    const workerPool = newWorker({ thread: 1 })
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const handler = (): Promise<RingResponse> => held.then(() => ({}))
    const servers = [
      await serve(handler, { metrics, workerPool }),
      await serve(handler, { metrics, workerPool }),
    ]
    const peers = await Promise.all([0, 1, 0].map((at) => connectPeer(servers[at]!.port)))
    for (const peer of peers) peer.send(get('/'))
    await until(() => metrics.snapshot().inFlight === 3)
    expect(metrics.snapshot().queued).toBe(2)
    release()
    for (const peer of peers) expect((await peer.response()).status).toBe(200)
  })

  it('adds a worker pool’s', async () => {
    const metrics = createMetrics()
    const pool = newWorker({ thread: 1 })
    const unwatch = metrics.watch(pool)
    let release = (): void => {}
    const first = pool.run(() => new Promise<void>((resolve) => (release = resolve)))
    const second = pool.run(() => {})
    expect(metrics.snapshot().threads).toEqual({ running: 1, queued: 1, threads: 0, completed: 0 })
    release()
    await Promise.all([first, second])
    await until(() => pool.stats().running === 0)
    expect(metrics.snapshot().threads).toMatchObject({ running: 0, queued: 0 })
    unwatch()
    expect(metrics.snapshot().threads).toMatchObject({ running: 0 })
  })

  it('takes nothing else', () => {
    const metrics = createMetrics()
    for (const source of [undefined, {}, { stats: () => ({}) }, 5])
      expect(() => metrics.watch(source as never)).toThrow(TypeError)
  })
})
