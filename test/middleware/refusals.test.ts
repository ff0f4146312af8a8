// How wrapParams and wrapMultipartParams refuse: what the answer looks like, and what becomes of the connection.
import { describe, expect, test } from 'vitest'
import { wrapMultipartParams, wrapParams } from '../../src/middleware.js'
import type { Handler } from '../../src/server.js'
import { ask, connectPeer, eventually, serve } from '../support/raw-peer.js'
import {
  type Bytes,
  bytesOf,
  FORM_DATA,
  headOf,
  multipart,
  NEXT,
  posted,
  postedInChunks,
  URLENCODED,
} from '../support/upload-request.js'
import { watchTemporaryFiles } from '../support/upload-service.js'

type ParamsOptions = Parameters<typeof wrapParams>[1]
type MultipartOptions = Parameters<typeof wrapMultipartParams>[1]

const params = (options?: ParamsOptions) => (handler: Handler) => wrapParams(handler, options)
const parts = (options?: MultipartOptions) => (handler: Handler) => wrapMultipartParams(handler, options)

const field = (name: string, content: Bytes = '') => ({ name, content })
const file = (content: Bytes) => ({ name: 'file', filename: 'a.txt', type: 'text/plain', content })
const form = (body: string, charset = '') => posted(body, { type: URLENCODED + charset })
const three = multipart([field('a', 'xx'), field('b', 'xx'), file('xx')])
const head = (lines: string) => posted(multipart([{ head: lines, content: 'x' }]))
const NAMED = 'Content-Disposition: form-data; name="a"'

/** One request for each way to be refused, all of it sent. */
const refusals: [status: number, what: string, request: Buffer, wrap: (handler: Handler) => Handler][] = [
  [
    414,
    'a query of too many pairs',
    Buffer.from('GET /?a&b HTTP/1.1\r\nHost: x\r\n\r\n'),
    params({ maxPairs: 1 }),
  ],
  [
    414,
    'a query that is too long',
    Buffer.from('GET /?abc HTTP/1.1\r\nHost: x\r\n\r\n'),
    params({ maxBytes: 2 }),
  ],
  [413, 'a form of too many pairs', form('a&b'), params({ maxPairs: 1 })],
  [413, 'a form that is too long', form('abc'), params({ maxBytes: 2 })],
  [
    413,
    'a form in chunks that is too long',
    postedInChunks(['a', 'bc'], { type: URLENCODED }),
    params({ maxBytes: 2 }),
  ],
  [415, 'a charset that nobody knows', form('a=1', '; charset=klingon'), params()],
  [400, 'no boundary', posted(three, { type: 'multipart/form-data' }), parts()],
  [400, 'an empty boundary', posted(three, { type: 'multipart/form-data; boundary=' }), parts()],
  [
    400,
    'a boundary of 71 characters',
    posted(three, { type: `multipart/form-data; boundary=${'b'.repeat(71)}` }),
    parts(),
  ],
  [400, 'a boundary with something behind it', posted('--b\r\n--bX\r\n--b--\r\n'), parts()],
  [400, 'a message without an end', posted(three.subarray(0, -4)), parts()],
  [400, 'a message without a boundary', posted('nothing of the kind'), parts()],
  [400, 'a part without a head', head(''), parts()],
  [400, 'a part without Content-Disposition', head('Content-Type: text/plain'), parts()],
  [400, 'a part that is no form-data', head('Content-Disposition: attachment; name="a"'), parts()],
  [400, 'a part without a name', head('Content-Disposition: form-data; filename="a"'), parts()],
  [400, 'a part with two Content-Dispositions', head(`${NAMED}\r\n${NAMED}`), parts()],
  [400, 'a field of a part without a colon', head(`${NAMED}\r\nno colon`), parts()],
  [400, 'a line of a part that ends with LF', head(`${NAMED}\nA: b`), parts()],
  [413, 'too many parts', posted(three), parts({ maxParts: 2 })],
  [413, 'too many fields', posted(three), parts({ maxFields: 1 })],
  [413, 'too many files', posted(three), parts({ maxFiles: 0 })],
  [413, 'a field that is too large', posted(three), parts({ maxFieldSize: 1 })],
  [413, 'a file that is too large', posted(three), parts({ maxFileSize: 1 })],
  [413, 'fields that are too large together', posted(three), parts({ maxFieldsSize: 3 })],
  [413, 'a part head that is too large', posted(three), parts({ maxHeadSize: 20 })],
  [413, 'a message that is too large', posted(three), parts({ maxTotal: three.length - 1 })],
  [
    413,
    'a message in chunks that is too large',
    postedInChunks([three]),
    parts({ maxTotal: three.length - 1 }),
  ],
]

/** A server that counts its calls, the innocent request's apart. */
async function serveCounted(wrap: (handler: Handler) => Handler) {
  watchTemporaryFiles()
  const counts = { calls: 0 }
  const handler = wrap(() => {
    counts.calls++
    return { body: 'called' }
  })
  const server = await serve((req) => (req.uri === '/next' ? { body: 'next' } : handler(req)))
  return { server, counts }
}

describe('a refusal', () => {
  test.each(refusals)(
    'is a %i of text, before the handler, and nobody is alarmed: %s',
    async (status, _, request, wrap) => {
      const { server, counts } = await serveCounted(wrap)
      const answer = await ask(server.port, request)
      expect([answer.status, counts.calls, server.errors]).toEqual([status, 0, []])
      expect(answer.header('content-type')).toBe('text/plain; charset=utf-8')
      expect(answer.framing).toBe('length')
      expect(answer.text).toMatch(/^[ -~]+\n$/)
    },
  )

  test.each(refusals)(
    'leaves the connection for the next request, where the rest is small: %i for %s',
    async (status, _, request, wrap) => {
      const { server } = await serveCounted(wrap)
      const peer = await connectPeer(server.port)
      const [refused, next] = await peer.send(Buffer.concat([request, Buffer.from(NEXT)])).responses(2)
      expect([refused!.status, next!.text]).toEqual([status, 'next'])
      expect((await peer.send(NEXT).response()).text).toBe('next')
      await eventually(() => server.stats().inFlight).toBe(0)
    },
  )

  test.each(refusals)('says nothing of the request: %i for %s', async (_status, _, request, wrap) => {
    const { server } = await serveCounted(wrap)
    const answer = await ask(server.port, request)
    expect(answer.text).not.toMatch(/xx|abc|klingon|no colon|of the kind|attachment|form-data; /)
  })

  test('has no body for HEAD', async () => {
    const { server } = await serveCounted(params({ maxPairs: 1 }))
    const peer = await connectPeer(server.port)
    expect((await peer.send('HEAD /?a&b HTTP/1.1\r\nHost: x\r\n\r\n').response('HEAD')).status).toBe(414)
    expect((await peer.send(NEXT).response()).text).toBe('next')
  })

  test('costs its own connection only', async () => {
    for (const [status, , request, wrap] of refusals) {
      const { server } = await serveCounted(wrap)
      const steady = await connectPeer(server.port)
      expect((await ask(server.port, request)).status).toBe(status)
      expect((await steady.send(NEXT).response()).text).toBe('next')
    }
  })
})

describe('a message that is refused early', () => {
  const smuggled = Buffer.alloc(64 * 1024, NEXT)

  const early: [
    status: number,
    what: string,
    start: Bytes,
    type: string,
    wrap: (handler: Handler) => Handler,
  ][] = [
    [413, 'a form', '', URLENCODED, params({ maxBytes: 2 })],
    [400, 'a boundary that is none', '--bX\r\n', FORM_DATA, parts()],
    [400, 'a part head', '--b\r\nno colon\r\n\r\n', FORM_DATA, parts()],
    [413, 'a file', `--b\r\n${NAMED}; filename="a"\r\n\r\n`, FORM_DATA, parts({ maxFileSize: 1 })],
    [413, 'a field', `--b\r\n${NAMED}\r\n\r\n`, FORM_DATA, parts({ maxFieldSize: 1 })],
    [400, 'no boundary', '', 'multipart/form-data', parts()],
  ]

  test.each(early)(
    'closes where much is to come, and the client that sends on gets its %i: for %s',
    async (status, _, start, type, wrap) => {
      const { server, counts } = await serveCounted(wrap)
      const peer = await connectPeer(server.port)
      peer
        .pause()
        .send(headOf(8 * 1024 * 1024, { type }))
        .send(bytesOf(start))
      for (let count = 0; count < 64; count++) {
        await peer.send(smuggled).flushed()
        await new Promise((resolve) => setImmediate(resolve))
      }
      const answers = await peer.resume().responsesUntilEnd()
      expect(answers.map((answer) => [answer.status, answer.header('connection')])).toEqual([
        [status, 'close'],
      ])
      peer.finish()
      await eventually(() => server.stats().connections).toBe(0)
      expect([counts.calls, server.errors]).toEqual([0, []])
    },
  )

  test.each(early)('is never taken for requests: %i for %s', async (status, _, start, type, wrap) => {
    const { server } = await serveCounted(wrap)
    const body = Buffer.concat([bytesOf(start), Buffer.from(NEXT.repeat(20))])
    for (const request of [posted(body, { type }), postedInChunks([body], { type })]) {
      const peer = await connectPeer(server.port)
      peer.send(request)
      const answer = await peer.response()
      expect(answer.status).toBe(status)
      if (answer.header('connection') === 'close') {
        await peer.ended()
      } else {
        peer.send('GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        expect((await peer.responsesUntilEnd()).map(({ text }) => text)).toEqual(['next'])
      }
    }
    expect(server.stats().served).toBeLessThanOrEqual(4)
  })

  test('is not even asked for where its stated length is over maxTotal', async () => {
    const { server } = await serveCounted(parts({ maxTotal: three.length }))
    const fields = ['Expect: 100-continue']
    const peer = await connectPeer(server.port)
    const answer = await peer.send(headOf(three.length + 1, { fields })).response()
    expect([answer.status, answer.header('connection')]).toEqual([413, 'close'])
    await peer.ended()
    const second = await connectPeer(server.port)
    expect((await second.send(headOf(three.length, { fields })).response()).status).toBe(100)
    expect((await second.send(three).response()).text).toBe('called')
  })

  test.each(early.slice(1, 5))(
    'is told so before the rest has come: %i for %s',
    async (status, _, start, type, wrap) => {
      const { server } = await serveCounted(wrap)
      const peer = await connectPeer(server.port)
      peer.send(headOf(1_000_000, { type })).send(bytesOf(start)).send('some of it')
      expect((await peer.response()).status).toBe(status)
    },
  )
})

describe('the limits of parts', () => {
  const content = (length: number) => 'x'.repeat(length)
  const fields = (count: number) => multipart(Array.from({ length: count }, (_, n) => field(`f${n}`)))
  const files = (count: number) => multipart(Array.from({ length: count }, () => file('')))
  const partHead = 'Content-Disposition: form-data; name="a"\r\n\r\n'.length

  const cases: [what: string, options: MultipartOptions, under: Buffer, over: Buffer][] = [
    ['maxParts', { maxParts: 3 }, fields(3), fields(4)],
    ['maxFields', { maxFields: 3 }, fields(3), fields(4)],
    ['maxFiles', { maxFiles: 3 }, files(3), files(4)],
    [
      'maxFieldSize',
      { maxFieldSize: 10 },
      multipart([field('a', content(10))]),
      multipart([field('a', content(11))]),
    ],
    ['maxFileSize', { maxFileSize: 10 }, multipart([file(content(10))]), multipart([file(content(11))])],
    ['maxHeadSize', { maxHeadSize: partHead }, multipart([field('a')]), multipart([field('ab')])],
    ['maxTotal', { maxTotal: fields(3).length }, fields(3), fields(4)],
    [
      'maxFieldsSize',
      { maxFieldsSize: 10 },
      multipart([field('a', content(4)), file(content(100)), field('b', content(6))]),
      multipart([field('a', content(4)), file(content(100)), field('b', content(7))]),
    ],
    [
      'maxFieldsSize in bytes',
      { maxFieldsSize: 10 },
      multipart([field('a', 'ééééé')]),
      multipart([field('a', 'éééééx')]),
    ],
    ['1,000 parts', undefined, fields(1000), fields(1001)],
    ['1,000 files', undefined, files(1000), files(1001)],
    [
      '1 MiB of a field',
      undefined,
      multipart([field('a', content(2 ** 20))]),
      multipart([field('a', content(2 ** 20 + 1))]),
    ],
    [
      '8 MiB of all fields',
      undefined,
      multipart(Array.from({ length: 8 }, (_, n) => field(`f${n}`, content(2 ** 20)))),
      multipart(Array.from({ length: 9 }, (_, n) => field(`f${n}`, content(n === 8 ? 1 : 2 ** 20)))),
    ],
    ['no part at all', { maxParts: 0 }, fields(0), fields(1)],
  ]

  test.each(cases)('hold %s, just at and just over', async (_, options, under, over) => {
    watchTemporaryFiles()
    const server = await serve(
      wrapMultipartParams(() => ({}), options),
      { maxBody: 2 ** 25 },
    )
    for (const [body, status] of [[under, 200] as const, [over, 413] as const]) {
      expect((await ask(server.port, posted(body))).status).toBe(status)
      expect((await ask(server.port, postedInChunks([body]))).status).toBe(status)
    }
    expect(server.errors).toEqual([])
  })

  test('are each its own, with nothing in common: files do not count as fields', async () => {
    watchTemporaryFiles()
    const options = { maxFields: 1, maxFiles: 1, maxFieldSize: 2, maxFileSize: 100, maxFieldsSize: 2 }
    const server = await serve(wrapMultipartParams(() => ({}), options))
    const both = multipart([field('a', content(2)), file(content(100))])
    expect((await ask(server.port, posted(both))).status).toBe(200)
  })

  test.each([
    { maxParts: -1 },
    { maxFileSize: Number.NaN },
    { maxFieldsSize: -1 },
    { maxTotal: '8' as unknown as number },
  ])('are numbers from 0 on, else they are a RangeError where the handler is wrapped: %j', (options) => {
    expect(() => wrapMultipartParams(() => ({}), options)).toThrow(RangeError)
  })
})
