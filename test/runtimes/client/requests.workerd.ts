// Requests, and what becomes of their answers, in workerd.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closedPort, type MappedAnswer, record, redirect } from '../../support/recording-server.js'
import { answer, answering, scriptedServer } from '../../support/scripted-server.js'
import { hasNode, startWorkerd, type Workerd } from './workerd.js'

let workerd: Workerd

beforeAll(async () => {
  workerd = await startWorkerd()
})

afterAll(() => workerd.stop())

describe('a request', () => {
  it.each(['get', 'post', 'put', 'patch', 'delete', 'options', 'propfind', 'report'])(
    'is sent as the method says: %s',
    async (method) => {
      const server = await record(() => 'yes')
      const url = `${server.url}/a%20b?c=d#e`
      expect(await workerd.ask('request', { method, url, as: 'text' })).toMatchObject({
        status: 200,
        body: 'yes',
      })
      expect(server.last.method).toBe(method.toUpperCase())
      expect(server.last.target).toBe('/a%20b?c=d')
      expect(server.last.header('host')).toBe(new URL(url).host)
    },
  )

  it('has no body behind a HEAD', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')
      await connection.request()
      connection.send(answer('200 OK', 'second'))
    })
    const [head, get] = await workerd.ask('inTurn', [
      { method: 'head', url: server.url() },
      { url: server.url(), as: 'text' },
    ])
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '10' } })
    expect(get.body).toBe('second')
    expect(server.accepted).toBe(1)
  })

  it('carries headers, queries, credentials and an agent as asked', async () => {
    const server = await record()
    await workerd.ask('request', {
      url: server.url,
      headers: { 'X-One': 'ä', 'X-Two': ['a', 'b'] },
      queryParams: { q: 'a b', l: [1, 2] },
      basicAuth: ['jürgen', 'geheim'],
      userAgent: 'me',
    })
    expect(server.last.target).toBe('/?q=a+b&l=1&l=2')
    expect(Buffer.from(server.last.header('x-one')!, 'latin1').toString()).toBe('ä')
    expect(server.last.headerAll('x-two')).toEqual(['a', 'b'])
    expect(server.last.header('authorization')).toBe(
      `Basic ${Buffer.from('jürgen:geheim').toString('base64')}`,
    )
    expect(server.last.header('user-agent')).toBe('me')
  })

  it.each([
    ['text', 'grün €', 'grün €', 'length'],
    ['long text', 'ü'.repeat(50_000), 'ü'.repeat(50_000), 'length'],
    ['bytes', { $bytes: 'a\0ÿ' }, 'a\0\xff', 'length'],
    ['many bytes', { $bytes: 'x'.repeat(300_000) }, 'x'.repeat(300_000), 'length'],
    ['a Blob', { $blob: { text: 'blob', type: 'text/x' } }, 'blob', 'length'],
    ['URLSearchParams', { $params: { a: 'b c' } }, 'a=b+c', 'length'],
    ['a generator', { $pieces: ['one', 'two', 'grün'] }, 'onetwogrün', 'chunked'],
    ['a ReadableStream', { $stream: ['ab', '\xff', 'c'] }, 'ab\xffc', 'chunked'],
    ['nothing', '', '', 'length'],
  ])('carries %s', async (_, body, expected, framing) => {
    const server = await record()
    const { status } = await workerd.ask('request', { method: 'post', url: server.url, body })
    expect(status).toBe(200)
    expect(server.last.framing).toBe(framing)
    const encoding = /[\xff]/.test(expected) ? 'latin1' : 'utf8'
    expect(server.last.body.toString(encoding)).toBe(expected)
  })

  it('carries a form', async () => {
    const server = await record()
    await workerd.ask('request', { method: 'post', url: server.url, formParams: { a: ['ä', '&'], b: 1 } })
    expect(server.last.text).toBe('a=%C3%A4&a=%26&b=1')
    expect(server.last.header('content-type')).toBe('application/x-www-form-urlencoded')
  })

  it('carries parts: text, files, streams, and those of a FormData', async () => {
    const server = await record()
    const multipart = [
      { name: 'a', content: 'text' },
      { name: 'b', content: { $file: { text: 'of a file', name: 'f.txt', type: 'text/plain' } } },
      { name: 'c', content: { $pieces: ['pie', 'ces'] } },
    ]
    await workerd.ask('request', { method: 'post', url: server.url, multipart })
    expect(server.last.header('content-type')).toMatch(/^multipart\/form-data; boundary=/)
    for (const part of [
      '\r\n\r\ntext\r\n',
      'filename="f.txt"',
      '\r\n\r\nof a file\r\n',
      '\r\n\r\npieces\r\n',
    ])
      expect(server.last.text).toContain(part)
    const form = { $form: { d: 'field', e: { $file: { text: 'x', name: 'g.html', type: 'text/html' } } } }
    await workerd.ask('request', { method: 'post', url: server.url, body: form })
    expect(server.last.text).toContain('name="d"\r\n\r\nfield\r\n')
    expect(server.last.text).toContain('filename="g.html"')
  })

  it('waits with its body for 100 Continue where it says so', async () => {
    const order: string[] = []
    const server = await scriptedServer({}, async (connection) => {
      const head = await connection.head()
      order.push(head.header('expect')!)
      connection.send('HTTP/1.1 100 Continue\r\n\r\n')
      order.push((await connection.body(head)).text)
      connection.send(answer('200 OK', 'done'))
    })
    const options = {
      method: 'post',
      url: server.url(),
      body: 'late',
      headers: { expect: '100-continue' },
      as: 'text',
    }
    expect(await workerd.ask('request', options)).toMatchObject({ body: 'done' })
    expect(order).toEqual(['100-continue', 'late'])
  })

  it('tells how far it is', async () => {
    const server = await record(() => 'abc')
    expect(await workerd.ask('progress', { url: server.url, body: '12345' })).toEqual({
      up: [[5, 5]],
      down: [3, 3],
      body: 'abc',
    })
  })
})

describe('an answer', () => {
  const of = (one: MappedAnswer | string, options: object = {}): Promise<Record<string, unknown>> =>
    record(() => one).then(({ url }) => workerd.ask('request', { url, ...options }))

  it.each([
    ['auto', 'text/plain', { body: 'grün' }],
    ['auto', 'application/octet-stream', { streamed: 'gr\xc3\xbcn' }],
    ['text', 'application/octet-stream', { body: 'grün' }],
    ['text', 'text/plain; charset=iso-8859-1', { body: 'grÃ¼n' }],
    ['byteArray', 'text/plain', { bytes: 'gr\xc3\xbcn' }],
    ['stream', 'text/plain', { streamed: 'gr\xc3\xbcn' }],
    ['rawByteArray', 'text/plain', { bytes: 'gr\xc3\xbcn' }],
  ])('is handed over as %s of %s', async (as, type, expected) => {
    expect(await of({ headers: { 'Content-Type': type }, body: 'grün' }, { as })).toMatchObject(expected)
  })

  it('is read in chunks, with its trailers', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      await connection.drip(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n',
      )
    })
    expect(await workerd.ask('request', { url: server.url(), as: 'text' })).toMatchObject({
      body: 'abcd',
      trailers: { 'x-t': '1' },
    })
  })

  it('ends with its connection where nothing else says so', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send('HTTP/1.1 200 OK\r\n\r\nall of it')
      connection.finish()
    })
    expect(await workerd.ask('request', { url: server.url(), as: 'text' })).toMatchObject({
      body: 'all of it',
    })
  })

  const text = 'something that is said again and again. '.repeat(20_000)
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['gzip, deflate', (bytes: Buffer) => deflateSync(gzipSync(bytes))],
  ])('is decompressed: %s', async (coding, encode) => {
    const body = encode(Buffer.from(text))
    const headers = { 'Content-Encoding': coding, 'Content-Type': 'text/plain' }
    expect((await of({ headers, body })).body === text).toBe(true)
    expect((await of({ headers, body }, { as: 'stream' })).streamed === text).toBe(true)
    expect((await of({ headers, body }, { as: 'rawByteArray' })).bytes).toBe(body.toString('latin1'))
  })

  it('is not asked for in br, which workerd cannot undo', async () => {
    const server = await record(() => ({
      headers: { 'Content-Encoding': 'br' },
      body: brotliCompressSync(Buffer.from(text)),
    }))
    const { error } = await workerd.ask('request', { url: server.url, as: 'text' })
    expect(server.last.header('accept-encoding')).toBe('gzip, deflate')
    expect(error).toMatchObject({ code: 'ERR_CONTENT_ENCODING', message: 'unknown content coding: br' })
  })

  it.each([
    ['cut short', gzipSync(text).subarray(0, -9)],
    ['garbage', Buffer.from('this is not gzip at all')],
  ])('fails where its coding is %s', async (_, body) => {
    const { error } = await of({ headers: { 'Content-Encoding': 'gzip' }, body }, { as: 'text' })
    expect(error).toMatchObject({ code: 'ERR_CONTENT_ENCODING' })
  })

  it('is refused by a filter, counted before and after decompression', async () => {
    const bomb = { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(50_000_000)) }
    expect(bomb.body.length).toBeLessThan(60_000)
    expect(await of(bomb, { as: 'byteArray', filter: { $max: 100_000 } })).toMatchObject({
      error: { code: 'ERR_BODY_REJECTED' },
    })
    expect(await of('12345', { as: 'text', filter: { $max: 4 } })).toMatchObject({
      error: { code: 'ERR_BODY_REJECTED' },
    })
    expect(await of('12345', { as: 'text', filter: { $max: 5 } })).toMatchObject({ body: '12345' })
  })
})

describe('a redirect', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
  ])('%i from %s asks by %s', async (status, from, to) => {
    const server = await record(({ target }) => (target === '/a' ? redirect(status, '/b') : 'there'))
    const url = `${server.url}/a`
    const options = { method: from.toLowerCase(), url, body: 'body', as: 'text' }
    expect(await workerd.ask('request', options)).toMatchObject({
      body: 'there',
      hops: [url],
      url: `${server.url}/b`,
    })
    expect(server.requests.map(({ method, text }) => `${method} ${text}`)).toEqual([
      `${from} body`,
      `${to} ${to === 'GET' ? '' : 'body'}`,
    ])
    expect(server.accepted).toBe(1)
  })

  it('keeps credentials with their origin', async () => {
    const other = await record(() => 'there')
    const server = await record(({ target }) => redirect(302, target === '/a' ? '/b' : `${other.url}/c`))
    const options = { url: `${server.url}/a`, basicAuth: 'a:b', headers: { cookie: 'c=d', 'x-kept': 'yes' } }
    await workerd.ask('request', options)
    expect(server.requests.map((one) => one.header('authorization'))).toEqual(['Basic YTpi', 'Basic YTpi'])
    expect(other.last.header('authorization')).toBe(undefined)
    expect(other.last.header('cookie')).toBe(undefined)
    expect(other.last.header('x-kept')).toBe('yes')
  })

  it.each([
    ['ERR_TOO_MANY_REDIRECTS', '/', { maxRedirects: 3 }],
    ['ERR_REDIRECT_LOCATION', 'ftp://x/', {}],
    ['ERR_BODY_NOT_REPLAYABLE', '/', { method: 'post', body: { $stream: ['once'] } }],
  ])('is %s', async (code, location, options) => {
    const server = await record(() => redirect(307, location))
    expect(await workerd.ask('request', { url: server.url, ...options })).toMatchObject({ error: { code } })
  })
})

describe('what goes wrong has a code', () => {
  it.each([
    ['no URL', { url: 'nowhere' }],
    ['a header with a line end', { url: 'http://127.0.0.1/', headers: { a: 'b\nc' } }],
    ['a body of no known kind', { url: 'http://127.0.0.1/', method: 'post', body: 7 }],
    ['a bad timeout', { url: 'http://127.0.0.1/', timeout: -1 }],
  ])('ERR_INVALID_ARGUMENT: %s', async (_, options) => {
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_INVALID_ARGUMENT' } })
  })

  it.each([
    ['insecure', true, 'insecure means nothing in workerd: '],
    ['tls', { ca: 'x' }, 'tls means nothing in workerd: '],
    ['unixSocket', '/a', 'unixSocket means nothing in workerd: '],
  ])('ERR_INVALID_ARGUMENT: %s, which workerd has nothing for', async (name, value, begin) => {
    const { error } = await workerd.ask('request', { url: 'http://127.0.0.1/', [name]: value })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringContaining(begin) })
  })

  it.each([
    ['bindAddress', '127.0.0.1'],
    ['tls', { ca: 'x' }],
  ])('ERR_INVALID_ARGUMENT: a client with %s', async (name, value) => {
    expect(await workerd.ask('makeClient', { [name]: value })).toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringContaining(`${name} means nothing in workerd: `),
    })
  })

  it.skipIf(hasNode)('a TypeError: file(), where there are none', async () => {
    expect(await workerd.ask('file', '/etc/hosts')).toMatchObject({ name: 'TypeError' })
  })

  it('ERR_CONNECT: a port where nobody listens, and a path', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/`
    expect(await workerd.ask('request', { url })).toMatchObject({
      error: {
        code: 'ERR_CONNECT',
        message: expect.stringContaining(`cannot connect to ${new URL(url).host}: `),
      },
    })
    const client = { $client: { addressFinder: { $finder: { path: '/a/socket' } } } }
    expect(await workerd.ask('request', { url, client })).toMatchObject({ error: { code: 'ERR_CONNECT' } })
  })

  it('ERR_PROTOCOL: an answer that is none', async () => {
    const server = await record(() => ({ raw: 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n' }))
    expect(await workerd.ask('request', { url: server.url })).toMatchObject({
      error: { code: 'ERR_PROTOCOL', cause: { name: 'ProtocolError' } },
    })
  })

  it.each([
    ['before a byte', ''],
    ['in the head', 'HTTP/1.1 200'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ])('ERR_CONNECTION_CLOSED: %s', async (_, raw) => {
    for (const ending of ['finish', 'reset'] as const) {
      const server = await scriptedServer({}, async (connection) => {
        await connection.request()
        if (raw) await connection.send(raw).flushed()
        connection[ending]()
      })
      expect(await workerd.ask('request', { url: server.url(), as: 'text' })).toMatchObject({
        error: { code: 'ERR_CONNECTION_CLOSED' },
      })
    }
  })
})

describe('an answer that comes as a promise', () => {
  it('is what a callback makes of it, and is there to be waited for', async () => {
    const server = await scriptedServer(
      {},
      answering(({ target }) => (target === '/never' ? undefined : answer('200 OK', 'yes'))),
    )
    expect(await workerd.ask('callback', { url: server.url() })).toEqual(['yes', 7])
    expect(await workerd.ask('deref', { url: server.url('/never'), timeout: 30 })).toBe('too late')
    expect(await workerd.ask('unwrap', { url: server.url() })).toBe(200)
    expect(await workerd.ask('unwrap', { url: 'nowhere' })).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })
})
