// An answer's head: its status, its fields as the handler wrote them, and the framing, which is the server's alone
// (RFC 9112 §6.3).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type Channel,
  file,
  type Handler,
  type ResponseHeaders,
  type RingResponse,
  runServer,
  type ServerOptions,
} from '../../src/server.js'
import {
  ask,
  connectPeer,
  eventually,
  type RawPeer,
  type RawResponse,
  serve,
  type TestServer,
} from '../support/raw-peer.js'

const NEXT = 'GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

interface Outcome {
  answer: RawResponse
  /** What the request behind it was answered, where the connection lived on. */
  next: RawResponse | undefined
  server: TestServer
}

/** The answer to one request with this method and version, and what came after it until the server closed. */
async function answerTo(
  start: string,
  response: unknown,
  options?: ServerOptions,
  fields = 'Host: x\r\n',
): Promise<Outcome> {
  const server = await serve(
    (req) => (req.uri === '/next' ? { body: 'next' } : (response as RingResponse)),
    options,
  )
  const peer = await connectPeer(server.port)
  peer.send(`${start}\r\n${fields}\r\n${NEXT}`)
  const answer = await peer.response(start.split(' ', 1)[0])
  const rest = await peer.responsesUntilEnd()
  expect(rest.length).toBeLessThan(2)
  return { answer, next: rest[0], server }
}

const get = (response: unknown, options?: ServerOptions) => answerTo('GET / HTTP/1.1', response, options)
const head = (response: unknown, options?: ServerOptions) => answerTo('HEAD / HTTP/1.1', response, options)

async function fieldsOf(headers: unknown): Promise<[string, string][]> {
  const { answer, server } = await get({ headers, body: 'x' })
  expect([answer.status, server.errors]).toEqual([200, []])
  return answer.headers.filter(([name]) => !['Content-Length', 'Date', 'Server'].includes(name))
}

/** All bytes that one request is answered with. */
async function wireOf(response: unknown): Promise<{ wire: string; server: TestServer }> {
  const server = await serve(() => response as RingResponse)
  const peer = await connectPeer(server.port)
  peer.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  return { wire: (await peer.bytesUntilEnd()).toString('latin1'), server }
}

function storedFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-framing-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file.txt'), content)
  return join(folder, 'file.txt')
}

describe('Content-Length', () => {
  const bodies: [string, () => unknown, string][] = [
    ['a string', () => 'héllo', '6'],
    ['bytes', () => new Uint8Array(6), '6'],
    ['a Blob', () => new Blob(['123456']), '6'],
    ['a file', () => file(storedFile('123456')), '6'],
    ['null', () => null, '0'],
  ]

  test.each(bodies)('is counted from %s, whatever the handler states', async (_, body, length) => {
    for (const [name, stated] of [
      ['Content-Length', '3'],
      ['content-length', 999],
      ['CONTENT-LENGTH', '0'],
    ] as const) {
      const { answer, next, server } = await get({ headers: { [name]: stated }, body: body() })
      expect(answer.headerAll('content-length')).toEqual([length])
      expect(String(answer.body.length)).toBe(length)
      expect([next?.text, server.errors]).toEqual(['next', []])
    }
  })

  test.each([
    'abc',
    '-1',
    '1.5',
    '',
    '0x10',
    '1e3',
    '5, 5',
    '99999999999999999999',
    -1,
    1.5,
    Number.NaN,
    ['5', '5'],
  ])('never is %s on the wire, though the handler states it', async (stated) => {
    const known = await get({ headers: { 'Content-Length': stated }, body: 'hello' })
    expect([200, 500]).toContain(known.answer.status)
    expect(known.answer.text).toBe(known.answer.status === 200 ? 'hello' : '')
    expect(known.next?.text).toBe('next')
    const streamed = await get({ headers: { 'Content-Length': stated }, body: ['hello'] })
    expect([streamed.answer.status, streamed.answer.text, streamed.server.errors.length]).toEqual([
      500,
      '',
      1,
    ])
    expect(streamed.next?.text).toBe('next')
  })

  test.each<[string, string | number, () => unknown]>([
    ['an array', '7', () => ['abc', 'défg'.slice(0, 3)]],
    ['a generator', 7, () => new Set(['abc', 'déf'])],
    ['a Readable', '7', () => Readable.from([Buffer.from('abcdéf')])],
    ['a ReadableStream', '7', () => new Blob(['abcdéf']).stream()],
    ['an array of nothing', '0', () => ['', '']],
  ])('as stated goes with %s that keeps to it', async (_, stated, body) => {
    const { answer, next, server } = await get({ headers: { 'content-length': stated }, body: body() })
    expect([answer.framing, answer.header('content-length')]).toEqual(['length', String(stated)])
    expect(answer.body.length).toBe(Number(stated))
    expect([next?.text, server.errors]).toEqual(['next', []])
  })

  async function unkept(
    stated: number,
    pieces: () => unknown,
  ): Promise<{ body: string; server: TestServer; peer: RawPeer }> {
    const server = await serve(
      () => ({ headers: { 'Content-Length': stated }, body: pieces() }) as RingResponse,
    )
    const peer = await connectPeer(server.port)
    peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').send(NEXT)
    const wire = (await peer.bytesUntilEnd()).toString('latin1')
    return { body: wire.slice(wire.indexOf('\r\n\r\n') + 4), server, peer }
  }

  test.each<[string, () => unknown]>([
    ['an array', () => ['abc', 'd']],
    ['nothing', () => []],
    [
      'an async generator',
      async function* () {
        yield 'abc'
        await new Promise((resolve) => setImmediate(resolve))
        yield 'd'
      },
    ],
    ['a Readable', () => Readable.from(['abc', 'd'])],
  ])('as stated cuts and logs a stream that falls short: %s', async (_, pieces) => {
    const { body, server } = await unkept(5, pieces)
    expect('abcd'.startsWith(body)).toBe(true)
    expect(server.errors).toMatchObject([{ error: { message: expect.stringContaining('fell short') } }])
    expect(server.stats()).toMatchObject({ served: 1, inFlight: 0 })
  })

  test.each<[string, () => unknown]>([
    ['by a piece', () => ['abcde', 'f']],
    ['within a piece', () => ['abc', 'defg']],
    ['with its first piece', () => ['abcdef']],
    [
      'later',
      async function* () {
        yield 'abc'
        await new Promise((resolve) => setImmediate(resolve))
        yield 'defg'
      },
    ],
  ])('as stated cuts and logs a stream that runs over %s', async (_, pieces) => {
    const { body, server } = await unkept(5, pieces)
    expect('abcde'.startsWith(body)).toBe(true)
    expect(server.errors).toMatchObject([{ error: { message: expect.stringContaining('ran over') } }])
    expect(server.stats()).toMatchObject({ served: 1, inFlight: 0 })
  })
})

describe('Transfer-Encoding', () => {
  const stated: ResponseHeaders = { 'transfer-encoding': 'gzip, chunked', 'Keep-Alive': 'timeout=9' }

  test('from the handler is left out with a known body', async () => {
    const { answer, next } = await get({ headers: stated, body: 'hello' })
    expect([answer.headerAll('transfer-encoding'), answer.framing, answer.text]).toEqual([
      [],
      'length',
      'hello',
    ])
    expect(next?.text).toBe('next')
  })

  test("is the server's with a stream", async () => {
    const { answer, next } = await get({ headers: stated, body: ['hel', 'lo'] })
    expect(answer.headerAll('transfer-encoding')).toEqual(['chunked'])
    expect([answer.headerAll('keep-alive'), answer.text, next?.text]).toEqual([[], 'hello', 'next'])
  })

  test('from the handler does not go with a stated length', async () => {
    const { answer } = await get({
      headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': 5 },
      body: ['hello'],
    })
    expect([answer.framing, answer.text]).toEqual(['length', 'hello'])
  })
})

describe('HEAD', () => {
  test.each<[string, () => unknown, string]>([
    ['a string', () => 'héllo', '6'],
    ['bytes', () => new Uint8Array(100_000), '100000'],
    ['a Blob', () => new Blob(['hello']), '5'],
    ['a file', () => file(storedFile('hello')), '5'],
  ])('has the length of %s and nothing behind its head', async (_, body, length) => {
    const { answer, next, server } = await head({ headers: { ETag: '"1"' }, body: body() })
    expect([answer.header('content-length'), answer.header('etag')]).toEqual([length, '"1"'])
    expect([next?.text, server.errors]).toEqual(['next', []])
  })

  test('has the framing of a stream, which is ended unread', async () => {
    let read = 0
    let ended = 0
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          read++
          controller.enqueue('x')
        },
        cancel: () => void ended++,
      },
      { highWaterMark: 0 },
    )
    const { answer, next } = await head({ body: stream })
    expect([answer.header('transfer-encoding'), next?.text]).toEqual(['chunked', 'next'])
    expect([read, ended]).toEqual([0, 1])
  })

  test.each(['Content-Length', 'content-length'])('has the %s that the handler states', async (name) => {
    for (const body of ['hello', null, ['hel', 'lo'], new Blob(['hello'])]) {
      const { answer, next } = await head({ headers: { [name]: '1000' }, body })
      expect([answer.header('content-length'), next?.text]).toEqual(['1000', 'next'])
    }
  })

  test.each<[string, unknown, string]>([
    ['hello', 'hello', '5'],
    ['null', null, '0'],
    ['a Blob', new Blob(['hello']), '5'],
  ])(
    'has the length of its body, whatever is stated, with legacyContentLength: %s',
    async (_, body, length) => {
      const { answer, next } = await head(
        { headers: { 'Content-Length': 1000 }, body },
        { legacyContentLength: true },
      )
      expect([answer.header('content-length'), next?.text]).toEqual([length, 'next'])
    },
  )

  test('has nothing behind its head where the handler fails', async () => {
    const { answer, next } = await head({ body: 42 })
    expect([answer.status, next?.text]).toEqual([500, 'next'])
  })

  test('has nothing behind its head where nothing is returned', async () => {
    const { answer, next } = await head(undefined)
    expect([answer.status, next?.text]).toEqual([404, 'next'])
  })
})

describe('an answer without a body', () => {
  const sources: [string, () => unknown][] = [
    ['nothing', () => null],
    ['a string', () => 'not sent'],
    ['bytes', () => new Uint8Array(10_000)],
    ['a stream', () => ['not', 'sent']],
    ['a Blob', () => new Blob(['not sent'])],
    ['a file', () => file(storedFile('not sent'))],
  ]

  test.each(sources)('has neither length nor coding where it is 204, of %s', async (_, body) => {
    for (const method of ['GET', 'HEAD']) {
      const { answer, next } = await answerTo(`${method} / HTTP/1.1`, {
        status: 204,
        headers: { 'Content-Length': '8', 'Transfer-Encoding': 'chunked' },
        body: body(),
      })
      expect([answer.headerAll('content-length'), answer.headerAll('transfer-encoding')]).toEqual([[], []])
      expect([answer.status, next?.text]).toEqual([204, 'next'])
    }
  })

  test.each(sources)('has the length 0 where it is 205, of %s', async (_, body) => {
    const { answer, next } = await get({ status: 205, body: body() })
    expect([answer.status, answer.header('content-length'), next?.text]).toEqual([205, '0', 'next'])
  })

  test.each(sources)(
    'has the length that the handler states, or none, where it is 304, of %s',
    async (_, body) => {
      const silent = await get({ status: 304, body: body() })
      expect([
        silent.answer.headerAll('content-length'),
        silent.answer.headerAll('transfer-encoding'),
      ]).toEqual([[], []])
      expect(silent.next?.text).toBe('next')
      const stating = await get({
        status: 304,
        headers: { 'Content-Length': '1234', ETag: '"1"' },
        body: body(),
      })
      expect([stating.answer.header('content-length'), stating.answer.header('etag')]).toEqual([
        '1234',
        '"1"',
      ])
      expect(stating.next?.text).toBe('next')
    },
  )

  test.each([204, 205, 304])('ends a source that it does not send: %i', async (status) => {
    let read = 0
    let ended = 0
    const body = new ReadableStream(
      { pull: () => void read++, cancel: () => void ended++ },
      { highWaterMark: 0 },
    )
    const { next } = await get({ status, body })
    expect([next?.text, read, ended]).toEqual(['next', 0, 1])
  })
})

describe('HTTP/1.0', () => {
  test.each(['', 'Connection: keep-alive\r\n'])(
    'gets a stream until close, without chunks, after %j',
    async (fields) => {
      const { answer, next } = await answerTo('GET / HTTP/1.0', { body: ['a', '', 'b', 'c'] }, {}, fields)
      expect([answer.framing, answer.text, answer.header('connection')]).toEqual(['close', 'abc', 'close'])
      expect(next).toBeUndefined()
    },
  )

  test('keeps its connection after a stream whose length is stated', async () => {
    const response = { headers: { 'Content-Length': 3 }, body: ['a', 'bc'] }
    const { answer, next } = await answerTo('GET / HTTP/1.0', response, {}, 'Connection: keep-alive\r\n')
    expect([answer.framing, answer.text, answer.header('connection')]).toEqual([
      'length',
      'abc',
      'keep-alive',
    ])
    expect(next?.text).toBe('next')
  })

  test('gets no coding with the head of a stream either', async () => {
    const { answer } = await answerTo('HEAD / HTTP/1.0', { body: ['a'] }, {}, '')
    expect([answer.headerAll('transfer-encoding'), answer.headerAll('content-length')]).toEqual([[], []])
  })
})

describe('CONNECT', () => {
  test('has no framing, and its connection closes, where the handler accepts', async () => {
    const { answer, next } = await answerTo(
      'CONNECT x:1 HTTP/1.1',
      { status: 200, body: 'tunnel' },
      {},
      'Host: x:1\r\n',
    )
    expect([answer.header('connection'), next]).toEqual(['close', undefined])
  })

  test('is answered like any other where the handler refuses, and its connection closes (RFC 9931)', async () => {
    const { answer, next } = await answerTo(
      'CONNECT x:1 HTTP/1.1',
      { status: 405, body: 'no' },
      {},
      'Host: x:1\r\n',
    )
    expect([answer.status, answer.text, next?.text]).toEqual([405, 'no', undefined])
    expect(answer.header('connection')).toBe('close')
  })
})

describe('Connection', () => {
  test('close from the handler ends the connection after the answer', async () => {
    for (const headers of [
      { Connection: 'close' },
      { connection: 'Close' },
      { Connection: ['x', 'close'] },
    ]) {
      const { answer, next } = await get({ headers, body: 'last' })
      expect([answer.text, answer.header('connection'), next]).toEqual([
        'last',
        expect.stringMatching(/^(x, )?close$/),
        undefined,
      ])
    }
  })

  test('has the further options that the handler names', async () => {
    const { answer, next } = await get({ headers: { Connection: 'X-Mine, keep-alive', 'X-Mine': '1' } })
    expect([answer.header('connection'), next?.text]).toEqual(['X-Mine', 'next'])
  })
})

describe('fields', () => {
  test.each([
    ['a Web Headers', new Headers({ 'X-A': 'b' })],
    ['a Map', new Map([['X-A', 'b']])],
    ['a list of pairs', [['X-A', 'b']]],
  ])('that come as %s are an error, for they would be lost', async (_, headers) => {
    const { answer, server } = await get({ headers: headers as unknown as Record<string, string> })
    expect(answer.status).toBe(500)
    expect(String(server.errors[0]?.error)).toContain('plain map')
  })

  test('have their names as written, in their order', async () => {
    const headers = {
      ETag: '"1"',
      'WWW-Authenticate': 'Basic',
      'x-lower': 'a',
      'X-UPPER': 'b',
      "!#$%&'*+-.^_`|~09": 'c',
    }
    expect(await fieldsOf(headers)).toEqual(Object.entries(headers))
  })

  test('are repeated for each of an array', async () => {
    const headers = {
      'Set-Cookie': ['a=1', 'b=2; Path=/', 'a=3'],
      'X-One': ['1'],
      'X-None': [],
      'X-Numbers': [1, 2],
    }
    expect(await fieldsOf(headers)).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2; Path=/'],
      ['Set-Cookie', 'a=3'],
      ['X-One', '1'],
      ['X-Numbers', '1'],
      ['X-Numbers', '2'],
    ])
  })

  test('may be numbers, empty, or hold tabs', async () => {
    const headers = { 'X-Zero': 0, 'X-Half': 0.5, 'X-Minus': -1, 'X-Empty': '', 'X-Tab': 'a\tb' }
    expect(await fieldsOf(headers)).toEqual([
      ['X-Zero', '0'],
      ['X-Half', '0.5'],
      ['X-Minus', '-1'],
      ['X-Empty', ''],
      ['X-Tab', 'a\tb'],
    ])
  })

  test('are left out where they are null or undefined', async () => {
    expect(await fieldsOf({ 'X-Null': null, 'X-Undefined': undefined, 'X-There': 'x' })).toEqual([
      ['X-There', 'x'],
    ])
  })

  test('are left out where null stands for one that the server decides', async () => {
    const headers = {
      'Content-Length': null,
      'Transfer-Encoding': undefined,
      Connection: null,
      Date: null,
      Server: null,
    }
    const { answer, next } = await get({ headers, body: 'hello' })
    expect([answer.header('content-length'), answer.header('server'), next?.text]).toEqual([
      '5',
      'httpkit-wasm',
      'next',
    ])
    expect(answer.header('date')).toMatch(/ GMT$/)
  })

  test('are sent as UTF-8', async () => {
    const [[, value]] = (await fieldsOf({ 'X-Text': 'é€𝄞' })) as [[string, string]]
    expect(Buffer.from(value, 'latin1').toString()).toBe('é€𝄞')
  })

  test('may be forty, and long', async () => {
    const headers = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`X-${index}`, `${index}`.repeat(2000)]),
    )
    expect(await fieldsOf(headers)).toEqual(Object.entries(headers))
  })

  test("may be a request's own", async () => {
    const server = await serve((req) => ({ headers: req.headers }))
    const answer = await ask(server.port, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n')
    expect([answer.header('host'), answer.header('x-a')]).toEqual(['x', '1'])
  })

  test('are none where headers is left out', async () => {
    const { answer } = await get({ body: 'x' })
    expect(answer.headers.map(([name]) => name).sort()).toEqual(['Content-Length', 'Date', 'Server'])
  })

  test('of one answer do not mix with those of another that an event logger gives meanwhile', async () => {
    const held: Channel[] = []
    const options: ServerOptions = {
      eventLogger: (name) => {
        if (name.endsWith('201'))
          held[0]!.send({ status: 202, headers: { 'X-Held': '1', 'Set-Cookie': 'held' } })
      },
    }
    const server = await serve((req) => {
      if (req.uri !== '/held') return { status: 201, headers: { 'X-Other': '1' } }
      held.push(req.asyncChannel)
      return { body: req.asyncChannel }
    }, options)
    const peer = await connectPeer(server.port)
    peer.send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => held.length).toBe(1)
    const other = await ask(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect([other.status, other.header('x-other'), other.headerAll('set-cookie')]).toEqual([201, '1', []])
    const first = await peer.response()
    expect([first.status, first.header('x-held'), first.headerAll('x-other')]).toEqual([202, '1', []])
  })
})

describe('what would break out of the head', () => {
  const CR = 'a\revil: 1'
  const LF = 'a\nevil: 1'
  const CRLF = 'a\r\nevil: 1\r\n\r\nevil'
  const NUL = 'a\0evil'

  test.each<[string, unknown]>([
    ['CR in a value', { headers: { 'X-A': CR } }],
    ['LF in a value', { headers: { 'X-A': LF } }],
    ['CRLF in a value', { headers: { 'X-A': CRLF } }],
    ['NUL in a value', { headers: { 'X-A': NUL } }],
    ['a value that is but LF', { headers: { 'X-A': '\n', evil: '1' } }],
    ['another control character in a value', { headers: { 'X-A': 'evil\x0b' } }],
    ['DEL in a value', { headers: { 'X-A': 'evil\x7f' } }],
    ['CRLF behind other scripts', { headers: { 'X-A': `é€${CRLF}` } }],
    ['CRLF in one of an array', { headers: { 'X-A': ['fine', CRLF] } }],
    ['CR in a name', { headers: { [CR]: '1' } }],
    ['LF in a name', { headers: { [LF]: '1' } }],
    ['CRLF in a name', { headers: { [CRLF]: '1' } }],
    ['NUL in a name', { headers: { [NUL]: '1' } }],
    ['a space in a name', { headers: { 'X evil': '1' } }],
    ['a colon in a name', { headers: { 'X-evil:': '1' } }],
    ['an empty name', { headers: { '': 'evil' } }],
    ['a name of another script', { headers: { 'X-évil': 'evil' } }],
    ['CRLF in Connection', { headers: { Connection: CRLF } }],
    ['CRLF in Content-Length', { headers: { 'Content-Length': `1${CRLF}` }, body: ['x'] }],
    ['CRLF in Date', { headers: { Date: CRLF } }],
    ['CRLF in Server', { headers: { Server: CRLF } }],
    [
      'CRLF in Content-Type',
      { headers: { 'Content-Type': CRLF }, body: new Blob(['x'], { type: 'text/plain' }) },
    ],
    ['CRLF in a status', { status: '200 OK\r\nevil: 1' }],
    ['LF in a status', { status: '200\nevil' }],
    ['an object with a text in it', { headers: { 'X-A': { toString: () => CRLF } } }],
  ])('is answered with 500 and logged, and none of it is sent: %s', async (_, response) => {
    const { wire, server } = await wireOf(response)
    expect(wire.startsWith('HTTP/1.1 500 Internal Server Error\r\n')).toBe(true)
    expect(wire.split('\r\n\r\n')).toEqual([expect.any(String), ''])
    expect(wire).not.toMatch(/evil|fine|X-A|\0/)
    expect(server.errors).toHaveLength(1)
  })

  test('is answered so with a streamed body too, which is ended', async () => {
    let ended = 0
    const body = new ReadableStream({ cancel: () => void ended++ })
    const { wire, server } = await wireOf({ headers: { 'X-A': CRLF }, body })
    expect(wire.startsWith('HTTP/1.1 500 ')).toBe(true)
    expect(wire).not.toContain('evil')
    expect(server.errors).toHaveLength(1)
    await eventually(() => ended).toBe(1)
  })

  test('cannot come as a reason phrase', async () => {
    const { wire } = await wireOf({ status: 200, reason: CRLF, statusText: CRLF, body: 'x' })
    expect(wire.startsWith('HTTP/1.1 200 OK\r\n')).toBe(true)
    expect(wire).not.toContain('evil')
  })

  test('cannot come from the type of a Blob', async () => {
    const blob = Object.defineProperty(new Blob(['x']), 'type', { value: `text/plain${CRLF}` })
    const { wire } = await wireOf({ body: blob })
    expect(wire).not.toContain('evil')
  })

  test.each([CR, LF, CRLF, NUL])('cannot come from serverHeader: %j', async (serverHeader) => {
    await expect(runServer(() => ({}), { port: 0, ip: '127.0.0.1', serverHeader })).rejects.toThrow(TypeError)
  })

  test('leaves nothing behind for the next answer', async () => {
    const server = await serve((req) =>
      req.uri === '/bad'
        ? { headers: { 'X-Good': 'of the bad', 'X-Bad': CRLF } }
        : { headers: { 'X-Good': '1' } },
    )
    const peer = await connectPeer(server.port)
    peer.send('GET /bad HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [bad, good] = await peer.responses(2)
    expect([bad!.status, bad!.headerAll('x-good')]).toEqual([500, []])
    expect([good!.status, good!.headerAll('x-good')]).toEqual([200, ['1']])
  })
})

describe('Date', () => {
  const DATE =
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

  test('is now, in the form of RFC 9110 §5.6.7', async () => {
    const before = Date.now()
    const { answer } = await get({})
    expect(answer.header('date')).toMatch(DATE)
    const date = Date.parse(answer.header('date')!)
    expect(date).toBeGreaterThanOrEqual(before - 1000)
    expect(date).toBeLessThanOrEqual(Date.now())
  })

  test('moves on with the seconds', async () => {
    const server = await serve(() => ({}))
    const peer = await connectPeer(server.port)
    const dateNow = async () =>
      (await peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').response()).header('date')!
    const first = await dateNow()
    await eventually(dateNow).not.toBe(first)
    const lag = Date.now() - Date.parse(await dateNow())
    expect(lag).toBeGreaterThanOrEqual(0)
    expect(lag).toBeLessThan(2000)
  })

  test.each(['Date', 'date', 'DATE'])("is the handler's, where it gives %s", async (name) => {
    const value = 'Sun, 06 Nov 1994 08:49:37 GMT'
    const { answer } = await get({ headers: { [name]: value } })
    expect(answer.headerAll('date')).toEqual([value])
  })

  test('stands in every answer of the server itself', async () => {
    const server = await serve(() => {
      throw new Error('on purpose')
    })
    for (const request of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'nonsense\r\n\r\n',
    ]) {
      expect((await ask(server.port, request)).header('date')).toMatch(DATE)
    }
  })
})

describe('Server', () => {
  test.each<[string, ServerOptions, string[]]>([
    ['httpkit-wasm by default', {}, ['httpkit-wasm']],
    ['serverHeader', { serverHeader: 'mine/1.0' }, ['mine/1.0']],
    ['left out for null', { serverHeader: null }, []],
  ])('is %s', async (_, options, expected) => {
    const { answer } = await get({}, options)
    expect(answer.headerAll('server')).toEqual(expected)
  })

  test.each(['Server', 'server'])("is the handler's, where it gives %s", async (name) => {
    for (const serverHeader of ['mine', null]) {
      const { answer } = await get({ headers: { [name]: 'theirs' } }, { serverHeader })
      expect(answer.headerAll('server')).toEqual(['theirs'])
    }
  })

  test('is the same in the answers of the server itself', async () => {
    const server = await serve(() => ({}), { serverHeader: null })
    expect((await ask(server.port, 'nonsense\r\n\r\n')).headerAll('server')).toEqual([])
  })
})

describe('status', () => {
  test.each([
    [200, 'OK'],
    [201, 'Created'],
    [206, 'Partial Content'],
    [302, 'Found'],
    [308, 'Permanent Redirect'],
    [404, 'Not Found'],
    [413, 'Content Too Large'],
    [418, "I'm a Teapot"],
    [431, 'Request Header Fields Too Large'],
    [503, 'Service Unavailable'],
    [299, ''],
    [599, ''],
    [999, ''],
  ])('%i has the reason %j', async (status, reason) => {
    const { answer } = await get({ status, body: 'x' })
    expect([answer.status, answer.reason, answer.text]).toEqual([status, reason, 'x'])
  })

  test('is 200 where it is left out, or undefined', async () => {
    expect((await get({ body: 'x' })).answer.status).toBe(200)
    expect((await get({ status: undefined, body: 'x' })).answer.status).toBe(200)
  })

  test.each<[unknown]>([
    [0],
    [99],
    [100],
    [101],
    [103],
    [199],
    [1000],
    [-200],
    [200.5],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['200'],
    ['404 Not Found'],
    [''],
    [null],
    [true],
    [[200]],
    [{}],
    [200n],
  ])('of %s is answered with 500, and logged', async (status) => {
    const known = await get({ status, headers: { 'X-Handler': '1' }, body: 'x' })
    expect([known.answer.status, known.answer.text, known.answer.header('x-handler')]).toEqual([
      500,
      '',
      undefined,
    ])
    expect([known.server.errors.length, known.next?.text]).toEqual([1, 'next'])
    const streamed = await get({ status, body: ['x'] })
    expect([streamed.answer.status, streamed.server.errors.length, streamed.next?.text]).toEqual([
      500,
      1,
      'next',
    ])
  })
})

describe('an answer in flight', () => {
  test('keeps its framing while another of the same server is made', async () => {
    const gates: (() => void)[] = []
    const handler: Handler = (req) => {
      if (req.uri === '/plain') return { headers: { 'Content-Length': 3 }, body: 'abc' }
      return {
        body: (async function* () {
          yield 'first'
          await new Promise<void>((resolve) => gates.push(resolve))
          yield 'second'
        })(),
      }
    }
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    peer.send('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => gates.length).toBe(1)
    expect((await ask(server.port, 'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('abc')
    gates[0]!()
    const answer = await peer.response()
    expect([answer.framing, answer.text]).toEqual(['chunked', 'firstsecond'])
  })
})
