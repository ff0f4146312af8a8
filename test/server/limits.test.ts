// The limits of a head, just under and just over; and how the server refuses: what its answer looks like, and that the
// client can always read it (RFC 9112 §9.6).
import { describe, expect, test } from 'vitest'
import { file, type Handler, type RingResponse, runServer, type ServerOptions } from '../../src/server.js'
import { drip, sendPieces } from '../support/drip-feed.js'
import { ask, connectPeer, eventually, type RawPeer, type RawResponse, serve } from '../support/raw-peer.js'

const KiB = 1024
const MiB = 1024 * KiB
const GOOD = 'GET /good HTTP/1.1\r\nHost: x\r\n\r\n'

/** The one answer to these bytes, however they arrive, and how often the handler was called for it. */
async function outcomeOf(
  request: string,
  options?: ServerOptions,
  send: (peer: RawPeer, request: string) => unknown = (peer) => peer.send(request),
): Promise<{ answer: RawResponse; calls: number }> {
  let calls = 0
  const server = await serve(() => {
    calls++
    return { body: 'served' }
  }, options)
  const peer = await connectPeer(server.port)
  await send(peer, request)
  const answer = await peer.response()
  if (answer.status !== 200) await peer.ended()
  return { answer, calls }
}

/** Statuses for these bytes in one write, in two, and one by one where they are few. */
async function statusesOf(request: string, options?: ServerOptions): Promise<number[]> {
  const halves = [request.slice(0, request.length / 2), request.slice(request.length / 2)]
  const ways: ((peer: RawPeer) => unknown)[] = [
    (peer) => peer.send(request),
    (peer) => sendPieces(peer, halves),
    (peer) => (request.length < 500 ? drip(peer, request) : peer.send(request)),
  ]
  const statuses: number[] = []
  for (const way of ways) {
    const { answer, calls } = await outcomeOf(request, options, way)
    expect(calls).toBe(answer.status === 200 ? 1 : 0)
    statuses.push(answer.status)
  }
  return statuses
}

const all = (status: number) => [status, status, status]

describe('maxLine', () => {
  const line = (length: number) =>
    `GET /${'a'.repeat(length - 'GET / HTTP/1.1'.length)} HTTP/1.1\r\nHost: x\r\n\r\n`
  const field = (length: number) => `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(length - 3)}\r\n\r\n`

  test.each<[number, ServerOptions | undefined]>([
    [8192, undefined],
    [16, { maxLine: 16 }],
    [64, { maxLine: 64 }],
    [20_000, { maxLine: 20_000 }],
  ])('of %i is held by a request-line, and 414 past it', async (maxLine, options) => {
    expect(await statusesOf(line(maxLine), options)).toEqual(all(200))
    expect(await statusesOf(line(maxLine + 1), options)).toEqual(all(414))
  })

  test.each<[number, ServerOptions | undefined]>([
    [8192, undefined],
    [64, { maxLine: 64 }],
    [20_000, { maxLine: 20_000 }],
  ])('of %i is held by a field-line, and 431 past it', async (maxLine, options) => {
    expect(await statusesOf(field(maxLine), options)).toEqual(all(200))
    expect(await statusesOf(field(maxLine + 1), options)).toEqual(all(431))
  })

  test('is held by a line that never ends', async () => {
    expect((await outcomeOf(`GET /${'a'.repeat(8192)}`)).answer.status).toBe(414)
    expect((await outcomeOf('a'.repeat(8193))).answer.status).toBe(414)
    expect((await outcomeOf(`GET / HTTP/1.1\r\nX: ${'a'.repeat(8192)}`)).answer.status).toBe(431)
    expect((await outcomeOf(`GET / HTTP/1.1\r\n${'a'.repeat(8193)}`)).answer.status).toBe(431)
  })

  test('is held by each line for itself', async () => {
    const options = { maxLine: 64 }
    const fields = Array.from({ length: 20 }, (_, index) => `X-${index}: ${'a'.repeat(50)}\r\n`).join('')
    expect(await statusesOf(`GET / HTTP/1.1\r\nHost: x\r\n${fields}\r\n`, options)).toEqual(all(200))
  })

  test('is held by every request of a connection', async () => {
    const server = await serve(() => ({}), { maxLine: 64 })
    const peer = await connectPeer(server.port)
    peer.send(line(64) + line(64) + line(65) + GOOD)
    expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([200, 200, 414])
  })

  test('is held by the fields of a trailer section', async () => {
    const withTrailer = (length: number) =>
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${'a'.repeat(length - 3)}\r\n\r\n`
    expect(await statusesOf(withTrailer(64), { maxLine: 64 })).toEqual(all(200))
    expect((await outcomeOf(withTrailer(65), { maxLine: 64 })).answer.status).toBe(431)
  })
})

describe('maxHeaders', () => {
  const withFields = (count: number) =>
    `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: count - 1 }, (_, index) => `X${index}: 1\r\n`).join('')}\r\n`

  test.each<[number, ServerOptions | undefined]>([
    [100, undefined],
    [1, { maxHeaders: 1 }],
    [3, { maxHeaders: 3 }],
    [200, { maxHeaders: 200 }],
  ])('of %i is held by the field-lines, and 431 past it', async (maxHeaders, options) => {
    expect(await statusesOf(withFields(maxHeaders), options)).toEqual(all(200))
    expect(await statusesOf(withFields(maxHeaders + 1), options)).toEqual(all(431))
  })

  test('is held by a head that comes in pieces, before its end', async () => {
    const start = 'GET / HTTP/1.1\r\nHost: x\r\n'
    const pieces = [start, 'A: 1\r\n'.repeat(60), 'B: 1\r\n'.repeat(60)]
    expect((await outcomeOf('', {}, (peer) => sendPieces(peer, pieces))).answer.status).toBe(431)
  })

  test('counts repeats of a name', async () => {
    const repeats = (count: number) => `GET / HTTP/1.1\r\nHost: x\r\n${'A: 1\r\n'.repeat(count - 1)}\r\n`
    expect(await statusesOf(repeats(100))).toEqual(all(200))
    expect(await statusesOf(repeats(101))).toEqual(all(431))
  })
})

describe('a head', () => {
  /** A head of so many bytes in lines of up to 1000. */
  function headOf(length: number): string {
    let head = 'GET / HTTP/1.1\r\nHost: x\r\n'
    for (let index = 0; head.length + 1000 + 20 < length; index++) head += `X${index}: ${'a'.repeat(950)}\r\n`
    return `${head}Y: ${'b'.repeat(length - head.length - 7)}\r\n\r\n`
  }

  test('may have 64 KiB in all, and is answered with 431 past them', async () => {
    expect(headOf(64 * KiB)).toHaveLength(64 * KiB)
    expect(await statusesOf(headOf(64 * KiB))).toEqual(all(200))
    expect(await statusesOf(headOf(64 * KiB + 1))).toEqual(all(431))
  })

  test('that never ends is answered with 431', async () => {
    expect((await outcomeOf(headOf(MiB).slice(0, -4), { maxHeaders: 1024 })).answer.status).toBe(431)
  })

  test('of 64 KiB may arrive in pieces of any size', async () => {
    const head = headOf(64 * KiB)
    for (const size of [97, 1000, 8191, 65_535]) {
      const pieces: string[] = []
      for (let at = 0; at < head.length; at += size) pieces.push(head.slice(at, at + size))
      expect((await outcomeOf(head, {}, (peer) => sendPieces(peer, pieces))).answer.status).toBe(200)
    }
  })
})

describe('an option out of its range', () => {
  test.each<[ServerOptions]>([
    [{ maxLine: 0 }],
    [{ maxLine: Number.NaN }],
    [{ maxLine: 10_000_000 }],
    [{ maxLine: '8192' as unknown as number }],
    [{ maxHeaders: 0 }],
    [{ maxBody: -1 }],
    [{ headersTimeout: 0 }],
    [{ bodyTimeout: -5 }],
    [{ keepAliveTimeout: Number.NaN }],
    [{ port: 65_536 }],
  ])('is a RangeError, and nothing listens: %j', async (options) => {
    await expect(runServer(() => ({}), { port: 0, ip: '127.0.0.1', ...options })).rejects.toThrow(RangeError)
  })
})

/** One request for each status by which the server refuses, with the options it needs. */
const refusals: [status: number, what: string, request: string, options?: ServerOptions][] = [
  [400, 'a malformed request-line', 'NONSENSE\r\n\r\n'],
  [400, 'a malformed field', 'GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n'],
  [400, 'no Host', 'GET / HTTP/1.1\r\n\r\n'],
  [
    400,
    'framing that contradicts itself',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
  ],
  [400, 'a malformed chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
  [400, 'a version that is not spoken', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n'],
  [
    413,
    'a body that is too large',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n',
    { maxBody: 10 },
  ],
  [
    413,
    'chunks that are too large',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n',
    { maxBody: 10 },
  ],
  [414, 'a request-line that is too long', `GET /${'a'.repeat(8192)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  [417, 'an expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: the-unexpected\r\n\r\n'],
  [431, 'a field that is too long', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(8192)}\r\n\r\n`],
  [431, 'too many fields', `GET / HTTP/1.1\r\nHost: x\r\n${'X: 1\r\n'.repeat(100)}\r\n`],
  [501, 'a method in lower case', 'get / HTTP/1.1\r\nHost: x\r\n\r\n'],
]

describe('a refusal', () => {
  test.each(refusals)(
    'is a %i of text, with all its fields, and closes: %s',
    async (status, _, request, options) => {
      const { answer, calls } = await outcomeOf(request, options)
      expect([answer.status, calls]).toEqual([status, 0])
      expect(answer.reason).not.toBe('')
      expect(answer.header('content-type')).toBe('text/plain; charset=utf-8')
      expect(answer.header('connection')).toBe('close')
      expect(answer.header('server')).toBe('httpkit-wasm')
      expect(Date.parse(answer.header('date')!)).toBeGreaterThan(Date.now() - 10_000)
      expect(answer.framing).toBe('length')
      expect(answer.text).toMatch(/^[ -~]+\n$/)
    },
  )

  test.each(refusals)('says nothing of the request: %i for %s', async (_status, _, request, options) => {
    const { answer } = await outcomeOf(request.replaceAll(/\bX\b|no colon|NONSENSE/g, 'S3CRET'), options)
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain('S3CRET')
  })

  test.each<[status: number, what: string, fields: string, options?: ServerOptions]>([
    [400, 'no Host', ''],
    [400, 'a malformed field', 'Host: x\r\nno colon\r\n'],
    [413, 'a body that is too large', 'Host: x\r\nContent-Length: 11\r\n', { maxBody: 10 }],
    [417, 'an expectation', 'Host: x\r\nExpect: the-unexpected\r\n'],
    [431, 'a field that is too long', `Host: x\r\nX: ${'a'.repeat(8192)}\r\n`],
  ])(
    'has no body for HEAD, whose request-line could be read: %i for %s',
    async (status, _, fields, options) => {
      const server = await serve(() => ({}), options)
      const peer = await connectPeer(server.port)
      expect((await peer.send(`HEAD / HTTP/1.1\r\n${fields}\r\n`).response('HEAD')).status).toBe(status)
      await peer.ended()
    },
  )

  test('costs its own connection only', async () => {
    const server = await serve(() => ({ body: 'served' }), { maxBody: 10 })
    const steady = await connectPeer(server.port)
    for (const [status, , request] of refusals) {
      expect((await ask(server.port, request)).status).toBe(status)
      expect((await steady.send(GOOD).response()).text).toBe('served')
    }
    expect(server.errors).toEqual([])
    await eventually(() => server.stats()).toMatchObject({
      inFlight: 0,
      connections: 1,
      served: refusals.length,
    })
  })
})

describe('errorResponse', () => {
  test.each(refusals)('makes the %i for %s', async (status, _, request, options) => {
    const told: [number, Error][] = []
    const { answer, calls } = await outcomeOf(request, {
      ...options,
      errorResponse: (code, error) => {
        told.push([code, error])
        return {
          headers: { 'Content-Type': 'application/json', 'X-Mine': '1' },
          body: JSON.stringify({ code }),
        }
      },
    })
    expect([answer.status, calls, answer.text]).toEqual([status, 0, `{"code":${status}}`])
    expect([answer.header('x-mine'), answer.headerAll('content-type')]).toEqual(['1', ['application/json']])
    expect([answer.header('connection'), answer.header('content-length')]).toEqual(['close', '12'])
    expect(answer.header('date')).toBeDefined()
    expect(told).toMatchObject([
      [status, { name: 'ProtocolError', status, code: expect.stringMatching(/^[A-Z_0-9]+$/) }],
    ])
  })

  const BAD = 'NONSENSE\r\n\r\n'

  test('makes the 500 of a handler that fails, and the connection lives', async () => {
    const thrown = new Error('on purpose')
    const server = await serve(
      (req) => {
        if (req.uri === '/good') return { body: 'served' }
        throw thrown
      },
      { errorResponse: (status, error) => ({ body: `${status} ${error === thrown}` }) },
    )
    const peer = await connectPeer(server.port)
    const [failed, good] = await peer.send(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${GOOD}`).responses(2)
    expect([failed!.status, failed!.text, good!.text]).toEqual([500, '500 true', 'served'])
  })

  test('is given an Error, whatever was thrown', async () => {
    const told: unknown[] = []
    const server = await serve(
      () => {
        throw 'text'
      },
      {
        errorResponse: (_, error) => {
          told.push(error)
          return { body: 'mine' }
        },
      },
    )
    expect((await ask(server.port, GOOD)).text).toBe('mine')
    expect(told).toEqual([expect.any(Error)])
  })

  test('may have another status, and any kind of body', async () => {
    const respond = (response: RingResponse) => outcomeOf(BAD, { errorResponse: () => response })
    expect((await respond({ status: 422, body: 'other' })).answer).toMatchObject({ status: 422 })
    expect((await respond({ body: new Uint8Array([0x61]) })).answer).toMatchObject({
      status: 400,
      framing: 'length',
    })
    expect((await respond({})).answer).toMatchObject({ status: 400, framing: 'length' })
    const streamed = (await respond({ body: ['a', 'b'] })).answer
    expect([streamed.status, streamed.framing, streamed.text]).toEqual([400, 'chunked', 'ab'])
  })

  test('cannot keep the connection', async () => {
    const headers = { Connection: 'keep-alive', 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }
    const { answer } = await outcomeOf(BAD + GOOD, { errorResponse: () => ({ headers, body: 'text' }) })
    expect([answer.header('connection'), answer.header('content-length'), answer.text]).toEqual([
      'close',
      '4',
      'text',
    ])
  })

  test.each<[string, () => RingResponse]>([
    [
      'throws',
      () => {
        throw new Error('of mine')
      },
    ],
    ['returns nothing', () => undefined as unknown as RingResponse],
    ['returns no map', () => 'text' as unknown as RingResponse],
    ['has a file that is not there', () => ({ body: file('/nowhere/of/mine') })],
    ['has a body of no known kind', () => ({ body: 42 }) as unknown as RingResponse],
    ['has a status that cannot be', () => ({ status: 42, body: 'mine' })],
    ['breaks out of the head', () => ({ headers: { 'X-Mine': 'a\r\nb: c' }, body: 'mine' })],
  ])('falls back to what the server says, and is logged, where it %s', async (_, errorResponse) => {
    const server = await serve(
      () => {
        throw new Error('of the handler')
      },
      { errorResponse },
    )
    const refused = await ask(server.port, BAD)
    expect([refused.status, refused.header('content-type')]).toEqual([400, 'text/plain; charset=utf-8'])
    expect([refused.text, refused.header('x-mine')]).toEqual([expect.stringMatching(/./), undefined])
    expect(server.errors).toHaveLength(1)
    const failed = await ask(server.port, GOOD)
    expect([failed.status, failed.text, failed.header('x-mine')]).toEqual([500, '', undefined])
    expect(server.errors).toHaveLength(3)
  })

  test('cuts the connection where its body fails on its way', async () => {
    const errorResponse = () => ({
      body: (function* () {
        yield 'first'
        throw new Error('of mine')
      })(),
    })
    const server = await serve(() => ({}), { errorResponse })
    const peer = await connectPeer(server.port)
    const whole = await peer
      .send(BAD)
      .response()
      .catch(() => undefined)
    expect(whole).toBeUndefined()
    await peer.closed()
    expect(server.stats().inFlight).toBe(0)
    expect(server.errors).toMatchObject([{ error: { message: 'of mine' } }])
  })
})

describe('a client that goes on sending after it was refused', () => {
  /** Sends the request and then 1 MiB more before it reads anything. */
  async function sendOn(peer: RawPeer, request: string): Promise<void> {
    peer.pause().send(request)
    const more = Buffer.alloc(64 * KiB, GOOD)
    for (let sent = 0; sent < MiB; sent += more.length) {
      await peer.send(more).flushed()
      await new Promise((resolve) => setImmediate(resolve))
    }
    peer.resume()
  }

  test.each(refusals)(
    'reads its %i, and FIN rather than a reset, for %s',
    async (status, _, request, options) => {
      let calls = 0
      const handler: Handler = () => {
        calls++
        return {}
      }
      const server = await serve(handler, options)
      const peer = await connectPeer(server.port)
      await sendOn(peer, request)
      expect((await peer.responsesUntilEnd()).map((answer) => answer.status)).toEqual([status])
      await peer.send(GOOD).flushed()
      expect([calls, server.stats().connections]).toEqual([0, 1])
      peer.finish()
      await eventually(() => server.stats().connections).toBe(0)
    },
  )

  test('reads all of a large refusal', async () => {
    const text = 'sorry '.repeat(500_000)
    const server = await serve(() => ({}), { errorResponse: () => ({ body: text }) })
    const peer = await connectPeer(server.port)
    await sendOn(peer, 'NONSENSE\r\n\r\n')
    const [answer] = await peer.responsesUntilEnd()
    expect(answer?.text === text).toBe(true)
  })
})
