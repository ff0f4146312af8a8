// wrapParams: what becomes of a query and of a form, on a server and called by hand.
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/core.js'
import { wrapMultipartParams, wrapParams } from '../../src/middleware.js'
import {
  asChannel,
  type Channel,
  type Handler,
  type RequestBody,
  type RingRequest,
  type RingResponse,
} from '../../src/server.js'
import { drip } from '../support/drip-feed.js'
import { ask, connectPeer, serve } from '../support/raw-peer.js'
import { type Bytes, multipart, NEXT, posted, postedInChunks, URLENCODED } from '../support/upload-request.js'
import { connectWs } from '../support/websocket-peers.js'

interface Params {
  queryParams: Record<string, unknown>
  formParams: Record<string, unknown>
  params: Record<string, unknown>
}

const json = (value: unknown): RingResponse => ({ body: JSON.stringify(value) })
const told = ({ queryParams, formParams, params }: Params) => json({ queryParams, formParams, params })
const tell = wrapParams((req) => told(req))

const get = (query: string) => `GET /${query} HTTP/1.1\r\nHost: x\r\n\r\n`
const form = (body: Bytes, type = URLENCODED, target = '/') => posted(body, { type, target })

async function toldBy(handler: Handler, request: Bytes): Promise<Params> {
  const server = await serve(handler)
  const answer = await ask(server.port, request)
  expect([answer.status, server.errors]).toEqual([200, []])
  return JSON.parse(answer.text)
}

/** A request map as a server would make it. */
function requestMap(over: Partial<RingRequest> = {}): RingRequest {
  return {
    serverPort: 8090,
    serverName: 'localhost',
    remoteAddr: '127.0.0.1',
    uri: '/',
    queryString: undefined,
    scheme: 'http',
    requestMethod: 'get',
    protocol: 'HTTP/1.1',
    headers: { host: 'localhost:8090' },
    contentType: undefined,
    contentLength: undefined,
    characterEncoding: undefined,
    body: undefined,
    websocket: false,
    asyncChannel: {} as Channel,
    startTime: 0,
    ...over,
  }
}

function formMap(text: string, over: Partial<RingRequest> = {}): RingRequest {
  const bytes = Buffer.from(text)
  const body: RequestBody = {
    bytes: async () => bytes,
    text: async () => text,
    json: async () => JSON.parse(text),
    stream: () => new Blob([bytes]).stream() as ReadableStream<Uint8Array>,
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
  }
  const headers = { host: 'x', 'content-type': URLENCODED, 'content-length': String(bytes.length) }
  const contentLength = bytes.length
  return requestMap({
    requestMethod: 'post',
    headers,
    contentType: URLENCODED,
    contentLength,
    body,
    ...over,
  })
}

describe('a query', () => {
  test.each<[what: string, query: string, params: object]>([
    ['pairs', '?a=1&b=2', { a: '1', b: '2' }],
    ['a repeated name, in order', '?a=2&b=x&a=1&a=', { a: ['2', '1', ''], b: 'x' }],
    ['a name without a value', '?a', { a: '' }],
    ['nothing between two ampersands', '?&a=1&&b=2&', { a: '1', b: '2' }],
    ['percent-coded text', '?n%C3%A4me=caf%c3%a9&%E2%82%AC=%F0%9F%8D%B5', { näme: 'café', '€': '🍵' }],
    ['a plus, which is a space', '?a+b=c+d%2Be', { 'a b': 'c d+e' }],
    ['percent signs that code nothing, as they are', '?a=100%&b=%zz%4', { a: '100%', b: '%zz%4' }],
    ['bytes that are no UTF-8, as replacement characters', '?a=%FFb', { a: '\ufffdb' }],
    ['equals signs in a value', '?a=b=c', { a: 'b=c' }],
    ['a second question mark', '?a=?b', { a: '?b' }],
    ['no pair', '?', {}],
    ['no query', '', {}],
  ])('gives %s', async (_, query, params) => {
    expect(await toldBy(tell, get(query))).toEqual({ queryParams: params, formParams: {}, params })
  })

  test('inherits nothing, and may name what objects inherit', async () => {
    const seen: Params[] = []
    const handler = wrapParams((req) => {
      seen.push(req)
      return {}
    })
    const server = await serve(handler)
    await ask(server.port, get('?__proto__=a&constructor=b&toString=c'))
    await ask(server.port, get(''))
    const [named, bare] = seen
    for (const params of [named!.queryParams, named!.params]) {
      expect(Object.entries(params)).toEqual([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
      ])
    }
    for (const params of [bare!.queryParams, bare!.formParams, bare!.params]) {
      expect('toString' in params || '__proto__' in params).toBe(false)
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('is what a HEAD has, too', async () => {
    const server = await serve(
      wrapParams((req) => ({ headers: { 'X-Params': JSON.stringify(req.params) }, body: 'text' })),
    )
    const peer = await connectPeer(server.port)
    const answer = await peer.send('HEAD /?a=1 HTTP/1.1\r\nHost: x\r\n\r\n').response('HEAD')
    expect([answer.status, answer.header('x-params')]).toEqual([200, '{"a":"1"}'])
    expect((await peer.send(get('?b=2')).response()).header('x-params')).toBe('{"b":"2"}')
  })
})

describe('a form', () => {
  const pairs = 'a=1&b=x+y&a=%C3%A9&c'
  const formParams = { a: ['1', 'é'], b: 'x y', c: '' }
  const whole = { queryParams: {}, formParams, params: formParams }

  test.each<[how: string, request: Buffer]>([
    ['of a stated length', form(pairs)],
    ['in one chunk', postedInChunks([pairs], { type: URLENCODED })],
    ['in chunks that cut through pairs and escapes', postedInChunks(Array.from(pairs), { type: URLENCODED })],
    ['whose type is written in any case', form(pairs, 'Application/X-WWW-Form-Urlencoded')],
    ['whose type has parameters', form(pairs, `${URLENCODED} ; q=1`)],
    ['by PUT', posted(pairs, { type: URLENCODED, method: 'PUT' })],
    ['by GET', posted(pairs, { type: URLENCODED, method: 'GET' })],
    ['by a method of its own', posted(pairs, { type: URLENCODED, method: 'SEARCH' })],
  ])('gives its pairs: one %s', async (_, request) => {
    expect(await toldBy(tell, request)).toEqual(whole)
  })

  test('gives its pairs where it arrives byte by byte', async () => {
    const server = await serve(tell)
    for (const request of [
      form(pairs),
      postedInChunks([pairs.slice(0, 9), pairs.slice(9)], { type: URLENCODED }),
    ]) {
      const peer = await connectPeer(server.port)
      await drip(peer, request)
      expect(JSON.parse((await peer.response()).text)).toEqual(whole)
    }
  })

  test('inherits nothing, and may name what objects inherit', async () => {
    const { formParams, params } = await toldBy(tell, form('__proto__=a&constructor=b&a=1'))
    for (const one of [formParams, params]) {
      expect(Object.entries(one)).toEqual([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['a', '1'],
      ])
    }
    const bare = await toldBy(
      wrapParams((req) =>
        json(['formParams' in req, 'toString' in req.formParams, 'toString' in req.params]),
      ),
      form('a=1'),
    )
    expect(bare).toEqual([true, false, false])
  })

  test.each<[what: string, request: Buffer]>([
    ['without a body', posted('', { type: URLENCODED })],
    ['with no chunk but the last', postedInChunks([], { type: URLENCODED })],
  ])('gives nothing where it is empty: one %s', async (_, request) => {
    expect(await toldBy(tell, request)).toEqual({ queryParams: {}, formParams: {}, params: {} })
  })

  test.each([
    ['text/plain'],
    ['application/json'],
    ['application/x-www-form-urlencoded-not'],
    ['x-application/x-www-form-urlencoded'],
    ['text/plain; type=application/x-www-form-urlencoded'],
    [undefined],
  ])('is no body of another type, which is left for the handler to read: %s', async (type) => {
    const handler = wrapParams(async (req) => json([req.formParams, req.params, await req.body!.text()]))
    expect(await toldBy(handler, posted('a=1', { type, target: '/?b=2' }))).toEqual([{}, { b: '2' }, 'a=1'])
  })

  test('goes over the query, a name at a time', async () => {
    const request = form('a=form&a=twice&b=form', URLENCODED, '/?a=query&c=query&c=again')
    expect(await toldBy(tell, request)).toEqual({
      queryParams: { a: 'query', c: ['query', 'again'] },
      formParams: { a: ['form', 'twice'], b: 'form' },
      params: { a: ['form', 'twice'], b: 'form', c: ['query', 'again'] },
    })
  })

  test('that a client waits to send is asked for', async () => {
    const server = await serve(tell)
    const peer = await connectPeer(server.port)
    const [head, body] = cutAtBody(posted('a=1', { type: URLENCODED, fields: ['Expect: 100-continue'] }))
    expect((await peer.send(head).response()).status).toBe(100)
    expect(JSON.parse((await peer.send(body).response()).text)).toMatchObject({ formParams: { a: '1' } })
  })
})

function cutAtBody(request: Buffer): [Buffer, Buffer] {
  const end = request.indexOf('\r\n\r\n') + 4
  return [request.subarray(0, end), request.subarray(end)]
}

describe('the charset of a form', () => {
  const latin1 = Buffer.from('a=\xe9', 'latin1')

  test.each<[charset: string, body: Bytes, params: object]>([
    ['utf-8', 'n%C3%A4me=%E2%82%AC', { näme: '€' }],
    ['UTF-8', 'a=é', { a: 'é' }],
    ['"utf-8"', 'a=%C3%A9', { a: 'é' }],
    ['iso-8859-1', 'n%E4me=%E9+%2B', { näme: 'é +' }],
    ['iso-8859-1', latin1, { a: 'é' }],
    ['ISO-8859-1', 'a=%C3%A9', { a: 'Ã©' }],
    ['windows-1252', 'a=%80%99&a=%E9', { a: ['€™', 'é'] }],
    ['shift_jis', 'a=%83%65%83%58%83%67', { a: 'テスト' }],
    ['shift_jis', 'a=%83e%83X%83g', { a: 'テスト' }],
    ['shift_jis', 'a=%95%5C&b=2', { a: '表', b: '2' }],
    ['us-ascii', 'a=b', { a: 'b' }],
    ['koi8-r', '%C1=%C2', { а: 'б' }],
  ])('is what its escapes and bytes are read by: %s', async (charset, body, formParams) => {
    const told = await toldBy(tell, form(body, `${URLENCODED}; charset=${charset}`))
    expect(told.formParams).toEqual(formParams)
  })

  test('does not touch the query, which is UTF-8', async () => {
    const request = form('b=%E9', `${URLENCODED}; charset=iso-8859-1`, '/?a=%C3%A9')
    expect((await toldBy(tell, request)).params).toEqual({ a: 'é', b: 'é' })
  })

  test('is answered with 415 where nobody knows it, before the handler', async () => {
    let calls = 0
    const server = await serve(
      wrapParams(() => {
        calls++
        return { body: 'next' }
      }),
    )
    const peer = await connectPeer(server.port)
    const answer = await peer.send(form('a=1', `${URLENCODED}; charset=klingon`)).response()
    expect([answer.status, calls, server.errors]).toEqual([415, 0, []])
    expect(answer.header('content-type')).toMatch(/^text\/plain/)
    expect((await peer.send(NEXT).response()).text).toBe('next')
  })

  test('is nobody’s business where there is no form', async () => {
    const handler = wrapParams(async (req) => json([req.params, req.body !== undefined]))
    expect(await toldBy(handler, form('a=1', 'text/plain; charset=klingon'))).toEqual([{}, true])
    const empty = posted('', { type: `${URLENCODED}; charset=utf-8`, target: '/?a=1' })
    expect(await toldBy(handler, empty)).toEqual([{ a: '1' }, false])
  })
})

describe('the limits', () => {
  const pairs = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`).join('&')
  const statusOf = async (options: Parameters<typeof wrapParams>[1], request: Bytes) => {
    let calls = 0
    const server = await serve(
      wrapParams(() => {
        calls++
        return {}
      }, options),
      { maxBody: 2 ** 24 },
    )
    const { status } = await ask(server.port, request)
    expect([calls, server.errors]).toEqual([status === 200 ? 1 : 0, []])
    return status
  }
  const chunked = (body: string) => postedInChunks([body], { type: URLENCODED })

  test.each<
    [what: string, options: Parameters<typeof wrapParams>[1], under: Bytes, over: Bytes, status: number]
  >([
    ['1,000 pairs of a query', undefined, get(`?${pairs(1000)}`), get(`?${pairs(1001)}`), 414],
    ['maxPairs of a query', { maxPairs: 2 }, get('?a&b'), get('?a&b&c'), 414],
    ['maxPairs of a repeated name', { maxPairs: 2 }, get('?a&a'), get('?a&a&a'), 414],
    ['maxBytes of a query', { maxBytes: 8 }, get('?a=123456'), get('?a=1234567'), 414],
    ['1,000 pairs of a form', undefined, form(pairs(1000)), form(pairs(1001)), 413],
    ['maxPairs of a form', { maxPairs: 2 }, form('a&b'), form('a&b&c'), 413],
    ['maxBytes of a form', { maxBytes: 8 }, form('a=123456'), form('a=1234567'), 413],
    ['maxBytes of a form in chunks', { maxBytes: 8 }, chunked('a=123456'), chunked('a=1234567'), 413],
    [
      '1 MiB of a form',
      undefined,
      form(`a=${'x'.repeat(2 ** 20 - 2)}`),
      form(`a=${'x'.repeat(2 ** 20 - 1)}`),
      413,
    ],
    [
      '1 MiB of a form in chunks',
      undefined,
      chunked(`a=${'x'.repeat(2 ** 20 - 2)}`),
      chunked(`a=${'x'.repeat(2 ** 20 - 1)}`),
      413,
    ],
    [
      'query and form, each for itself',
      { maxPairs: 2 },
      form('a&b', URLENCODED, '/?c&d'),
      form('a&b&c', URLENCODED, '/?c'),
      413,
    ],
    ['no pairs at all', { maxPairs: 0 }, get('?'), get('?a'), 414],
  ])('hold %s', async (_, options, under, over, status) => {
    expect([await statusOf(options, under), await statusOf(options, over)]).toEqual([200, status])
  })

  test('may be lifted', async () => {
    const options = { maxPairs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
    expect(await statusOf(options, form(pairs(100_000)))).toBe(200)
    expect(await statusOf(options, form('x'.repeat(2 ** 21)))).toBe(200)
  })

  test('hold 1 MiB of a query, longer than any head may be, where a map has it', () => {
    const handler = wrapParams(({ params }) => ({ body: String((params.a as string).length) }))
    const withLength = (length: number) => handler(requestMap({ queryString: `a=${'x'.repeat(length)}` }))
    expect(withLength(2 ** 20 - 2)).toEqual({ body: String(2 ** 20 - 2) })
    expect(withLength(2 ** 20 - 1)).toMatchObject({ status: 414 })
    const lifted = wrapParams(({ params }) => ({ body: String(Object.keys(params).length) }), {
      maxPairs: Number.POSITIVE_INFINITY,
    })
    expect(lifted(requestMap({ queryString: pairs(100_000) }))).toEqual({ body: '100000' })
  })

  test('count the bytes of a query and a form, not their characters', async () => {
    expect(await statusOf({ maxBytes: 8 }, form('a=éééé'))).toBe(413)
    expect(await statusOf({ maxBytes: 8 }, form('a=ééé'))).toBe(200)
    const handler = wrapParams(() => ({}), { maxBytes: 8 })
    expect(handler(requestMap({ queryString: 'a=éééé' }))).toMatchObject({ status: 414 })
    expect(handler(requestMap({ queryString: 'a=ééé' }))).toEqual({})
  })

  test('refuse a form by its stated length, before a byte of it is asked for', async () => {
    const server = await serve(wrapParams(() => ({}), { maxBytes: 8 }))
    const peer = await connectPeer(server.port)
    const request = posted('a=1234567', { type: URLENCODED, fields: ['Expect: 100-continue'] })
    const answer = await peer.send(cutAtBody(request)[0]).response()
    expect([answer.status, answer.header('connection')]).toEqual([413, 'close'])
    await peer.ended()
  })

  test('refuse chunks as soon as they are too many, before the last has come', async () => {
    const server = await serve(wrapParams(() => ({}), { maxBytes: 8 }))
    const peer = await connectPeer(server.port)
    const whole = postedInChunks(['a=123456', '789'], { type: URLENCODED })
    const answer = await peer.send(whole.subarray(0, -'0\r\n\r\n'.length)).response()
    expect([answer.status, answer.header('connection')]).toEqual([413, 'close'])
    await peer.ended()
  })

  test.each([{ maxPairs: -1 }, { maxPairs: Number.NaN }, { maxBytes: '8' as unknown as number }])(
    'are numbers from 0 on, else they are a RangeError where the handler is wrapped: %j',
    (options) => {
      expect(() => wrapParams(() => ({}), options)).toThrow(RangeError)
    },
  )
})

describe('the handler', () => {
  test('is called at once where there is no form, and its response is handed on as it is', () => {
    const response = { body: 'text' }
    const handler = wrapParams(() => response)
    expect(handler(requestMap({ queryString: 'a=1' }))).toBe(response)
    expect(handler(requestMap())).toBe(response)
    const text = formMap('a=1', { headers: { 'content-type': 'text/plain' }, contentType: 'text/plain' })
    expect(handler(text)).toBe(response)
  })

  test('is given a copy of the request, with all that was in it', async () => {
    const request = Object.freeze({ ...requestMap({ queryString: 'a=1' }), mine: 'kept' })
    let seen: (RingRequest & Params) | undefined
    wrapParams((req) => {
      seen = req
      return {}
    })(request)
    const { queryParams, formParams, params, ...rest } = seen!
    expect([queryParams, formParams, params]).toEqual([{ a: '1' }, {}, { a: '1' }])
    expect(rest).toEqual(request)
    expect(request).not.toHaveProperty('params')
    expect(queryParams).not.toBe(params)
  })

  test('finds what the server put in the request, of every name', async () => {
    const seen: RingRequest[] = []
    const server = await serve((req) => {
      seen.push(req)
      return wrapParams((inner) => {
        seen.push(inner)
        return {}
      })(req)
    })
    await ask(server.port, form('a=1', `${URLENCODED}; charset=utf-8`, '/path?b=2'))
    const [bare, wrapped] = seen
    const { queryParams, formParams, params, ...rest } = wrapped as RingRequest & Params
    expect(Object.keys(rest)).toEqual(Object.keys(bare!))
    for (const name of Object.keys(rest)) {
      if (name !== 'body') expect(rest[name as keyof typeof rest]).toBe(bare![name as keyof RingRequest])
    }
    expect(bare).not.toHaveProperty('params')
    expect(params).toEqual({ a: '1', b: '2' })
  })

  test('that throws or rejects is answered with 500, and logged, with a form and without', async () => {
    for (const fail of [
      wrapParams(() => {
        throw new Error('of mine')
      }),
      wrapParams(() => Promise.reject(new Error('of mine'))),
    ]) {
      const server = await serve(fail)
      expect((await ask(server.port, get('?a=1'))).status).toBe(500)
      expect((await ask(server.port, form('a=1'))).status).toBe(500)
      expect(server.errors).toMatchObject([
        { error: { message: 'of mine' } },
        { error: { message: 'of mine' } },
      ])
    }
  })

  test('that throws what we would refuse by is answered with 500 all the same', async () => {
    const failures: (() => RingResponse | Promise<RingResponse>)[] = [
      () => ({ body: JSON.stringify(parseQuery('a&b', { maxPairs: 1 })) }),
      async () => ({ body: JSON.stringify(parseQuery('a&b', { maxPairs: 1 })) }),
    ]
    for (const failure of failures) {
      const server = await serve(wrapParams(failure))
      for (const request of [get('?a=1'), form('a=1')]) {
        expect((await ask(server.port, request)).status).toBe(500)
      }
      const error = { name: 'ProtocolError', status: 413 }
      expect(server.errors).toMatchObject([{ error }, { error }])
    }
  })

  test('may answer by its channel, later and bit by bit', async () => {
    const server = await serve(
      wrapParams((req) =>
        asChannel(req, {
          onOpen(channel) {
            channel.send({ body: '' }, false)
            setImmediate(() => {
              channel.send(JSON.stringify(req.params), false)
              channel.close()
            })
          },
        }),
      ),
    )
    expect((await ask(server.port, get('?a=1'))).text).toBe('{"a":"1"}')
    expect((await ask(server.port, form('b=2'))).text).toBe('{"b":"2"}')
  })

  test('may open a WebSocket', async () => {
    const server = await serve(
      wrapParams((req) =>
        asChannel(req, { onOpen: (channel) => void channel.send(JSON.stringify(req.params)) }),
      ),
    )
    const peer = await connectWs(`ws://127.0.0.1:${server.port}/?name=Ada`)
    expect(await peer.messages.next()).toBe('{"name":"Ada"}')
    const listening = await serve(
      wrapParams((req) => ({ listener: { onOpen: (socket) => socket.send(JSON.stringify(req.params)) } })),
    )
    const second = await connectWs(`ws://127.0.0.1:${listening.port}/?name=Bob`)
    expect(await second.messages.next()).toBe('{"name":"Bob"}')
  })

  test('may return nothing, which is a 404', async () => {
    const server = await serve(wrapParams(() => undefined as unknown as RingResponse))
    expect((await ask(server.port, get('?a=1'))).status).toBe(404)
    expect((await ask(server.port, form('a=1'))).status).toBe(404)
  })

  test('is not called where the form breaks off, is malformed, or runs past maxBody', async () => {
    let calls = 0
    const handler = wrapParams(() => {
      calls++
      return {}
    })
    const server = await serve(handler, { maxBody: 10 })
    const chunks = postedInChunks(['a=1'], { type: URLENCODED })
    const bad = Buffer.concat([chunks.subarray(0, -5), Buffer.from('x\r\n')])
    const long = postedInChunks(['a=1', '1'.repeat(10)], { type: URLENCODED })
    const cases: [Buffer, number][] = [
      [bad, 400],
      [long, 413],
    ]
    for (const [request, status] of cases) {
      const peer = await connectPeer(server.port)
      const cut = request.indexOf('a=1') + 5
      await peer.send(request.subarray(0, cut)).flushed()
      await new Promise((resolve) => setImmediate(resolve))
      peer.send(request.subarray(cut))
      expect((await peer.responsesUntilEnd()).map((answer) => answer.status)).toEqual([status])
    }
    const leaving = await connectPeer(server.port)
    await leaving.send(form('a=12345').subarray(0, -3)).flushed()
    leaving.finish()
    expect((await leaving.response()).status).toBe(400)
    expect([calls, server.errors]).toEqual([0, []])
  })
})

describe('wrapped twice', () => {
  test('a request is read once, by the outer', async () => {
    const handler = wrapParams(wrapParams((req) => told(req)))
    const request = form('a=form', URLENCODED, '/?a=query&b=query')
    expect(await toldBy(handler, request)).toEqual({
      queryParams: { a: 'query', b: 'query' },
      formParams: { a: 'form' },
      params: { a: 'form', b: 'query' },
    })
    expect(await toldBy(handler, get('?a=1'))).toMatchObject({ params: { a: '1' } })
  })

  test('what is there already stays: queryParams, formParams and other params', async () => {
    const given = {
      ...formMap('a=form', { queryString: 'b=query' }),
      queryParams: { b: 'given' },
      formParams: { a: 'given' },
      params: { a: 'given', b: 'given', c: 'given' },
    }
    const response = await wrapParams((req) => told(req))(given)
    expect(JSON.parse(response.body as string)).toEqual({
      queryParams: { b: 'given' },
      formParams: { a: 'given' },
      params: { a: 'given', b: 'given', c: 'given' },
    })
  })

  test('what has gone over it in between stays, too', () => {
    const given = {
      ...requestMap({ queryString: 'a=query' }),
      queryParams: { a: 'query' },
      formParams: {},
      params: { a: 'part' },
    }
    expect(wrapParams((req) => told(req))(given)).toEqual(
      json({ queryParams: { a: 'query' }, formParams: {}, params: { a: 'part' } }),
    )
  })

  test('params that something else has put there are kept where they are not named', async () => {
    const routed = { ...requestMap({ queryString: 'a=query' }), params: { id: '7' } }
    const response = await wrapParams((req) => told(req))(routed)
    expect(JSON.parse(response.body as string).params).toEqual({ id: '7', a: 'query' })
  })
})

describe('with wrapMultipartParams', () => {
  type All = Params & { multipartParams: Record<string, unknown> }
  const all = (req: unknown) => {
    const { queryParams, formParams, multipartParams, params } = req as All
    return json({ queryParams, formParams, multipartParams, params })
  }
  const orders: [string, Handler][] = [
    ['outside', wrapParams(wrapMultipartParams((req) => all(req)))],
    ['inside', wrapMultipartParams(wrapParams((req) => all(req)))],
  ]
  const body = multipart([{ name: 'b', content: 'part' }])

  test.each(orders)('%s, each reads its own kind of body', async (_, handler) => {
    expect(await toldBy(handler, posted(body, { target: '/?a=query' }))).toEqual({
      queryParams: { a: 'query' },
      formParams: {},
      multipartParams: { b: 'part' },
      params: { a: 'query', b: 'part' },
    })
    expect(await toldBy(handler, form('b=form', URLENCODED, '/?a=query'))).toEqual({
      queryParams: { a: 'query' },
      formParams: { b: 'form' },
      multipartParams: {},
      params: { a: 'query', b: 'form' },
    })
    expect(await toldBy(handler, get('?a=query'))).toEqual({
      queryParams: { a: 'query' },
      formParams: {},
      multipartParams: {},
      params: { a: 'query' },
    })
  })

  test.each(orders)('%s, each refuses by its own limits', async (where, _) => {
    const [params, parts] = [{ maxPairs: 1 }, { maxParts: 1 }]
    const handler =
      where === 'outside'
        ? wrapParams(wrapMultipartParams(all, parts), params)
        : wrapMultipartParams(wrapParams(all, params), parts)
    const server = await serve(handler)
    const two = multipart([
      { name: 'a', content: '1' },
      { name: 'b', content: '2' },
    ])
    expect((await ask(server.port, get('?a&b'))).status).toBe(414)
    expect((await ask(server.port, form('a&b'))).status).toBe(413)
    expect((await ask(server.port, posted(two))).status).toBe(413)
    expect((await ask(server.port, posted(body, { target: '/?a' }))).status).toBe(200)
    expect(server.errors).toEqual([])
  })

  test('outside, what is in the parts goes over what is in the query', async () => {
    const told = await toldBy(orders[0]![1], posted(body, { target: '/?b=query' }))
    expect(told).toMatchObject({ queryParams: { b: 'query' }, params: { b: 'part' } })
  })
})
