// A request on its way to a thread: the map, and the body, whichever way it travels.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { wrapParams } from '../../src/middleware.js'
import { ensureBuilt } from '../support/built.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, connectPeer, eventually } from '../support/raw-peer.js'
import { GO, get, type Pool, post, SEEN, servePool } from '../support/threads-pool.js'
import { stableFor, until } from '../support/waiting.js'

ensureBuilt()

const MIB = 1024 * 1024

async function jsonFor(pool: Pool, request: string): Promise<unknown> {
  return JSON.parse((await ask(pool.server.port, request)).text)
}

it('is the map that the handler would have without threads, on the clock of its thread', async () => {
  let here: object = {}
  const pool = await servePool({}, {}, (handler) => (req) => {
    const { asyncChannel, body, ...map } = req
    here = map
    return handler(req)
  })
  const fields =
    'Content-Type: text/plain; charset=latin1\r\n__proto__: x\r\nConstructor: y\r\nContent-Length: 2'
  const seen = (await jsonFor(pool, post('/map?a=%20b', fields, 'hi'))) as {
    map: { startTime: number }
    inherits: number
    hasBody: boolean
    isOpen: boolean
    late: number
  }
  const expected = JSON.parse(JSON.stringify(here))
  expect({ ...seen.map, startTime: 0 }).toEqual({ ...expected, startTime: 0 })
  expect(JSON.stringify(seen.map)).toContain('"__proto__":"x"')
  expect(seen).toMatchObject({ inherits: 0, hasBody: true, isOpen: true })
  expect(seen.late).toBeGreaterThan(-1)
  expect(seen.late).toBeLessThan(5000)
})

it('has what middleware has added before', async () => {
  const pool = await servePool({}, {}, wrapParams)
  const { map, inherits } = (await jsonFor(pool, get('/map?toString=1&b=2&b=3'))) as {
    map: { params: object }
    inherits: number
  }
  expect(map.params).toEqual({ toString: '1', b: ['2', '3'] })
  expect(inherits).toBe(0)
})

it('has its body in every form, small or large, of known length or not', async () => {
  const pool = await servePool()
  const { port } = pool.server
  const latin1 = 'Content-Type: text/plain; charset=iso-8859-1\r\nContent-Length: 3'
  expect((await ask(port, post('/text', latin1, 'f\xfcr'))).text).toBe('für')
  expect(await jsonFor(pool, post('/json', 'Content-Length: 7', '{"a":1}'))).toEqual({ a: 1 })
  expect(await jsonFor(pool, post('/bytes', 'Content-Length: 2', '\x00\xff'))).toEqual([0, 255])
  expect(
    await jsonFor(pool, post('/bytes', 'Transfer-Encoding: chunked', '1\r\na\r\n1\r\nb\r\n0\r\n\r\n')),
  ).toEqual([97, 98])
  const large = '0123456789'.repeat(300_000)
  for (const path of ['/sizes', '/by-stream']) {
    expect(await jsonFor(pool, post(path, `Content-Length: ${large.length}`, large))).toBe(large.length)
  }
  expect((await ask(port, post('/echo', `Content-Length: ${large.length}`, large))).text).toBe(large)
  expect((await ask(port, post('/unread', 'Content-Length: 3', 'abc'))).text).toBe('not read')
  expect((await ask(port, post('/twice', 'Content-Length: 3', 'abc'))).status).toBe(500)
  expect(pool.server.errors.map(({ error }) => String(error))).toEqual([
    'TypeError: the body has been read already',
  ])
})

it('has a large body that is read no faster than its handler does', async () => {
  const { server, shared, release } = await servePool({}, { maxBody: 64 * MIB })
  const peer = await connectPeer(server.port)
  const size = 32 * MIB
  peer.send(post('/read-later', `Content-Length: ${size}`)).send(Buffer.alloc(size))
  await until(() => shared[SEEN] === 1)
  // The window that a thread is granted, the server's own queue, and a read.
  expect(await stableFor(150, () => server.stats().bytesIn)).toBeLessThan(MIB)
  release()
  expect((await peer.response()).text).toBe(String(size))
})

it('lets a client that waits for 100 Continue go on when the thread reads, and not before', async () => {
  const { server } = await servePool()
  const expects = `Content-Length: ${MIB}\r\nExpect: 100-continue`
  expect((await ask(server.port, post('/unread', expects))).status).toBe(200)
  const peer = await connectPeer(server.port)
  expect((await peer.send(post('/sizes', expects)).response()).status).toBe(100)
  expect((await peer.send(Buffer.alloc(MIB)).response()).text).toBe(String(MIB))
})

it('holds no thread while a small body is slow to come', async () => {
  const { server, handler } = await servePool()
  const slow = (await connectPeer(server.port)).send(post('/text', 'Content-Length: 6', 'abc'))
  await eventually(() => server.stats().inFlight).toBe(1)
  expect((await ask(server.port, get('/thread'))).status).toBe(200)
  expect(handler.stats()).toMatchObject({ running: 0, queued: 0 })
  expect((await slow.send('def').response()).text).toBe('abcdef')
})

it('is not run where its client has gone before its small body has come', async () => {
  const { server, shared, handler } = await servePool()
  const peer = (await connectPeer(server.port)).send(post('/hold', 'Content-Length: 6', 'abc'))
  await eventually(() => server.stats().inFlight).toBe(1)
  peer.reset()
  await eventually(() => server.stats().inFlight).toBe(0)
  expect((await ask(server.port, get('/thread'))).status).toBe(200)
  expect([shared[SEEN], handler.stats().completed, server.errors.length]).toEqual([0, 1, 0])
})

it('has a body of any size that its client may end its side with', async () => {
  const { server, shared, release } = await servePool()
  const peer = await connectPeer(server.port)
  const size = 400 * 1024
  peer
    .send(post('/read-later', `Content-Length: ${size}`))
    .send(Buffer.alloc(size))
    .finish()
  await until(() => shared[SEEN] === 1 && server.stats().bytesIn > size)
  await stableFor(50, () => server.stats().inFlight)
  release()
  expect((await peer.response()).text).toBe(String(size))
})

it('leaves bytes to the middleware that made a body of them', async () => {
  const bytes = new Uint8Array([1, 2, 3])
  const body = {
    bytes: async () => bytes,
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
  }
  const pool = await servePool(
    {},
    {},
    (handler) => (req) => handler({ ...req, body: body as unknown as NonNullable<typeof req.body> }),
  )
  for (const fields of ['Content-Length: 3', 'Transfer-Encoding: chunked']) {
    const sent = fields.endsWith('3') ? 'abc' : '0\r\n\r\n'
    expect(await jsonFor(pool, post('/bytes', fields, sent))).toEqual([1, 2, 3])
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]))
  }
})

it('has a body that rejects also where its client has gone before it is read', async () => {
  const { server, shared, handler } = await servePool()
  const peer = (await connectPeer(server.port)).send(post('/reads-late', `Content-Length: ${MIB}`, 'abc'))
  await until(() => shared[SEEN] === 1)
  peer.reset()
  await eventually(() => handler.stats()).toMatchObject({ running: 0, completed: 1 })
})

it('has a body that rejects also where its client has gone before its thread has loaded the module', async () => {
  const at = join(temporaryFolder(), 'late.mjs')
  // A thread that is started in another's place.
  writeFileSync(
    at,
    `import { workerData } from 'node:worker_threads'
     if (Atomics.add(workerData, ${SEEN}, 1) === 1) await Atomics.waitAsync(workerData, ${GO}, 0).value
     export default async (req) => ({ body: req.uri === '/exits' ? process.exit() : await req.body.bytes() })`,
  )
  const { server, handler, shared, release } = await servePool({}, {}, undefined, at)
  expect((await ask(server.port, get('/exits'))).status).toBe(500)
  const peer = (await connectPeer(server.port)).send(post('/', `Content-Length: ${MIB}`, 'abc'))
  await until(() => shared[SEEN] === 2)
  server.errors.length = 0
  peer.reset()
  await eventually(() => server.stats().inFlight).toBe(0)
  // The body's port is closed a moment later.
  await delay(20)
  release()
  await eventually(() => handler.stats().running).toBe(0)
  expect(server.errors).toEqual([])
})

it('has a body that rejects when its client has gone', async () => {
  const { server, shared, handler } = await servePool()
  const peer = (await connectPeer(server.port)).send(post('/cut-short', `Content-Length: ${MIB}`, 'abc'))
  await until(() => shared[SEEN] === 1)
  peer.reset()
  await until(() => shared[SEEN] === 2)
  await eventually(() => handler.stats().running).toBe(0)
  expect(shared[GO]).toBe(0)
  expect(server.errors).toEqual([])
})
