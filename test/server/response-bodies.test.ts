// Every kind of body a handler may return: that it arrives as it is, no faster than it is read, and what becomes of its
// source when something goes wrong.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { file, type Handler, type RingResponse } from '../../src/server.js'
import {
  ask,
  connectPeer,
  eventually,
  type RawPeer,
  type RawResponse,
  serve,
  type TestServer,
} from '../support/raw-peer.js'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

/** The answer that comes of what a handler returns, and the server; there must be nothing behind the answer. */
async function answerOf(returned: unknown): Promise<{ answer: RawResponse; server: TestServer }> {
  const server = await serve(() => returned as RingResponse)
  const peer = await connectPeer(server.port)
  const answers = await peer.send(GET_AND_CLOSE).responsesUntilEnd()
  expect(answers).toHaveLength(1)
  return { answer: answers[0]!, server }
}

async function answerOfBody(body: unknown): Promise<RawResponse> {
  const { answer, server } = await answerOf({ body })
  expect(server.errors).toEqual([])
  expect(answer.status).toBe(200)
  return answer
}

/** A server whose only answer has this body, and a peer that has asked for it. */
async function askFor(body: () => unknown): Promise<{ server: TestServer; peer: RawPeer }> {
  const server = await serve((req) =>
    req.uri === '/other' ? { body: 'other' } : ({ body: body() } as RingResponse),
  )
  const peer = await connectPeer(server.port)
  return { server, peer: peer.send(GET) }
}

/** Reads the head of a chunked answer and its first chunk. */
async function firstChunk(peer: RawPeer): Promise<string> {
  while ((await peer.line()) !== '');
  const bytes = await peer.take(Number.parseInt(await peer.line(), 16) + 2)
  return bytes.toString().slice(0, -2)
}

/** Settles when `value` has stopped changing. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1; ; ) {
    if (value() === last) return last
    last = value()
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function gate(): { promise: Promise<void>; open: () => void } {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

const MiB = 1024 * 1024
const unit = Uint8Array.from({ length: 251 }, (_, index) => (index * 7) % 251)
const pattern = (length: number) => Buffer.alloc(length, unit)

describe('a string', () => {
  test.each([
    ['ASCII', 'hello, world'],
    ['Latin-1 characters', 'smörgåsbord'],
    ['other scripts and emoji', 'héllo € 你好 𝄞👋'],
    ['line ends and control characters', 'a\r\n\r\nb\0c\x7f'],
    ['65,536 ASCII characters', 'x'.repeat(64 * 1024)],
    ['65,537 ASCII characters', 'x'.repeat(64 * 1024 + 1)],
    ['a MiB of ASCII', 'x'.repeat(MiB)],
    ['a MiB of others', 'é€𝄞x'.repeat(MiB / 10)],
  ])('of %s is sent as UTF-8, its bytes counted', async (_, text) => {
    const answer = await answerOfBody(text)
    expect(answer.framing).toBe('length')
    expect(answer.header('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(answer.text === text).toBe(true)
  })

  test('that is empty has the length 0', async () => {
    expect((await answerOfBody('')).header('content-length')).toBe('0')
  })

  test('with half a surrogate pair is sent with U+FFFD in its place', async () => {
    expect((await answerOfBody('a\ud800b')).text).toBe('a\ufffdb')
  })

  test('gets no Content-Type of its own', async () => {
    expect((await answerOfBody('text')).header('content-type')).toBeUndefined()
  })
})

describe('bytes', () => {
  test.each([0, 1, 4096, 4097, 64 * 1024, 5 * MiB])('%i of them are sent as they are', async (length) => {
    const answer = await answerOfBody(new Uint8Array(pattern(length)))
    expect(answer.header('content-length')).toBe(String(length))
    expect(answer.body.equals(pattern(length))).toBe(true)
  })

  test.each([10, 10_000])('%i of them are sent from within a larger buffer', async (length) => {
    const larger = new Uint8Array(pattern(3 * length))
    expect(
      (await answerOfBody(larger.subarray(length, 2 * length))).body.equals(larger.slice(length, 2 * length)),
    ).toBe(true)
  })

  test.each([10, 10_000])('%i of them may be a Buffer', async (length) => {
    expect((await answerOfBody(pattern(length))).body.equals(pattern(length))).toBe(true)
  })
})

describe('an iterable', () => {
  function* generated() {
    yield 'a'
    yield new Uint8Array([0x62])
    yield Buffer.from('c')
  }

  test.each<[string, () => unknown, string]>([
    ['an array', () => ['a', 'b', 'c'], 'abc'],
    ['a Set', () => new Set(['a', 'b']), 'ab'],
    ['a generator of strings and bytes', generated, 'abc'],
    ['an empty array', () => [], ''],
    ['an array of nothing', () => ['', new Uint8Array(0), ''], ''],
    ['an array with nothing in between', () => ['a', '', 'b', new Uint8Array(0), 'c'], 'abc'],
    ['an array of other scripts', () => ['é', '€', '𝄞'], 'é€𝄞'],
    ['an async generator', () => Readable.from(generated()).iterator(), 'abc'],
  ])('%s is sent in chunks', async (_, body, text) => {
    const answer = await answerOfBody(body())
    expect([answer.framing, answer.text]).toEqual(['chunked', text])
  })

  test('large pieces of it are sent whole', async () => {
    const pieces = [pattern(100_000), 'é'.repeat(100_000), pattern(MiB)]
    expect(
      (await answerOfBody(pieces)).body.equals(Buffer.concat(pieces.map((one) => Buffer.from(one)))),
    ).toBe(true)
  })

  test('ten thousand small pieces arrive in order', async () => {
    const pieces = Array.from({ length: 10_000 }, (_, index) => `${index},`)
    expect((await answerOfBody(pieces)).text).toBe(pieces.join(''))
  })

  test('without end is asked for no more than its slow reader can take', async () => {
    let made = 0
    function* endless() {
      for (;;) {
        made += MiB / 16
        yield new Uint8Array(MiB / 16)
      }
    }
    const { peer } = await askFor(endless)
    await firstChunk(peer)
    peer.pause()
    const atRest = await settled(() => made)
    expect(atRest).toBeLessThan(64 * MiB)
    peer.resume()
    await eventually(() => made).toBeGreaterThan(atRest + 16 * MiB)
  })

  test('without end leaves other connections their turn', async () => {
    function* endless() {
      for (;;) yield new Uint8Array(MiB / 16)
    }
    const { server, peer } = await askFor(endless)
    await firstChunk(peer)
    peer.socket.removeAllListeners('data').on('data', () => {})
    for (let index = 0; index < 5; index++) {
      expect((await ask(server.port, 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('other')
    }
  })

  test('has its finally run where the client leaves', async () => {
    let ended = 0
    function* endless() {
      try {
        for (;;) yield 'x'.repeat(MiB)
      } finally {
        ended++
      }
    }
    const { server, peer } = await askFor(endless)
    await firstChunk(peer)
    peer.destroy()
    await eventually(() => ended).toBe(1)
    expect(server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
    expect(server.errors).toEqual([])
  })

  test('whose finally throws costs its own connection only', async () => {
    let ended = 0
    function* endless() {
      try {
        for (;;) yield 'x'.repeat(MiB)
      } finally {
        ended++
        // biome-ignore lint/correctness/noUnsafeFinally: this is what must do no harm
        throw new Error('on purpose')
      }
    }
    const { server, peer } = await askFor(endless)
    await firstChunk(peer)
    peer.destroy()
    await eventually(() => ended).toBe(1)
    expect((await ask(server.port, 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('other')
    expect(server.stats().inFlight).toBe(0)
  })

  test('that cannot be begun gives 500', async () => {
    const { answer, server } = await answerOf({
      body: {
        [Symbol.iterator]() {
          throw new Error('on purpose')
        },
      },
    })
    expect([answer.status, answer.text]).toEqual([500, ''])
    expect(server.errors).toMatchObject([{ error: { message: 'on purpose' } }])
  })
})

describe('an async iterable', () => {
  test('is sent piece by piece, each as soon as it is there', async () => {
    const second = gate()
    async function* slow() {
      yield 'first'
      await second.promise
      yield 'second'
    }
    const { peer } = await askFor(slow)
    expect(await firstChunk(peer)).toBe('first')
    second.open()
    expect([await peer.line(), await peer.line(), await peer.line(), await peer.line()]).toEqual([
      '6',
      'second',
      '0',
      '',
    ])
  })

  test('has its finally run where the client leaves', async () => {
    let ended = 0
    async function* endless() {
      try {
        for (;;) yield 'x'.repeat(MiB)
      } finally {
        ended++
      }
    }
    const { server, peer } = await askFor(endless)
    await firstChunk(peer)
    peer.destroy()
    await eventually(() => ended).toBe(1)
    expect(server.errors).toEqual([])
  })

  test('is told to end at once where the connection breaks while it makes us wait', async () => {
    const ended = vi.fn(async () => ({ done: true, value: undefined }))
    let asked = 0
    const never = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          asked++ === 0 ? Promise.resolve({ done: false, value: 'first' }) : new Promise(() => {}),
        return: ended,
      }),
    }
    const { peer } = await askFor(() => never)
    await firstChunk(peer)
    peer.reset()
    await eventually(() => ended.mock.calls.length).toBe(1)
  })

  // A FIN alone may be a half-close: the client may still want its answer. What tells is the next write.
  test('is told to end with the next pieces where the client has closed while it made us wait', async () => {
    let ended = 0
    let next = gate()
    async function* events() {
      try {
        for (;;) {
          yield 'event'
          await next.promise
        }
      } finally {
        ended++
      }
    }
    const { server, peer } = await askFor(events)
    await firstChunk(peer)
    peer.destroy()
    for (let giveUp = 0; ended === 0 && giveUp < 100; giveUp++) {
      const open = next.open
      next = gate()
      open()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(ended).toBe(1)
    expect(server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
  })

  test('whose end fails costs its own connection only', async () => {
    let ended = 0
    const bad = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 'x'.repeat(MiB) }),
        return: () => {
          ended++
          throw new Error('on purpose')
        },
      }),
    }
    const { server, peer } = await askFor(() => bad)
    await firstChunk(peer)
    peer.destroy()
    await eventually(() => ended).toBe(1)
    expect((await ask(server.port, 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('other')
    expect(server.stats().inFlight).toBe(0)
  })
})

describe('a ReadableStream', () => {
  const streamOf = (...pieces: (string | Uint8Array)[]) =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })

  test('is sent in chunks, its pieces strings or bytes', async () => {
    const answer = await answerOfBody(streamOf('a', new Uint8Array([0x62]), Buffer.from('c'), ''))
    expect([answer.framing, answer.text]).toEqual(['chunked', 'abc'])
  })

  test('that is empty is sent', async () => {
    expect((await answerOfBody(streamOf())).text).toBe('')
  })

  test('of many MiB is sent', async () => {
    const pieces = Array.from({ length: 80 }, () => pattern(100_000))
    expect((await answerOfBody(streamOf(...pieces))).body.equals(Buffer.concat(pieces))).toBe(true)
  })

  test('of bytes for BYOB readers is sent', async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(new Uint8Array([0x61, 0x62]))
        controller.close()
      },
    })
    expect((await answerOfBody(stream)).text).toBe('ab')
  })

  test('is cancelled where the connection breaks, also while it makes us wait', async () => {
    const cancelled = vi.fn()
    let asked = 0
    const stream = new ReadableStream({
      pull: (controller) => (asked++ === 0 ? controller.enqueue('first') : new Promise(() => {})),
      cancel: cancelled,
    })
    const { server, peer } = await askFor(() => stream)
    await firstChunk(peer)
    peer.reset()
    await eventually(() => cancelled.mock.calls.length).toBe(1)
    expect(server.errors).toEqual([])
  })

  test('that is locked gives 500', async () => {
    const stream = streamOf('a')
    stream.getReader()
    const { answer, server } = await answerOf({ body: stream })
    expect(answer.status).toBe(500)
    expect(server.errors).toHaveLength(1)
  })
})

describe('a Readable', () => {
  test('is sent in chunks', async () => {
    const answer = await answerOfBody(Readable.from([Buffer.from('a'), 'b', 'c'], { objectMode: true }))
    expect([answer.framing, answer.text]).toEqual(['chunked', 'abc'])
  })

  test('with an encoding is sent as UTF-8', async () => {
    const stream = new PassThrough().setEncoding('utf8')
    stream.end('é€𝄞')
    expect((await answerOfBody(stream)).text).toBe('é€𝄞')
  })

  test('that is being written to is sent to its end', async () => {
    const stream = new PassThrough()
    const { peer } = await askFor(() => stream)
    stream.write('first')
    expect(await firstChunk(peer)).toBe('first')
    stream.end('second')
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual(['6', 'second', '0'])
  })

  test('is destroyed where the connection breaks, also while it makes us wait', async () => {
    const stream = new PassThrough()
    stream.write('first')
    const { server, peer } = await askFor(() => stream)
    await firstChunk(peer)
    peer.reset()
    await eventually(() => stream.destroyed).toBe(true)
    expect(server.errors).toEqual([])
  })

  test('is destroyed unread where the client has gone before it was returned', async () => {
    const stream = new PassThrough()
    const arrived = gate()
    const returned = gate()
    const server = await serve(async () => {
      arrived.open()
      await returned.promise
      return { body: stream }
    })
    const peer = (await connectPeer(server.port)).send(GET)
    await arrived.promise
    peer.reset()
    await eventually(() => server.stats().connections).toBe(0)
    returned.open()
    await eventually(() => stream.destroyed).toBe(true)
    expect(server.errors).toEqual([])
  })

  test('that was destroyed before is logged and cut, or 500', async () => {
    const server = await serve(() => ({ body: new PassThrough().destroy() }))
    const peer = await connectPeer(server.port)
    peer.send(GET_AND_CLOSE)
    const answer = await peer.response().catch(() => undefined)
    expect(answer?.status ?? 500).toBe(500)
    expect(server.errors).toHaveLength(1)
  })
})

describe('a Blob', () => {
  test('is sent with its length and type', async () => {
    const answer = await answerOfBody(new Blob(['hé', new Uint8Array([1, 2])], { type: 'text/x-blob' }))
    expect(answer.headerAll('content-type')).toEqual(['text/x-blob'])
    expect(answer.header('content-length')).toBe('5')
    expect(answer.body).toEqual(Buffer.from([0x68, 0xc3, 0xa9, 1, 2]))
  })

  test('without a type is sent without one', async () => {
    expect((await answerOfBody(new Blob(['a']))).header('content-type')).toBeUndefined()
  })

  test('that is empty has the length 0', async () => {
    const answer = await answerOfBody(new Blob([]))
    expect([answer.framing, answer.header('content-length')]).toEqual(['length', '0'])
  })

  test('may be a slice of a large one', async () => {
    const blob = new Blob([pattern(3 * MiB)])
    const answer = await answerOfBody(blob.slice(1000, 2 * MiB))
    expect(answer.body.equals(pattern(3 * MiB).subarray(1000, 2 * MiB))).toBe(true)
  })

  test('is sent with the type that the handler states', async () => {
    const body = new Blob(['a'], { type: 'text/x-blob' })
    const { answer } = await answerOf({ headers: { 'content-type': 'text/x-mine' }, body })
    expect(answer.headerAll('content-type')).toEqual(['text/x-mine'])
  })
})

describe('file(path)', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'httpkit-bodies-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function stored(name: string, content: string | Uint8Array): string {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }

  const showsHandles = existsSync('/proc/self/fd')
  const openHandles = (path: string) =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false
      }
    }).length

  test.each([1, 4096, 256 * 1024, 256 * 1024 + 1, 8 * MiB])(
    'sends a file of %i bytes, its length stated',
    async (length) => {
      const answer = await answerOfBody(file(stored('data.bin', pattern(length))))
      expect([answer.framing, answer.header('content-length')]).toEqual(['length', String(length)])
      expect(answer.body.equals(pattern(length))).toBe(true)
    },
  )

  test('sends an empty file', async () => {
    const answer = await answerOfBody(file(stored('empty.txt', '')))
    expect([answer.framing, answer.header('content-length')]).toEqual(['length', '0'])
  })

  test.each([
    ['a.html', /^text\/html(; ?charset=utf-8)?$/i],
    ['a.HTML', /^text\/html(; ?charset=utf-8)?$/i],
    ['a.css', /^text\/css(; ?charset=utf-8)?$/i],
    ['a.json', /^application\/json(; ?charset=utf-8)?$/i],
    ['a.js', /^(text|application)\/javascript(; ?charset=utf-8)?$/i],
    ['a.png', /^image\/png$/],
    ['a.svg', /^image\/svg\+xml/],
    ['a.wasm', /^application\/wasm$/],
    ['a.tar.gz', /^application\/gzip$/],
    ['a.unheard-of', /^application\/octet-stream$/],
    ['no-extension', /^application\/octet-stream$/],
    ['.html', /^application\/octet-stream$/],
    ['a.constructor', /^application\/octet-stream$/],
  ])('states the type of %s', async (name, type) => {
    expect((await answerOfBody(file(stored(name, 'x')))).header('content-type')).toMatch(type)
  })

  test.each(['Content-Type', 'content-type'])(
    'leaves the type to the handler that states it as %s',
    async (name) => {
      const { answer } = await answerOf({
        headers: { [name]: 'text/x-mine' },
        body: file(stored('a.png', 'x')),
      })
      expect(answer.headerAll('content-type')).toEqual(['text/x-mine'])
    },
  )

  test.each([
    ['missing', () => join(folder, 'missing'), /ENOENT/],
    ['a directory', () => folder, /regular file|EISDIR/],
    ['no file at all, such as /dev/zero', () => '/dev/zero', /regular file/],
  ])('gives 500 and a log line where the file is %s', async (_, path, message) => {
    const { answer, server } = await answerOf({ headers: { 'X-Handler': '1' }, body: file(path()) })
    expect([answer.status, answer.text, answer.header('x-handler')]).toEqual([500, '', undefined])
    expect(server.errors).toMatchObject([{ error: { message: expect.stringMatching(message) } }])
  })

  test('sends what the file held when it was opened, where the file grows meanwhile', async () => {
    const path = stored('growing.txt', pattern(64 * MiB))
    const { server, peer } = await askFor(() => file(path))
    peer.pause()
    await eventually(() => server.stats().bytesOut).toBeGreaterThan(0)
    writeFileSync(path, 'more', { flag: 'a' })
    const answer = await peer.resume().response()
    expect(answer.body.equals(pattern(64 * MiB))).toBe(true)
    peer.send('GET /other HTTP/1.1\r\nHost: x\r\n\r\n')
    expect((await peer.response()).text).toBe('other')
  })

  test('is cut and logged where the file shrinks meanwhile', async () => {
    const path = stored('shrinking.txt', pattern(64 * MiB))
    const { server, peer } = await askFor(() => file(path))
    peer.pause()
    await eventually(() => server.stats().bytesOut).toBeGreaterThan(0)
    truncateSync(path, 1000)
    peer.resume()
    const answer = await peer.cutResponse()
    expect(answer.header('content-length')).toBe(String(64 * MiB))
    expect(server.errors).toHaveLength(1)
  })

  test.skipIf(!showsHandles)(
    'closes the file after it has been sent, and where the client leaves',
    async () => {
      const path = stored('closed.bin', pattern(64 * MiB))
      const { server, peer } = await askFor(() => file(path))
      await peer.response()
      await eventually(() => openHandles(path)).toBe(0)
      const leaving = await connectPeer(server.port)
      leaving.send(GET).pause()
      await eventually(() => openHandles(path)).toBe(1)
      leaving.destroy()
      await eventually(() => openHandles(path)).toBe(0)
      expect(server.errors).toEqual([])
    },
  )

  test.skipIf(!showsHandles)('is no body for HEAD, and the file is closed', async () => {
    const path = stored('head.html', 'twelve bytes')
    const server = await serve(() => ({ body: file(path) }))
    const answer = await ask(server.port, 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect([answer.header('content-length'), answer.header('content-type')]).toEqual([
      '12',
      expect.stringMatching(/^text\/html/),
    ])
    await eventually(() => openHandles(path)).toBe(0)
  })

  test('can be sent again and again', async () => {
    const body = file(stored('again.txt', 'again'))
    const server = await serve(() => ({ body }))
    const peer = await connectPeer(server.port)
    const answers = await peer.send(GET.repeat(5)).responses(5)
    expect(answers.map(({ text }) => text)).toEqual(Array(5).fill('again'))
  })
})

describe('no body', () => {
  test.each<[string, RingResponse]>([
    ['null', { body: null }],
    ['undefined', { body: undefined as unknown as null }],
    ['left out', {}],
  ])('is an empty one, where it is %s', async (_, response) => {
    const { answer } = await answerOf(response)
    expect([answer.status, answer.framing, answer.header('content-length')]).toEqual([200, 'length', '0'])
  })

  test.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a promise of undefined', async () => undefined],
    ['a promise of null', async () => null],
  ])('and no response is 404: %s', async (_, handler) => {
    const server = await serve(handler as Handler)
    const answer = await ask(server.port, GET)
    expect([answer.status, answer.header('content-length')]).toEqual([404, '0'])
    expect(server.errors).toEqual([])
  })
})

describe('what cannot be sent', () => {
  test.each<[string, unknown]>([
    ['a number', 42],
    ['a boolean', true],
    ['false', false],
    ['a bigint', 1n],
    ['a symbol', Symbol('body')],
    ['a function', () => 'text'],
    ['an object', { a: 1 }],
    ['an object without a prototype', Object.create(null)],
    ['a date', new Date()],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a promise of a body', Promise.resolve('text')],
  ])('gives 500 and a log line: %s as the body', async (_, body) => {
    const { answer, server } = await answerOf({ status: 201, headers: { 'X-Handler': '1' }, body })
    expect([answer.status, answer.text, answer.header('x-handler')]).toEqual([500, '', undefined])
    expect(server.errors).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['a string', 'text'],
    ['a number', 42],
    ['true', true],
    ['a function', () => ({})],
  ])('gives 500 and a log line: %s as the response', async (_, response) => {
    const { answer, server } = await answerOf(response)
    expect([answer.status, answer.text]).toEqual([500, ''])
    expect(server.errors).toHaveLength(1)
  })

  test.each<[string, Handler, string]>([
    [
      'a handler that throws',
      () => {
        throw new Error('a secret')
      },
      'a secret',
    ],
    ['a handler that rejects', () => Promise.reject(new Error('a secret')), 'a secret'],
    [
      'a handler whose map throws when read',
      () => ({
        get body(): string {
          throw new Error('a secret')
        },
      }),
      'a secret',
    ],
  ])('gives 500, and the error to the logger alone: %s', async (_, handler, message) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    const answers = await peer.send(GET_AND_CLOSE).responsesUntilEnd()
    expect(answers.map(({ status, text }) => [status, text])).toEqual([[500, '']])
    expect(JSON.stringify(answers[0]!.headers)).not.toContain('secret')
    expect(server.errors).toMatchObject([{ error: { message } }])
  })

  test.each([['text'], [undefined], [null], [42], [{ message: 'an object' }]])(
    'gives 500, and what was thrown to the logger: %s',
    async (thrown) => {
      const server = await serve(() => {
        throw thrown
      })
      expect((await ask(server.port, GET)).status).toBe(500)
      const later = await serve(() => Promise.reject(thrown))
      expect((await ask(later.port, GET)).status).toBe(500)
      expect([server.errors, later.errors]).toMatchObject([[{ error: thrown }], [{ error: thrown }]])
    },
  )
})

describe('a body that fails on its way', () => {
  const failing = {
    'a generator': function* () {
      yield 'first'
      throw new Error('on purpose')
    },
    'an async generator': async function* () {
      yield 'first'
      throw new Error('on purpose')
    },
    'a ReadableStream': () => {
      let asked = 0
      return new ReadableStream({
        pull(controller) {
          if (asked++ === 0) controller.enqueue('first')
          else controller.error(new Error('on purpose'))
        },
      })
    },
    'a Readable': () => {
      let asked = 0
      return new Readable({
        read() {
          if (asked++ === 0) this.push('first')
          else this.destroy(new Error('on purpose'))
        },
      })
    },
  }

  test.each(Object.entries(failing))('is cut with its connection and logged: %s', async (_, body) => {
    const { server, peer } = await askFor(body)
    peer.send('GET /other HTTP/1.1\r\nHost: x\r\n\r\n')
    const whole = await peer.response().catch(() => undefined)
    expect(whole).toBeUndefined()
    await peer.closed()
    expect(server.errors).toMatchObject([{ error: { message: 'on purpose' } }])
    expect(server.stats()).toMatchObject({ served: 1, inFlight: 0 })
  })

  test('has sent what came before, where that had left already', async () => {
    const failure = gate()
    const { server, peer } = await askFor(async function* () {
      yield 'first'
      await failure.promise
      throw new Error('on purpose')
    })
    expect(await firstChunk(peer)).toBe('first')
    failure.open()
    expect(await peer.closed()).toBe('fin')
    expect(server.errors).toHaveLength(1)
    expect((await ask(server.port, 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('other')
  })

  test('is told from a whole one by a reset, where only the close could say so', async () => {
    const failure = gate()
    const server = await serve(() => ({
      body: (async function* () {
        yield 'first'
        await failure.promise
        throw new Error('on purpose')
      })(),
    }))
    const peer = await connectPeer(server.port)
    peer.send('GET / HTTP/1.0\r\n\r\n')
    await eventually(() => peer.unread.toString()).toContain('first')
    failure.open()
    expect(await peer.closed()).toBe('reset')
    expect(server.errors).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['a number', 42],
    ['null', null],
    ['an object', {}],
    ['an ArrayBuffer', new ArrayBuffer(1)],
  ])('is cut, logged and ended, where a piece is %s', async (_, piece) => {
    let ended = 0
    const { server, peer } = await askFor(function* () {
      try {
        yield 'first'
        yield piece
        yield 'third'
      } finally {
        ended++
      }
    })
    const whole = await peer.response().catch(() => undefined)
    expect(whole).toBeUndefined()
    expect(server.errors).toMatchObject([{ error: { message: expect.stringContaining('piece') } }])
    expect(ended).toBe(1)
  })
})
