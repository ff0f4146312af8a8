// What takes too long: a head, a body, an idle connection, a reader that stands still. And what may take its time.
import { describe, expect, test } from 'vitest'
import type { Handler, ServerOptions } from '../../src/server.js'
import { sendPieces } from '../support/drip-feed.js'
import { connectPeer, eventually, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'

/** Milliseconds of the timeout under test; the others are long. */
const SHORT = 150
/** Milliseconds by which a timeout may be late on a busy machine. */
const LATE = 2500
const LONG = 60_000

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const MiB = 1024 * 1024

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function connected(
  options: ServerOptions,
  handler: Handler = (req) => ({ body: req.uri }),
): Promise<{ server: TestServer; peer: RawPeer; since: number }> {
  const long = { headersTimeout: LONG, bodyTimeout: LONG, keepAliveTimeout: LONG }
  const server = await serve(handler, { ...long, ...options })
  const since = performance.now()
  return { server, peer: await connectPeer(server.port), since }
}

/** It came after the timeout, and not much later. */
function expectInTime(since: number, timeout = SHORT): void {
  const elapsed = performance.now() - since
  expect(elapsed).toBeGreaterThan(timeout - 30)
  expect(elapsed).toBeLessThan(timeout + LATE)
}

/** The one answer until the server closes is a 408 in full dress. */
async function expect408(peer: RawPeer): Promise<void> {
  const answers = await peer.responsesUntilEnd()
  expect(answers.map(({ status, reason }) => [status, reason])).toEqual([[408, 'Request Timeout']])
  expect(answers[0]!.header('connection')).toBe('close')
  expect(answers[0]!.header('content-type')).toBe('text/plain; charset=utf-8')
  expect(answers[0]!.header('date')).toBeDefined()
  expect(answers[0]!.text).toMatch(/./)
}

/** Sends a byte every so often until the connection ends. */
async function sendSlowly(peer: RawPeer, byte: string, everyMs: number): Promise<void> {
  let hasEnded = false
  peer.socket.once('end', () => {
    hasEnded = true
  })
  while (!hasEnded && !peer.socket.destroyed) {
    peer.send(byte)
    await sleep(everyMs)
  }
}

describe('headersTimeout', () => {
  test.each([
    ['nothing of its request-line but a byte', 'G'],
    ['a part of its request-line', 'GET /pa'],
    ['its request-line', 'GET / HTTP/1.1\r\n'],
    ['a part of its fields', 'GET / HTTP/1.1\r\nHost: x\r\nX-A'],
    ['all but the last byte', GET.slice(0, -1)],
  ])('answers 408 and closes where only this came of the first head: %s', async (_, part) => {
    const { peer, since } = await connected({ headersTimeout: SHORT })
    await expect408(peer.send(part))
    expectInTime(since)
  })

  test('counts from the accept, however the head dribbles in', async () => {
    const { peer, since } = await connected({ headersTimeout: 2 * SHORT })
    const sending = sendSlowly(peer.send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '), 'a', SHORT / 5)
    await expect408(peer)
    expectInTime(since, 2 * SHORT)
    await sending
  })

  test('closes silently where not a byte came', async () => {
    const { peer, since, server } = await connected({ headersTimeout: SHORT })
    await peer.ended()
    expectInTime(since)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 0, bytesOut: 0 })
  })

  test('counts anew for a later head, from its first byte', async () => {
    const { peer } = await connected({ headersTimeout: 2 * SHORT })
    expect((await peer.send(GET).response()).status).toBe(200)
    await sleep(3 * SHORT)
    const since = performance.now()
    await expect408(peer.send('GET / HTTP/1.1\r\n'))
    expectInTime(since, 2 * SHORT)
  })

  test('counts for a later head however it dribbles in', async () => {
    const { peer } = await connected({ headersTimeout: 2 * SHORT, keepAliveTimeout: 3 * SHORT })
    expect((await peer.send(GET).response()).status).toBe(200)
    const since = performance.now()
    const sending = sendSlowly(peer.send('GET / HTTP/1.1\r\nX-Slow: '), 'a', SHORT / 5)
    await expect408(peer)
    expectInTime(since, 2 * SHORT)
    await sending
  })

  test('counts for a head that began behind another request', async () => {
    const { peer, since } = await connected({ headersTimeout: SHORT })
    peer.send(`${GET}GET / HT`)
    expect((await peer.response()).status).toBe(200)
    await expect408(peer)
    expectInTime(since)
  })

  test('is met by a head that comes slowly but in time', async () => {
    const { peer } = await connected({ headersTimeout: 20 * SHORT })
    for (const piece of ['GET / HT', 'TP/1.1\r\nHo', 'st: x\r\n', '\r\n']) {
      peer.send(piece)
      await sleep(SHORT / 4)
    }
    expect((await peer.response()).status).toBe(200)
  })

  test('leaves other connections alone', async () => {
    const { peer, server } = await connected({ headersTimeout: 3 * SHORT })
    const slow = await connectPeer(server.port)
    slow.send('GET / HT')
    expect((await peer.send(GET).response()).status).toBe(200)
    await expect408(slow)
    expect((await peer.send(GET).response()).status).toBe(200)
  })

  test('answers with errorResponse where there is one', async () => {
    const errorResponse = (status: number) => ({ headers: { 'X-Mine': '1' }, body: `mine: ${status}` })
    const { peer } = await connected({ headersTimeout: SHORT, errorResponse })
    const answer = await peer.send('GET / HT').response()
    expect([answer.status, answer.text, answer.header('x-mine')]).toEqual([408, 'mine: 408', '1'])
    expect(answer.header('connection')).toBe('close')
  })
})

describe('keepAliveTimeout', () => {
  test('closes an idle connection silently', async () => {
    const { peer, server } = await connected({ keepAliveTimeout: SHORT })
    await peer.send(GET).response()
    const since = performance.now()
    await peer.ended()
    expectInTime(since)
    expect(server.stats()).toMatchObject({ served: 1, rejected: 0 })
    peer.destroy()
    await eventually(() => server.stats().connections).toBe(0)
  })

  test('counts from the end of each answer', async () => {
    const { peer } = await connected({ keepAliveTimeout: 4 * SHORT })
    let since = 0
    for (let count = 0; count < 3; count++) {
      await peer.send(GET).response()
      since = performance.now()
      if (count < 2) await sleep(2 * SHORT)
    }
    await peer.ended()
    expectInTime(since, 4 * SHORT)
  })

  test('counts from the end of a streamed answer', async () => {
    const { peer } = await connected({ keepAliveTimeout: SHORT }, () => ({
      body: (async function* () {
        for (let count = 0; count < 4; count++) {
          yield 'x'
          await sleep(SHORT / 2)
        }
      })(),
    }))
    expect((await peer.send(GET).response()).text).toBe('xxxx')
    const since = performance.now()
    await peer.ended()
    expectInTime(since)
  })

  test('does not count before the first request, which headersTimeout is for', async () => {
    const { peer } = await connected({ keepAliveTimeout: SHORT })
    await sleep(3 * SHORT)
    expect((await peer.send(GET).response()).status).toBe(200)
  })

  test('does not count while a head comes in', async () => {
    const { peer } = await connected({ keepAliveTimeout: 2 * SHORT })
    await peer.send(GET).response()
    peer.send(GET.slice(0, -2))
    await sleep(4 * SHORT)
    expect((await peer.send('\r\n').response()).status).toBe(200)
  })
})

describe('bodyTimeout', () => {
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n'
  const chunkedHead = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  const reads: Handler = async (req) => ({ body: (await req.body?.text()) ?? 'none' })

  test.each([
    ['of which nothing came', head],
    ['of which a part came', `${head}12345`],
    ['in chunks, of which nothing came', chunkedHead],
    ['in chunks, within a chunk size', `${chunkedHead}5\r\n12345\r\n1`],
    ['in chunks, within a chunk', `${chunkedHead}5\r\n123`],
    ['in chunks, before the last', `${chunkedHead}5\r\n12345\r\n`],
    ['in chunks, within the trailers', `${chunkedHead}5\r\n12345\r\n0\r\nX-A: 1\r\n`],
  ])('answers 408 and closes where a body stalls %s', async (_, part) => {
    const outcomes: unknown[] = []
    const { peer } = await connected({ bodyTimeout: SHORT }, async (req) => {
      outcomes.push(await req.body!.bytes().catch((error: unknown) => error))
      return { body: 'the handler’s' }
    })
    const since = performance.now()
    await expect408(peer.send(part))
    expectInTime(since)
    expect(outcomes).toMatchObject([{ name: 'ProtocolError', code: 'BODY_TIMEOUT', status: 408 }])
  })

  test('counts from the last byte that came', async () => {
    const { peer } = await connected({ bodyTimeout: 4 * SHORT }, reads)
    peer.send(head)
    let since = 0
    for (let count = 0; count < 3; count++) {
      since = performance.now()
      peer.send('x')
      await sleep(2 * SHORT)
    }
    await expect408(peer)
    expectInTime(since, 4 * SHORT)
  })

  test('is met by a body that goes on coming, longer than that in all', async () => {
    const { peer } = await connected({ bodyTimeout: 6 * SHORT }, reads)
    peer.send(head)
    for (const byte of '1234567890') {
      await sleep(SHORT)
      peer.send(byte)
    }
    expect((await peer.response()).text).toBe('1234567890')
  })

  test('counts after 100 was sent, and not before', async () => {
    let goOn = () => {}
    const { peer } = await connected({ bodyTimeout: SHORT }, async (req) => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return reads(req)
    })
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n')
    await sleep(3 * SHORT)
    expect(peer.unread).toHaveLength(0)
    goOn()
    expect((await peer.response()).status).toBe(100)
    const since = performance.now()
    await expect408(peer)
    expectInTime(since)
  })

  test('closes silently where the request was answered before its body had come', async () => {
    const { peer, server } = await connected({ bodyTimeout: SHORT }, () => ({ body: 'early' }))
    expect((await peer.send(head).response()).text).toBe('early')
    const since = performance.now()
    expect(await peer.closed()).toBe('fin')
    expectInTime(since)
    expect(server.stats()).toMatchObject({ served: 1, rejected: 0 })
  })

  test('does not count while it is the handler that is slow', async () => {
    const length = 8 * MiB
    const { peer } = await connected({ bodyTimeout: 2 * SHORT, maxBody: length }, async (req) => {
      let read = 0
      let hasWaited = false
      for await (const piece of req.body!) {
        read += piece.length
        if (!hasWaited) await sleep(4 * SHORT)
        hasWaited = true
      }
      return { body: String(read) }
    })
    peer.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`).send(Buffer.alloc(length))
    expect((await peer.response()).text).toBe(String(length))
  })
})

describe('a handler may take its time', () => {
  const ALL = { headersTimeout: 2 * SHORT, bodyTimeout: 2 * SHORT, keepAliveTimeout: 2 * SHORT }

  test.each<[string, string]>([
    ['a GET', GET],
    ['a body that came whole', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok'],
    ['the head of another request behind it', `${GET}GET / HTTP/1.1\r\nHo`],
  ])('with %s', async (_, request) => {
    const { peer } = await connected(ALL, async () => {
      await sleep(4 * SHORT)
      return { body: 'late' }
    })
    expect((await peer.send(request).response()).text).toBe('late')
  })

  test('between the pieces of an answer', async () => {
    const { peer } = await connected(ALL, () => ({
      body: (async function* () {
        for (let count = 0; count < 3; count++) {
          yield 'x'
          await sleep(3 * SHORT)
        }
      })(),
    }))
    expect((await peer.send(GET).response()).text).toBe('xxx')
  })

  test('with a long poll', async () => {
    const { peer } = await connected(ALL, (req) => {
      setTimeout(() => req.asyncChannel.send('late'), 4 * SHORT)
      return { body: req.asyncChannel }
    })
    expect((await peer.send(GET).response()).text).toBe('late')
  })
})

describe('a client that does not read its answer', () => {
  const large: [string, Handler][] = [
    ['bytes', () => ({ body: new Uint8Array(64 * MiB) })],
    [
      'a generator without end',
      () => ({
        body: (function* () {
          for (;;) yield new Uint8Array(MiB)
        })(),
      }),
    ],
  ]

  test.each(large)('is cut after bodyTimeout: %s', async (_, handler) => {
    const { peer, server } = await connected({ bodyTimeout: SHORT }, handler)
    const since = performance.now()
    peer.pause().send(GET)
    await eventually(() => server.stats().connections).toBe(0)
    expectInTime(since)
    expect(server.stats().inFlight).toBe(0)
    expect(server.events).toContain('httpkit.server.timeout.write')
    peer.resume()
    await peer.cutResponse()
  })

  test('is not cut while it reads slowly', async () => {
    const size = 24 * MiB
    const { peer, server } = await connected({ bodyTimeout: 5 * SHORT }, () => ({
      body: new Uint8Array(size),
    }))
    peer.send(GET)
    let read = 0
    const since = performance.now()
    while (read < size) {
      read += (await peer.take(Math.min(MiB, size - read))).length
      peer.pause()
      await sleep(SHORT / 2)
      peer.resume()
    }
    expect(performance.now() - since).toBeGreaterThan(5 * SHORT)
    expect(server.events).not.toContain('httpkit.server.timeout.write')
  })

  test('is let go some time after the last words that it does not take leave of', async () => {
    const { peer, server } = await connected({})
    await peer.send('NONSENSE\r\n\r\n').responsesUntilEnd()
    const sending = sendSlowly(peer, 'x', SHORT)
    await eventually(() => server.stats().connections).toBe(0)
    peer.destroy()
    await sending
  })
})

describe('two hundred connections', () => {
  test('are each timed for themselves', async () => {
    const { server } = await connected({ headersTimeout: 3 * SHORT, keepAliveTimeout: LONG })
    const peers = await Promise.all(Array.from({ length: 200 }, () => connectPeer(server.port)))
    const [served, stalled] = [peers.slice(0, 100), peers.slice(100)]
    await Promise.all(served.map((peer) => peer.send(GET).response()))
    await Promise.all(stalled.map((peer) => sendPieces(peer, ['GET / '])))
    await Promise.all(stalled.map(expect408))
    expect(
      (await Promise.all(served.map((peer) => peer.send(GET).response()))).map(({ status }) => status),
    ).toEqual(Array(100).fill(200))
  })
})
