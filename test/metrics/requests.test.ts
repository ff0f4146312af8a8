// Every request is counted once, when it is over: by its status class, by who answered, and by how long it took.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMetrics, type ServerMetrics } from '../../src/metrics.js'
import { asChannel, type Channel, type HttpServer, type RingResponse, runServer } from '../../src/server.js'
import { type Counts, expectCounted } from '../support/metrics-counts.js'
import { connectPeer, type RawPeer, serve } from '../support/raw-peer.js'
import { connectRawWebSocket, handshakeRequest } from '../support/raw-websocket.js'
import { deferred, until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const post = (body: string, fields = `Content-Length: ${body.length}\r\n`): string =>
  `POST /read HTTP/1.1\r\nHost: x\r\n${fields}\r\n${body}`

const metrics = createMetrics()
let server: HttpServer
let channels: Channel[] = []

async function* pieces(fails: boolean): AsyncGenerator<string> {
  yield 'one'
  await sleep(1)
  if (fails) throw new Error('no more')
  yield 'two'
}

const routes: Record<string, () => RingResponse | Promise<RingResponse>> = {
  '/ok': () => ({ body: 'ok' }),
  '/later': async () => ({ body: 'ok' }),
  '/moved': () => ({ status: 302, headers: { Location: '/ok' } }),
  '/odd': () => ({ status: 799 }),
  '/broken': () => {
    throw new Error('broken')
  },
  '/pieces': () => ({ body: pieces(false) }),
  '/fails': () => ({ body: pieces(true) }),
  '/never': () => new Promise(() => {}),
}

const taken = new Set(['/poll', '/stream'])

beforeAll(async () => {
  server = await runServer(
    async (req) => {
      if (req.websocket || taken.has(req.uri))
        return asChannel(req, { onOpen: (channel) => void channels.push(channel) })
      if (req.uri === '/read') return { body: await req.body!.text() }
      return routes[req.uri]?.() ?? { status: 404 }
    },
    { ip: '127.0.0.1', port: 0, maxBody: 100, maxHeaders: 10, metrics, errorLogger: () => {} },
  )
})
afterAll(() => server.stop())

const poll = async (peer: RawPeer, act: (channel: Channel) => unknown): Promise<void> => {
  channels = []
  peer.send(get('/poll'))
  await until(() => channels.length === 1)
  await act(channels[0]!)
}

const cases: [what: string, counts: Counts, act: (peer: RawPeer) => unknown][] = [
  ['an answer', { '2xx': 1 }, (peer) => peer.send(get('/ok')).response()],
  ['an answer that comes later', { '2xx': 1 }, (peer) => peer.send(get('/later')).response()],
  ['HEAD', { '2xx': 1 }, (peer) => peer.send('HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\n').response('HEAD')],
  ['a redirect', { '3xx': 1 }, (peer) => peer.send(get('/moved')).response()],
  ["the handler's 404", { '4xx': 1 }, (peer) => peer.send(get('/none')).response()],
  ['a status of no class, with the worst', { '5xx': 1 }, (peer) => peer.send(get('/odd')).response()],
  ['a body read', { '2xx': 1 }, (peer) => peer.send(post('hello')).response()],
  ['an answer in pieces', { '2xx': 1 }, (peer) => peer.send(get('/pieces')).response()],
  [
    'requests that come in one write',
    { '2xx': 4, '4xx': 1 },
    (peer) => peer.send(get('/ok') + get('/later') + get('/none') + get('/pieces') + get('/ok')).responses(5),
  ],
  ['a handler that throws', { 'refused 5xx': 1 }, (peer) => peer.send(get('/broken')).response()],
  ['a malformed head (400)', { 'refused 4xx': 1 }, (peer) => peer.send('nonsense\r\n\r\n').response()],
  [
    'too many fields (431)',
    { 'refused 4xx': 1 },
    (peer) => peer.send(get('/ok', 'A: b\r\n'.repeat(11))).response(),
  ],
  ['a body too long (413)', { 'refused 4xx': 1 }, (peer) => peer.send(post('x'.repeat(101))).response()],
  [
    'a body that turns out malformed (400)',
    { 'refused 4xx': 1 },
    async (peer) => {
      peer.send(post('2\r\nhi\r\n', 'Transfer-Encoding: chunked\r\n'))
      await until(() => metrics.snapshot().inFlight > 0)
      await peer.send('nonsense\r\n').response()
    },
  ],
  [
    'a request before a malformed one',
    { '2xx': 1, 'refused 4xx': 1 },
    (peer) => peer.send(`${get('/ok')}nonsense\r\n\r\n`).responses(2),
  ],
  ['an answer that breaks off', { '2xx': 1, aborted: 1 }, (peer) => peer.send(get('/fails')).cutResponse()],
  [
    'a client that leaves before the answer',
    { none: 1, aborted: 1 },
    async (peer) => {
      peer.send(get('/never'))
      await until(() => metrics.snapshot().inFlight > 0)
      peer.reset()
    },
  ],
  [
    'a client that leaves with the answer under way',
    { '2xx': 1, aborted: 1 },
    (peer) =>
      poll(peer, async (channel) => {
        channel.send('first', false)
        await until(() => peer.unread.includes('first'))
        peer.reset()
      }),
  ],
  [
    'a long poll',
    { '2xx': 1 },
    (peer) =>
      poll(peer, async (channel) => {
        channel.send('at last')
        await peer.response()
      }),
  ],
  [
    'a channel closed unanswered (204)',
    { '2xx': 1 },
    (peer) =>
      poll(peer, async (channel) => {
        channel.close()
        await peer.response()
      }),
  ],
  [
    'a WebSocket, when it opens',
    { '1xx': 1 },
    async () => {
      const socket = await connectRawWebSocket(server.port)
      await until(() => metrics.snapshot().websockets === 1)
      socket.tcp.reset()
      await until(() => metrics.snapshot().websockets === 0)
    },
  ],
  [
    'a handshake refused',
    { '4xx': 1 },
    (peer) => peer.send(handshakeRequest({ headers: { 'Sec-WebSocket-Key': undefined } })).response(),
  ],
  [
    'nothing for a client that leaves within a head',
    {},
    async (peer) => {
      const { connections } = metrics.snapshot()
      await peer.send('GET /ok HT').flushed()
      peer.destroy()
      await until(() => metrics.snapshot().connections < connections)
    },
  ],
]

it.each(cases)('counts once: %s', async (_, counts, act) => {
  const peer = await connectPeer(server.port)
  await until(() => metrics.snapshot().connections > 0)
  await expectCounted(metrics, counts, () => act(peer))
})

it('counts a head that comes too slowly (408), and connections over maxConnections, which are no requests', async () => {
  const own = createMetrics()
  const small = await serve(() => ({}), { headersTimeout: 100, maxConnections: 1, metrics: own })
  await expectCounted(own, { 'refused 4xx': 1 }, async () => {
    const slow = await connectPeer(small.port)
    const over = await connectPeer(small.port)
    await over.closed()
    await slow.send('GET / HT').response()
  })
  expect(own.snapshot().connectionsRefused).toBe(1)
})

it('counts a request that the end of its server cuts', async () => {
  const own = createMetrics()
  const ending = await serve(() => new Promise(() => {}), { metrics: own })
  const peer = await connectPeer(ending.port)
  peer.send(get())
  await until(() => own.snapshot().inFlight === 1)
  await ending.stop()
  expect(own.snapshot()).toMatchObject({ requests: { none: 1 }, aborted: 1, inFlight: 0 })
})

it('counts once what is answered while a logger or onClose stops the server', async () => {
  for (const from of ['onClose', 'eventLogger'] as const) {
    const own = createMetrics()
    const stop = () => void ending.stop()
    const ending: HttpServer = await serve(
      (req) =>
        asChannel(req, { onOpen: (ch) => void ch.send('x'), ...(from === 'onClose' && { onClose: stop }) }),
      { metrics: own, ...(from === 'eventLogger' && { eventLogger: stop }) },
    )
    const peer = await connectPeer(ending.port)
    peer.send(get())
    await ending.join()
    const { requests, duration, channels, inFlight } = own.snapshot()
    expect({ '2xx': requests['2xx'], count: duration.count, channels, inFlight }, from).toEqual({
      '2xx': 1,
      count: 1,
      channels: 0,
      inFlight: 0,
    })
  }
})

describe('durations', () => {
  it('reach from the head to the end of the answer, also of a handler that computes at once', async () => {
    const own = createMetrics({ buckets: [0.03, 1000] })
    const busy = await serve(
      ({ uri }) => {
        if (uri === '/computes') for (const end = performance.now() + 31; performance.now() < end; );
        return uri === '/waits' ? sleep(32, {}) : { body: 'quick' }
      },
      { metrics: own },
    )
    const peer = await connectPeer(busy.port)
    for (const path of ['/computes', '/waits']) {
      await peer.send(get(path)).response()
    }
    const { duration } = own.snapshot()
    expect(duration).toMatchObject({ bounds: [0.03, 1000], counts: [0, 2, 0], count: 2 })
    expect(duration.sum).toBeGreaterThanOrEqual(0.062)
    expect(duration.sum).toBeLessThan(20)
  })

  it('fall into the bucket whose bound they do not exceed', () => {
    const own = createMetrics({ buckets: [1, 2, 4] })
    for (const seconds of [0.5, 1.5, 1.6, 3, 5, 6, 7])
      own.requestEnded(200, false, true, performance.now() - seconds * 1000)
    expect(own.snapshot().duration.counts).toEqual([1, 2, 1, 3])
    own.callWaited(2000)
    expect(own.snapshot().queueWait).toMatchObject({ counts: [0, 1, 0, 0], sum: 2 })
  })

  it.each([[[]], [[0, 1]], [[1, 1]], [[2, 1]], [[Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])(
    'have no such buckets: %j',
    (buckets) => {
      expect(() => createMetrics({ buckets })).toThrow(RangeError)
    },
  )
})

describe('the queue', () => {
  it('is as long as calls wait for a place, and tells how long they did; what finds none is refused (503)', async () => {
    const own = createMetrics({ buckets: [0.03, 1000] })
    const gate = deferred<RingResponse>()
    const small = await serve(() => gate.promise, { thread: 1, queueSize: 1, metrics: own })
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => connectPeer(small.port)))
    first!.send(get())
    await until(() => own.snapshot().inFlight === 1)
    second!.send(get())
    await until(() => own.snapshot().queued === 1)
    expect((await third!.send(get()).response()).status).toBe(503)
    expect(own.snapshot().queueWait).toMatchObject({ counts: [1, 0, 0], sum: 0 })
    await sleep(32)
    gate.resolve({})
    await Promise.all([first!.response(), second!.response()])
    const { queued, queueWait, requests, refused } = own.snapshot()
    expect({ queued, ok: requests['2xx'], refused: refused['5xx'] }).toEqual({ queued: 0, ok: 2, refused: 1 })
    expect(queueWait.counts).toEqual([1, 1, 0])
    expect(queueWait.sum).toBeGreaterThanOrEqual(0.03)
  })
})

describe('channels', () => {
  it('are those taken with asChannel until they are over, HTTP’s and WebSockets', async () => {
    channels = []
    const peer = await connectPeer(server.port)
    peer.send(get('/poll') + get('/ok'))
    const socket = await connectRawWebSocket(server.port)
    await until(() => channels.length === 2)
    expect(metrics.snapshot()).toMatchObject({ channels: 1, websockets: 1, inFlight: 1 })
    channels.find(({ websocket }) => !websocket)!.send('done')
    await peer.responses(2)
    socket.tcp.reset()
    await until(() => metrics.snapshot().websockets === 0)
    expect(metrics.snapshot()).toMatchObject({ channels: 0, inFlight: 0 })
  })

  it('are counted once where one is taken twice', async () => {
    const own = createMetrics()
    const twice = await serve((req) => asChannel(req, {}) && asChannel(req, {}), { metrics: own })
    const peer = await connectPeer(twice.port)
    peer.send(get())
    await until(() => own.snapshot().channels > 0)
    expect(own.snapshot().channels).toBe(1)
    peer.reset()
    await until(() => own.snapshot().channels === 0)
  })
})

describe('an object of one’s own', () => {
  it('is called as the interface says', async () => {
    const calls: unknown[][] = []
    const note =
      (name: string) =>
      (...details: unknown[]) =>
        void calls.push([name, ...details])
    const own: ServerMetrics = {
      serverStarted: note('started'),
      serverStopped: note('stopped'),
      requestEnded: note('request'),
      callWaited: note('waited'),
      channelOpened: note('opened'),
      channelClosed: note('closed'),
      connectionRefused: note('refused'),
    }
    let startTime = 0
    const small = await serve(
      (req) => {
        startTime = req.startTime
        return asChannel(req, { onOpen: (channel) => void channel.send({ status: 418 }) })
      },
      { metrics: own, thread: 1 },
    )
    const peer = await connectPeer(small.port)
    await peer.send(get()).response()
    await small.stop()
    expect(calls.map(([name]) => name)).toEqual([
      'started',
      'waited',
      'opened',
      'closed',
      'request',
      'stopped',
    ])
    expect(calls[1]).toEqual(['waited', 0])
    expect(calls[4]).toEqual(['request', 418, false, true, startTime])
    expect(typeof (calls[0]![1] as HttpServer).stats().bytesIn).toBe('number')
  })

  it('that fails takes nothing else with it: requests are answered, and over, and the server stops', async () => {
    const fails = () => {
      throw new Error('not counted')
    }
    const small = await serve(
      (req) =>
        req.uri === '/never' ? new Promise(() => {}) : asChannel(req, { onOpen: (ch) => void ch.close() }),
      {
        metrics: {
          serverStarted: fails,
          serverStopped: fails,
          requestEnded: fails,
          callWaited: fails,
          channelOpened: fails,
          channelClosed: fails,
          connectionRefused: fails,
        },
        maxConnections: 2,
        thread: 2,
      },
    )
    const peers = await Promise.all([connectPeer(small.port), connectPeer(small.port)])
    expect((await peers[0]!.send(get()).response()).status).toBe(204)
    const third = await connectPeer(small.port)
    await third.closed()
    peers[1]!.send(get('/never'))
    await until(() => small.stats().inFlight === 1)
    peers[1]!.reset()
    await until(() => small.stats().inFlight === 0)
    expect((await peers[0]!.send(get()).response()).status).toBe(204)
    await small.stop({ timeout: 20_000 })
  })

  it.each([[true], [null], [{}]])('is refused where it has none of the functions: %j', async (metrics) => {
    await expect(runServer(() => ({}), { port: 0, metrics: metrics as never })).rejects.toThrow(TypeError)
  })
})
