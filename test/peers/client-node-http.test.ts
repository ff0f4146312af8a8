// The client against Node's own server: every method and body, interim answers, trailers, and connections that the
// server closes while requests are on their way.

import { getEventListeners } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, createBrotliCompress, createDeflate, createGzip, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Client, file, type OutgoingBody, type RequestOptions } from '../../src/client.js'
import { codesOf, failureOf, jsonOf, readAll, sha256 } from '../support/client-results.js'
import { bodyOf, type Mirrored, mirror, type NodeServer, serveNode } from '../support/node-server.js'
import { temporaryFolder } from '../support/programs.js'
import { testClient } from '../support/test-client.js'
import { deferred, stableFor, until } from '../support/waiting.js'

type Method = keyof Client & ('get' | 'post' | 'put' | 'delete' | 'del' | 'patch' | 'options')

const methods: [Method | string, string][] = [
  ...['get', 'post', 'put', 'patch', 'options', 'propfind', 'proppatch', 'lock', 'unlock'].map(
    (name): [string, string] => [name, name.toUpperCase()],
  ),
  ...['report', 'acl', 'copy', 'move', 'delete'].map((name): [string, string] => [name, name.toUpperCase()]),
  ['del', 'DELETE'],
]

describe('a method', () => {
  it.each(methods)('%s is %s, with a body and without', async (name, method) => {
    const { url } = await serveNode(mirror)
    const client = testClient()
    const send = (client as unknown as Record<string, Client['get']>)[name]!.bind(client)
    const bare = await jsonOf<Mirrored>(send(`${url}/a?b=c#d`))
    expect(bare).toMatchObject({ method, url: '/a?b=c', body: '' })
    const withBody = await jsonOf<Mirrored>(send(`${url}/a`, { body: 'größer' }))
    expect(withBody).toMatchObject({ method, body: 'größer' })
  })

  it.each(['search', 'mkcol', 'trace', 'M-SEARCH'])('without a helper is sent, too (%s)', async (method) => {
    const { url } = await serveNode(mirror)
    expect(await jsonOf<Mirrored>(testClient().request({ url, method }))).toMatchObject({
      method: method.toUpperCase(),
    })
  })

  it('head has no body, and leaves the connection good', async () => {
    const served = await serveNode((_request, response) => {
      response.setHeader('Content-Length', 6).end('a body')
    })
    const client = testClient()
    for (let round = 0; round < 3; round++) {
      expect(await client.head(served.url)).toMatchObject({
        status: 200,
        body: '',
        headers: { 'content-length': '6' },
      })
      expect(await client.get(served.url, { as: 'text' })).toMatchObject({ body: 'a body' })
    }
    expect(served.connections).toBe(1)
  })
})

describe('a head', () => {
  it('has Host first, then the fields as they were given, then ours', async () => {
    const { url, port } = await serveNode(mirror)
    const headers = { 'x-b': '1', 'X-A': ['2', '3'], 'X-None': undefined, 'x-EMPTY': '' }
    const options = { headers, body: 'a', basicAuth: 'ann:pass' } as RequestOptions
    const { rawHeaders } = await jsonOf<Mirrored>(testClient().post(url, options))
    const names = rawHeaders.filter((_, index) => index % 2 === 0)
    expect(rawHeaders.slice(0, 10)).toEqual([
      ...['Host', `127.0.0.1:${port}`, 'x-b', '1', 'X-A', '2', 'X-A', '3', 'x-EMPTY', ''],
    ])
    expect(names.slice(5)).toEqual(
      expect.arrayContaining(['Authorization', 'Accept-Encoding', 'User-Agent', 'Content-Length']),
    )
    expect(new Set(names.slice(5)).size).toBe(names.length - 5)
  })

  it('of an answer is a map of small names, without those that objects inherit', async () => {
    const { url } = await serveNode((_request, response) => {
      response.setHeader('X-TWICE', ['1', '2'])
      response.setHeader('Set-Cookie', ['a=1', 'b=2', 'c=3'])
      response.setHeader('constructor', 'x')
      response.setHeader('X-Latin', 'gr\u00f6\u00dfer')
      response.end()
    })
    const { headers } = await testClient().get(url).unwrap()
    expect(headers).toMatchObject({
      'x-twice': ['1', '2'],
      'set-cookie': ['a=1', 'b=2', 'c=3'],
      'x-latin': 'größer',
      constructor: 'x',
    })
    expect('toString' in headers!).toBe(false)
  })
})

const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 7919) >> 5))

function* pieces() {
  for (let at = 0; at < content.length; at += 99_999) yield content.subarray(at, at + 99_999)
}

async function* latePieces() {
  for (const piece of pieces()) {
    await new Promise(setImmediate)
    yield piece
  }
}

function contentFile(): string {
  const path = join(temporaryFolder(), 'content.bin')
  writeFileSync(path, content)
  return path
}

const bodies: [string, () => OutgoingBody, isSized: boolean][] = [
  ['bytes', () => content, true],
  ['a view of bytes', () => new Uint8Array(content), true],
  ['a Blob', () => new Blob([content]), true],
  ['a File', () => new File([content], 'a.bin'), true],
  ['a file', () => file(contentFile()), true],
  ['an array of pieces', () => [...pieces()], false],
  ['a generator', () => pieces(), false],
  ['an asynchronous generator', () => latePieces(), false],
  ['a ReadableStream', () => new Blob([content]).stream(), false],
  ['a Readable', () => Readable.from(pieces()), false],
]

describe('a body', () => {
  it.each(bodies)(
    'from %s arrives whole, again and again on one connection',
    async (_what, body, isSized) => {
      const served = await serveNode(async (request, response) => {
        const { 'content-length': length, 'transfer-encoding': coding } = request.headers
        response.setHeader('X-Framing', `${length} ${coding}`)
        response.end(sha256(await bodyOf(request)))
      })
      const client = testClient()
      for (const method of ['post', 'put'] as const) {
        expect(await client[method](served.url, { body: body()!, as: 'text' })).toMatchObject({
          status: 200,
          body: sha256(content),
          headers: { 'x-framing': isSized ? `${content.length} undefined` : 'undefined chunked' },
        })
      }
      expect(served.connections).toBe(1)
    },
  )

  it('is echoed while it is still being sent', async () => {
    const { url } = await serveNode((request, response) => request.pipe(response))
    const client = testClient()
    const turns = [deferred(), deferred()]
    async function* slow() {
      yield 'first'
      await turns[0]!.promise
      yield 'second'
      await turns[1]!.promise
    }
    const { body } = await client.post(url, { body: slow(), as: 'stream' }).unwrap()
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    for (const [index, expected] of ['first', 'second'].entries()) {
      expect(Buffer.from((await reader.read()).value!).toString()).toBe(expected)
      turns[index]!.resolve()
    }
    expect((await reader.read()).done).toBe(true)
  })

  it('of 200 requests at once comes back to each its own', async () => {
    const served = await serveNode(async (request, response) => {
      response.end(`${request.url} ${(await bodyOf(request)).toString()}`)
    })
    const client = testClient({ maxConnections: 10 })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        client.post(`${served.url}/${index}`, { body: `body ${index}`, as: 'text' }).unwrap(),
      ),
    )
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, index) => `/${index} body ${index}`))
    expect(served.connections).toBeLessThanOrEqual(10)
  })

  it('that nobody reads waits, and so does its sender', async () => {
    let response!: ServerResponse
    const piece = Buffer.alloc(64 * 1024)
    const { url } = await serveNode((_request, answering) => {
      response = answering
      const fill = (): void => {
        while (response.write(piece));
      }
      response.on('drain', fill)
      fill()
    })
    const { body } = await testClient().get(url, { as: 'stream' }).unwrap()
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    const sent = await stableFor(200, () => response.socket!.bytesWritten)
    // What lies in the buffers of both ends, and no more.
    expect(sent).toBeLessThan(32 * 1024 * 1024)
    for (let read = 0; read < 2 * sent; ) read += (await reader.read()).value!.length
    expect(response.socket!.bytesWritten).toBeGreaterThan(sent)
    await reader.cancel()
    await until(() => response.destroyed)
  })
})

describe('a coded body', () => {
  const text = 'words that come again and again, '.repeat(5000)

  it.each([
    ['gzip', createGzip],
    ['deflate', createDeflate],
    ['br', createBrotliCompress],
  ] as const)('of %s is undone, also piece by piece as it comes', async (coding, create) => {
    const gate = deferred()
    const { url } = await serveNode((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip, deflate, br')
      const encoder = create()
      response.writeHead(200, { 'Content-Encoding': coding, 'Content-Type': 'text/plain' })
      encoder.pipe(response)
      encoder.write('first')
      encoder.flush(() => void gate.promise.then(() => encoder.end(text)))
    })
    const { body } = await testClient().get(url, { as: 'stream' }).unwrap()
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    gate.resolve()
    let rest = ''
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      rest += Buffer.from(read.value).toString()
    }
    expect(rest).toBe(text)
    expect(await testClient().get(url)).toMatchObject({ status: 200, body: `first${text}` })
  })

  it('in two codings is undone twice', async () => {
    const { url } = await serveNode((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip, br', 'Content-Type': 'text/plain' })
      response.end(brotliCompressSync(gzipSync(text)))
    })
    expect(await testClient().get(url)).toMatchObject({ status: 200, body: text })
  })
})

describe('before its answer', () => {
  it('the server may send early hints, and other interim answers', async () => {
    const served = await serveNode((_request, response) => {
      response.writeProcessing()
      response.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-early': '1' })
      response.writeEarlyHints({ link: '</b.css>; rel=preload' })
      response.setHeader('X-Final', '1')
      response.end('the answer')
    })
    const client = testClient()
    for (let round = 0; round < 3; round++) {
      const { status, headers, body } = await client.get(served.url, { as: 'text' }).unwrap()
      expect([status, body, headers!['x-final']]).toEqual([200, 'the answer', '1'])
      expect(headers).not.toHaveProperty('link')
      expect(headers).not.toHaveProperty('x-early')
    }
    expect(served.connections).toBe(1)
  })

  const expecting = { headers: { Expect: '100-continue' } }

  it('a body waits for 100 where the request says so', async () => {
    const served = await serveNode(mirror)
    let hasContinued = false
    const continuing = deferred()
    served.server.on('checkContinue', (request, response) => {
      void continuing.promise.then(() => {
        hasContinued = true
        response.writeContinue()
        mirror(request, response)
      })
    })
    async function* body() {
      expect(hasContinued).toBe(true)
      yield 'a body'
    }
    const client = testClient()
    const asked = client.post(served.url, { body: body(), ...expecting })
    await until(() => served.connections === 1)
    continuing.resolve()
    expect(await jsonOf<Mirrored>(asked)).toMatchObject({ method: 'POST', body: 'a body' })
    for (const sized of ['a body', '', Buffer.alloc(1_000_000)]) {
      expect(await client.put(served.url, { body: sized, ...expecting })).toMatchObject({ status: 200 })
    }
    expect(served.connections).toBe(1)
  })

  it('a body is sent all the same where no 100 comes', async () => {
    const served = await serveNode(mirror)
    served.server.on('checkContinue', mirror)
    const answer = await jsonOf<Mirrored>(testClient().post(served.url, { body: 'a body', ...expecting }))
    expect(answer.body).toBe('a body')
  })

  it.each([413, 417, 401])('a body stays where the answer is %i instead of 100', async (status) => {
    const served = await serveNode(mirror)
    served.server.on('checkContinue', (_request, response) => response.writeHead(status).end('no'))
    let isRead = false
    async function* body() {
      isRead = true
      yield 'a body'
    }
    const client = testClient()
    const options = { body: body(), as: 'text' as const, ...expecting }
    expect(await client.post(served.url, options)).toMatchObject({ status, body: 'no' })
    expect(isRead).toBe(false)
    expect(await jsonOf<Mirrored>(client.post(served.url, { body: 'next' }))).toMatchObject({ body: 'next' })
    expect(served.connections).toBe(2)
  })

  it('an answer ends a request whose body has not been sent whole', async () => {
    const served = await serveNode((_request, response) => {
      response.writeHead(403, { 'Content-Type': 'text/plain' }).end('enough')
    })
    let hasEnded = false
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.alloc(100_000)
          await new Promise(setImmediate)
        }
      } finally {
        hasEnded = true
      }
    }
    const client = testClient()
    expect(await client.post(served.url, { body: endless() })).toMatchObject({ status: 403, body: 'enough' })
    await until(() => hasEnded)
    await until(() => client.stats().connections === 0)
  })
})

describe('behind its body', () => {
  it('an answer may have trailers', async () => {
    const served = await serveNode((_request, response) => {
      response.writeHead(200, { Trailer: 'X-Sum, X-Twice', 'Content-Type': 'text/plain' })
      response.write('a body')
      response.addTrailers([
        ['X-Sum', '42'],
        ['X-Twice', '1'],
        ['X-Twice', '2'],
      ])
      response.end()
    })
    const client = testClient()
    for (const as of ['text', 'byteArray', 'auto'] as const) {
      const { headers, trailers } = await client.get(served.url, { as }).unwrap()
      expect(trailers).toEqual({ 'x-sum': '42', 'x-twice': ['1', '2'] })
      expect(headers).not.toHaveProperty('x-sum')
    }
    expect(served.connections).toBe(1)
  })
})

describe('a server that closes', () => {
  const idleMs = 5

  /** Echoes, and closes each connection that has idled for so long, whatever it has told of the time that it would wait. */
  async function serveImpatient(onRequest = (_url: string): void => {}): Promise<NodeServer> {
    const closing = new WeakMap<Socket, NodeJS.Timeout>()
    return serveNode(async (request, response) => {
      const { socket, url } = request
      clearTimeout(closing.get(socket))
      onRequest(url!)
      response.setHeader('Keep-Alive', 'timeout=60')
      const body = (await bodyOf(request)).toString()
      response.end(`${url} ${body}`, () => {
        closing.set(
          socket,
          setTimeout(() => socket.destroy(), idleMs),
        )
      })
    })
  }

  /** About as long as the server waits: now shorter, now longer. */
  const aboutIdle = (index: number): Promise<void> => sleep(idleMs - 2 + (index % 4))

  it('connections at the very moment they are used again loses no request that can be sent again', async () => {
    const served = await serveImpatient()
    const client = testClient()
    await Promise.all(
      Array.from({ length: 20 }, async (_, lane) => {
        for (let index = lane * 1000; index < lane * 1000 + 40; index++) {
          const send = index % 2 ? client.put : client.get
          const body = index % 2 ? { body: `${index}` } : {}
          const answer = await send(`${served.url}/${index}`, { as: 'text', ...body })
          expect(answer).toMatchObject({ status: 200, body: `/${index} ${index % 2 ? index : ''}` })
          await aboutIdle(index)
        }
      }),
    )
    expect(served.connections).toBeGreaterThan(20)
  })

  it('them answers a POST or says that it is lost, and never sees it twice', async () => {
    const times = new Map<string, number>()
    const served = await serveImpatient((url) => times.set(url, (times.get(url) ?? 0) + 1))
    const client = testClient()
    let answered = 0
    for (let index = 0; index < 200; index++) {
      const { error, body } = await client.post(`${served.url}/${index}`, { body: 'a', as: 'text' })
      if (error) expect(error.code).toBe('ERR_CONNECTION_CLOSED')
      else expect(body).toBe(`/${index} a`)
      if (!error) answered++
      await aboutIdle(index)
    }
    expect(answered).toBeGreaterThan(0)
    expect(new Set(times.values())).toEqual(new Set([1]))
    expect(served.connections).toBeGreaterThan(1)
  })

  it.each<[method: 'get' | 'put' | 'delete' | 'post' | 'patch', body: () => OutgoingBody, times: number]>([
    ['get', () => null, 2],
    ['delete', () => null, 2],
    ['put', () => 'a body', 2],
    ['put', () => ['a ', 'body'].values(), 1],
    ['post', () => 'a body', 1],
    ['patch', () => null, 1],
  ])(
    'a kept connection when it has read %s: that comes again where that may be',
    async (method, body, times) => {
      const seen: string[] = []
      const used = new WeakSet<Socket>()
      const served = await serveNode(async (request, response) => {
        const content = (await bodyOf(request)).toString()
        seen.push(`${request.url} ${content}`)
        if (used.has(request.socket)) request.socket.destroy()
        used.add(request.socket)
        response.end(content)
      })
      const client = testClient()
      await client.get(`${served.url}/first`).unwrap()
      const { error, status } = await client[method](`${served.url}/second`, { body: body() })
      if (times === 1) expect(error?.code).toBe('ERR_CONNECTION_CLOSED')
      else expect(status).toBe(200)
      const content = body() === null ? '' : 'a body'
      expect(seen).toEqual(['/first ', ...Array.from({ length: times }, () => `/second ${content}`)])
    },
  )

  it('every connection after three requests gets the fourth on another', async () => {
    const served = await serveNode(mirror)
    served.server.maxRequestsPerSocket = 3
    const client = testClient({ maxConnections: 1 })
    for (let index = 0; index < 12; index++) {
      expect(await jsonOf<Mirrored>(client.post(served.url, { body: `${index}` }))).toMatchObject({
        body: `${index}`,
      })
    }
    expect(served.connections).toBe(4)
  })

  it('idle ones, while others are in use, loses no request', async () => {
    const served = await serveNode(async (request, response) => {
      await sleep(Number(request.url!.slice(1)) % 3)
      response.end(request.url)
    })
    const client = testClient()
    let isOver = false
    const closing = (async () => {
      for (; !isOver; await sleep(1)) served.server.closeIdleConnections()
    })()
    await Promise.all(
      Array.from({ length: 10 }, async (_, lane) => {
        for (let index = 0; index < 60; index++) {
          const answer = await client.get(`${served.url}/${lane + index}`, { as: 'text' })
          expect(answer).toMatchObject({ status: 200, body: `/${lane + index}` })
          if (index % 5 === 0) await sleep(1)
        }
      }),
    )
    isOver = true
    await closing
    expect(served.connections).toBeGreaterThan(10)
  })

  it('a connection on which it has said how long it keeps it, is not asked on it later than that', async () => {
    const served = await serveNode((_request, response) => response.end('a'))
    served.server.keepAliveTimeout = 1000
    const client = testClient()
    const { headers } = await client.get(served.url).unwrap()
    expect(headers).toHaveProperty('keep-alive', 'timeout=1')
    await until(() => client.stats().connections === 0)
    expect(await client.post(served.url, { body: 'a' })).toMatchObject({ status: 200 })
    expect(served.connections).toBe(2)
  })

  it.each([
    ['without an answer', (response: ServerResponse) => response.destroy()],
    ['in the middle of a sized body', (response: ServerResponse) => cut(response, { 'Content-Length': 10 })],
    ['in the middle of a chunked body', (response: ServerResponse) => cut(response, {})],
  ])('%s is ERR_CONNECTION_CLOSED', async (_when, close) => {
    const { url } = await serveNode((_request, response) => void close(response))
    const client = testClient()
    for (const method of ['get', 'post'] as const) {
      expect((await codesOf(client[method](url)))[0]).toBe('ERR_CONNECTION_CLOSED')
    }
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  function cut(response: ServerResponse, headers: Record<string, number>): void {
    response.writeHead(200, { 'Content-Type': 'text/plain', ...headers })
    response.write('half', () => response.destroy())
  }

  it('in the middle of a body that streams fails the stream', async () => {
    const { url } = await serveNode((_request, response) => cut(response, {}))
    const { status, body } = await testClient().get(url, { as: 'stream' })
    expect(status).toBe(200)
    await expect(readAll(body)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
  })
})

describe('time', () => {
  it('is up where the server says nothing, and its connection is closed', async () => {
    const gone: Promise<unknown>[] = []
    const { url } = await serveNode((request) => {
      gone.push(new Promise((resolve) => request.socket.once('close', resolve)))
    })
    const client = testClient()
    expect((await failureOf(client.get(url, { idleTimeout: 30 }))).code).toBe('ERR_TIMEOUT_IDLE')
    expect((await failureOf(client.get(url, { deadline: 30 }))).code).toBe('ERR_DEADLINE')
    const reason = new Error('enough')
    const aborting = new AbortController()
    const asked = client.get(url, { signal: aborting.signal })
    await until(() => gone.length === 3)
    aborting.abort(reason)
    const error = await failureOf(asked)
    expect([error.code, error.cause]).toEqual(['ERR_ABORTED', reason])
    await Promise.all(gone)
  })

  it('is up for all requests that share one signal, of which nobody is warned', async () => {
    const served = await serveNode(() => {})
    const warnings: string[] = []
    const onWarning = ({ name }: Error): void => void warnings.push(name)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const aborting = new AbortController()
    const { signal } = aborting
    const client = testClient()
    const asked = Array.from({ length: 50 }, () => failureOf(client.get(served.url, { signal })))
    await until(() => served.connections === 50)
    aborting.abort()
    for (const { code } of await Promise.all(asked)) expect(code).toBe('ERR_ABORTED')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(warnings).toEqual([])
  })

  it('is not up where the server is slow but says something', async () => {
    const { url } = await serveNode(async (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      for (let index = 0; index < 10; index++) {
        response.write(`${index}`)
        await sleep(100)
      }
      response.end()
    })
    expect(await testClient().get(url, { idleTimeout: 900 })).toMatchObject({
      status: 200,
      body: '0123456789',
    })
  })
})
