// Where handler calls run: how many at once, how many may wait, and what those get for whom there is no room.

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asChannel, newWorker, type RingResponse, runServer, type WorkerPool } from '../../src/server.js'
import { connectPeer, type RawPeer, serve } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A handler whose calls wait until the test ends them, by their path. */
function gatedHandler() {
  const calls: string[] = []
  const ends = new Map<string, ReturnType<typeof deferred<RingResponse>>>()
  let running = 0
  let mostRunning = 0
  return {
    calls,
    get running() {
      return running
    },
    get mostRunning() {
      return mostRunning
    },
    end: (path: string, response: RingResponse = { body: path }) => ends.get(path)!.resolve(response),
    fail: (path: string, error: unknown) => ends.get(path)!.reject(error),
    async handler({ uri }: { uri: string }): Promise<RingResponse> {
      calls.push(uri)
      const end = deferred<RingResponse>()
      ends.set(uri, end)
      running++
      mostRunning = Math.max(mostRunning, running)
      try {
        return await end.promise
      } finally {
        running--
      }
    },
  }
}

/** Peers that have each asked for one of the paths, in their order: the next one asks when the last was taken up. */
async function asking(server: { port: number; stats(): { inFlight: number } }, ...paths: string[]) {
  const peers: RawPeer[] = []
  for (const path of paths) {
    const before = server.stats().inFlight
    peers.push((await connectPeer(server.port)).send(get(path)))
    await until(() => server.stats().inFlight === before + 1)
  }
  return peers
}

describe('thread', () => {
  it('bounds handler calls under way, until their promises settle', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 2 })
    const [a, b, c, d] = await asking(server, '/a', '/b', '/c', '/d')
    expect(gate.calls).toEqual(['/a', '/b'])
    expect(server.stats()).toMatchObject({ inFlight: 4, queued: 2 })
    gate.end('/b')
    expect((await b!.response()).text).toBe('/b')
    await until(() => gate.calls.length === 3)
    expect(server.stats()).toMatchObject({ inFlight: 3, queued: 1 })
    gate.end('/a')
    gate.end('/c')
    expect((await a!.response()).text).toBe('/a')
    expect((await c!.response()).text).toBe('/c')
    await until(() => gate.calls.length === 4)
    gate.end('/d')
    expect((await d!.response()).text).toBe('/d')
    expect(gate.mostRunning).toBe(2)
    expect(server.stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('runs the calls that wait in the order in which they came', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 1 })
    const paths = ['/1', '/2', '/3', '/4', '/5']
    const peers = await asking(server, ...paths)
    for (const [index, path] of paths.entries()) {
      await until(() => gate.calls.length === index + 1)
      gate.end(path)
      expect((await peers[index]!.response()).text).toBe(path)
    }
    expect(gate.calls).toEqual(paths)
  })

  it('frees the place of a call that answers at once', async () => {
    const server = await serve(({ uri }) => ({ body: uri }), { thread: 1, queueSize: 0 })
    const peer = await connectPeer(server.port)
    peer.send(Array.from({ length: 50 }, (_, index) => get(`/${index}`)).join(''))
    const texts = (await peer.responses(50)).map(({ text }) => text)
    expect(texts).toEqual(Array.from({ length: 50 }, (_, index) => `/${index}`))
  })

  it('frees the place of a call that throws', async () => {
    const handler = ({ uri }: { uri: string }): RingResponse => {
      if (uri === '/bad') throw new Error('thrown')
      return { body: uri }
    }
    const server = await serve(handler, { thread: 1, queueSize: 0 })
    const peer = await connectPeer(server.port)
    const statuses = await peer.send(get('/bad') + get('/bad') + get('/good')).responses(3)
    expect(statuses.map(({ status }) => status)).toEqual([500, 500, 200])
  })

  it('frees the place of a call whose promise rejects', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 1 })
    const [bad, good] = await asking(server, '/bad', '/good')
    gate.fail('/bad', new Error('rejected'))
    expect((await bad!.response()).status).toBe(500)
    await until(() => gate.calls.length === 2)
    gate.end('/good')
    expect((await good!.response()).text).toBe('/good')
  })

  it('holds a place for a thenable that is no Promise, until it settles', async () => {
    const ends: ((response: RingResponse) => void)[] = []
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const handler = () => ({ then: (resolve: (response: RingResponse) => void) => void ends.push(resolve) })
    const server = await serve(handler as never, { thread: 1 })
    const [first, second] = await asking(server, '/1', '/2')
    expect(server.stats().queued).toBe(1)
    ends.shift()!({ body: 'first' })
    expect((await first!.response()).text).toBe('first')
    await until(() => ends.length === 1)
    ends.shift()!({ body: 'second' })
    expect((await second!.response()).text).toBe('second')
  })

  it('does not hold a place for a channel that is answered later', async () => {
    const waiting: (() => void)[] = []
    const server = await serve(
      (req) => {
        if (req.uri !== '/poll') return { body: 'at once' }
        return asChannel(req, { onOpen: (channel) => void waiting.push(() => channel.send('later')) })
      },
      { thread: 1, queueSize: 0 },
    )
    const poller = (await connectPeer(server.port)).send(get('/poll'))
    await until(() => waiting.length === 1)
    const peer = (await connectPeer(server.port)).send(get('/'))
    expect((await peer.response()).text).toBe('at once')
    waiting[0]!()
    expect((await poller.response()).text).toBe('later')
  })

  it('runs as many calls as come where it is not set', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler)
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`)
    const peers = await asking(server, ...paths)
    expect(gate.running).toBe(100)
    for (const path of paths) gate.end(path)
    for (const [index, peer] of peers.entries()) expect((await peer.response()).text).toBe(paths[index])
  })
})

describe('queueSize', () => {
  it('answers 503 with Retry-After and a text to a request for which there is no room', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 1, queueSize: 1 })
    const [running, queued] = await asking(server, '/running', '/queued')
    const refused = (await connectPeer(server.port)).send(get('/refused'))
    const answer = await refused.response()
    expect(answer.status).toBe(503)
    expect(answer.header('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(answer.header('content-type')).toMatch(/^text\/plain/)
    expect(answer.text).toMatch(/unavailable/i)
    expect(answer.header('date')).toBeDefined()
    expect(server.stats()).toMatchObject({ queued: 1, rejected: 1 })
    expect(server.events).toContain('httpkit.server.status.503')
    gate.end('/running')
    await running!.response()
    await until(() => gate.calls.includes('/queued'))
    gate.end('/queued')
    await queued!.response()
    expect(gate.calls).not.toContain('/refused')
  })

  it('leaves the connection of a 503 usable', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 1, queueSize: 0 })
    const [running] = await asking(server, '/running')
    const refused = await connectPeer(server.port)
    const post = 'POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'
    const answers = await refused.send(post + get('/refused')).responses(2)
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(answer.header('connection')).toBeUndefined()
    }
    gate.end('/running')
    await running!.response()
    refused.send(get('/again'))
    await until(() => gate.calls.includes('/again'))
    gate.end('/again')
    expect((await refused.response()).text).toBe('/again')
  })

  it('lets errorResponse shape the 503, and keeps its Retry-After', async () => {
    const gate = gatedHandler()
    const codes: unknown[] = []
    const server = await serve(gate.handler, {
      thread: 1,
      queueSize: 0,
      errorResponse: (status, error) => {
        codes.push((error as Error & { code?: string }).code)
        return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ status }) }
      },
    })
    const [running] = await asking(server, '/running')
    const answer = await (await connectPeer(server.port)).send(get('/refused')).response()
    expect(answer.status).toBe(503)
    expect(answer.header('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(JSON.parse(answer.text)).toEqual({ status: 503 })
    expect(codes).toEqual(['ERR_QUEUE_FULL'])
    gate.end('/running')
    await running!.response()
  })
})

describe('a call that waits', () => {
  it('is not run when its client has left', async () => {
    const gate = gatedHandler()
    const server = await serve(gate.handler, { thread: 1 })
    const [running, leaving, staying] = await asking(server, '/running', '/leaving', '/staying')
    leaving!.reset()
    await until(() => server.stats().connections === 2)
    gate.end('/running')
    await running!.response()
    await until(() => gate.calls.includes('/staying'))
    gate.end('/staying')
    expect((await staying!.response()).text).toBe('/staying')
    expect(gate.calls).toEqual(['/running', '/staying'])
    expect(server.stats()).toMatchObject({ inFlight: 0, queued: 0, served: 2 })
    expect(server.errors).toEqual([])
  })

  it('finds its request as it came, when others have been read since', async () => {
    const gate = gatedHandler()
    const bodies: string[] = []
    const server = await serve(
      async (req) => {
        const response = await gate.handler(req)
        bodies.push(`${req.uri} ${req.headers['x-name']} ${await req.body?.text()}`)
        return response
      },
      { thread: 1 },
    )
    const post = (name: string): string =>
      `POST /${name} HTTP/1.1\r\nHost: x\r\nX-Name: ${name}\r\nContent-Length: ${name.length}\r\n\r\n${name}`
    const names = ['one', 'three', 'eleven']
    const peers: RawPeer[] = []
    for (const [index, name] of names.entries()) {
      peers.push((await connectPeer(server.port)).send(post(name)))
      await until(() => server.stats().inFlight === index + 1)
    }
    for (const [index, name] of names.entries()) {
      await until(() => gate.calls.includes(`/${name}`))
      gate.end(`/${name}`)
      expect((await peers[index]!.response()).status).toBe(200)
    }
    expect(bodies).toEqual(names.map((name) => `/${name} ${name} ${name}`))
  })
})

describe('workerPool', () => {
  function spiedPool() {
    const inner = newWorker({ thread: 1, queueSize: 1 })
    return {
      run: vi.fn(inner.run.bind(inner)) as unknown as WorkerPool['run'],
      stats: vi.fn(inner.stats.bind(inner)),
      stop: vi.fn(),
      close: vi.fn(),
      destroy: vi.fn(),
      shutdown: vi.fn(),
      terminate: vi.fn(),
      end: vi.fn(),
      [Symbol.dispose ?? Symbol('dispose')]: vi.fn(),
      [Symbol.asyncDispose]: vi.fn(),
    }
  }

  it('runs every handler call of a server that is given one, and is asked for its numbers', async () => {
    const pool = spiedPool()
    const gate = gatedHandler()
    const server = await serve(gate.handler, { workerPool: pool })
    const [first, second] = await asking(server, '/1', '/2')
    expect(pool.run).toHaveBeenCalledTimes(2)
    expect(server.stats().queued).toBe(1)
    expect(pool.stats).toHaveBeenCalled()
    gate.end('/1')
    await first!.response()
    await until(() => gate.calls.length === 2)
    gate.end('/2')
    await second!.response()
  })

  it.each([
    ['at once', undefined],
    ['gracefully', { timeout: 2000 }],
  ])('is never stopped, also when its server stops %s', async (_how, options) => {
    const pool = spiedPool()
    const server = await runServer(() => ({ body: 'x' }), { ip: '127.0.0.1', port: 0, workerPool: pool })
    onTestFinished(() => server.stop())
    const peer = (await connectPeer(server.port)).send(get('/'))
    await peer.response()
    peer.destroy()
    await server.stop(options)
    const { run, stats, ...others } = pool
    expect(run).toHaveBeenCalledTimes(1)
    expect(Object.getOwnPropertySymbols(others).length).toBeGreaterThan(0)
    for (const key of Reflect.ownKeys(others))
      expect(Reflect.get(others, key), String(key)).not.toHaveBeenCalled()
    expect(await pool.run(() => 'still runs')).toBe('still runs')
  })

  it('bounds the calls of all servers it is given to', async () => {
    const workerPool = newWorker({ thread: 1 })
    const gate = gatedHandler()
    const one = await serve(gate.handler, { workerPool })
    const other = await serve(gate.handler, { workerPool })
    const [first] = await asking(one, '/one')
    const [second] = await asking(other, '/other')
    expect(gate.calls).toEqual(['/one'])
    expect(workerPool.stats()).toEqual({ running: 1, queued: 1 })
    gate.end('/one')
    await first!.response()
    await until(() => gate.calls.length === 2)
    gate.end('/other')
    expect((await second!.response()).text).toBe('/other')
    expect(workerPool.stats()).toEqual({ running: 0, queued: 0 })
  })

  const full = () => Object.assign(new Error('secret: full'), { code: 'ERR_QUEUE_FULL' })
  const broken = () => Object.assign(new Error('secret: broken'), { code: 'ERR_OTHER' })
  const pools: [string, number, () => Promise<never>][] = [
    ['rejects with ERR_QUEUE_FULL', 503, () => Promise.reject(full())],
    [
      'throws ERR_QUEUE_FULL',
      503,
      () => {
        throw full()
      },
    ],
    ['rejects with another error', 500, () => Promise.reject(broken())],
    [
      'throws another error',
      500,
      () => {
        throw broken()
      },
    ],
    ['rejects with nothing', 500, () => Promise.reject(undefined)],
  ]
  it.each(pools)(
    'that %s gives %i, keeps the error to itself and the connection usable',
    async (_how, status, fail) => {
      let isFailing = true
      const workerPool: WorkerPool = {
        run: <T>(task: () => T | Promise<T>) => (isFailing ? fail() : task()),
        stats: () => ({ running: 0, queued: 0 }),
      }
      const server = await serve(() => ({ body: 'fine' }), { workerPool })
      const peer = await connectPeer(server.port)
      const answer = await peer.send(get('/')).response()
      expect(answer.status).toBe(status)
      expect(answer.header('retry-after') !== undefined).toBe(status === 503)
      expect(JSON.stringify(answer.headers) + answer.text).not.toContain('secret')
      expect(server.errors.length).toBe(status === 503 ? 0 : 1)
      isFailing = false
      expect((await peer.send(get('/')).response()).text).toBe('fine')
    },
  )
})

describe('newWorker', () => {
  const invalid: object[] = [
    { thread: 0 },
    { thread: -1 },
    { thread: Number.NaN },
    { thread: '4' },
    { thread: null },
    { queueSize: -1 },
    { queueSize: Number.NaN },
    { queueSize: '10' },
    { queueSize: null },
  ]
  it.each(invalid)('refuses %o', (options) => {
    expect(() => newWorker(options)).toThrow(RangeError)
  })

  it.each(invalid)('has runServer reject %o', async (options) => {
    const starting = runServer(() => ({}), { ip: '127.0.0.1', port: 0, ...options })
    await expect(starting.then((server) => server.stop())).rejects.toThrow(RangeError)
  })

  it('runs a task at once while there is room, and hands its result on as it is', () => {
    const worker = newWorker({ thread: 1 })
    expect(worker.run(() => 'plain')).toBe('plain')
    expect(worker.stats()).toEqual({ running: 0, queued: 0 })
  })

  it('throws ERR_QUEUE_FULL where the queue is full', async () => {
    const worker = newWorker({ thread: 1, queueSize: 1 })
    const end = deferred()
    const first = worker.run(() => end.promise)
    const second = worker.run(async () => 'second')
    expect(worker.stats()).toEqual({ running: 1, queued: 1 })
    expect(() => worker.run(() => 'third')).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }))
    end.resolve()
    await first
    expect(await second).toBe('second')
    expect(worker.stats()).toEqual({ running: 0, queued: 0 })
  })

  it('runs the next task when one throws', async () => {
    const worker = newWorker({ thread: 1 })
    const end = deferred()
    const first = worker.run(() => end.promise)
    const second = worker.run(() => {
      throw new Error('second')
    })
    const third = worker.run(() => 'third')
    end.reject(new Error('first'))
    await expect(first).rejects.toThrow('first')
    await expect(second).rejects.toThrow('second')
    expect(await third).toBe('third')
    expect(worker.stats()).toEqual({ running: 0, queued: 0 })
  })
})
