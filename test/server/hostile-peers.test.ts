// Peers that send garbage, stop, leave, reset, dribble and flood: each costs its own connection, and nobody else's.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asChannel, type RingRequest, type RingResponse, type ServerOptions } from '../../src/server.js'
import { connectPeer, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { deferred, stableFor, until } from '../support/waiting.js'

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const post = (length: number, path = '/'): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`
const megabyte = 1024 * 1024

// What would have ended the process.
const fatal: unknown[] = []
const onFatal = (error: unknown): void => void fatal.push(error)

beforeAll(() => {
  process.on('uncaughtException', onFatal).on('unhandledRejection', onFatal)
})

afterAll(() => {
  process.off('uncaughtException', onFatal).off('unhandledRejection', onFatal)
})

/** Random numbers that are the same in every run. */
function randomFrom(seed: number) {
  let state = seed
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return { next, bytes: (length: number) => Uint8Array.from({ length }, () => next(256)) }
}

const templates = [
  get('/path?query'),
  `${post(11)}hello world`,
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n0\r\nA: b\r\n\r\n',
  'GET http://h:80/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: a=b\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
]

/** Bytes that are random, or a request with some of its bytes changed, left out, or doubled. */
function garbage(random: ReturnType<typeof randomFrom>): Uint8Array {
  const kind = random.next(5)
  if (kind === 0) return random.bytes(1 + random.next(2000))
  const bytes = Buffer.from(templates[random.next(templates.length)]!.repeat(1 + random.next(3)), 'latin1')
  if (kind === 1) return bytes.subarray(0, random.next(bytes.length))
  const at = random.next(bytes.length)
  if (kind === 2) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.next(5))])
  if (kind === 3)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.next(50)), bytes.subarray(at)])
  for (let change = 0; change <= random.next(8); change++) bytes[random.next(bytes.length)] = random.next(256)
  return bytes
}

async function echo(req: RingRequest): Promise<RingResponse> {
  return { headers: { 'X-Uri': encodeURI(req.uri) }, body: (await req.body?.bytes()) ?? 'no body' }
}

const serveEcho = (options: ServerOptions = {}): Promise<TestServer> => serve(echo, options)

/** Everybody has gone, and the server serves as if nothing had been. */
async function expectUnharmed(server: TestServer, peers: readonly RawPeer[] = []): Promise<void> {
  for (const peer of peers) peer.destroy()
  await until(() => server.stats().connections === 0 && server.stats().inFlight === 0, 8000)
  const peer = await connectPeer(server.port)
  expect((await peer.send(get()).response()).status).toBe(200)
  peer.destroy()
  await until(() => server.stats().connections === 0)
  expect(fatal).toEqual([])
}

describe('garbage', () => {
  it('costs its own connection only, in 600 random forms', async () => {
    const server = await serveEcho({ headersTimeout: 300, bodyTimeout: 300, keepAliveTimeout: 300 })
    const random = randomFrom(20260)
    for (let round = 0; round < 12; round++) {
      const peers = await Promise.all(
        Array.from({ length: 50 }, async () => (await connectPeer(server.port)).send(garbage(random))),
      )
      const good = await connectPeer(server.port)
      expect((await good.send(`${post(4)}good`).response()).text).toBe('good')
      good.destroy()
      await Promise.all(peers.map((peer) => peer.closed()))
      for (const peer of peers) peer.destroy()
    }
    expect(server.events.filter((name) => name.endsWith('loop.error'))).toEqual([])
    await expectUnharmed(server)
  })

  it('is answered with refusals that a strict client can read, or not at all', async () => {
    const server = await serve(
      async (req) => ({ body: (await req.body?.bytes().catch(() => 'cut short')) ?? 'no body' }),
      { headersTimeout: 200, bodyTimeout: 200, keepAliveTimeout: 200 },
    )
    const random = randomFrom(71)
    const statuses = new Set<number>()
    for (let round = 0; round < 200; round++) {
      const peer = (await connectPeer(server.port)).send(garbage(random)).finish()
      for (const { status } of await peer.responsesUntilEnd()) statuses.add(status)
      peer.destroy()
    }
    expect(statuses).toContain(200)
    expect(statuses).toContain(400)
    expect(
      [...statuses].filter((status) => ![100, 200, 400, 408, 413, 414, 417, 431, 501].includes(status)),
    ).toEqual([])
  })

  it('is read past after a refusal, for some seconds and no longer, from a peer that goes on sending', async () => {
    const server = await serveEcho()
    const peer = await connectPeer(server.port)
    peer.send('garbage\r\n\r\n')
    const more = setInterval(() => peer.socket.writable && peer.send('x'.repeat(1000)), 20)
    const start = performance.now()
    try {
      expect((await peer.response()).status).toBe(400)
      await peer.ended()
      await until(() => server.stats().connections === 0, 12_000)
    } finally {
      clearInterval(more)
    }
    expect(performance.now() - start).toBeLessThan(10_000)
    await expectUnharmed(server)
  })
})

describe('a peer that leaves or resets', () => {
  const reading = (server: TestServer, bytes: number) => () => server.stats().bytesIn >= bytes
  const stages: [
    stage: string,
    bytes: string,
    isThere: (server: TestServer, bytes: number) => () => boolean,
  ][] = [
    ['before its first byte', '', (server) => () => server.stats().connections === 1],
    ['in a request-line', 'GET /pa', reading],
    ['in a field-line', get().slice(0, 20), reading],
    ['before the end of the head', get().slice(0, -1), reading],
    ['before the body', post(10), (server) => () => server.stats().inFlight === 1],
    ['in the body', `${post(10)}hello`, (server) => () => server.stats().inFlight === 1],
    [
      'in a chunk size',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1',
      (server) => () => server.stats().inFlight === 1,
    ],
    [
      'in a trailer',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrail',
      (server) => () => server.stats().inFlight === 1,
    ],
    ['while the handler works', get('/slow'), (server) => () => server.stats().inFlight === 1],
    [
      'while the handler works, with more parked',
      `${get('/slow') + get('/2')}GET /3`,
      (server) => () => server.stats().inFlight === 1,
    ],
    ['while the answer streams', get('/stream'), (server) => () => server.stats().bytesOut > megabyte],
    ['after the answer', get(), (server) => () => server.stats().served === 1],
    ['after a refusal', 'garbage\r\n\r\n', (server) => () => server.stats().rejected === 1],
  ]
  const ways: [string, (peer: RawPeer) => unknown][] = [
    ['resets', (peer) => peer.reset()],
    ['leaves', (peer) => peer.destroy()],
    ['ends its side', (peer) => peer.finish()],
  ]

  function* endless(): Generator<Buffer> {
    for (let piece = 0; piece < 50_000; piece++) yield Buffer.alloc(64 * 1024)
    throw new Error('nobody has stopped it')
  }

  for (const [how, leave] of ways) {
    it.each(stages)(`${how} %s, and is forgotten`, async (_stage, bytes, isThere) => {
      const slow = deferred<RingResponse>()
      const server = await serve((req) => {
        if (req.uri === '/slow') return slow.promise
        if (req.uri === '/stream') return { body: endless() }
        return echo(req)
      })
      const peer = await connectPeer(server.port)
      if (bytes.includes('/stream')) peer.pause()
      peer.send(bytes)
      await until(isThere(server, bytes.length))
      leave(peer)
      if (how === 'ends its side') {
        slow.resolve({ body: 'slow' })
        // Who has said no more than that may still read: an answer without end goes on until he is gone.
        if (!bytes.includes('/stream')) await peer.closed()
      }
      slow.resolve({ body: 'slow' })
      await expectUnharmed(server, [peer])
    })
  }

  it('is answered, if only its sending side has ended after a whole request', async () => {
    const server = await serve(async (req) => {
      await sleep(20)
      return { body: req.uri }
    })
    const peer = await connectPeer(server.port)
    const answers = await peer
      .send(get('/1') + get('/2'))
      .finish()
      .responsesUntilEnd()
    expect(answers.map(({ text }) => text)).toEqual(['/1', '/2'])
    await expectUnharmed(server, [peer])
  })

  it('comes back in hundreds, each to reset at once', async () => {
    const server = await serveEcho()
    for (let round = 0; round < 10; round++) {
      const peers = await Promise.all(Array.from({ length: 50 }, () => connectPeer(server.port)))
      for (const [index, peer] of peers.entries()) {
        peer.send([get(), post(100), 'GET', ''][index % 4]!)
        peer.reset()
      }
    }
    await expectUnharmed(server)
  })
})

describe('a peer that dribbles', () => {
  it('is served, where it ends within the timeouts', async () => {
    const server = await serveEcho()
    const peer = await connectPeer(server.port)
    for (const byte of `${post(5)}hello`) {
      await peer.send(byte).flushed()
      await sleep(1)
    }
    expect((await peer.response()).text).toBe('hello')
  })

  it('is refused after headersTimeout, however many of it there are, and others are served meanwhile', async () => {
    const server = await serveEcho({ headersTimeout: 600 })
    const peers = await Promise.all(
      Array.from({ length: 300 }, async () =>
        (await connectPeer(server.port)).send('GET / HTTP/1.1\r\nHost: x\r\n'),
      ),
    )
    let isOver = false
    const dribbling = (async () => {
      while (!isOver) {
        for (const peer of peers) if (peer.socket.writable) peer.send('X: y\r\n')
        await sleep(50)
      }
    })()
    const start = performance.now()
    const good = await connectPeer(server.port)
    let served = 0
    const refused = Promise.all(peers.map((peer) => peer.response()))
    while (performance.now() - start < 400) {
      expect((await good.send(get()).response()).status).toBe(200)
      served++
    }
    const answers = await refused
    expect(performance.now() - start).toBeLessThan(4000)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408]))
    expect(served).toBeGreaterThan(5)
    isOver = true
    await dribbling
    good.destroy()
    await expectUnharmed(server, peers)
  })

  it('is cut after headersTimeout, where it never begins', async () => {
    const server = await serveEcho({ headersTimeout: 300 })
    const peers = await Promise.all(Array.from({ length: 100 }, () => connectPeer(server.port)))
    await Promise.all(peers.map((peer) => peer.closed()))
    await expectUnharmed(server, peers)
  })

  it('is refused after bodyTimeout, where its body stalls', async () => {
    const server = await serveEcho({ bodyTimeout: 200 })
    const peer = await connectPeer(server.port)
    const answer = await peer.send(`${post(10)}hello`).response()
    expect(answer.status).toBe(408)
    await peer.ended()
    await expectUnharmed(server, [peer])
  })

  it('costs little memory with a body of millions of chunks of one byte', async () => {
    const server = await serve(async (req) => {
      let bytes = 0
      for await (const piece of req.body!) bytes += piece.length
      return { body: String(bytes) }
    })
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunks = Buffer.from('1\r\nx\r\n'.repeat(10_000))
    for (let sent = 0; sent < 40; sent++) await peer.send(chunks).flushed()
    expect((await peer.send('0\r\n\r\n').response()).text).toBe('400000')
  })
})

describe('a peer that pipelines thousands of requests and reads no answer', () => {
  const sizes: [string, number][] = [
    ['small', 100],
    ['of 16 KiB', 16 * 1024],
    ['of 1 MiB', megabyte],
  ]
  const kinds: [string, (size: number) => (req: RingRequest) => RingResponse | Promise<RingResponse>][] = [
    [
      'texts',
      (size) => {
        const body = 'x'.repeat(size)
        return () => ({ body })
      },
    ],
    [
      'bytes',
      (size) => {
        const body = Buffer.alloc(size, 'x')
        return () => ({ body })
      },
    ],
    [
      'bytes, a tick later',
      (size) => {
        const body = Buffer.alloc(size, 'x')
        return async () => ({ body })
      },
    ],
    [
      'pieces',
      (size) => {
        const body = Buffer.alloc(size / 4, 'x')
        return () => ({ body: [body, body, body, body] })
      },
    ],
    [
      'a channel’s bytes',
      (size) => {
        const body = Buffer.alloc(size, 'x')
        return (req) => asChannel(req, { onOpen: (channel) => void channel.send(body) })
      },
    ],
  ]
  for (const [what, handlerFor] of kinds) {
    it.each(sizes)(
      `makes the server hold a bounded number of bytes, where the answers are ${what}, %s`,
      async (_, size) => {
        let calls = 0
        const handler = handlerFor(size)
        const server = await serve((req) => {
          calls++
          return handler(req)
        })
        const peer = (await connectPeer(server.port)).pause()
        const requests = 20_000
        peer.send(get().repeat(requests))
        await stableFor(300, () => calls)
        // Two kernels hold up to some ten megabytes of it.
        expect(calls * size).toBeLessThan(40 * megabyte)
        if (size > 1000) expect(calls).toBeLessThan(requests)
        const good = await connectPeer(server.port)
        expect((await good.send(get()).response()).body.length).toBe(size)
        good.destroy()
        await expectUnharmed(server, [peer])
      },
    )
  }

  it.each(kinds)(
    'is served nothing more once it has reset, where the answers are %s',
    async (_what, handlerFor) => {
      let calls = 0
      const handler = handlerFor(64 * 1024)
      const server = await serve((req) => {
        calls++
        return handler(req)
      })
      const peer = (await connectPeer(server.port)).pause()
      peer.send(get().repeat(20_000))
      const before = await stableFor(300, () => calls)
      peer.reset()
      await until(() => server.stats().connections === 0)
      await sleep(20)
      expect(calls - before).toBeLessThan(5)
      await expectUnharmed(server)
    },
  )

  it.each<[string, (req: RingRequest) => RingResponse | Promise<RingResponse>]>([
    ['is a long poll', (req) => asChannel(req, {})],
    ['is still being made', () => new Promise(() => {})],
  ])(
    'makes the server read a bounded number of bytes, where the answer before %s',
    async (_what, handler) => {
      const server = await serve(handler)
      const peer = (await connectPeer(server.port)).send(get())
      await until(() => server.stats().inFlight === 1)
      peer.send(get().repeat(500_000))
      const read = await stableFor(300, () => server.stats().bytesIn)
      expect(read).toBeLessThan(megabyte)
      expect(server.stats()).toMatchObject({ inFlight: 1, served: 0 })
    },
  )

  it('gets every answer, in order, as soon as it reads', async () => {
    const filler = 'x'.repeat(10_000)
    const server = await serve(({ uri }) => ({ body: `${uri} ${filler}` }))
    const peer = (await connectPeer(server.port)).pause()
    const paths = Array.from({ length: 3000 }, (_, index) => `/${index}`)
    peer.send(paths.map(get).join(''))
    await stableFor(100, () => server.stats().served)
    peer.resume()
    for (const path of paths) expect((await peer.response()).text.split(' ', 1)[0]).toBe(path)
    await expectUnharmed(server, [peer])
  })

  it('is cut after bodyTimeout', async () => {
    const server = await serve(() => ({ body: Buffer.alloc(16 * 1024) }), { bodyTimeout: 300 })
    const peer = (await connectPeer(server.port)).pause()
    peer.send(get().repeat(20_000))
    await until(() => server.stats().served > 0)
    await until(() => server.stats().connections === 0)
    expect(server.events).toContain('httpkit.server.timeout.write')
    await expectUnharmed(server, [peer])
  })
})

describe('200 connections of every bad kind at once', () => {
  it('leave a good client served, and quickly', async () => {
    const body = Buffer.alloc(64 * 1024, 'x')
    const server = await serve(
      (req) => {
        if (req.uri === '/big') return { body }
        if (req.uri === '/poll') return asChannel(req, {})
        return echo(req)
      },
      { headersTimeout: 1000, bodyTimeout: 1000 },
    )
    const random = randomFrom(4)
    let isOver = false
    const mischief: ((peer: RawPeer) => unknown)[] = [
      (peer) => peer.send(garbage(random)),
      (peer) => peer.send(random.bytes(5000)),
      (peer) => peer.send(post(1_000_000)).send('x'.repeat(1000)),
      (peer) => peer.pause().send(get('/big').repeat(50)),
      (peer) => peer.send(get('/poll').repeat(50)),
      (peer) => peer.send(`GET /${'x'.repeat(50_000)}`),
      (peer) => peer.send(`GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(5000)}`),
      (peer) => peer.send(get().slice(0, random.next(30))),
      (peer) => peer.send(get('/poll')).finish(),
      (peer) => peer.send(get().repeat(50)),
    ]
    const bad = Array.from({ length: 200 }, async (_, index) => {
      while (!isOver) {
        const peer = await connectPeer(server.port)
        mischief[index % mischief.length]!(peer)
        await sleep(50 + random.next(300))
        if (random.next(2)) peer.reset()
        else peer.destroy()
      }
    })
    const good = await connectPeer(server.port)
    const times: number[] = []
    for (let count = 0; count < 100; count++) {
      const start = performance.now()
      const text = `request ${count}`
      expect((await good.send(post(text.length) + text).response()).text).toBe(text)
      times.push(performance.now() - start)
      await sleep(5)
    }
    isOver = true
    await Promise.all(bad)
    good.destroy()
    await expectUnharmed(server)
    times.sort((a, b) => a - b)
    expect(times[50]).toBeLessThan(500)
    expect(times.at(-1)).toBeLessThan(5000)
  })
})
