// Content codings (RFC 9110 §8.4): asked for, undone, and an error where they cannot be.
import { Readable } from 'node:stream'
import { brotliCompressSync, constants, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type ClientResponse, get, head, type RequestOptions } from '../../src/client.js'
import { cutsOf } from '../support/drip-feed.js'
import { eventually } from '../support/raw-peer.js'
import { type MappedAnswer, type RecordingServer, record } from '../support/recording-server.js'
import { noise } from '../support/upload-sources.js'
import { stableFor, until } from '../support/waiting.js'

const text = 'hé€😀, compressed. '.repeat(20)

function brotli(data: Uint8Array): Buffer {
  return brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })
}

const codings: [name: string, field: string, encode: (data: Uint8Array) => Buffer][] = [
  ['gzip', 'gzip', (data) => gzipSync(data)],
  ['x-gzip', 'x-gzip', (data) => gzipSync(data)],
  ['deflate (zlib)', 'deflate', (data) => deflateSync(data)],
  ['deflate (raw)', 'deflate', (data) => deflateRawSync(data)],
  ['br', 'br', brotli],
  ['identity', 'identity', (data) => Buffer.from(data)],
  ['GZIP, in capitals', 'GZIP', (data) => gzipSync(data)],
  ['gzip twice', 'gzip, gzip', (data) => gzipSync(gzipSync(data))],
  ['deflate, then gzip', 'deflate, gzip', (data) => gzipSync(deflateSync(data))],
  ['br, then raw deflate, then gzip', 'br,deflate , gzip', (data) => gzipSync(deflateRawSync(brotli(data)))],
  ['identity and gzip', 'identity, gzip', (data) => gzipSync(data)],
  ['a list of four', 'gzip, br, deflate, x-gzip', (data) => gzipSync(deflateSync(brotli(gzipSync(data))))],
  ['a list with gaps', ', gzip ,', (data) => gzipSync(data)],
]

function coded(
  field: string | readonly string[],
  body: MappedAnswer['body'],
  type = 'text/plain',
): MappedAnswer {
  return { headers: { 'Content-Type': type, 'Content-Encoding': field as string }, body: body! }
}

async function ask(answer: MappedAnswer, options: Omit<RequestOptions, 'url'> = {}): Promise<ClientResponse> {
  const { url } = await record(() => answer)
  return get(url, options)
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe.each(codings)('%s', (_, field, encode) => {
  it('is undone, for every kind of body but the raw ones', async () => {
    const { url } = await record(() => coded(field, encode(Buffer.from(text))))
    expect((await get(url)).body).toBe(text)
    expect((await get(url, { as: 'text' })).body).toBe(text)
    expect(Buffer.from((await get(url, { as: 'byteArray' })).body as Uint8Array).toString()).toBe(text)
    expect(
      (await readAll((await get(url, { as: 'stream' })).body as ReadableStream<Uint8Array>)).toString(),
    ).toBe(text)
  })

  it.each(['rawByteArray', 'none'] as const)('is left as it is for %s', async (as) => {
    const bytes = encode(Buffer.from(text))
    const { body } = await ask(coded(field, bytes), { as })
    expect(bytes.equals(body as Uint8Array)).toBe(true)
  })

  it('is undone however it is cut', async () => {
    const bytes = encode(Buffer.from(text.slice(0, 19)))
    const cuts = cutsOf(bytes)
    const { url } = await record((req) => coded(field, cuts[Number(req.target.slice(1))]!))
    for (const at of cuts.keys()) {
      expect(await get(`${url}/${at}`), `cut at ${at}`).toMatchObject({ body: text.slice(0, 19) })
      const { body } = await get(`${url}/${at}`, { as: 'stream' })
      expect((await readAll(body as ReadableStream<Uint8Array>)).toString(), `streamed, cut at ${at}`).toBe(
        text.slice(0, 19),
      )
    }
  })

  it('is undone where it comes byte by byte', async () => {
    const bytes = Array.from(encode(Buffer.from(text)), (byte) => Buffer.from([byte]))
    expect((await ask(coded(field, bytes))).body).toBe(text)
    const { body } = await ask(coded(field, bytes), { as: 'stream' })
    expect((await readAll(body as ReadableStream<Uint8Array>)).toString()).toBe(text)
  })

  it('is undone where it is large', async () => {
    const large = Buffer.concat([noise(500_000), Buffer.alloc(3_000_000, 'x')])
    const { url } = await record(() => coded(field, encode(large)))
    expect(large.equals((await get(url, { as: 'byteArray' })).body as Uint8Array)).toBe(true)
    expect(
      large.equals(await readAll((await get(url, { as: 'stream' })).body as ReadableStream<Uint8Array>)),
    ).toBe(true)
  })

  it('of nothing is nothing', async () => {
    expect((await ask(coded(field, encode(Buffer.alloc(0))))).body).toBe('')
  })

  it('is nothing where the body is empty', async () => {
    expect(await ask(coded(field, ''))).toMatchObject({ status: 200, body: '' })
    const { body } = await ask(coded(field, ''), { as: 'stream' })
    expect(await readAll(body as ReadableStream<Uint8Array>)).toHaveLength(0)
  })

  it('gives the connection back', async () => {
    const server = await record(() => coded(field, encode(Buffer.from(text))))
    for (let n = 0; n < 3; n++) await get(server.url)
    await readAll((await get(server.url, { as: 'stream' })).body as ReadableStream<Uint8Array>)
    await get(server.url)
    expect(server.accepted).toBe(1)
  })
})

describe('deflate', () => {
  it.each([0, 1, 6, 9])('of zlib is known by its head, at level %i', async (level) => {
    for (const windowBits of [9, 12, 15]) {
      expect((await ask(coded('deflate', deflateSync(text, { level, windowBits })))).body).toBe(text)
    }
  })

  it.each([0, 1, 6, 9])('that is raw is known, too, at level %i', async (level) => {
    for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY]) {
      expect((await ask(coded('deflate', deflateRawSync(text, { level, strategy })))).body).toBe(text)
    }
  })
})

describe('gzip', () => {
  it('may have a name, a comment and extra fields in its head', async () => {
    const plain = gzipSync(text)
    const head = Buffer.from([0x1f, 0x8b, 8, 4 + 8 + 16, 0, 0, 0, 0, 0, 3])
    const extra = Buffer.from('\x04\x00abcdname.txt\0a comment\0', 'latin1')
    expect((await ask(coded('gzip', Buffer.concat([head, extra, plain.subarray(10)])))).body).toBe(text)
  })

  it('may have more than one member', async () => {
    const body = Buffer.concat([gzipSync('one '), gzipSync('two '), gzipSync('three')])
    expect((await ask(coded('gzip', body))).body).toBe('one two three')
    const streamed = (await ask(coded('gzip', body), { as: 'stream' })).body
    expect((await readAll(streamed as ReadableStream<Uint8Array>)).toString()).toBe('one two three')
  })

  it('flushed piece by piece arrives piece by piece', async () => {
    const { url } = await record(() => ({
      headers: { 'Content-Encoding': 'gzip' },
      body: (async function* () {
        const gzip = createGzip()
        for (const word of ['first', 'second']) {
          gzip.write(word)
          await new Promise<void>((resolve) => gzip.flush(() => resolve()))
          for (let piece = gzip.read(); piece !== null; piece = gzip.read()) yield piece as Buffer
          if (word === 'first') await gate
        }
        gzip.end()
        yield* gzip
      })(),
    }))
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const reader = ((await get(url, { as: 'stream' })).body as ReadableStream<Uint8Array>).getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    open()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('second')
    expect((await reader.read()).done).toBe(true)
  })
})

function fiveTimes(data: string): Buffer {
  return gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(data)))))
}

describe('ERR_CONTENT_ENCODING is', () => {
  const gzip = gzipSync(text)
  const badCrc = Buffer.from(gzip)
  badCrc[gzip.length - 8]! ^= 1
  const badData = Buffer.from(gzipSync(noise(5000)))
  badData.fill(0xff, 1000, 1200)
  const badAdler = Buffer.from(deflateSync(text))
  badAdler[badAdler.length - 1]! ^= 1
  const rows: [string, string, Uint8Array | string][] = [
    ['a coding nobody knows', 'zstd', 'x'],
    ['one behind others', 'compress, gzip', gzip],
    ['one before others', 'gzip, compress', gzip],
    ['a coding with parameters', 'gzip;q=1', gzip],
    ['a list of five', 'gzip, gzip, gzip, gzip, gzip', fiveTimes(text)],
    ['what is no gzip', 'gzip', 'not compressed at all'],
    ['what is no deflate', 'deflate', 'not compressed at all'],
    ['what is no br', 'br', 'not compressed at all, nor long'],
    ['gzip with a bad checksum', 'gzip', badCrc],
    ['deflate with a bad checksum', 'deflate', badAdler],
    ['gzip with bad data', 'gzip', badData],
    ['gzip that is cut', 'gzip', gzip.subarray(0, -1)],
    ['gzip that is cut in its data', 'gzip', gzip.subarray(0, 20)],
    ['gzip that is cut in its head', 'gzip', gzip.subarray(0, 5)],
    ['zlib that is cut', 'deflate', deflateSync(text).subarray(0, -1)],
    ['zlib that is cut in its head', 'deflate', deflateSync(text).subarray(0, 1)],
    ['raw deflate that is cut', 'deflate', deflateRawSync(text).subarray(0, -1)],
    ['br that is cut', 'br', brotliCompressSync(text).subarray(0, -1)],
    ['the outer of two that is cut', 'br, gzip', gzipSync(brotliCompressSync(text)).subarray(0, -1)],
    ['the inner of two that is cut', 'br, gzip', gzipSync(brotliCompressSync(text).subarray(0, -1))],
  ]

  it.each(rows)('%s', async (_, field, bytes) => {
    for (const as of ['text', 'byteArray', 'auto'] as const) {
      const response = await ask(coded(field, bytes), { as })
      expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
      expect(response.error).toMatchObject({ name: 'HttpKitError', code: 'ERR_CONTENT_ENCODING' })
    }
  })

  it.each(rows)('%s, in a stream: never its end', async (_, field, bytes) => {
    const { error, body } = await ask(coded(field, bytes), { as: 'stream' })
    const failure =
      error ??
      (await readAll(body as ReadableStream<Uint8Array>).then(
        () => 'ended',
        (reason) => reason,
      ))
    expect(failure).toMatchObject({ name: 'HttpKitError', code: 'ERR_CONTENT_ENCODING' })
  })

  it('every cut of a body, and never a truncated success', async () => {
    for (const [name, field, encode] of codings) {
      if (field === 'identity') continue
      const bytes = encode(Buffer.from('some text'))
      const { url } = await record((req) => coded(field, bytes.subarray(0, Number(req.target.slice(1)))))
      for (let length = 1; length < bytes.length; length++) {
        const { error, body } = await get(`${url}/${length}`)
        expect(error?.code, `${name} cut to ${length}: ${body}`).toBe('ERR_CONTENT_ENCODING')
      }
    }
  })

  it('not what a raw body gets', async () => {
    const { error, body } = await ask(coded('zstd', 'x'), { as: 'rawByteArray' })
    expect(error).toBeUndefined()
    expect(Buffer.from(body as Uint8Array).toString()).toBe('x')
  })
})

describe('a coded stream', () => {
  function* forEver<T>(value: T): Generator<T> {
    for (;;) yield value
  }

  /** Noise without an end, compressed, and how many of its bytes have left. */
  async function endless(times = 1): Promise<{ server: RecordingServer; sent: () => number }> {
    let sent = 0
    const server = await record(() => ({
      headers: { 'Content-Encoding': Array<string>(times).fill('gzip') },
      body: (async function* () {
        let source: Readable = Readable.from(forEver(noise(100_000)))
        for (let time = 0; time < times; time++) source = source.pipe(createGzip({ level: 1 }))
        for await (const piece of source as AsyncIterable<Buffer>) {
          sent += piece.length
          yield piece
        }
      })(),
    }))
    return { server, sent: () => sent }
  }

  it.each([1, 2, 3])('that nobody reads stops the server, coded %i times', async (times) => {
    const { server, sent } = await endless(times)
    const { body } = await get(server.url, { as: 'stream' })
    await until(() => sent() > 0)
    expect(await stableFor(300, sent)).toBeLessThan(16 * 1024 * 1024) // what the kernel buffers, and a little
    await (body as ReadableStream).cancel()
  })

  it('that is cancelled closes the connection', async () => {
    const { server } = await endless()
    const reader = ((await get(server.url, { as: 'stream' })).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await eventually(() => server.open).toBe(0)
  })

  it('fails when the signal says so', async () => {
    const { server } = await endless()
    const abort = new AbortController()
    const { body } = await get(server.url, { as: 'stream', signal: abort.signal })
    const reading = readAll(body as ReadableStream<Uint8Array>)
    abort.abort()
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    await eventually(() => server.open).toBe(0)
  })

  it('whose connection breaks off is ERR_CONNECTION_CLOSED, not a bad coding', async () => {
    const bytes = gzipSync(noise(10_000))
    const raw = [
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      bytes.subarray(0, 5000),
    ]
    const { url } = await record(() => ({ raw, end: true }))
    expect((await get(url, { as: 'text' })).error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    const { body } = await get(url, { as: 'stream' })
    await expect(readAll(body as ReadableStream<Uint8Array>)).rejects.toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
    })
  })

  it('may end with the connection', async () => {
    const raw = ['HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n', gzipSync(text)]
    const { url } = await record(() => ({ raw, end: true }))
    expect((await get(url, { as: 'text' })).body).toBe(text)
  })

  it('cut by the end of the connection is no success', async () => {
    const raw = ['HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n', gzipSync(text).subarray(0, -1)]
    const { url } = await record(() => ({ raw, end: true }))
    expect((await get(url, { as: 'text' })).error).toMatchObject({ code: 'ERR_CONTENT_ENCODING' })
  })
})

describe('what stands behind the end of a coding', () => {
  const junk = Buffer.from('junk')

  it.each<[string, Uint8Array]>([
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
  ])('means nothing: %s', async (field, bytes) => {
    for (const body of [Buffer.concat([bytes, junk]), [bytes, junk], [bytes, junk, noise(300_000)]]) {
      const server = await record(() => coded(field, body))
      expect(await get(server.url)).toMatchObject({ status: 200, body: text })
      const streamed = (await get(server.url, { as: 'stream' })).body
      expect((await readAll(streamed as ReadableStream<Uint8Array>)).toString()).toBe(text)
      expect(server.accepted).toBe(1)
    }
  })

  it('means nothing where it is the padding of gzip', async () => {
    const padding = Buffer.alloc(512)
    for (const body of [Buffer.concat([gzipSync(text), padding]), [gzipSync(text), padding, padding]]) {
      expect((await ask(coded('gzip', body))).body).toBe(text)
    }
  })

  it('of gzip is a member or an error, however it is cut', async () => {
    const bytes = Buffer.concat([gzipSync('text'), junk])
    const outcomes = new Set<string | undefined>()
    for (const body of [bytes, ...cutsOf(bytes)]) outcomes.add((await ask(coded('gzip', body))).error?.code)
    expect(outcomes.size).toBe(1)
  })
})

describe('a body that is not there', () => {
  it('is not decoded: HEAD, 204, 304', async () => {
    const { url } = await record((req) => ({
      status: Number(req.target.slice(1)),
      headers: { 'Content-Encoding': 'gzip' },
      body: 'x',
    }))
    expect(await head(`${url}/200`)).toMatchObject({ status: 200, body: '' })
    expect(await get(`${url}/204`)).toMatchObject({ status: 204, body: '' })
    expect(await get(`${url}/304`)).toMatchObject({ status: 304, body: '' })
  })

  it('of an unknown coding is no error, either', async () => {
    const { url } = await record(() => ({ headers: { 'Content-Encoding': 'zstd' } }))
    expect(await head(url)).toMatchObject({ status: 200, body: '' })
  })
})

describe('autoCompression: false', () => {
  it('asks for none, and undoes none', async () => {
    const server = await record(() => coded('gzip', gzipSync(text)))
    const { body, headers } = await get(server.url, { autoCompression: false, as: 'byteArray' })
    expect(server.last.header('accept-encoding')).toBeUndefined()
    expect(gzipSync(text).equals(body as Uint8Array)).toBe(true)
    expect(headers).toMatchObject({ 'content-encoding': 'gzip' })
  })

  it('lets any coding pass, in a stream too', async () => {
    const { url } = await record(() => coded('zstd', 'x'))
    const { body } = await get(url, { autoCompression: false, as: 'stream' })
    expect((await readAll(body as ReadableStream<Uint8Array>)).toString()).toBe('x')
  })
})

it('is undone where it was not asked for', async () => {
  const { url } = await record(() => coded('gzip', gzipSync(text)))
  expect((await get(url, { headers: { 'Accept-Encoding': 'identity' } })).body).toBe(text)
})

it('may be said in more than one field', async () => {
  expect((await ask(coded(['deflate', 'gzip'], gzipSync(deflateSync(text))))).body).toBe(text)
})

it('many at a time do not mix', async () => {
  const { url } = await record((req) => {
    const at = Number(req.target.slice(1))
    const [, field, encode] = codings[at % codings.length]!
    return coded(field, encode(Buffer.from(`${at} ${text}`)))
  })
  const bodies = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => (await get(`${url}/${at}`)).body),
  )
  expect(bodies).toEqual(Array.from({ length: 60 }, (_, at) => `${at} ${text}`))
})
