// Apps of fetch handlers on our server, over real sockets: bodies stream both ways, and the app hears when its client goes.
import { H3 } from 'h3'
import { Hono } from 'hono'
import { AutoRouter, type IRequest } from 'itty-router'
import { describe, expect, test } from 'vitest'
import { type FetchApp, fromFetch } from '../../src/edge.js'
import type { ServerOptions } from '../../src/server.js'
import { ask, connectPeer, eventually, type RawPeer, serve } from '../support/raw-peer.js'
import { deferred, stableFor } from '../support/waiting.js'

const MiB = 1024 * 1024
const encoder = new TextEncoder()

const serveApp = (app: FetchApp | { fetch: FetchApp }, options: ServerOptions = {}) =>
  serve(fromFetch(app), options)

const request = (method: string, path: string, fields = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: app.example:81\r\n${fields}\r\n`
const get = (path = '/') => request('GET', path)
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = (path = '/') => request('POST', path, 'Transfer-Encoding: chunked\r\n')
const whole = (path: string, body: Uint8Array, fields = '') =>
  Buffer.concat([Buffer.from(request('POST', path, `${fields}Content-Length: ${body.length}\r\n`)), body])

const seen = (peer: RawPeer, text: string) => eventually(() => String(peer.unread)).toContain(text)

/** A stream that is fed by hand. */
function fed() {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const cancelled = deferred<unknown>()
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: (reason) => cancelled.resolve(reason),
  })
  return {
    stream,
    cancelled: cancelled.promise,
    send: (text: string) => controller.enqueue(encoder.encode(text)),
    end: () => controller.close(),
    fail: (error: Error) => controller.error(error),
  }
}

function honoApp() {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('x-after', 'middleware')
  })
  return app
    .get('/users/:id', (c) => c.json({ id: c.req.param('id'), q: c.req.query('q'), url: c.req.url }))
    .post('/json', async (c) => c.json({ got: await c.req.json() }, 201))
    .post('/echo', (c) => new Response(c.req.raw.body))
    .get('/lines', () => new Response(lines()))
}

function ittyApp() {
  return AutoRouter({ finally: [(response: Response) => void response.headers.set('x-after', 'middleware')] })
    .get('/users/:id', ({ id, query, url }: IRequest) => Response.json({ id, q: query.q, url }))
    .post('/json', async (req: IRequest) => Response.json({ got: await req.json() }, { status: 201 }))
    .post('/echo', (req: IRequest) => new Response(req.body))
    .get('/lines', () => new Response(lines()))
}

function h3App() {
  const after = (response: Response) => response.headers.set('x-after', 'middleware')
  return new H3({ silent: true, onResponse: after })
    .get('/users/:id', ({ context, url }) =>
      Response.json({ id: context.params?.id, q: url.searchParams.get('q'), url: url.href }),
    )
    .post('/json', async (event) => Response.json({ got: await event.req.json() }, { status: 201 }))
    .post('/echo', (event) => new Response(event.req.body))
    .get('/lines', () => new Response(lines()))
}

function lines(): ReadableStream<Uint8Array> {
  let line = 0
  return new ReadableStream({
    pull(controller) {
      if (++line > 3) controller.close()
      else controller.enqueue(encoder.encode(`line ${line}\n`))
    },
  })
}

describe.each([
  ['Hono', honoApp],
  ['itty-router', ittyApp],
  ['h3', h3App],
])('%s', (_name, make) => {
  const serveIt = () => serveApp(make() as unknown as { fetch: FetchApp })

  test('routes', async () => {
    const server = await serveIt()
    const answer = await ask(server.port, get('/users/42?q=a%20b'))
    expect(JSON.parse(answer.text)).toEqual({
      id: '42',
      q: 'a b',
      url: 'http://app.example:81/users/42?q=a%20b',
    })
    expect([answer.status, answer.header('content-type'), answer.header('x-after')]).toEqual([
      200,
      expect.stringContaining('application/json'),
      'middleware',
    ])
  })

  test('answers what is not there with 404', async () => {
    const server = await serveIt()
    expect((await ask(server.port, get('/missing'))).status).toBe(404)
  })

  test('reads JSON', async () => {
    const server = await serveIt()
    const body = encoder.encode('{"a":["é"]}')
    const answer = await ask(server.port, whole('/json', body, 'Content-Type: application/json\r\n'))
    expect([answer.status, JSON.parse(answer.text), server.errors]).toEqual([201, { got: { a: ['é'] } }, []])
  })

  test('streams', async () => {
    const server = await serveIt()
    expect((await ask(server.port, get('/lines'))).text).toBe('line 1\nline 2\nline 3\n')
    const peer = (await connectPeer(server.port)).send(chunked('/echo') + chunk('one'))
    await seen(peer, 'one')
    peer.send(chunk('two'))
    await seen(peer, 'two')
    expect((await peer.send('0\r\n\r\n').response()).text).toBe('onetwo')
  })
})

describe('a body', () => {
  test('of five megabytes comes back as it was', async () => {
    const server = await serveApp((request) => new Response(request.body))
    const bytes = Buffer.alloc(5 * MiB, 'the quick brown fox ')
    expect((await ask(server.port, whole('/', bytes))).body.equals(bytes)).toBe(true)
  })

  test('past maxBody is 413', async () => {
    const server = await serveApp(async (request) => new Response(await request.arrayBuffer()), {
      maxBody: 10,
    })
    expect((await ask(server.port, whole('/', new Uint8Array(11)))).status).toBe(413)
    expect((await ask(server.port, whole('/', new Uint8Array(10)))).status).toBe(200)
    expect(server.errors).toEqual([])
  })

  test('is read from the socket no faster than the app reads', async () => {
    const goOn = deferred()
    const server = await serveApp(
      async (request) => {
        await goOn.promise
        return new Response(String((await request.arrayBuffer()).byteLength))
      },
      { maxBody: 256 * MiB },
    )
    const peer = await connectPeer(server.port)
    peer.send(request('POST', '/', `Content-Length: ${128 * MiB}\r\n`))
    peer.send(new Uint8Array(128 * MiB))
    const taken = await stableFor(200, () => server.stats().bytesIn)
    expect(taken).toBeLessThan(64 * MiB)
    goOn.resolve()
    expect((await peer.response()).text).toBe(String(128 * MiB))
  })

  test('is asked of the app no faster than the client reads', async () => {
    let made = 0
    const server = await serveApp(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              made += 65_536
              controller.enqueue(new Uint8Array(65_536))
            },
          }),
        ),
    )
    const peer = (await connectPeer(server.port)).send(get())
    peer.pause()
    expect(await stableFor(200, () => made)).toBeLessThan(64 * MiB)
    peer.reset()
  })

  test('that fails is cut, and logged', async () => {
    const body = fed()
    const server = await serveApp(() => new Response(body.stream))
    const peer = (await connectPeer(server.port)).send(get())
    body.send('half')
    await seen(peer, 'half')
    body.fail(new Error('no more'))
    expect((await peer.cutResponse()).text).toBe('half')
    await eventually(() => server.errors).toMatchObject([{ error: { message: 'no more' } }])
  })
})

describe('HEAD', () => {
  test('has the head of GET, its length where the app says it, and ends the body', async () => {
    const body = fed()
    const server = await serveApp(
      () => new Response(body.stream, { headers: { 'content-length': '5', 'x-a': 'b' } }),
    )
    const peer = await connectPeer(server.port)
    const answer = await peer.send(request('HEAD', '/')).response('HEAD')
    expect([answer.status, answer.header('content-length'), answer.header('x-a')]).toEqual([200, '5', 'b'])
    await body.cancelled
    expect(server.errors).toEqual([])
  })
})

test.each([204, 304])('%i has no body', async (status) => {
  const server = await serveApp(() => new Response(null, { status }))
  const peer = await connectPeer(server.port)
  expect((await peer.send(get()).response()).status).toBe(status)
  expect((await peer.send(get()).response()).status).toBe(status)
})

test('set-cookie is as many fields as the app sets', async () => {
  const server = await serveApp(() => {
    const response = new Response('x')
    response.headers.append('set-cookie', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    response.headers.append('set-cookie', 'b=2')
    return response
  })
  const answer = await ask(server.port, get())
  expect(answer.headerAll('set-cookie')).toEqual(['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2'])
})

test('headers are the bytes that the app sets, where they are UTF-8', async () => {
  const server = await serveApp(
    (request) => new Response(null, { headers: { 'x-back': request.headers.get('x-there')! } }),
  )
  const answer = await ask(server.port, request('GET', '/', 'X-There: \xc3\xa9\r\n'))
  expect(answer.header('x-back')).toBe('\xc3\xa9')
})

test.each(['CONNECT app.example:81', 'TRACE /', 'TRACK /'])('%s is 501', async (line) => {
  const server = await serveApp(() => new Response('reached'))
  const text = `${line} HTTP/1.1\r\nHost: app.example:81\r\n\r\n`
  expect([(await ask(server.port, text)).status, server.errors]).toEqual([501, []])
})

test.each(['a%', 'a%20b', "a'b,c(d)"])('a Host of %s is no failure', async (host) => {
  const server = await serveApp((request) => new Response(new URL(request.url).host))
  const { status } = await ask(server.port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  expect([200, 400]).toContain(status)
  expect(server.errors).toEqual([])
})

describe('request.signal', () => {
  /** A server whose app's signal is handed over, with what the app answers. */
  async function watched(answer: (request: Request) => Response | Promise<Response>) {
    const signals: AbortSignal[] = []
    const server = await serveApp((request) => {
      signals.push(request.signal)
      return answer(request)
    })
    return { server, signals }
  }

  test('is aborted when the client goes before it has its answer', async () => {
    const { server, signals } = await watched(
      ({ signal }) =>
        new Promise<Response>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    const peer = (await connectPeer(server.port)).send(get())
    await eventually(() => signals.length).toBe(1)
    peer.reset()
    await eventually(() => signals[0]!.aborted).toBe(true)
    expect(signals[0]!.reason).toMatchObject({ message: 'the client has gone' })
    await eventually(() => server.stats().inFlight).toBe(0)
    expect(server.errors).toEqual([])
  })

  test('is aborted when the client goes in the middle of the answer, whose body is ended', async () => {
    const body = fed()
    const { server, signals } = await watched(() => new Response(body.stream))
    const peer = (await connectPeer(server.port)).send(get())
    body.send('half')
    await seen(peer, 'half')
    expect(signals[0]!.aborted).toBe(false)
    peer.reset()
    await body.cancelled
    await eventually(() => signals[0]!.aborted).toBe(true)
    expect(server.errors).toEqual([])
  })

  test('is aborted when the client goes in the middle of its body', async () => {
    const { server, signals } = await watched(async (request) => new Response(await request.arrayBuffer()))
    const peer = (await connectPeer(server.port)).send(request('POST', '/', 'Content-Length: 10\r\n'))
    await eventually(() => signals.length).toBe(1)
    peer.reset()
    await eventually(() => signals[0]!.aborted).toBe(true)
    expect(server.errors).toEqual([])
  })

  test('is not aborted by answers that are whole, nor by the end of their connection', async () => {
    const { server, signals } = await watched(({ method }) => new Response(method === 'GET' ? lines() : 'x'))
    const peer = await connectPeer(server.port)
    for (const one of [get(), get(), whole('/', encoder.encode('x'))]) await peer.send(one).response()
    peer.destroy()
    await eventually(() => server.stats().connections).toBe(0)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
  })
})
