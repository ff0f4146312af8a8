// A client's connections, counted: how many there may be, who waits for one, in which order, and for how long.
import { describe, expect, test } from 'vitest'
import type { Client, RequestOptions } from '../../src/client.js'
import { closedPort } from '../support/recording-server.js'
import {
  answering,
  ok,
  type ScriptedConnection,
  type ScriptedServer,
  scriptedServer,
} from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { type Deferred, deferred, until } from '../support/waiting.js'

interface GatedServer {
  server: ScriptedServer
  /** Targets in the order in which they came. */
  targets: string[]
  /** Most requests at a time. */
  readonly most: number
  /** Answers the one for this path. */
  end(path: string): void
}

/** A server that answers a request when the test says so; paths in `open` at once. */
async function gatedServer(open: readonly string[] = []): Promise<GatedServer> {
  const gates = new Map<string, Deferred<void>>()
  const gateOf = (path: string): Deferred<void> => {
    if (!gates.has(path)) gates.set(path, deferred())
    return gates.get(path)!
  }
  const targets: string[] = []
  let [running, most] = [0, 0]
  const server = await scriptedServer(
    {},
    answering(async ({ target }) => {
      targets.push(target)
      most = Math.max(most, ++running)
      if (!open.includes(target)) await gateOf(target).promise
      running--
      return ok(target, ['Content-Type: text/plain'])
    }),
  )
  return {
    server,
    targets,
    get most() {
      return most
    },
    end: (path) => gateOf(path).resolve(),
  }
}

/** Requests for these paths, begun in their order. */
const ask = (client: Client, { server }: GatedServer, paths: string[], options: RequestOptions = {}) =>
  paths.map((path) => client.get(server.url(path), options))

describe('maxConnections', () => {
  test('is never passed, and those who wait come in the order in which they asked', async () => {
    const gated = await gatedServer()
    const client = testClient({ maxConnections: 2 })
    const paths = ['/0', '/1', '/2', '/3', '/4', '/5']
    const answers = ask(client, gated, paths)
    await until(() => gated.targets.length === 2)
    expect(client.stats()).toEqual({ connections: 2, idle: 0, active: 6, queued: 4, requests: 6 })
    for (const [index, path] of paths.entries()) {
      expect([...gated.targets].sort()).toEqual(paths.slice(0, index + 2))
      gated.end(path)
      expect((await answers[index]!).body).toBe(path)
      if (index < 4) await until(() => gated.targets.length === index + 3)
    }
    expect(gated.most).toBe(2)
    expect(gated.server.accepted).toBe(2)
    expect(client.stats()).toEqual({ connections: 2, idle: 2, active: 0, queued: 0, requests: 6 })
  })

  test('has no bound where none is given', async () => {
    const gated = await gatedServer()
    const client = testClient()
    const paths = Array.from({ length: 50 }, (_, index) => `/${index}`)
    const answers = ask(client, gated, paths)
    await until(() => gated.targets.length === 50)
    expect(client.stats()).toMatchObject({ connections: 50, active: 50, queued: 0 })
    for (const path of paths) gated.end(path)
    await Promise.all(answers)
  })

  test('counts the connections to all servers together, and keeps the order among them', async () => {
    const [one, other] = [await gatedServer(['/b', '/d']), await gatedServer(['/a', '/c'])]
    const order: string[] = []
    const client = testClient({ maxConnections: 1 })
    const first = client.get(one.server.url('/first'))
    await until(() => one.targets.length === 1)
    const rest = [
      ...[ask(client, other, ['/a']), ask(client, one, ['/b'])],
      ...[ask(client, other, ['/c']), ask(client, one, ['/d'])],
    ].flat()
    for (const answer of rest) void answer.then(({ body }) => order.push(body))
    one.end('/first')
    await Promise.all([first, ...rest])
    expect(order).toEqual(['/a', '/b', '/c', '/d'])
    expect(client.stats()).toMatchObject({ connections: 1 })
  })

  test('lets an idle connection to elsewhere go, to make room', async () => {
    const [one, other] = [await gatedServer(['/b']), await gatedServer(['/a'])]
    const client = testClient({ maxConnections: 2 })
    const both = ask(client, one, ['/0', '/1'])
    await until(() => one.targets.length === 2)
    for (const path of ['/0', '/1']) one.end(path)
    await Promise.all(both)
    expect(await client.get(other.server.url('/a'))).toMatchObject({ status: 200 })
    await until(() => one.server.open === 1)
    expect(client.stats()).toMatchObject({ connections: 2, idle: 2 })
    await client.get(one.server.url('/b'))
    expect(one.server.accepted).toBe(2)
  })

  test('does not let a connection go while one to the same place is idle', async () => {
    const [one, other] = [await gatedServer(['/a', '/c']), await gatedServer(['/b'])]
    const client = testClient({ maxConnections: 2 })
    await client.get(one.server.url('/a'))
    await client.get(other.server.url('/b'))
    await client.get(one.server.url('/c'))
    expect([one.server.accepted, other.server.accepted]).toEqual([1, 1])
    expect([one.server.open, other.server.open]).toEqual([1, 1])
  })

  test('waits for a connection that is used, and takes none from anybody', async () => {
    const [one, other] = [await gatedServer(), await gatedServer(['/b'])]
    const client = testClient({ maxConnections: 1 })
    const [first] = ask(client, one, ['/a'])
    await until(() => one.targets.length === 1)
    const second = client.get(other.server.url('/b'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(other.server.accepted).toBe(0)
    one.end('/a')
    expect((await first!).body).toBe('/a')
    expect((await second).body).toBe('/b')
  })

  test('counts a connection whose stream is being read', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('x'.repeat(8 << 20))),
    )
    const client = testClient({ maxConnections: 1 })
    const { body } = await client.get(server.url(), { as: 'stream' })
    const second = client.get(server.url('/b'), { as: 'none' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.stats()).toMatchObject({ connections: 1, active: 2, queued: 1 })
    expect((await new Response(body).arrayBuffer()).byteLength).toBe(8 << 20)
    expect((await second).status).toBe(200)
    expect(server.accepted).toBe(1)
  })
})

// Whatever becomes of a request, the next one gets its turn.
describe('the next in the queue gets its turn where the one before it', () => {
  type Play = (connection: ScriptedConnection) => unknown
  const says = (bytes: string) => (connection: ScriptedConnection) => connection.send(bytes)

  test.each<[string, string, Play, () => RequestOptions]>([
    ['is answered with garbage', 'ERR_PROTOCOL', says('garbage\r\n'), () => ({})],
    ['meets the end', 'ERR_CONNECTION_CLOSED', (connection) => connection.finish(), () => ({})],
    ['meets a reset', 'ERR_CONNECTION_CLOSED', (connection) => connection.reset(), () => ({})],
    ['gets half an answer', 'ERR_TIMEOUT_IDLE', says('HTTP/1.1 200 OK\r\n'), () => ({ idleTimeout: 50 })],
    ['gets no answer', 'ERR_DEADLINE', () => {}, () => ({ deadline: 50 })],
    ['is aborted', 'ERR_ABORTED', () => {}, () => ({ signal: AbortSignal.timeout(50) })],
  ])('%s', async (_, code, play, options) => {
    const server = await scriptedServer({}, async (connection) => {
      const { target } = await connection.request()
      if (target === '/first') return play(connection)
      connection.send(ok())
    })
    const client = testClient({ maxConnections: 1 })
    const first = client.get(server.url('/first'), options())
    const second = client.get(server.url('/second'))
    expect((await first).error).toMatchObject({ code })
    expect((await second).status).toBe(200)
    expect(client.stats()).toMatchObject({ connections: 1, active: 0, queued: 0 })
  })

  test('cannot connect', async () => {
    const gated = await gatedServer(['/'])
    const client = testClient({ maxConnections: 1 })
    const first = client.get(`http://127.0.0.1:${await closedPort()}/`)
    const second = client.get(gated.server.url('/'))
    expect((await first).error).toMatchObject({ code: 'ERR_CONNECT' })
    expect((await second).status).toBe(200)
  })

  test('cancels the stream of its answer', async () => {
    const gated = await gatedServer(['/'])
    const server = await scriptedServer(
      {},
      answering(() => ok('x'.repeat(8 << 20))),
    )
    const client = testClient({ maxConnections: 1 })
    const { body } = await client.get(server.url(), { as: 'stream' })
    const second = client.get(gated.server.url('/'))
    await body.cancel()
    expect((await second).status).toBe(200)
    await until(() => server.open === 0)
  })

  test('says Connection: close', async () => {
    const gated = await gatedServer(['/a', '/b'])
    const client = testClient({ maxConnections: 1 })
    const answers = [...ask(client, gated, ['/a'], { keepalive: -1 }), ...ask(client, gated, ['/b'])]
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['/a', '/b'])
    expect(gated.server.accepted).toBe(2)
  })
})

describe('the queue', () => {
  test('is as long as maxQueue, and refuses who comes then', async () => {
    const gated = await gatedServer()
    const client = testClient({ maxConnections: 1, maxQueue: 2 })
    const answers = ask(client, gated, ['/0', '/1', '/2', '/3'])
    expect((await answers[3]!).error).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(client.stats()).toMatchObject({ active: 3, queued: 2 })
    for (const path of ['/0', '/1', '/2']) gated.end(path)
    expect((await Promise.all(answers.slice(0, 3))).map(({ body }) => body)).toEqual(['/0', '/1', '/2'])
    expect(gated.targets).toEqual(['/0', '/1', '/2'])
    gated.end('/4')
    expect((await client.get(gated.server.url('/4'))).body).toBe('/4')
  })

  test('lets nobody wait where maxQueue is 0', async () => {
    const gated = await gatedServer()
    const client = testClient({ maxConnections: 1, maxQueue: 0 })
    const answers = ask(client, gated, ['/0', '/1'])
    expect((await answers[1]!).error).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    gated.end('/0')
    expect((await answers[0]!).body).toBe('/0')
  })

  /** One request that has the connection, and one with these options that waits for it. */
  async function waiting(options: RequestOptions) {
    const gated = await gatedServer(['/last'])
    const client = testClient({ maxConnections: 1 })
    const [first] = ask(client, gated, ['/first'])
    const start = performance.now()
    const [second] = ask(client, gated, ['/second'], options)
    const last = client.get(gated.server.url('/last'))
    const goOn = async () => {
      gated.end('/first')
      expect((await first!).body).toBe('/first')
      expect((await last).body).toBe('/last')
      expect(gated.targets).toEqual(['/first', '/last'])
    }
    return { client, second: second!, start, goOn, gated }
  }

  test.each([
    ['connectTimeout', 'ERR_TIMEOUT_CONNECT'],
    ['timeout', 'ERR_TIMEOUT_CONNECT'],
    ['deadline', 'ERR_DEADLINE'],
  ])('is left after %s, and not before; nothing is sent then', async (name, code) => {
    const { second, start, client, goOn } = await waiting({ [name]: 100 })
    expect((await second).error).toMatchObject({ code })
    expect(performance.now() - start).toBeGreaterThanOrEqual(100)
    expect(client.stats()).toMatchObject({ active: 2, queued: 1 })
    await goOn()
  })

  test('is left where the signal says so; nothing is sent then', async () => {
    const abort = new AbortController()
    const { second, client, goOn } = await waiting({ signal: abort.signal })
    await until(() => client.stats().queued === 2)
    const reason = new Error('no longer wanted')
    abort.abort(reason)
    const { error } = await second
    expect(error).toMatchObject({ code: 'ERR_ABORTED' })
    expect(error!.cause).toBe(reason)
    expect(client.stats()).toMatchObject({ active: 2, queued: 1 })
    await goOn()
  })

  test('does not count for idleTimeout', async () => {
    const { second, gated, start } = await waiting({ idleTimeout: 1500 })
    await until(() => performance.now() > start + 1700)
    for (const path of ['/first', '/second']) gated.end(path)
    expect((await second).body).toBe('/second')
  })

  test('is not entered by what is no good', async () => {
    const gated = await gatedServer()
    const client = testClient({ maxConnections: 1 })
    const [first] = ask(client, gated, ['/0'])
    const bad = await client.get(gated.server.url('/1'), { headers: { 'bad name': 'x' } })
    expect(bad.error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(client.stats()).toMatchObject({ queued: 0 })
    gated.end('/0')
    await first
  })

  test('takes ten thousand, and lets each go in its turn', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient({ maxConnections: 4 })
    const answers = Array.from({ length: 10_000 }, (_, index) => client.get(server.url(`/${index}`)))
    expect(client.stats().queued).toBeGreaterThan(9000)
    const statuses = new Set((await Promise.all(answers)).map(({ status }) => status))
    expect([...statuses]).toEqual([200])
    expect(server.accepted).toBe(4)
    expect(server.requests.length).toBe(10_000)
  })
})
