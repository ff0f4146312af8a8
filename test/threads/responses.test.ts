// A response on its way from a thread: bodies of every kind, at the pace of their clients.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { piecesOf } from '../../src/io/pieces.js'
import { PortPieces, sendPieces } from '../../src/threads/port-pieces.js'
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

it('goes on to a client that ends its side meanwhile', async () => {
  const { server, shared } = await servePool()
  const peer = await connectPeer(server.port)
  peer.pause().send(get('/pieces?128'))
  await until(() => shared[MADE]! > 4)
  peer.finish()
  await stableFor(50, () => shared[MADE]!)
  expect((await peer.resume().response()).body.length).toBe(128 * PIECE)
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

it('whose body fails without a word, or has a wrong piece, is cut, and ended; its thread goes on', async () => {
  const { server, shared } = await servePool()
  const thread = (await ask(server.port, get('/thread'))).text
  for (const path of ['/fails-in-silence', '/wrong-on-the-way']) {
    expect((await (await connectPeer(server.port)).send(get(path)).cutResponse()).text).toBe('so far')
  }
  await until(() => shared[ENDED] === 1)
  expect((await ask(server.port, get('/thread'))).text).toBe(thread)
})

it('fails for good, whatever was thrown: also for a reader that comes to it later', async () => {
  const { port1, port2 } = new MessageChannel()
  // biome-ignore lint/correctness/useYield: it fails at once
  const failing = (function* (): Generator<string> {
    throw ''
  })()
  sendPieces(port1, piecesOf(failing)!)
  const pieces = new PortPieces(port2, 'cut short')
  const closed = once(port2, 'close')
  port2.postMessage(1)
  await closed
  await expect(pieces.next()).rejects.toMatchObject({ cause: '' })
})

it('is cut where its thread ends', async () => {
  const { server } = await servePool()
  const answer = await (await connectPeer(server.port)).send(get('/exits-on-the-way')).cutResponse()
  expect(answer.text).toBe('so far')
  expect(server.errors).toMatchObject([{ error: { message: 'the thread that made the body has ended' } }])
  // The body's end may be known before the thread's.
  await eventually(async () => (await ask(server.port, get('/thread'))).status).toBe(200)
})
