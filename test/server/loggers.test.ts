// What the server tells its user: errors, oddities and events; and what it never tells a client.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asChannel, type Handler, type RingResponse, runServer } from '../../src/server.js'
import { connectPeer, type RawResponse, serve } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const secret = 'SECRET-c0ffee'

function expectNothingSaid(answer: RawResponse): void {
  expect(answer.status).toBe(500)
  expect(answer.header('content-length')).toBe('0')
  expect(JSON.stringify([answer.reason, answer.headers, answer.text])).not.toContain('SECRET')
}

const nothing = Object.create(null) as object
const thrown: [string, unknown][] = [
  ['an Error', new Error(secret)],
  [
    'an Error that would like to be answered',
    Object.assign(new Error(secret), { status: 418, headers: { X: secret } }),
  ],
  ['a subclass of Error', new TypeError(secret)],
  ['a string', secret],
  ['a number', 404],
  ['a symbol', Symbol(secret)],
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['a response map', { status: 200, body: secret }],
  ['an object that cannot become a string', nothing],
  [
    'an object whose text throws',
    {
      toString() {
        throw new Error(secret)
      },
    },
  ],
]

describe('a handler that fails', () => {
  it.each(thrown)(
    'is an empty 500, its error is logged and its connection usable, when it throws %s',
    async (_, error) => {
      const server = await serve(({ uri }) => {
        if (uri === '/bad') throw error
        return { body: 'fine' }
      })
      const peer = await connectPeer(server.port)
      const [bad, good] = await peer.send(get('/bad') + get('/good')).responses(2)
      expectNothingSaid(bad!)
      expect(good!.text).toBe('fine')
      expect(server.errors).toHaveLength(1)
      expect(server.errors[0]!.error).toBe(error)
      expect(typeof server.errors[0]!.message).toBe('string')
      expect(server.errors[0]!.message).not.toBe('')
      expect(server.events).toContain('httpkit.server.status.500')
    },
  )

  it.each(thrown)(
    'is an empty 500, its error is logged and its connection usable, when it rejects with %s',
    async (_, error) => {
      const unhandled = watchUnhandledRejections()
      const server = await serve(async ({ uri }) => {
        await sleep(1)
        if (uri === '/bad') throw error
        return { body: 'fine' }
      })
      const peer = await connectPeer(server.port)
      const [bad, good] = await peer.send(get('/bad') + get('/good')).responses(2)
      expectNothingSaid(bad!)
      expect(good!.text).toBe('fine')
      expect(server.errors.map(({ error: logged }) => logged)).toEqual([error])
      expect(unhandled).toEqual([])
      expect(server.events).toContain('httpkit.server.status.500')
    },
  )

  it.each([
    ['a number', 200],
    ['a string', secret],
    ['a function', () => secret],
    ['a body of no known kind', { body: { secret } }],
    ['a number as its body', { body: 42 }],
    ['a status that is none', { status: '200', body: secret }],
    ['a line end in a field', { headers: { 'X-Name': `a\r\nSet-Cookie: ${secret}` } }],
    ['a field name that is no token', { headers: { 'X Name': secret } }],
  ])('is an empty 500, when it returns %s', async (_what, response) => {
    const server = await serve((() => response) as unknown as Handler)
    const peer = await connectPeer(server.port)
    expectNothingSaid(await peer.send(get()).response())
    expect(server.errors).toHaveLength(1)
    expect((await peer.send(get()).response()).status).toBe(500)
  })

  it('has its connection cut and its error logged, when the body fails after it has begun', async () => {
    const fails = deferred<never>()
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      await fails.promise
    }
    const server = await serve(() => ({ body: body() }))
    const peer = await connectPeer(server.port)
    peer.send(get())
    await until(() => peer.unread.includes('first'))
    fails.reject(new Error(secret))
    const partial = await peer.cutResponse()
    expect([partial.status, partial.text]).toEqual([200, 'first'])
    expect(server.errors.map(({ error }) => String(error))).toEqual([`Error: ${secret}`])
  })

  it('is an empty 500, when onOpen of its channel throws', async () => {
    const server = await serve((req) =>
      asChannel(req, {
        onOpen() {
          throw new Error(secret)
        },
      }),
    )
    const peer = await connectPeer(server.port)
    expectNothingSaid(await peer.send(get()).response())
    expect(server.errors).toHaveLength(1)
  })

  it('says nothing to a client that has been answered through the channel already', async () => {
    const server = await serve((req) => {
      req.asyncChannel.send('answered')
      throw new Error(secret)
    })
    const peer = await connectPeer(server.port)
    const answers = await peer.send(get() + get()).responses(2)
    expect(answers.map(({ text }) => text)).toEqual(['answered', 'answered'])
  })
})

describe('errorLogger', () => {
  it('is told of an onClose that throws, and the connection lives on', async () => {
    const error = new Error('onClose')
    const server = await serve((req) =>
      asChannel(req, {
        onOpen: (channel) => void channel.send('answer'),
        onClose() {
          throw error
        },
      }),
    )
    const peer = await connectPeer(server.port)
    const answers = await peer.send(get() + get()).responses(2)
    expect(answers.map(({ text }) => text)).toEqual(['answer', 'answer'])
    expect(server.errors.map((entry) => entry.error)).toEqual([error, error])
    expect(server.events).toContain('httpkit.server.channel.close.error')
  })

  it('is told of an errorResponse that throws, and the plain answer goes out', async () => {
    const error = new Error(secret)
    const server = await serve(() => ({}), {
      errorResponse() {
        throw error
      },
    })
    const peer = await connectPeer(server.port)
    const answer = await peer.send('nonsense\r\n\r\n').response()
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('SECRET')
    expect(server.errors.map((entry) => entry.error)).toEqual([error])
  })

  it('is told nothing by clients, whatever they send or leave out', async () => {
    const server = await serve(async (req) => ({ body: (await req.body?.text()) ?? '' }), {
      headersTimeout: 100,
    })
    for (const bytes of ['nonsense\r\n\r\n', get('/', 'Bad Name: x\r\n'), 'GET / HT']) {
      const peer = await connectPeer(server.port)
      await peer.send(bytes).response()
      await peer.ended()
    }
    const leaving = await connectPeer(server.port)
    await leaving.send('GET /').flushed()
    leaving.reset()
    await until(() => server.stats().connections <= 3)
    expect(server.errors).toEqual([])
    expect(server.warnings).toEqual([])
  })

  it.each([
    ['ends it', ''],
    ['sends what is no chunk', 'x\r\n'],
    ['stalls', undefined],
  ])('is told nothing by a client that %s in the middle of a body that is being echoed', async (_, rest) => {
    const server = await serve(({ body }) => ({ body: body! }), { bodyTimeout: 100 })
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await until(() => peer.unread.includes('abc'))
    if (rest === '') peer.finish()
    else if (rest !== undefined) peer.send(rest)
    await peer.bytesUntilEnd()
    peer.destroy()
    await until(() => server.stats().connections === 0)
    expect(server.errors).toEqual([])
  })

  it('is stderr by default, and so is warnLogger', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => print.mockRestore())
    const error = new Error('thrown')
    const server = await runServer(
      () => {
        throw error
      },
      { ip: '127.0.0.1', port: 0 },
    )
    onTestFinished(() => server.stop())
    const peer = await connectPeer(server.port)
    expect((await peer.send(get()).response()).status).toBe(500)
    expect(print).toHaveBeenCalledTimes(1)
    expect(print.mock.calls[0]).toContain(error)
  })
})

describe('warnLogger', () => {
  it('is told of a channel that is closed because its client reads too slowly', async () => {
    const server = await serve(
      (req) =>
        asChannel(req, {
          onOpen(channel) {
            channel.send('', false)
            for (let sent = 0; sent < 1000 && channel.send(Buffer.alloc(1_000_000), false); sent++);
          },
        }),
      { maxBuffered: 1_000_000 },
    )
    const peer = await connectPeer(server.port)
    peer.pause().send(get())
    await until(() => server.warnings.length === 1)
    expect(server.events).toContain('httpkit.server.channel.overflow')
    expect(server.errors).toEqual([])
  })
})

describe('eventLogger', () => {
  const told: [string, string, Handler][] = [
    ['httpkit.server.status.processed.200', get(), () => ({})],
    ['httpkit.server.status.processed.204', get(), () => ({ status: 204 })],
    ['httpkit.server.status.processed.302', get(), () => ({ status: 302, headers: { Location: '/' } })],
    ['httpkit.server.status.404', get(), () => ({ status: 404 })],
    ['httpkit.server.status.404', get(), () => null as unknown as RingResponse],
    ['httpkit.server.status.processed.400', get(), () => ({ status: 400 })],
    ['httpkit.server.status.400', 'nonsense\r\n\r\n', () => ({})],
    [
      'httpkit.server.status.413',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n',
      () => ({}),
    ],
    ['httpkit.server.status.414', get(`/${'x'.repeat(9000)}`), () => ({})],
    ['httpkit.server.status.417', get('/', 'Expect: tea\r\n'), () => ({})],
    ['httpkit.server.status.431', get('/', `X: ${'x'.repeat(9000)}\r\n`), () => ({})],
    ['httpkit.server.status.501', 'get / HTTP/1.1\r\nHost: x\r\n\r\n', () => ({})],
    [
      'httpkit.server.status.500',
      get(),
      () => {
        throw new Error(secret)
      },
    ],
    [
      'httpkit.server.status.503',
      get(),
      () => {
        throw Object.assign(new Error('full'), { code: 'ERR_QUEUE_FULL' })
      },
    ],
  ]
  it.each(told)('is told %s, once, for %j', async (name, bytes, handler) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    await peer.send(bytes).response()
    expect(server.events).toEqual([name])
  })

  it('is told status.408 of a head that takes too long', async () => {
    const server = await serve(() => ({}), { headersTimeout: 100 })
    const peer = await connectPeer(server.port)
    expect((await peer.send('GET / HT').response()).status).toBe(408)
    expect(server.events).toEqual(['httpkit.server.status.408'])
  })

  it('is told timeout.idle of a connection that was idle too long', async () => {
    const server = await serve(() => ({}), { keepAliveTimeout: 100 })
    const peer = await connectPeer(server.port)
    await peer.send(get()).response()
    await peer.ended()
    expect(server.events).toEqual(['httpkit.server.status.processed.200', 'httpkit.server.timeout.idle'])
  })

  it('is told timeout.write of a client that has stopped reading', async () => {
    const server = await serve(() => ({ body: Buffer.alloc(64_000_000) }), { bodyTimeout: 200 })
    const peer = await connectPeer(server.port)
    peer.pause().send(get())
    await until(() => server.events.includes('httpkit.server.timeout.write'))
    await until(() => server.stats().connections === 0)
  })

  it('is told nothing of connections that come and go', async () => {
    const server = await serve(() => ({}))
    for (let count = 0; count < 3; count++) (await connectPeer(server.port)).destroy()
    await until(() => server.stats().connections === 0)
    expect(server.events).toEqual([])
  })
})

describe('a logger that fails', () => {
  const throwing = (): never => {
    throw new Error('the logger itself')
  }

  it.each([['throws', throwing]])('harms nobody, when it %s', async (_how, logger) => {
    const loggers = { errorLogger: logger, warnLogger: logger, eventLogger: logger }
    const server = await serve(
      (req) => {
        if (req.uri === '/throw') throw new Error('handler')
        if (req.uri === '/reject') return Promise.reject(new Error('handler'))
        if (req.uri === '/channel')
          return asChannel(req, { onOpen: (channel) => void channel.close(), onClose: throwing })
        return { body: 'fine' }
      },
      { ...loggers, keepAliveTimeout: 300 },
    )
    const peer = await connectPeer(server.port)
    const paths = ['/', '/throw', '/reject', '/channel', '/']
    const answers = await peer.send(paths.map((path) => get(path)).join('')).responses(5)
    expect(answers.map(({ status }) => status)).toEqual([200, 500, 500, 204, 200])
    const bad = await connectPeer(server.port)
    expect((await bad.send('nonsense\r\n\r\n').response()).status).toBe(400)
    await bad.ended()
    await peer.ended()
    const next = await connectPeer(server.port)
    expect((await next.send(get()).response()).text).toBe('fine')
  })

  it('harms nobody, when it is async and rejects', async () => {
    const unhandled = watchUnhandledRejections()
    const rejecting = async (): Promise<never> => throwing()
    const server = await serve(
      () => {
        throw new Error('handler')
      },
      { errorLogger: rejecting, warnLogger: rejecting, eventLogger: rejecting },
    )
    const peer = await connectPeer(server.port)
    expect((await peer.send(get()).response()).status).toBe(500)
    expect((await peer.send(get()).response()).status).toBe(500)
    await sleep(20)
    expect(unhandled).toEqual([])
  })
})

describe('a promise that rejects when nobody waits for it any more', () => {
  it('is no unhandled rejection, when its client has left', async () => {
    const unhandled = watchUnhandledRejections()
    const late = deferred<RingResponse>()
    const server = await serve(() => late.promise)
    const peer = await connectPeer(server.port)
    peer.send(get())
    await until(() => server.stats().inFlight === 1)
    peer.reset()
    await until(() => server.stats().connections === 0)
    late.reject(new Error('too late'))
    await sleep(20)
    expect(unhandled).toEqual([])
  })
})

/** What would have ended the process, had nobody listened; until the test ends, we are the only ones. */
function watchUnhandledRejections(): unknown[] {
  const seen: unknown[] = []
  const others = process.listeners('unhandledRejection')
  const watch = (reason: unknown) => void seen.push(reason)
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', watch)
  onTestFinished(() => {
    process.off('unhandledRejection', watch)
    for (const other of others) process.on('unhandledRejection', other)
  })
  return seen
}
