// multipart: parts streamed as a form (RFC 7578), or as multipart/mixed. What arrives is read by our own decoder and by
// undici's.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { file, post, type RequestOptions } from '../../src/client.js'
import { decodeMultipart } from '../../src/core.js'
import { readableOf } from '../support/multipart-source.js'
import { eventually } from '../support/raw-peer.js'
import { listen, type RecordedRequest, record, redirect } from '../support/recording-server.js'
import { noise, sourceFolder } from '../support/upload-sources.js'
import { deferred } from '../support/waiting.js'

type Parts = Exclude<RequestOptions['multipart'], undefined>

async function sent(multipart: Parts, options: Omit<RequestOptions, 'url'> = {}): Promise<RecordedRequest> {
  const server = await record()
  const { error, status } = await post(server.url, { multipart, ...options })
  expect(error).toBeUndefined()
  expect(status).toBe(200)
  return server.last
}

interface Field {
  name: string | undefined
  filename: string | undefined
  type: string
  data: string
}

/** What our decoder finds in it. */
async function decoded(req: RecordedRequest): Promise<Field[]> {
  const fields: Field[] = []
  for await (const part of decodeMultipart(req.body, req.header('content-type')!)) {
    const { name, filename, contentType: type } = part
    fields.push({ name, filename, type, data: Buffer.from(await part.bytes()).toString('latin1') })
  }
  return fields
}

/** What the platform's parser finds in it. */
async function formOf(
  req: RecordedRequest,
): Promise<[name: string, value: string | { name: string; type: string; data: string }][]> {
  const headers = { 'content-type': req.header('content-type')! }
  const form = await new Response(new Uint8Array(req.body), { headers }).formData()
  const entries: Awaited<ReturnType<typeof formOf>> = []
  for (const [name, value] of form) {
    if (typeof value === 'string') entries.push([name, value])
    else
      entries.push([
        name,
        {
          name: value.name,
          type: value.type,
          data: Buffer.from(await value.arrayBuffer()).toString('latin1'),
        },
      ])
  }
  return entries
}

async function* stream(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* pieces
}

describe('multipart', () => {
  it('is a form with a random boundary', async () => {
    const types = []
    for (let n = 0; n < 3; n++) {
      const req = await sent([{ name: 'a', content: 'b' }])
      types.push(req.header('content-type')!)
      expect(req.headerAll('content-type')).toHaveLength(1)
    }
    for (const type of types) expect(type).toMatch(/^multipart\/form-data; boundary=[\w-]{16,70}$/)
    expect(new Set(types).size).toBe(3)
  })

  it('is read by others as it was given', async () => {
    const path = sourceFolder().write('data.json', '{"a":1}')
    const req = await sent([
      { name: 'text', content: 'hé€😀' },
      { name: 'number', content: 1.5 },
      { name: 'true', content: true },
      { name: 'empty', content: '' },
      { name: 'lines', content: 'a\r\n--b\r\n\r\nc\n' },
      { name: 'ü"\r\n\\', content: 'name' },
      { name: 'bytes', content: new Uint8Array([0, 255, 13, 10]), filename: 'b.bin' },
      { name: 'typed', content: '<a/>', filename: 'ä "b".xml', contentType: 'text/xml' },
      { name: 'blob', content: new Blob(['blob'], { type: 'image/png' }) },
      { name: 'file', content: new File(['file'], 'f.txt', { type: 'text/plain' }) },
      { name: 'path', content: file(path) },
      { name: 'stream', content: stream('a', Buffer.from('b')), filename: 's.bin' },
    ])
    const form = await formOf(req)
    expect(form.slice(0, 6)).toEqual([
      ['text', 'hé€😀'],
      ['number', '1.5'],
      ['true', 'true'],
      ['empty', ''],
      ['lines', 'a\r\n--b\r\n\r\nc\n'],
      ['ü"\r\n\\', 'name'],
    ])
    expect(form.slice(6)).toEqual([
      ['bytes', { name: 'b.bin', type: 'application/octet-stream', data: '\0\xff\r\n' }],
      ['typed', { name: 'ä "b".xml', type: 'text/xml', data: '<a/>' }],
      ['blob', { name: 'blob', type: 'image/png', data: 'blob' }],
      ['file', { name: 'f.txt', type: 'text/plain', data: 'file' }],
      ['path', { name: 'data.json', type: 'application/json', data: '{"a":1}' }],
      ['stream', { name: 's.bin', type: 'application/octet-stream', data: 'ab' }],
    ])
    expect(await decoded(req)).toHaveLength(12)
  })

  it('has its length stated where every part’s is known, and is chunked otherwise', async () => {
    const path = sourceFolder().write('a.bin', noise(100_000))
    const known = await sent([
      { name: 'a', content: 'é' },
      { name: 'b', content: new Blob(['x']) },
      { name: 'c', content: file(path) },
    ])
    expect([known.framing, known.header('content-length')]).toEqual(['length', String(known.body.length)])
    const streamed = await sent([
      { name: 'a', content: 'é' },
      { name: 'b', content: stream('x') },
    ])
    expect(streamed.framing).toBe('chunked')
    expect((await decoded(known))[2]!.data).toBe(noise(100_000).toString('latin1'))
  })

  it('of no parts is one that ends', async () => {
    const req = await sent([])
    expect(await decoded(req)).toEqual([])
    expect(req.text).toMatch(/^--[\w-]+--\r\n$/)
  })

  it('may be any iterable, read once', async () => {
    function* parts(): Generator<{ name: string; content: string }> {
      yield { name: 'a', content: '1' }
      yield { name: 'a', content: '2' }
    }
    expect((await decoded(await sent(parts()))).map(({ name, data }) => [name, data])).toEqual([
      ['a', '1'],
      ['a', '2'],
    ])
  })

  it('has formParams as its first fields', async () => {
    const req = await sent([{ name: 'z', content: 'part' }], {
      formParams: { a: 1, b: ['x', 'y'], c: { d: 'ü' } },
    })
    expect(await formOf(req)).toEqual([
      ['a', '1'],
      ['b', 'x'],
      ['b', 'y'],
      ['c[d]', 'ü'],
      ['z', 'part'],
    ])
  })

  it('has its own type, not the caller’s, which lacks the boundary', async () => {
    const req = await sent([{ name: 'a', content: 'b' }], {
      headers: { 'Content-Type': 'multipart/form-data', 'X-One': '1' },
    })
    expect(req.header('content-type')).toMatch(/^multipart\/form-data; boundary=/)
    expect(await decoded(req)).toHaveLength(1)
  })

  it.each<[string, () => Parts]>([
    ['texts', () => [{ name: 'a', content: 'b' }]],
    ['a file', () => [{ name: 'a', content: file(sourceFolder().write('a.txt', 'b')) }]],
    ['a Blob', () => [{ name: 'a', content: new Blob(['b']) }]],
  ])('is sent again by 307: %s', async (_, parts) => {
    const server = await record((req) => (req.target === '/' ? redirect(307, '/there') : 'ok'))
    expect(await post(`${server.url}/`, { multipart: parts() })).toMatchObject({ status: 200 })
    const [first, second] = server.requests
    expect(await decoded(second!)).toEqual(await decoded(first!))
    expect(await decoded(second!)).toMatchObject([{ name: 'a', data: 'b' }])
    expect(second!.framing).toBe(first!.framing)
  })

  it('whose parts can be listed only once is sent again whole, or not at all', async () => {
    function* parts(): Generator<{ name: string; content: string }> {
      yield { name: 'a', content: 'b' }
    }
    const server = await record((req) => (req.target === '/' ? redirect(307, '/there') : 'ok'))
    const { error } = await post(`${server.url}/`, { multipart: parts() })
    const [first, second] = server.requests
    if (second) expect(await decoded(second)).toEqual(await decoded(first!))
    else expect(error).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' })
  })

  it('that has a stream is not sent again', async () => {
    const server = await record((req) => (req.target === '/' ? redirect(308, '/there') : 'ok'))
    const { error } = await post(`${server.url}/`, { multipart: [{ name: 'a', content: stream('b') }] })
    expect(error).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' })
    expect(server.requests).toHaveLength(1)
  })
})

describe('a FormData in the body', () => {
  it('is a form, too', async () => {
    const body = new FormData()
    body.append('a', 'ü')
    body.append('a', '')
    body.append('file', new File(['data'], 'ä.txt', { type: 'text/csv' }))
    const server = await record((req) => (req.target === '/' ? redirect(307, '/there') : 'ok'))
    const { error } = await post(`${server.url}/`, { body })
    expect(error).toBeUndefined()
    expect(server.requests).toHaveLength(2)
    for (const req of server.requests) {
      expect(req.framing).toBe('length')
      expect(await formOf(req)).toEqual([
        ['a', 'ü'],
        ['a', ''],
        ['file', { name: 'ä.txt', type: 'text/csv', data: 'data' }],
      ])
    }
  })

  it('may be empty', async () => {
    const server = await record()
    await post(server.url, { body: new FormData() })
    expect(await formOf(server.last)).toEqual([])
  })
})

describe('multipartMixed', () => {
  it('has parts without a disposition', async () => {
    const req = await sent(
      [
        { content: 'a', contentType: 'text/plain' },
        { content: '{}', contentType: 'application/json' },
      ],
      { multipartMixed: true },
    )
    expect(req.header('content-type')).toMatch(/^multipart\/mixed; boundary=/)
    expect(req.text).not.toMatch(/Content-Disposition/i)
    expect((await decoded(req)).map(({ type, data }) => [type, data])).toEqual([
      ['text/plain', 'a'],
      ['application/json', '{}'],
    ])
  })
})

describe('a part may not break the body', () => {
  const controls = ['\0', '\x01', '\x0b', '\x1f', '\x7f']

  it.each<[string, Parts]>([
    ...controls.map((control): [string, Parts] => [
      `a name with ${JSON.stringify(control)}`,
      [{ name: `a${control}b`, content: 'c' }],
    ]),
    ...controls.map((control): [string, Parts] => [
      `a filename with ${JSON.stringify(control)}`,
      [{ name: 'a', filename: `a${control}b`, content: 'c' }],
    ]),
    ['a type with CR LF', [{ name: 'a', contentType: 'a/b\r\nX: y', content: 'c' }]],
    ['a type with LF', [{ name: 'a', contentType: 'a/b\nX: y', content: 'c' }]],
    ['a type with NUL', [{ name: 'a', contentType: 'a/b\0', content: 'c' }]],
  ])('with %s', async (_, multipart) => {
    const server = await record()
    const { error } = await post(server.url, { multipart })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })

  it('with CR or LF in a name: they are escaped, as by browsers', async () => {
    const injected = 'a"\r\nX-Bad: 1\r\n\r\nbad'
    const req = await sent([{ name: injected, filename: injected, content: 'c' }])
    expect(req.text).toContain('name="a%22%0D%0AX-Bad: 1%0D%0A%0D%0Abad"')
    expect(await decoded(req)).toHaveLength(1)
  })
})

describe('a part that is a stream', () => {
  it('is sent as it comes', async () => {
    const next = deferred()
    async function* content(): AsyncGenerator<string> {
      yield 'first'
      await next.promise
      yield 'second'
    }
    let came = ''
    const url = await listen((socket) => {
      socket.on('data', (data) => {
        came += data
        if (came.includes('first')) next.resolve()
        if (came.endsWith('--\r\n\r\n0\r\n\r\n')) socket.end('HTTP/1.1 204 OK\r\n\r\n')
      })
    })
    expect(await post(url, { multipart: [{ name: 'a', content: content() }] })).toMatchObject({ status: 204 })
    expect(came).toContain('second')
  })

  const failing: [
    string,
    (mine: Error) => AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Readable,
  ][] = [
    [
      'an async generator',
      async function* (mine) {
        yield Buffer.from('a')
        throw mine
      },
    ],
    [
      'a Readable',
      (mine) =>
        new Readable({
          read() {
            this.destroy(mine)
          },
        }),
    ],
    ['a ReadableStream', (mine) => new ReadableStream({ pull: (controller) => controller.error(mine) })],
  ]

  it.each(failing)('that fails is ERR_INVALID_ARGUMENT, and the connection is cut: %s', async (_, make) => {
    const server = await record()
    const mine = new Error('mine')
    const { error } = await post(server.url, {
      multipart: [
        { name: 'a', content: 'b' },
        { name: 'c', content: make(mine) },
      ],
    })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(error!.cause).toBe(mine)
    await eventually(() => server.open).toBe(0)
    expect(server.requests).toEqual([])
  })

  it('may be of any kind', async () => {
    const req = await sent([
      { name: 'a', content: readableOf([Buffer.from('1')]) },
      { name: 'b', content: Readable.from(['2']) },
      { name: 'c', content: stream('3') },
      { name: 'd', content: ['4', Buffer.from('5')] },
    ])
    expect((await decoded(req)).map(({ data }) => data)).toEqual(['1', '2', '3', '45'])
  })

  it('whose file is missing is ERR_INVALID_ARGUMENT', async () => {
    const server = await record()
    const { error } = await post(server.url, { multipart: [{ name: 'a', content: file('/no/such/file') }] })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', cause: { code: 'ENOENT' } })
    expect(server.requests).toEqual([])
  })
})
