// `as`: what a response's body is handed over as.
import { describe, expect, it } from 'vitest'
import { get, head, type RequestOptions, request } from '../../src/client.js'
import { eventually } from '../support/raw-peer.js'
import { type MappedAnswer, record } from '../support/recording-server.js'
import { deferred } from '../support/waiting.js'

const bytes = Buffer.from([0, 255, 0x68, 0xc3, 0xa9])

async function bodyOf(answer: MappedAnswer, options: Omit<RequestOptions, 'url'> = {}): Promise<unknown> {
  const { url } = await record(() => answer)
  const { error, body } = await request({ url, ...options })
  expect(error).toBeUndefined()
  return body
}

async function readAll(body: unknown): Promise<Buffer> {
  expect(body).toBeInstanceOf(ReadableStream)
  const pieces: Uint8Array[] = []
  for await (const piece of body as ReadableStream<Uint8Array>) {
    expect(piece).toBeInstanceOf(Uint8Array)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function typed(type: string | undefined, body: MappedAnswer['body'] = 'hé'): MappedAnswer {
  return { headers: type === undefined ? {} : { 'Content-Type': type }, body }
}

describe('auto', () => {
  it.each([
    'text/plain',
    'text/html; charset=utf-8',
    'TEXT/HTML',
    'text/event-stream',
    'text/x-anything',
    'application/json',
    'application/json;charset=utf-8',
    'Application/JSON',
    'application/problem+json',
    'application/vnd.api+json; a=b',
    'application/xml',
    'application/atom+xml',
    'application/xhtml+xml',
    'image/svg+xml',
    'application/javascript',
    'application/x-www-form-urlencoded',
  ])('is text for %s', async (type) => {
    expect(await bodyOf(typed(type))).toBe('hé')
    expect(await bodyOf(typed(type), { as: 'auto' })).toBe('hé')
  })

  it.each([
    undefined,
    '',
    'image/png',
    'application/octet-stream',
    'application/pdf',
    'application/zip',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'multipart/form-data; boundary=b',
    'audio/x-text',
    'application/text-like',
    'json',
  ])('is a stream for %s', async (type) => {
    expect((await readAll(await bodyOf(typed(type)))).toString()).toBe('hé')
  })

  it.each([200, 201, 404, 500])('looks at the type, whatever the status: %i', async (status) => {
    expect(await bodyOf({ ...typed('text/plain'), status })).toBe('hé')
    expect((await readAll(await bodyOf({ ...typed('image/png', bytes), status }))).equals(bytes)).toBe(true)
  })

  it('is the empty text where a textual body is empty', async () => {
    expect(await bodyOf(typed('text/plain', ''))).toBe('')
  })

  it('is an empty stream where another is', async () => {
    expect(await readAll(await bodyOf(typed('image/png', '')))).toEqual(Buffer.alloc(0))
  })

  it.each([204, 304])('is the empty text where there can be no body: %i', async (status) => {
    expect(await bodyOf({ status })).toBe('')
  })

  it('is the empty text for HEAD', async () => {
    const { url } = await record(() => 'not sent')
    expect((await head(url)).body).toBe('')
  })

  it('is the empty text for HEAD of a text', async () => {
    const { url } = await record(() => typed('text/html'))
    expect((await head(url)).body).toBe('')
  })
})

describe('text', () => {
  it.each([undefined, 'image/png', 'text/plain'])('is text, whatever the type: %s', async (type) => {
    expect(await bodyOf(typed(type), { as: 'text' })).toBe('hé')
  })

  it('is empty where there is no body', async () => {
    expect(await bodyOf({ status: 204 }, { as: 'text' })).toBe('')
    expect(await bodyOf({}, { as: 'text', method: 'head' })).toBe('')
    expect(await bodyOf({}, { as: 'text' })).toBe('')
  })

  it('is whole where it comes in many pieces, cut within characters', async () => {
    const text = 'a€😀é'.repeat(500)
    const pieces = Array.from(Buffer.from(text), (byte) => Buffer.from([byte]))
    expect(await bodyOf({ body: pieces }, { as: 'text' })).toBe(text)
  })

  it('may be large', async () => {
    const text = 'x€'.repeat(1_000_000)
    expect(await bodyOf({ body: text }, { as: 'text' })).toBe(text)
  })
})

describe.each(['byteArray', 'rawByteArray', 'none'] as const)('%s', (as) => {
  it('is the bytes, whatever the type', async () => {
    for (const type of [undefined, 'text/plain; charset=shift_jis', 'application/json']) {
      const body = await bodyOf(typed(type, bytes), { as })
      expect(body).toBeInstanceOf(Uint8Array)
      expect(bytes.equals(body as Uint8Array)).toBe(true)
    }
  })

  it('is whole where it comes in many pieces', async () => {
    const pieces = Array.from({ length: 300 }, (_, n) => Buffer.alloc(n * 7, n))
    const body = (await bodyOf({ body: pieces }, { as })) as Uint8Array
    expect(Buffer.concat(pieces).equals(body)).toBe(true)
  })

  it('is empty where there is no body', async () => {
    for (const body of [
      await bodyOf({}, { as }),
      await bodyOf({ status: 204 }, { as }),
      await bodyOf({ status: 304 }, { as }),
      await bodyOf({}, { as, method: 'head' }),
    ]) {
      expect(body).toBeInstanceOf(Uint8Array)
      expect(body).toHaveLength(0)
    }
  })

  it('is the caller’s own: no other response writes to it', async () => {
    const { url } = await record((req) => ({ body: req.target.repeat(1000) }))
    const first = (await get(`${url}/first`, { as })).body as Uint8Array
    const before = Buffer.from(first)
    await get(`${url}/other`, { as })
    await get(`${url}/other`, { as: 'text' })
    expect(before.equals(first)).toBe(true)
    first.fill(0)
    expect((await get(`${url}/again`, { as: 'text' })).body).toBe('/again'.repeat(1000))
  })
})

describe('stream', () => {
  it('is a ReadableStream of the bytes', async () => {
    expect((await readAll(await bodyOf(typed('text/plain', bytes), { as: 'stream' }))).equals(bytes)).toBe(
      true,
    )
  })

  it('is there as soon as the head is, before a byte of the body', async () => {
    const gate = deferred()
    const { url } = await record(() => ({
      body: (async function* () {
        await gate.promise
        yield 'late'
      })(),
    }))
    const { status, body } = await get(url, { as: 'stream' })
    expect(status).toBe(200)
    gate.resolve()
    expect((await readAll(body)).toString()).toBe('late')
  })

  it('gives each piece when it comes', async () => {
    const gate = deferred()
    const { url } = await record(() => ({
      body: (async function* () {
        yield 'first'
        await gate.promise
        yield 'second'
      })(),
    }))
    const reader = ((await get(url, { as: 'stream' })).body as ReadableStream<Uint8Array>).getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    gate.resolve()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('second')
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it('is empty where there is no body', async () => {
    for (const body of [
      await bodyOf({}, { as: 'stream' }),
      await bodyOf({ status: 204 }, { as: 'stream' }),
      await bodyOf({}, { as: 'stream', method: 'head' }),
    ]) {
      expect(await readAll(body)).toHaveLength(0)
    }
  })

  it('may be held on to: pieces stay as they are while others come', async () => {
    const { url } = await record(() => ({
      body: Array.from({ length: 200 }, (_, n) => String(n % 10).repeat(50)),
    }))
    const { body } = await get(url, { as: 'stream' })
    expect((await readAll(body)).toString()).toBe(
      Array.from({ length: 200 }, (_, n) => String(n % 10).repeat(50)).join(''),
    )
  })

  it('may be handed to whoever reads streams', async () => {
    const { url } = await record(() => typed('application/json', '{"a":"é"}'))
    const { body } = await get(url, { as: 'stream' })
    expect(await new Response(body as ReadableStream<Uint8Array>).json()).toEqual({ a: 'é' })
  })

  it('that is cancelled closes the connection', async () => {
    const server = await record(() => ({
      body: (function* () {
        for (;;) yield Buffer.alloc(10_000)
      })(),
    }))
    const { body } = await get(server.url, { as: 'stream' })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await eventually(() => server.open).toBe(0)
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it('that is read to its end gives the connection back', async () => {
    const server = await record(() => ({ body: ['a', 'b'] }))
    for (let n = 0; n < 3; n++) await readAll((await get(server.url, { as: 'stream' })).body)
    expect(server.accepted).toBe(1)
  })

  it('that breaks off fails with ERR_CONNECTION_CLOSED, after what has come', async () => {
    const { url } = await record(() => ({
      raw: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 'abc'],
      end: true,
    }))
    const reader = ((await get(url, { as: 'stream' })).body as ReadableStream<Uint8Array>).getReader()
    let came = ''
    const reading = (async () => {
      for (;;) came += Buffer.from((await reader.read()).value!).toString()
    })()
    await expect(reading).rejects.toMatchObject({ name: 'HttpKitError', code: 'ERR_CONNECTION_CLOSED' })
    expect(came).toBe('abc')
  })

  it('that fails while nobody reads rejects nothing unseen', async () => {
    const unseen: unknown[] = []
    const note = (error: unknown): void => void unseen.push(error)
    process.on('unhandledRejection', note)
    try {
      const server = await record(() => ({
        raw: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 'abc'],
        end: true,
      }))
      await get(server.url, { as: 'stream' })
      await eventually(() => server.open).toBe(0)
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(unseen).toEqual([])
  })

  it('that nobody reads holds up nobody else', async () => {
    const { url } = await record((req) =>
      req.target === '/large' ? { body: Buffer.alloc(8_000_000) } : 'ok',
    )
    const { body } = await get(`${url}/large`, { as: 'stream' })
    for (let n = 0; n < 5; n++) expect(await get(url, { as: 'text' })).toMatchObject({ body: 'ok' })
    await (body as ReadableStream).cancel()
  })
})

describe('the headers of a response', () => {
  it('have lower-case names', async () => {
    const { url } = await record(() => ({ headers: { 'X-ONE': '1', 'x-two': '2' } }))
    const { headers } = await get(url)
    expect(headers).toMatchObject({ 'x-one': '1', 'x-two': '2' })
    expect(Object.keys(headers!)).not.toContain('X-ONE')
  })

  it('that came more than once are an array, in their order', async () => {
    const { url } = await record(() => ({
      headers: { 'Set-Cookie': ['a=1', 'b=2; x', 'a=3'], 'X-One': ['1', '2'] },
    }))
    const { headers } = await get(url)
    expect(headers!['set-cookie']).toEqual(['a=1', 'b=2; x', 'a=3'])
    expect(headers!['x-one']).toEqual(['1', '2'])
  })

  it('inherit nothing', async () => {
    const { url } = await record()
    const { headers } = await get(url)
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
      expect(name in headers!).toBe(false)
  })

  it('may be called __proto__ and constructor', async () => {
    const { url } = await record(() => ({
      raw: 'HTTP/1.1 200 OK\r\n__proto__: a\r\nConstructor: b\r\nContent-Length: 0\r\n\r\n',
    }))
    const { headers } = await get(url)
    expect(Object.entries(headers!)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['content-length', '0'],
    ])
  })

  it('are as received where the body was decoded', async () => {
    const { gzipSync } = await import('node:zlib')
    const body = gzipSync('hello')
    const { url } = await record(() => ({
      headers: { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' },
      body,
    }))
    const response = await get(url)
    expect(response.body).toBe('hello')
    expect(response.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(body.length),
    })
  })

  it('are the caller’s own: what becomes of them does nothing to the next', async () => {
    const { url } = await record(() => ({ headers: { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'] } }))
    const first = await get(url)
    const wanted = structuredClone({ ...first.headers })
    first.headers!['x-one'] = 'changed'
    first.headers!['x-new'] = 'new'
    ;(first.headers!['set-cookie'] as string[]).push('c=3')
    expect({ ...(await get(url)).headers }).toEqual(wanted)
  })

  it('have no white space around them', async () => {
    const { url } = await record(() => ({
      raw: 'HTTP/1.1 200 OK\r\nX-One: \t a b \t\r\nX-Two:\r\nContent-Length:0\r\n\r\n',
    }))
    expect((await get(url)).headers).toMatchObject({ 'x-one': 'a b', 'x-two': '', 'content-length': '0' })
  })
})
