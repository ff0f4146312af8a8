// Expect: 100-continue (RFC 9110 §10.1.1): the client is told to send its body when the handler reads it, and not
// otherwise.
import { describe, expect, test } from 'vitest'
import { asChannel, type Handler, type RequestBody, type ServerOptions } from '../../src/server.js'
import { drip, sendPieces } from '../support/drip-feed.js'
import { connectPeer, eventually, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'

const head = (framing: string, expectation = '100-continue', version = '1.1') =>
  `POST / HTTP/${version}\r\nHost: x\r\nExpect: ${expectation}\r\n${framing}\r\n\r\n`
const FIVE = head('Content-Length: 5')
const LAST = 'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const reads: Handler = async (req) => ({
  body: req.uri === '/last' ? 'last' : `read ${await req.body!.text()}`,
})

async function connected(
  handler: Handler,
  options?: ServerOptions,
): Promise<{ peer: RawPeer; server: TestServer }> {
  const server = await serve(handler, options)
  return { server, peer: await connectPeer(server.port) }
}

/** Statuses and texts of all further answers, when the server has closed. */
const restOf = async (peer: RawPeer) =>
  (await peer.responsesUntilEnd()).map(({ status, text }) => [status, text])

/** A promise, and the function that settles it. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

const ways: [string, (body: RequestBody) => Promise<string>][] = [
  ['text()', (body) => body.text()],
  ['bytes()', async (body) => Buffer.from(await body.bytes()).toString()],
  ['json()', async (body) => String(await body.json())],
  ['stream()', (body) => new Response(body.stream()).text()],
  [
    'iteration',
    async (body) => {
      let text = ''
      for await (const piece of body) text += Buffer.from(piece).toString()
      return text
    },
  ],
]

describe('100 is sent', () => {
  test.each(ways)('once, when the handler reads by %s', async (_, read) => {
    const goOn = gate()
    const called = gate()
    const { peer, server } = await connected(async (req) => {
      if (req.uri === '/last') return { body: 'last' }
      called.open()
      await goOn.promise
      return { body: `read ${await read(req.body!)}` }
    })
    peer.send(FIVE)
    await called.promise
    await turn()
    await turn()
    expect([peer.unread.length, server.stats().bytesOut]).toEqual([0, 0])
    goOn.open()
    const interim = await peer.response()
    expect([interim.status, interim.reason, interim.headers]).toEqual([100, 'Continue', []])
    const answer = await peer.send('12345').response()
    expect([answer.status, answer.text, answer.header('connection')]).toEqual([200, 'read 12345', undefined])
    expect(await restOf(peer.send(LAST))).toEqual([[200, 'last']])
  })

  test.each([
    ['a handler that reads at once', FIVE, '12345'],
    ['a chunked body', head('Transfer-Encoding: chunked'), '5\r\n12345\r\n0\r\n\r\n'],
    ['100-Continue in other letters', head('Content-Length: 5', '100-CONTINUE'), '12345'],
    ['a body that comes byte by byte', FIVE, ['1', '2', '3', '4', '5']],
  ])('with %s', async (_, request, body) => {
    const { peer } = await connected(reads)
    expect((await peer.send(request).response()).status).toBe(100)
    await sendPieces(peer, [...body])
    expect(await restOf(peer.send(LAST))).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test('where the head comes byte by byte', async () => {
    const { peer } = await connected(reads)
    await drip(peer, FIVE)
    expect((await peer.response()).status).toBe(100)
    expect((await peer.send('12345').response()).text).toBe('read 12345')
  })

  test('for each request of a connection', async () => {
    const { peer } = await connected(reads)
    for (const body of ['12345', 'abcde', 'ABCDE']) {
      expect((await peer.send(FIVE).response()).status).toBe(100)
      expect((await peer.send(body).response()).text).toBe(`read ${body}`)
    }
  })

  test('behind the answer to the request before it', async () => {
    const { peer } = await connected(async (req) => (req.body ? reads(req) : { body: 'before' }))
    peer.send(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${FIVE}`)
    expect((await peer.responses(2)).map(({ status, text }) => [status, text])).toEqual([
      [200, 'before'],
      [100, ''],
    ])
    expect((await peer.send('12345').response()).text).toBe('read 12345')
  })
})

describe('100 is not sent', () => {
  test('where the body came along', async () => {
    const { peer } = await connected(reads)
    expect(await restOf(peer.send(`${FIVE}12345${LAST}`))).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test('where the body came along in chunks', async () => {
    const { peer } = await connected(reads)
    peer.send(`${head('Transfer-Encoding: chunked')}5\r\n12345\r\n0\r\n\r\n${LAST}`)
    expect(await restOf(peer)).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test('where the body has begun to come along', async () => {
    const { peer } = await connected(reads)
    await sendPieces(peer, [`${FIVE}1`, `2345${LAST}`])
    expect(await restOf(peer)).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test('where the client did not wait for the handler to read', async () => {
    const goOn = gate()
    const { peer, server } = await connected(async (req) => {
      await goOn.promise
      return reads(req)
    })
    await sendPieces(peer, [FIVE, '12'])
    await eventually(() => server.stats().bytesIn).toBe(FIVE.length + 2)
    goOn.open()
    expect(await restOf(peer.send(`345${LAST}`))).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test.each([
    ['no body is announced', ''],
    ['the body is empty', 'Content-Length: 0'],
  ])('where %s, and the connection lives', async (_, framing) => {
    const { peer } = await connected(async (req) => ({ body: `${req.uri} ${req.body}` }))
    const request = framing === '' ? head('X-None: 1') : head(framing)
    expect(await restOf(peer.send(request + LAST))).toEqual([
      [200, '/ undefined'],
      [200, '/last undefined'],
    ])
  })

  test('to HTTP/1.0, which does not know it (RFC 9110 §10.1.1)', async () => {
    const { peer, server } = await connected(reads)
    const request = head('Content-Length: 5\r\nConnection: keep-alive', '100-continue', '1.0')
    await peer.send(request).flushed()
    await eventually(() => server.stats().bytesIn).toBe(request.length)
    await turn()
    expect(await restOf(peer.send(`12345${LAST}`))).toEqual([
      [200, 'read 12345'],
      [200, 'last'],
    ])
  })

  test.each<[string, Handler, number, string]>([
    ['answers without reading', () => ({ status: 403, body: 'no' }), 403, 'no'],
    [
      'answers later without reading',
      async () => turn().then(() => ({ status: 403, body: 'no' })),
      403,
      'no',
    ],
    ['streams without reading', () => ({ body: ['un', 'read'] }), 200, 'unread'],
    ['returns nothing', () => undefined as never, 404, ''],
    [
      'throws',
      () => {
        throw new Error('on purpose')
      },
      500,
      '',
    ],
    [
      'sends through the channel',
      (req) => asChannel(req, { onOpen: (ch) => void ch.send({ status: 403, body: 'no' }) }),
      403,
      'no',
    ],
  ])('where the handler %s; the connection closes', async (_, handler, status, text) => {
    let calls = 0
    const { peer } = await connected((req) => {
      calls++
      return handler(req)
    })
    const answer = await peer.send(FIVE).response()
    expect([answer.status, answer.text, answer.header('connection')]).toEqual([status, text, 'close'])
    // A client that sends its body all the same is not misread.
    await peer.send(`12345${LAST}`).ended()
    expect(calls).toBe(1)
  })
})

describe('the server refuses by itself, and no handler is called', () => {
  test.each([
    [413, 'a body over maxBody', head('Content-Length: 99999999')],
    [417, 'another expectation', head('Content-Length: 5', '200-ok')],
    [417, 'another expectation beside it', head('Content-Length: 5', '100-continue, 200-ok')],
    [417, 'another expectation without a body', head('X-None: 1', '200-ok')],
  ])('with %i for %s', async (status, _, request) => {
    let calls = 0
    const { peer } = await connected(() => {
      calls++
      return {}
    })
    const answer = await peer.send(request).response()
    expect([answer.status, answer.header('connection')]).toEqual([status, 'close'])
    await peer.send(`12345${LAST}`).ended()
    expect(calls).toBe(0)
  })

  test('but for HTTP/1.0, whose Expect is ignored', async () => {
    const { peer } = await connected(reads)
    expect((await peer.send(`${head('Content-Length: 5', '200-ok', '1.0')}12345`).response()).text).toBe(
      'read 12345',
    )
  })
})

describe('a streamed answer that reads the body', () => {
  test.each<[string, Handler]>([
    [
      'an async generator',
      (req) => ({
        body: (async function* () {
          yield `read ${await req.body!.text()}`
        })(),
      }),
    ],
    ['the body itself', (req) => ({ body: req.body! })],
    ["the body's stream", (req) => ({ body: req.body!.stream() })],
  ])('has the 100 before its head: %s', async (_, handler) => {
    const { peer } = await connected(handler)
    peer.send(FIVE)
    const first = await peer.response()
    expect(first.status).toBe(100)
    const answer = await peer.send('12345').response()
    expect([answer.status, answer.framing, answer.text.replace('read ', '')]).toEqual([
      200,
      'chunked',
      '12345',
    ])
  })

  test('has no 100 behind its head', async () => {
    const { peer } = await connected((req) => {
      const channel = req.asyncChannel
      channel.send({ headers: { 'X-First': '1' }, body: 'first ' }, false)
      req.body!.text().then(
        (text) => channel.send(text),
        () => channel.close(),
      )
      return { body: channel }
    })
    peer.send(FIVE)
    await eventually(() => peer.unread.length).toBeGreaterThan(0)
    const answer = await peer.send('12345').response()
    expect([answer.status, answer.framing, answer.header('connection')]).toEqual([200, 'chunked', 'close'])
    expect(answer.text).toMatch(/^first (12345)?$/)
    await peer.ended()
  })

  // The client was given its answer instead of a 100: it need not send the body any more.
  test('does not wait for ever for a body that it begins to read behind its head', async () => {
    const { peer, server } = await connected(
      (req) => ({
        body: (async function* () {
          yield 'first'
          yield await req.body!.text()
        })(),
      }),
      { bodyTimeout: 200 },
    )
    peer.send(FIVE)
    await peer.closed()
    await eventually(() => server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
  })
})
