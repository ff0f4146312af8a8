// filter: which responses are wanted, and how much of them. What is not is ERR_BODY_REJECTED, and the connection is closed.
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { type BodyFilter, get, head, maxBodyFilter, type RequestOptions } from '../../src/client.js'
import { eventually } from '../support/raw-peer.js'
import { type Answer, type RecordingServer, record, redirect } from '../support/recording-server.js'
import { stableFor } from '../support/waiting.js'

const MiB = 1024 * 1024

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The error, wherever it shows. */
async function rejectionOf(url: string, options: Omit<RequestOptions, 'url'>): Promise<unknown> {
  const { error, body } = await get(url, options)
  if (error || !(body instanceof ReadableStream)) return error
  return readAll(body).then(
    () => 'ended',
    (reason: unknown) => reason,
  )
}

async function expectRejected(server: RecordingServer, options: Omit<RequestOptions, 'url'>): Promise<void> {
  expect(await rejectionOf(server.url, options)).toMatchObject({
    name: 'HttpKitError',
    code: 'ERR_BODY_REJECTED',
  })
  await eventually(() => server.open).toBe(0)
}

const kinds = ['auto', 'text', 'byteArray', 'rawByteArray', 'none', 'stream'] as const

/** 1000 bytes, framed in every way. */
const framings: [string, Answer][] = [
  ['a length', { headers: { 'Content-Type': 'text/plain' }, body: 'x'.repeat(1000) }],
  ['chunks', { headers: { 'Content-Type': 'text/plain' }, body: Array<string>(100).fill('x'.repeat(10)) }],
  [
    'the end of the connection',
    { raw: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(1000)}`, end: true },
  ],
]

describe('maxBodyFilter', () => {
  describe.each(framings)('of a body framed by %s', (_, answer) => {
    it.each(kinds)('lets pass what is just as long: %s', async (as) => {
      const { url } = await record(() => answer)
      const { error, body } = await get(url, { as, filter: maxBodyFilter(1000) })
      expect(error).toBeUndefined()
      const length =
        body instanceof ReadableStream ? (await readAll(body)).length : (body as Uint8Array).length
      expect(length).toBe(1000)
    })

    it.each(kinds)('rejects one byte more: %s', async (as) => {
      await expectRejected(await record(() => answer), { as, filter: maxBodyFilter(999) })
    })
  })

  it('of 0 lets only empty bodies pass', async () => {
    const { url } = await record((req) => (req.target === '/empty' ? { body: '' } : 'x'))
    expect(await get(`${url}/empty`, { filter: maxBodyFilter(0) })).toMatchObject({ status: 200 })
    expect(await get(`${url}/one`, { as: 'text', filter: maxBodyFilter(0) })).toMatchObject({
      error: { code: 'ERR_BODY_REJECTED' },
    })
    expect(await head(`${url}/one`, { filter: maxBodyFilter(0) })).toMatchObject({ status: 200 })
  })

  it('ends a body that has no end', async () => {
    const server = await record(() => ({
      body: (function* () {
        for (;;) yield Buffer.alloc(64 * 1024)
      })(),
    }))
    await expectRejected(server, { as: 'byteArray', filter: maxBodyFilter(MiB) })
  })

  it.each([-1, Number.NaN, 'x', undefined])('of %s is a RangeError', (bytes) => {
    expect(() => maxBodyFilter(bytes as never)).toThrow(RangeError)
  })

  it('may be shared by many requests: each is counted by itself', async () => {
    const { url } = await record(() => ({ body: 'x'.repeat(600) }))
    const filter = maxBodyFilter(1000)
    const responses = await Promise.all([1, 2, 3].map(() => get(url, { as: 'text', filter })))
    expect(responses.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  })

  it.each<[string, (data: Uint8Array) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('counts again what was decompressed: %s', async (field, encode) => {
    const body = encode(Buffer.alloc(1000, 'x'))
    expect(body.length).toBeLessThan(500)
    const server = await record(() => ({ headers: { 'Content-Encoding': field }, body }))
    for (const as of ['text', 'byteArray', 'stream'] as const) {
      const { error, body: fits } = await get(server.url, { as, filter: maxBodyFilter(1000) })
      expect(error).toBeUndefined()
      if (fits instanceof ReadableStream) expect(await readAll(fits)).toHaveLength(1000)
      expect(await rejectionOf(server.url, { as, filter: maxBodyFilter(999) })).toMatchObject({
        code: 'ERR_BODY_REJECTED',
      })
    }
    const { error } = await get(server.url, { as: 'rawByteArray', filter: maxBodyFilter(999) })
    expect(error).toBeUndefined()
  })

  it('counts the bytes that came, too, where they are more', async () => {
    const body = gzipSync('') // 20 bytes of nothing
    const server = await record(() => ({ headers: { 'Content-Encoding': 'gzip' }, body }))
    await expectRejected(server, { as: 'text', filter: maxBodyFilter(10) })
  })
})

describe('a bomb of compressed zeros', () => {
  const zeros = Buffer.alloc(64 * MiB)
  const bombs: [string, string, Buffer][] = [
    ['gzip', 'gzip', gzipSync(zeros)],
    ['br', 'br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(zeros))],
    ['gzip in gzip, large in between', 'gzip, gzip', gzipSync(gzipSync(zeros, { level: 0 }))],
  ]

  it.each(bombs)('is stopped near the limit: %s', async (_, field, body) => {
    for (const as of ['text', 'byteArray', 'stream'] as const) {
      const server = await record(() => ({ headers: { 'Content-Encoding': field }, body }))
      const seen: number[] = []
      const filter: BodyFilter = { acceptBody: (bytes) => seen.push(bytes) > 0 && bytes <= MiB }
      expect(await rejectionOf(server.url, { as, filter })).toMatchObject({ code: 'ERR_BODY_REJECTED' })
      expect(Math.max(...seen)).toBeGreaterThan(MiB)
      expect(Math.max(...seen)).toBeLessThan(2 * MiB)
      expect(seen.filter((bytes) => bytes > MiB)).toHaveLength(1)
    }
  })

  it.each(bombs)('takes no memory beyond it: %s', async (_, field, body) => {
    const { url } = await record(() => ({ headers: { 'Content-Encoding': field }, body }))
    await rejectionOf(url, { as: 'byteArray', filter: maxBodyFilter(MiB) })
    const before = process.memoryUsage().rss
    for (let n = 0; n < 10; n++) await rejectionOf(url, { as: 'byteArray', filter: maxBodyFilter(MiB) })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MiB)
  })

  it('in a stream is inflated no faster than it is read', async () => {
    const [, field, body] = bombs[0]!
    const server = await record(() => ({ headers: { 'Content-Encoding': field }, body }))
    const seen: number[] = []
    const filter: BodyFilter = { acceptBody: (bytes) => seen.push(bytes) > 0 }
    const stream = (await get(server.url, { as: 'stream', filter })).body as ReadableStream<Uint8Array>
    const reader = stream.getReader()
    await reader.read()
    await stableFor(200, () => seen.length)
    expect(Math.max(...seen)).toBeLessThan(8 * MiB)
    await reader.cancel()
  })
})

describe('accept', () => {
  it('is asked once, with the status and the headers', async () => {
    const { url } = await record(() => ({
      status: 201,
      headers: { 'X-One': ['1', '2'] },
      body: ['a', 'b', 'c'],
    }))
    const accept = vi.fn(() => true)
    expect(await get(url, { as: 'text', filter: { accept } })).toMatchObject({ body: 'abc' })
    expect(accept).toHaveBeenCalledTimes(1)
    expect(accept).toHaveBeenCalledWith(201, expect.objectContaining({ 'x-one': ['1', '2'] }))
  })

  it.each(kinds)('that says no rejects before the body comes: %s', async (as) => {
    const acceptBody = vi.fn(() => true)
    const server = await record(() => ({
      body: (async function* () {
        yield await new Promise<string>(() => {})
      })(),
    }))
    await expectRejected(server, { as, filter: { accept: () => false, acceptBody } })
    expect(acceptBody).not.toHaveBeenCalled()
  })

  it('may choose by type or length', async () => {
    const { url } = await record((req) => ({ headers: { 'Content-Type': req.target.slice(1) }, body: 'x' }))
    const filter: BodyFilter = { accept: (_, headers) => headers['content-type'] === 'text/plain' }
    expect(await get(`${url}/text/plain`, { filter })).toMatchObject({ body: 'x' })
    expect(await get(`${url}/image/png`, { filter })).toMatchObject({ error: { code: 'ERR_BODY_REJECTED' } })
  })

  it('is not asked about redirects that are followed', async () => {
    const { url } = await record((req) => (req.target === '/' ? redirect(302, '/there') : 'ok'))
    const accept = vi.fn((status: number) => status === 200)
    expect(await get(`${url}/`, { as: 'text', filter: { accept } })).toMatchObject({ body: 'ok' })
    expect(accept).toHaveBeenCalledTimes(1)
  })
})

describe('acceptBody', () => {
  it('is asked with the bytes so far, as they come', async () => {
    const { url } = await record(() => ({ body: ['aa', 'bbb', 'cccc'] }))
    const seen: number[] = []
    const filter: BodyFilter = { acceptBody: (bytes) => seen.push(bytes) > 0 }
    await get(url, { as: 'text', filter })
    expect(seen.at(-1)).toBe(9)
    expect(seen).toEqual([...seen].sort((one, other) => one - other))
    expect(Math.min(...seen)).toBeGreaterThan(0)
  })

  it('that says no ends it there, and is not asked again', async () => {
    const server = await record(() => ({ body: Array<string>(50).fill('x'.repeat(100)) }))
    const acceptBody = vi.fn((bytes: number) => bytes < 1000)
    await expectRejected(server, { as: 'text', filter: { acceptBody } })
    expect(acceptBody.mock.results.filter(({ value }) => value === false)).toHaveLength(1)
    expect(acceptBody.mock.results.at(-1)!.value).toBe(false)
  })

  it('is asked with what was decompressed, too', async () => {
    const body = gzipSync(Buffer.alloc(5000, 'x'))
    const { url } = await record(() => ({ headers: { 'Content-Encoding': 'gzip' }, body }))
    const seen: number[] = []
    await get(url, { as: 'text', filter: { acceptBody: (bytes) => seen.push(bytes) > 0 } })
    expect(seen).toContain(body.length)
    expect(seen).toContain(5000)
  })

  it('in a stream fails the stream, after what it accepted', async () => {
    const server = await record(() => ({ body: ['aa', 'bb', 'cc'] }))
    const filter: BodyFilter = { acceptBody: (bytes) => bytes <= 2 }
    const { error, body } = await get(server.url, { as: 'stream', filter })
    expect(error).toBeUndefined()
    await expect(readAll(body as ReadableStream<Uint8Array>)).rejects.toMatchObject({
      code: 'ERR_BODY_REJECTED',
    })
    await eventually(() => server.open).toBe(0)
  })
})

describe.each<[string, (mine: Error) => BodyFilter]>([
  [
    'accept',
    (mine) => ({
      accept: () => {
        throw mine
      },
    }),
  ],
  [
    'acceptBody',
    (mine) => ({
      acceptBody: () => {
        throw mine
      },
    }),
  ],
])('%s that throws', (_, make) => {
  it.each(kinds)('is an error with it as the cause, and the connection is closed: %s', async (as) => {
    const server = await record(() => 'x')
    const mine = new Error('mine')
    const failure = await rejectionOf(server.url, { as, filter: make(mine) })
    expect(failure).toMatchObject({ name: 'HttpKitError' })
    expect((failure as Error).cause).toBe(mine)
    await eventually(() => server.open).toBe(0)
  })
})

it('a filter may be an object of a class, called as its methods', async () => {
  class Counting implements BodyFilter {
    limit = 3
    accept(): boolean {
      return this.limit === 3
    }
    acceptBody(bytes: number): boolean {
      return bytes <= this.limit
    }
  }
  const { url } = await record((req) => req.target)
  expect(await get(`${url}/ab`, { as: 'text', filter: new Counting() })).toMatchObject({ body: '/ab' })
  expect(await get(`${url}/abc`, { as: 'text', filter: new Counting() })).toMatchObject({
    error: { code: 'ERR_BODY_REJECTED' },
  })
})
