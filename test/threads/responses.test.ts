// A response on its way from a thread: bodies of every kind, at the pace of their clients.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, connectPeer, eventually } from '../support/raw-peer.js'
import { ENDED, get, MADE, SEEN, servePool } from '../support/threads-pool.js'
import { stableFor, until } from '../support/waiting.js'

ensureBuilt()

const PIECE = 64 * 1024

it('has its body, of whichever kind', async () => {
  const { server } = await servePool()
  const expected: Record<string, string> = {
    text: 'grüße',
    bytes: '\x01\x02\x03',
    pooled: 'a slice of the pool',
    iterable: 'abç',
    generator: 'abç',
    async: 'abç',
    stream: 'abç',
    readable: 'abç',
    blob: 'abç',
    nothing: '',
  }
  for (const [kind, text] of Object.entries(expected)) {
    const answer = await ask(server.port, get(`/body/${kind}`))
    expect([kind, answer.status, answer.text]).toEqual([kind, 200, text])
  }
  // What a handler returns stays its own.
  expect((await ask(server.port, get('/body/bytes'))).body).toEqual(Buffer.from([1, 2, 3]))
  const blob = await ask(server.port, get('/body/blob'))
  expect([blob.header('content-type'), blob.header('content-length')]).toEqual(['text/x', '4'])
  expect((await ask(server.port, get('/no-response'))).status).toBe(404)
  expect(server.errors).toEqual([])
})

it('may be a file, or a part of one: the server opens it', async () => {
  const { server } = await servePool()
  const path = join(temporaryFolder(), 'page.html')
  writeFileSync(path, '<p>')
  const answer = await ask(server.port, get(`/file?${encodeURIComponent(path)}`))
  expect([answer.text, answer.header('content-type')]).toEqual(['p>', 'text/html'])
})

it('is made no further ahead of its client than a window, and ended when that leaves', async () => {
  const { server, handler, shared } = await servePool()
  const peer = await connectPeer(server.port)
  peer.pause().send(get('/endless'))
  await until(() => shared[MADE]! > 4)
  const made = await stableFor(150, () => shared[MADE]!)
  // 256 KiB on their way, one piece with the server, one in the making.
  expect(made - server.stats().bytesOut / PIECE).toBeLessThan(7)
  expect(handler.stats()).toMatchObject({ running: 0, streaming: 1, completed: 1 })
  // Its thread answers others meanwhile.
  expect((await ask(server.port, get('/thread'))).status).toBe(200)
  peer.reset()
  await until(() => shared[ENDED] === 1)
  await eventually(() => handler.stats().streaming).toBe(0)
})

it('has its body ended where none is wanted: for HEAD, and by whoever puts another in its place', async () => {
  const { server, handler, shared } = await servePool({}, {}, (handler) => async (req) => {
    const response = await handler(req)
    return req.queryString === 'other' ? { body: 'another' } : response
  })
  expect((await ask(server.port, get('/endless').replace('GET', 'HEAD'))).status).toBe(200)
  await until(() => shared[MADE] === 0 && server.stats().inFlight === 0)
  expect((await ask(server.port, get('/endless?other'))).text).toBe('another')
  await eventually(() => handler.stats().streaming).toBe(0)
  expect(shared[MADE]).toBe(0)
})

it('that comes when its client has gone is thrown away', async () => {
  const { server, handler, shared } = await servePool()
  const peer = (await connectPeer(server.port)).send(get('/until-closed'))
  await until(() => shared[SEEN] === 1)
  peer.reset()
  await until(() => shared[SEEN] === 2)
  await eventually(() => handler.stats()).toMatchObject({ running: 0, streaming: 0, completed: 1 })
  expect(shared[MADE]).toBe(0)
  expect(server.errors).toEqual([])
})

it('whose body fails is cut, as without threads, and says why', async () => {
  const { server } = await servePool()
  const answer = await (await connectPeer(server.port)).send(get('/fails-on-the-way')).cutResponse()
  expect(answer.text).toBe('so far')
  expect(server.errors).toMatchObject([{ error: { message: 'no further', code: 'E_FURTHER' } }])
})

it('is cut where its thread ends', async () => {
  const { server } = await servePool()
  const answer = await (await connectPeer(server.port)).send(get('/exits-on-the-way')).cutResponse()
  expect(answer.text).toBe('so far')
  expect(server.errors).toMatchObject([{ error: { message: 'the thread that made the body has ended' } }])
  // The body's end may be known before the thread's.
  await eventually(async () => (await ask(server.port, get('/thread'))).status).toBe(200)
})
