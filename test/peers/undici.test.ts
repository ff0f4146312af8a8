// undici, the HTTP client inside Node, against the server: fetch and all that lies below it.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { Client, fetch, Pool, type RequestInit, request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { asChannel, type CloseStatus, type Handler, type ServerOptions } from '../../src/server.js'
import { acceptedConnections } from '../support/accepted.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

const megabyte = 1024 * 1024

async function serveAt(
  handler: Handler,
  options: ServerOptions = {},
): Promise<{ server: TestServer; url: string }> {
  const server = await serve(handler, { maxBody: 1024 * megabyte, ...options })
  return { server, url: `http://127.0.0.1:${server.port}` }
}

function client(url: string, options: Client.Options = {}): Client {
  const made = new Client(url, options)
  onTestFinished(() => made.destroy())
  return made
}

const echo: Handler = async (req) => ({
  headers: { 'X-Method': req.requestMethod, 'Content-Type': req.headers['content-type'] ?? 'none' },
  body: (await req.body?.bytes()) ?? 'no body',
})

/** Pieces whose content can be told apart, and their hash. */
function patterned(count: number): { pieces: () => Generator<Buffer>; hash: string } {
  const pieces = function* () {
    for (let piece = 0; piece < count; piece++) yield Buffer.alloc(64 * 1024, `${piece} `)
  }
  const hash = createHash('sha256')
  for (const piece of pieces()) hash.update(piece)
  return { pieces, hash: hash.digest('hex') }
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

describe('undici.request', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])(
    'sends %s and reads the answer',
    async (method) => {
      const { url } = await serveAt(echo)
      const body = method === 'GET' ? null : 'größer'
      const answer = await client(url).request({ path: '/', method: method as 'GET', body })
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['x-method']).toBe(method.toLowerCase())
      expect(await answer.body.text()).toBe(body ?? 'no body')
    },
  )

  it('sends HEAD and goes on with the connection', async () => {
    const { url } = await serveAt(() => ({ body: 'a body' }))
    const one = client(url)
    const accepted = acceptedConnections()
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET'] as const) {
      // By default undici closes after HEAD, for the sake of servers that send a body.
      const answer = await one.request({ path: '/', method, reset: false })
      expect(answer.headers['content-length']).toBe('6')
      expect(await answer.body.text()).toBe(method === 'HEAD' ? '' : 'a body')
    }
    expect(accepted.count).toBe(1)
  })

  it('sees repeated fields, and those that are empty', async () => {
    const { url } = await serveAt((req) => ({
      headers: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Empty': '', 'X-Got': req.headers['x-twice']! },
    }))
    const answer = await request(url, { headers: { 'X-Twice': ['1', '2'] } })
    expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-empty': '', 'x-got': '1, 2' })
  })

  it('waits for 100 Continue', async () => {
    const { server, url } = await serveAt(echo)
    const one = client(url)
    const body = 'x'.repeat(1_000_000)
    const answer = await one
      .request({ path: '/', method: 'PUT', body, expectContinue: true })
      .catch((error) => error)
    // undici speaks of expectContinue for HTTP/2 alone; over HTTP/1.1 it may refuse, but never hang.
    if (!(answer instanceof Error)) expect(await answer.body.text()).toBe(body)
    expect(server.errors).toEqual([])
  })
})

describe('fetch', () => {
  it('posts and reads text, bytes, JSON and forms', async () => {
    const { url } = await serveAt(echo)
    const post = (body: RequestInit['body']) => fetch(url, { method: 'POST', body: body! })
    expect(await (await post('größer')).text()).toBe('größer')
    expect(new Uint8Array(await (await post(new Uint8Array([0, 255]))).arrayBuffer())).toEqual(
      new Uint8Array([0, 255]),
    )
    expect(await (await post(JSON.stringify({ a: 1 }))).json()).toEqual({ a: 1 })
    const form = await post(new URLSearchParams({ a: 'b c' }))
    expect([form.headers.get('content-type'), await form.text()]).toEqual([
      'application/x-www-form-urlencoded;charset=UTF-8',
      'a=b+c',
    ])
  })

  it('reads answers without a body', async () => {
    const { url } = await serveAt((req) => ({ status: Number(req.uri.slice(1)) }))
    for (const status of [204, 205, 304, 200, 404]) {
      const answer = await fetch(`${url}/${status}`)
      expect([answer.status, await answer.text()]).toEqual([status, ''])
    }
  })

  it('streams a body up whose end is not known at the beginning', async () => {
    const { url } = await serveAt(async (req) => ({ body: await hashOf(req.body!) }))
    const { pieces, hash } = patterned(160)
    const answer = await fetch(url, { method: 'POST', body: Readable.from(pieces()), duplex: 'half' })
    expect(await answer.text()).toBe(hash)
  })

  it('streams a body down', async () => {
    const { pieces, hash } = patterned(160)
    const { url } = await serveAt(() => ({ body: pieces() }))
    const answer = await fetch(url)
    expect(await hashOf(answer.body!)).toBe(hash)
  })

  it('gets pieces as they are sent', async () => {
    const { url } = await serveAt((req) =>
      asChannel(req, { onOpen: (channel) => void channel.send({ body: 'first' }, false) }),
    )
    const aborter = new AbortController()
    const answer = await fetch(url, { signal: aborter.signal })
    const reader = answer.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    aborter.abort()
    await reader.read().catch(() => {})
  })

  it('fails where an answer breaks off', async () => {
    async function* pieces() {
      yield 'begun'
      await new Promise((resolve) => setTimeout(resolve, 20))
      throw new Error('broken')
    }
    const { url } = await serveAt(() => ({ body: pieces() }))
    const answer = await fetch(url)
    await expect(answer.text()).rejects.toThrow()
  })
})

describe('a pipelining client', () => {
  it('gets a thousand answers in order over one connection', async () => {
    const accepted = acceptedConnections()
    const { server, url } = await serveAt(async (req) => {
      const delay = Number(req.queryString)
      if (delay) await new Promise((resolve) => setTimeout(resolve, delay))
      return { body: req.uri }
    })
    const one = client(url, { pipelining: 16 })
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const { body } = await one.request({ path: `/${index}?${index % 50 === 0 ? 3 : 0}`, method: 'GET' })
        expect(await body.text()).toBe(`/${index}`)
        order.push(index)
      }),
    )
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(accepted.count).toBe(1)
    expect(server.stats().served).toBe(1000)
  })

  it('goes on after answers of every kind', async () => {
    const { url } = await serveAt((req) => {
      if (req.uri === '/throw') throw new Error('thrown')
      if (req.uri === '/pieces') return { body: ['a', 'b', 'c'] }
      if (req.uri === '/channel')
        return asChannel(req, { onOpen: (ch) => void setTimeout(() => ch.send('later'), 2) })
      return { status: Number(req.uri.slice(1)) }
    })
    const accepted = acceptedConnections()
    const one = client(url, { pipelining: 8 })
    const paths = ['/200', '/throw', '/pieces', '/204', '/channel', '/304', '/404']
    const statuses = await Promise.all(
      Array.from({ length: 210 }, async (_, index) => {
        const answer = await one.request({ path: paths[index % paths.length]!, method: 'GET' })
        await answer.body.dump()
        return answer.statusCode
      }),
    )
    expect(statuses.slice(0, 7)).toEqual([200, 500, 200, 204, 200, 304, 404])
    expect(new Set(statuses.filter((_, index) => index % 7 === 1))).toEqual(new Set([500]))
    expect(accepted.count).toBe(1)
  })
})

describe('streams both ways', () => {
  it('carry 64 MiB up and down at once', async () => {
    const { url } = await serveAt((req) => ({ body: req.body! }))
    const { pieces, hash } = patterned(1024)
    const answer = await client(url).request({ path: '/', method: 'POST', body: Readable.from(pieces()) })
    expect(await hashOf(answer.body)).toBe(hash)
  })

  it('answer before the body has ended', async () => {
    const { url } = await serveAt((req) => ({
      body: (async function* () {
        for await (const piece of req.body!) yield `got ${piece.length} `
      })(),
    }))
    const body = new Readable({ read() {} })
    const answering = client(url).request({ path: '/', method: 'POST', body })
    body.push('hello')
    const answer = await answering
    expect(String((await once(answer.body, 'data'))[0])).toBe('got 5 ')
    body.push('again!')
    expect(String((await once(answer.body, 'data'))[0])).toBe('got 6 ')
    body.push(null)
    await once(answer.body, 'end')
  })
})

describe('an abort', () => {
  it('of a request that waits is a client-close of its channel', async () => {
    const closed = deferred<CloseStatus>()
    const { server, url } = await serveAt((req) =>
      asChannel(req, { onClose: (_, status) => closed.resolve(status) }),
    )
    const aborter = new AbortController()
    const answering = fetch(url, { signal: aborter.signal })
    await until(() => server.stats().inFlight === 1)
    aborter.abort()
    await expect(answering).rejects.toThrow(/abort/i)
    expect(await closed.promise).toBe('client-close')
    await until(() => server.stats().connections === 0)
  })

  it('of a download ends its source early', async () => {
    let isEnded = false
    function* endless() {
      try {
        for (let piece = 0; piece < 50_000; piece++) yield Buffer.alloc(64 * 1024)
      } finally {
        isEnded = true
      }
    }
    const { server, url } = await serveAt(() => ({ body: endless() }))
    const aborter = new AbortController()
    const answer = await fetch(url, { signal: aborter.signal })
    await answer.body!.getReader().read()
    aborter.abort()
    await until(() => isEnded && server.stats().connections === 0)
    expect(server.stats().inFlight).toBe(0)
    expect(server.stats().bytesOut).toBeLessThan(1000 * megabyte)
  })

  it('of an upload fails the body that the handler reads', async () => {
    const failed = deferred<unknown>()
    const { server, url } = await serveAt(async (req) => {
      await req.body!.bytes().catch(failed.resolve)
      return {}
    })
    const aborter = new AbortController()
    const body = new Readable({ read() {} })
    body.push('begun')
    const answering = fetch(url, { method: 'POST', body, duplex: 'half', signal: aborter.signal })
    await until(() => server.stats().inFlight === 1)
    aborter.abort()
    await expect(answering).rejects.toThrow()
    expect(await failed.promise).toBeInstanceOf(Error)
    await until(() => server.stats().inFlight === 0)
  })
})

describe('a pool', () => {
  it('serves 2,000 requests over 20 connections', async () => {
    const { server, url } = await serveAt(echo)
    const accepted = acceptedConnections()
    const pool = new Pool(url, { connections: 20, pipelining: 4 })
    onTestFinished(() => pool.destroy())
    const texts = await Promise.all(
      Array.from({ length: 2000 }, async (_, index) => {
        const answer = await pool.request({ path: '/', method: 'POST', body: String(index) })
        return answer.body.text()
      }),
    )
    expect(texts).toEqual(Array.from({ length: 2000 }, (_, index) => String(index)))
    expect(server.stats()).toMatchObject({ served: 2000, rejected: 0 })
    expect(accepted.count).toBeLessThanOrEqual(20)
  })
})
