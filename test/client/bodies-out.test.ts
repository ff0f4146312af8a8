// Every kind of body a request may have: that it arrives as it is, framed as its length allows, and what becomes of the request
// and of the source when something goes wrong.
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { file, get, post, put, type RequestOptions } from '../../src/client.js'
import { CountedSource, readableOf } from '../support/multipart-source.js'
import { temporaryFolder } from '../support/programs.js'
import { eventually } from '../support/raw-peer.js'
import { listen, type RecordedRequest, record } from '../support/recording-server.js'
import { noise, sourceFolder } from '../support/upload-sources.js'
import { deferred, stableFor, until } from '../support/waiting.js'

type Body = NonNullable<RequestOptions['body']>

async function sent(body: Body, headers: Record<string, string> = {}): Promise<RecordedRequest> {
  const server = await record()
  const { error, status } = await post(server.url, { body, headers })
  expect(error).toBeUndefined()
  expect(status).toBe(200)
  return server.last
}

async function* stream<T>(...pieces: T[]): AsyncGenerator<T> {
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve))
    yield piece
  }
}

/** A ReadableStream of texts. */
function textsOf(...texts: string[]): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(text)
      controller.close()
    },
  })
}

function* generator<T>(...pieces: T[]): Generator<T> {
  yield* pieces
}

const bytes = new Uint8Array([0, 13, 10, 200, 255])

describe('a body whose length is known is sent with it', () => {
  const rows: [string, () => unknown, Uint8Array | string][] = [
    ['a text, as UTF-8', () => 'hé€😀', 'hé€😀'],
    ['a text with half a surrogate pair', () => 'a\ud83d', 'a\ufffd'],
    ['an empty text', () => '', ''],
    ['bytes', () => bytes, bytes],
    ['a part of others', () => new Uint8Array([1, 2, 0, 13, 10, 200, 255, 9]).subarray(2, 7), bytes],
    ['a Buffer', () => Buffer.from(bytes), bytes],
    ['no bytes', () => new Uint8Array(0), ''],
    ['an ArrayBuffer', () => bytes.slice().buffer, bytes],
    ['a DataView', () => new DataView(new Uint8Array([9, ...bytes, 9]).buffer, 1, 5), bytes],
    ['a Blob', () => new Blob(['a', bytes]), Buffer.concat([Buffer.from('a'), bytes])],
    ['an empty Blob', () => new Blob([]), ''],
    ['a slice of a Blob', () => new Blob(['abcdef']).slice(1, 3), 'bc'],
    ['a File', () => new File(['abc'], 'name.txt'), 'abc'],
    ['a long text', () => 'x€'.repeat(200_000), 'x€'.repeat(200_000)],
    ['many bytes', () => noise(1_000_000), noise(1_000_000)],
    ['a large Blob', () => new Blob([Uint8Array.from(noise(1_000_000))]), noise(1_000_000)],
  ]

  it.each(rows)('%s', async (_, body, wanted) => {
    const req = await sent(body() as Body)
    const expected = Buffer.from(wanted as string)
    expect([req.framing, req.header('content-length')]).toEqual(['length', String(expected.length)])
    expect(req.body.equals(expected)).toBe(true)
  })

  it.each([0, 1, 1000, 3_000_000])('a file of %i bytes', async (size) => {
    const path = sourceFolder().write('data.bin', noise(size))
    const req = await sent(file(path))
    expect([req.framing, req.header('content-length')]).toEqual(['length', String(size)])
    expect(req.body.equals(noise(size))).toBe(true)
  })
})

describe('a body whose length nobody knows is chunked', () => {
  const text = (data: string): Uint8Array => Buffer.from(data)
  const rows: [string, () => unknown, string][] = [
    ['an array of texts', () => ['a', 'bé'], 'abé'],
    ['an array of texts and bytes', () => ['a', text('b'), 'c'], 'abc'],
    ['an empty array', () => [], ''],
    ['a set', () => new Set(['a', 'b']), 'ab'],
    ['a generator', () => generator('a', 'b'), 'ab'],
    ['a generator of nothing', () => generator(), ''],
    ['an async generator', () => stream<string | Uint8Array>('a', text('b')), 'ab'],
    ['an async generator of nothing', () => stream(), ''],
    ['a ReadableStream', () => readableOf([text('a'), text('b')]), 'ab'],
    ['a ReadableStream of texts', () => textsOf('a', 'bé'), 'abé'],
    ['an empty ReadableStream', () => readableOf([]), ''],
    ['the stream of a Blob', () => new Blob(['ab']).stream(), 'ab'],
    ['a Readable', () => Readable.from([text('a'), text('b')]), 'ab'],
    ['a Readable of texts', () => Readable.from(['a', 'bé']), 'abé'],
    [
      'a Readable with an encoding',
      () => Readable.from([text('a'), text('bé')], { objectMode: false }).setEncoding('utf8'),
      'abé',
    ],
    ['an empty Readable', () => Readable.from([]), ''],
    ['a PassThrough', () => new PassThrough().end('ab'), 'ab'],
    ['an object that is async iterable', () => ({ [Symbol.asyncIterator]: () => stream('a', 'b') }), 'ab'],
  ]

  it.each(rows)('%s', async (_, body, wanted) => {
    const req = await sent(body() as Body)
    expect([req.framing, req.text]).toEqual(['chunked', wanted])
  })

  it('has no chunk for an empty piece, which would end it', async () => {
    const req = await sent(['', 'a', new Uint8Array(0), 'b', ''])
    expect(req.text).toBe('ab')
    expect(req.chunks).not.toContain(0)
  })

  it('leaves piece by piece, as they come', async () => {
    const next = deferred()
    let firstCame = false
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      await next.promise
      yield 'second'
    }
    const url = await listen((socket) => {
      let came = ''
      socket.on('data', (data) => {
        came += data
        firstCame ||= came.includes('5\r\nfirst\r\n')
        if (firstCame) next.resolve()
        if (came.endsWith('6\r\nsecond\r\n0\r\n\r\n')) socket.end('HTTP/1.1 204 OK\r\n\r\n')
      })
    })
    expect(await post(url, { body: body() })).toMatchObject({ status: 204 })
    expect(firstCame).toBe(true)
  })

  it('is whole where it has many pieces, small and large', async () => {
    const pieces = Array.from({ length: 3000 }, (_, at) => noise(at % 7 === 0 ? at * 3 : at % 5))
    const req = await sent(stream(...pieces))
    expect(req.body.equals(Buffer.concat(pieces))).toBe(true)
  })
})

describe('Content-Type', () => {
  it.each<[string, () => Body, string | undefined]>([
    ['a Blob’s own', () => new Blob(['x'], { type: 'image/png' }), 'image/png'],
    ['none for a Blob without', () => new Blob(['x']), undefined],
    ['a File’s own', () => new File(['x'], 'a.txt', { type: 'text/csv' }), 'text/csv'],
    ['none for a text', () => 'x', undefined],
    ['none for bytes', () => bytes, undefined],
    ['none for a stream', () => stream('x'), undefined],
  ])('is %s', async (_, body, wanted) => {
    expect((await sent(body())).header('content-type')).toBe(wanted)
  })

  it.each([
    ['a.json', 'application/json'],
    ['a.txt', 'text/plain'],
    ['a.unheard-of', 'application/octet-stream'],
  ])('of the file %s is %s', async (name, wanted) => {
    const path = sourceFolder().write(name, 'x')
    expect((await sent(file(path))).header('content-type')).toMatch(new RegExp(`^${wanted}`))
  })

  it('is the caller’s where there is one', async () => {
    const path = sourceFolder().write('a.json', '{}')
    expect((await sent(file(path), { 'content-type': 'a/b' })).headerAll('content-type')).toEqual(['a/b'])
  })

  it('of a Blob may not break the head', async () => {
    // Blob drops a type with bytes beyond U+007E; one that pretends gets no further.
    const blob = Object.defineProperty(new Blob(['x']), 'type', { value: 'a/b\r\nX: y' })
    const server = await record()
    const { error } = await post(server.url, { body: blob })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })
})

describe('a stated Content-Length', () => {
  it('is used for a stream, which is not chunked then', async () => {
    const req = await sent(stream('ab', 'cde'), { 'Content-Length': '5' })
    expect([req.framing, req.text]).toEqual(['length', 'abcde'])
    expect(req.headerAll('content-length')).toEqual(['5'])
  })

  it('of 0 is right for a stream of nothing', async () => {
    expect((await sent(stream(), { 'Content-Length': '0' })).framing).toBe('length')
  })

  it.each<[string, string[], string]>([
    ['that ends too early', ['ab'], '5'],
    ['of nothing', [], '5'],
    ['that goes on', ['ab', 'cdef'], '5'],
    ['that goes on behind its end', ['abcde', 'f'], '5'],
  ])('is kept to by a stream %s: the connection is cut', async (_, pieces, length) => {
    const server = await record(() => new Promise<string>(() => {})) // lest the answer come before the end of the stream
    const { error } = await post(server.url, {
      body: stream(...pieces),
      headers: { 'Content-Length': length },
    })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    await eventually(() => server.open).toBe(0)
    for (const { body } of server.requests) expect(body.length).toBeLessThanOrEqual(5)
    if (pieces.join('').length < 5) expect(server.requests).toEqual([])
  })
})

describe('a body that fails', () => {
  const mine = new Error('mine')
  async function* failing(): AsyncGenerator<string> {
    yield 'a'
    throw mine
  }
  const rows: [string, () => Body][] = [
    ['an async generator', failing],
    [
      'a generator',
      function* () {
        yield 'a'
        throw mine
      },
    ],
    ['one that fails at once', () => new CountedSource([mine])],
    [
      'a Readable',
      () =>
        new Readable({
          read() {
            this.push('a')
            setImmediate(() => this.destroy(mine))
          },
        }),
    ],
    [
      'a ReadableStream',
      () =>
        new ReadableStream({
          pull(controller) {
            controller.error(mine)
          },
        }),
    ],
  ]

  it.each(rows)(
    'is ERR_INVALID_ARGUMENT with its error as the cause, and the connection is cut: %s',
    async (_, make) => {
      const server = await record()
      const { error } = await post(server.url, { body: make() })
      expect(error).toMatchObject({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' })
      expect(error!.cause).toBe(mine)
      await eventually(() => server.open).toBe(0)
      expect(server.requests).toEqual([]) // never taken for a whole one
    },
  )

  it('harms no other request', async () => {
    const server = await record()
    await Promise.all([post(server.url, { body: failing() }), get(server.url)])
    expect(await get(server.url)).toMatchObject({ status: 200 })
  })

  it.each<[string, unknown[]]>([
    ['a number', ['a', 1]],
    ['null', ['a', null]],
    ['undefined', ['a', undefined]],
    ['a map', ['a', {}]],
  ])('with a piece that is %s', async (_, pieces) => {
    const server = await record()
    const { error } = await post(server.url, { body: stream(...pieces) as Body })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    await eventually(() => server.open).toBe(0)
    expect(server.requests).toEqual([])
  })

  it('because its file is not there', async () => {
    const server = await record()
    const { error } = await post(server.url, { body: file(join(temporaryFolder(), 'missing')) })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', cause: { code: 'ENOENT' } })
    expect(server.requests).toEqual([])
  })

  it('because its file is a folder', async () => {
    const server = await record()
    const { error } = await post(server.url, { body: file(temporaryFolder()) })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.requests).toEqual([])
  })

  it('because its file shrinks on the way: never a whole request', async () => {
    const path = sourceFolder().write('large', Buffer.alloc(16 * 1024 * 1024))
    const body = file(path)
    let came = 0
    const url = await listen((socket) => {
      socket.once('data', () => {
        truncateSync(path, 1024)
        socket.on('data', (data) => {
          came += data.length
        })
      })
    })
    const { error } = await post(url, { body })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(came).toBeLessThan(16 * 1024 * 1024)
  })

  it('because it has been read already', async () => {
    const server = await record()
    const body = readableOf([Buffer.from('a')])
    expect(await post(server.url, { body })).toMatchObject({ status: 200 })
    const { error } = await post(server.url, { body })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.requests.map(({ text }) => text)).toEqual(['a'])
  })

  it('because somebody else reads it', async () => {
    const server = await record()
    const body = readableOf([Buffer.from('a')])
    body.getReader()
    const { error } = await post(server.url, { body })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.requests).toEqual([])
  })

  it('because it was destroyed', async () => {
    const server = await record()
    const body = Readable.from(['a'])
    body.destroy()
    const { error } = await post(server.url, { body })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.requests).toEqual([])
  })
})

describe('the source of a body', () => {
  it('is asked for no more than the other end takes', async () => {
    const url = await listen((socket) => void socket.pause())
    function* endless(): Generator<Uint8Array> {
      for (;;) yield Buffer.alloc(64 * 1024)
    }
    const source = new CountedSource(endless())
    const abort = new AbortController()
    const promise = post(url, { body: source, signal: abort.signal })
    await until(() => source.pulls > 0)
    const pulls = await stableFor(300, () => source.pulls)
    expect(pulls * 64).toBeLessThan(32 * 1024) // KiB: what the kernel buffers, and a little
    abort.abort()
    expect(await promise).toMatchObject({ error: { code: 'ERR_ABORTED' } })
    await eventually(() => source.returned).toBe(1)
  })

  it.each<[string, () => { body: Body; isEnded: () => boolean }]>([
    [
      'an async iterable is returned',
      () => {
        const body = new CountedSource(generator(...Array<Uint8Array>(1e5).fill(Buffer.alloc(1024))))
        return { body, isEnded: () => body.returned === 1 }
      },
    ],
    [
      'a Readable is destroyed',
      () => {
        const body = Readable.from(generator(...Array<Uint8Array>(1e5).fill(Buffer.alloc(1024))))
        return { body, isEnded: () => body.destroyed }
      },
    ],
    [
      'a ReadableStream is cancelled',
      () => {
        let isCancelled = false
        const body = new ReadableStream({
          pull: (controller) => controller.enqueue(Buffer.alloc(1024)),
          cancel: () => {
            isCancelled = true
          },
        })
        return { body, isEnded: () => isCancelled }
      },
    ],
  ])('is told when nobody wants the rest: %s', async (_, make) => {
    const url = await listen((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    const { body, isEnded } = make()
    const { error } = await put(url, { body })
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    await eventually(isEnded).toBe(true)
  })
})
