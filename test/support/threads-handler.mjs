// What runs on threads in tests, by path. Memory that both sides share says how far it has come, and lets it go on.
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { threadId, workerData } from 'node:worker_threads'
import { asChannel, file } from 'httpkit-wasm'

// Places in it; threads-pool.ts has the same.
const MADE = 0
const ENDED = 1
const GO = 2
const SEEN = 3

const PIECE = Buffer.alloc(64 * 1024, 'x')
const kept = new Uint8Array([1, 2, 3])
const json = (value) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) })
const hold = () => Atomics.wait(workerData, GO, 0)

async function* pieces(count) {
  try {
    for (let made = 0; made < count; made++) {
      Atomics.add(workerData, MADE, 1)
      yield PIECE
    }
  } finally {
    Atomics.add(workerData, ENDED, 1)
  }
}

function* failing() {
  yield 'so far'
  throw Object.assign(new Error('no further'), { code: 'E_FURTHER' })
}

function* failingInSilence() {
  yield 'so far'
  throw Object.create(null)
}

function* wrong() {
  try {
    yield 'so far'
    yield 5
  } finally {
    Atomics.add(workerData, ENDED, 1)
  }
}

async function* exiting() {
  yield 'so far'
  process.exit(4)
}

const bodies = {
  text: () => 'grüße',
  bytes: () => kept,
  pooled: () => Buffer.from('a slice of the pool'),
  iterable: () => ['a', new Uint8Array([98]), 'ç'],
  generator: () =>
    (function* () {
      yield* ['a', 'b', 'ç']
    })(),
  async: async function* () {
    yield* ['a', 'b', 'ç']
  },
  stream: () => new Blob(['abç']).stream(),
  readable: () => Readable.from(['a', 'b', 'ç']),
  blob: () => new Blob(['abç'], { type: 'text/x' }),
  nothing: () => null,
}

const routes = {
  '/map': ({ body, asyncChannel, ...map }) => {
    const inherits = Object.values(map).filter((value) => value instanceof Object).length
    return json({
      map,
      inherits,
      hasBody: body !== undefined,
      isOpen: asyncChannel.isOpen,
      late: performance.now() - map.startTime,
    })
  },
  '/text': async (req) => ({ body: await req.body.text() }),
  '/json': async (req) => json(await req.body.json()),
  '/bytes': async (req) => json([...(await req.body.bytes())]),
  '/twice': async (req) => [await req.body.text(), await req.body.text()],
  '/sizes': async (req) => {
    let bytes = 0
    for await (const piece of req.body) bytes += piece.length
    return json(bytes)
  },
  '/by-stream': async (req) => json((await new Response(req.body.stream()).text()).length),
  '/echo': (req) => ({ body: req.body }),
  '/unread': () => ({ body: 'not read' }),
  '/read-later': async (req) => {
    let bytes = 0
    for await (const piece of req.body) {
      if (bytes === 0) {
        Atomics.store(workerData, SEEN, 1)
        await Atomics.waitAsync(workerData, GO, 0).value
      }
      bytes += piece.length
    }
    return json(bytes)
  },
  '/cut-short': async (req) => {
    Atomics.store(workerData, SEEN, 1)
    await req.body.bytes().catch(() => Atomics.store(workerData, SEEN, 2))
    return {}
  },
  '/reads-late': async (req) => {
    Atomics.store(workerData, SEEN, 1)
    await req.asyncChannel.closed
    // The body's port is closed a moment later.
    await delay(20)
    await req.body.bytes()
  },
  '/endless': () => ({ body: pieces(1e6) }),
  '/pieces': (req) => ({ body: pieces(Number(req.queryString)) }),
  '/file': (req) => ({ body: file(decodeURIComponent(req.queryString), { start: 1 }) }),
  '/thread': () => json(threadId),
  '/hold': () => {
    Atomics.add(workerData, SEEN, 1)
    hold()
    return json(threadId)
  },
  '/until-gone': (req) => {
    Atomics.store(workerData, SEEN, 1)
    while (req.asyncChannel.isOpen);
    Atomics.store(workerData, SEEN, 2)
    return {}
  },
  '/until-closed': async (req) => {
    Atomics.store(workerData, SEEN, 1)
    await req.asyncChannel.closed
    Atomics.store(workerData, SEEN, 2)
    return { body: pieces(1e6) }
  },
  '/throws': () => {
    const cause = new Error('deep down')
    throw Object.assign(new RangeError('no way', { cause }), { code: 'E_WAY', status: 418, with: () => {} })
  },
  '/rejects': async () => Promise.reject({ hardly: 'an error' }),
  '/throws-a-function': () => {
    throw () => {}
  },
  '/throws-nothing': () => {
    throw Object.create(null)
  },
  '/fails-on-the-way': () => ({ body: failing() }),
  '/fails-in-silence': () => ({ body: failingInSilence() }),
  '/wrong-on-the-way': () => ({ body: wrong() }),
  '/exits-on-the-way': () => ({ body: exiting() }),
  '/exits': () => process.exit(3),
  '/grows': () => {
    const all = []
    for (;;) all.push(Array.from({ length: 1e5 }, (_, at) => ({ at })))
  },
  '/fails-later': () => {
    setTimeout(() => {
      throw new Error('nobody asked')
    })
    return {}
  },
  '/function-in-headers': () => ({ headers: { 'X-A': () => {} } }),
  '/channel': (req) => ({ body: req.asyncChannel }),
  '/as-channel': (req) => asChannel(req, {}),
  '/listener': () => ({ listener: {} }),
  '/no-body': () => ({ body: 42 }),
  '/no-response': () => undefined,
}

export default function handler(req) {
  const kind = /^\/body\/(.+)/.exec(req.uri)?.[1]
  return kind ? { body: bodies[kind]() } : routes[req.uri](req)
}
