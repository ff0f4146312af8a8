// An AbortSignal, in every state that a request can be in. The queue stands in max-connections.test.ts.
import { getEventListeners } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answering, ok, type ScriptedConnection, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred, until } from '../support/waiting.js'

const reason = new Error('changed my mind')

/** A request that reaches the server, which answers so much of it. */
async function under(bytes: string, options: RequestOptions = {}) {
  const server = await scriptedServer()
  const client = testClient()
  const abort = new AbortController()
  const response = client.get(server.url(), { signal: abort.signal, ...options })
  const connection = await server.accept()
  await connection.request()
  await connection.sendCut(bytes, [])
  return { server, client, abort, response, connection }
}

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('a signal ends', () => {
  test('a request before it has begun, and nothing is connected', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const { error } = await client.get(server.url(), { signal: AbortSignal.abort(reason) })
    expect(error).toMatchObject({ code: 'ERR_ABORTED' })
    expect(error!.cause).toBe(reason)
    expect(server.accepted).toBe(0)
    expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
  })

  test('a request in the moment it was begun', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const abort = new AbortController()
    const response = client.get(server.url(), { signal: abort.signal })
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    await until(() => client.stats().connections === 0)
    expect(server.requests).toEqual([])
  })

  test('a search for an address', async () => {
    const isCalled = deferred()
    const client = testClient({
      addressFinder: () => {
        isCalled.resolve()
        return new Promise(() => {})
      },
    })
    const abort = new AbortController()
    const response = client.get('http://example.com/', { signal: abort.signal })
    await isCalled.promise
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
  })

  test('a TLS handshake, and its connection', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const abort = new AbortController()
    const response = client.get(server.url().replace('http:', 'https:'), { signal: abort.signal })
    const connection = await server.accept()
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    await connection.closed()
  })

  test.each<[string, string, RequestOptions]>([
    ['waits for its answer', '', {}],
    ['has half a head', 'HTTP/1.1 200 OK\r\nContent', {}],
    ['has an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n', {}],
    ['has half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', { as: 'text' }],
    [
      'has some chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
      { as: 'byteArray' },
    ],
    ['reads until the end', 'HTTP/1.1 200 OK\r\n\r\nhel', { as: 'none' }],
  ])('a request that %s, and its connection', async (_, bytes, options) => {
    const { client, abort, response, connection } = await under(bytes, options)
    abort.abort(reason)
    const { error, ...rest } = await response
    expect(error).toMatchObject({ code: 'ERR_ABORTED' })
    expect(error!.cause).toBe(reason)
    expect(Object.keys(rest)).toEqual(['opts'])
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
    expect(listenersOf(abort.signal)).toBe(0)
  })

  test('an upload, and its source', async () => {
    const server = await scriptedServer()
    const abort = new AbortController()
    let isOver = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(65_536)
      } finally {
        isOver = true
      }
    }
    const response = testClient().post(server.url(), { body: endless(), signal: abort.signal })
    const connection = await server.accept()
    await connection.head()
    connection.pause()
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    await until(() => isOver)
    connection.resume()
    await connection.closed()
  })

  test('an upload whose source is silent, and the source', async () => {
    const server = await scriptedServer()
    const abort = new AbortController()
    const isCancelled = deferred()
    const body = new ReadableStream<Uint8Array>({ cancel: () => isCancelled.resolve() })
    const response = testClient().post(server.url(), { body, signal: abort.signal })
    const connection = await server.accept()
    await connection.head()
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    await Promise.all([isCancelled.promise, connection.closed()])
  })

  test('a stream that is being read, with the same error', async () => {
    const { abort, response, connection } = await under('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', {
      as: 'stream',
    })
    const reader = (await response).body.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('hel')
    const next = reader.read()
    abort.abort(reason)
    await expect(next).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    await connection.closed()
    expect(listenersOf(abort.signal)).toBe(0)
  })

  test('a stream that nobody reads', async () => {
    const { abort, response, connection } = await under('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', {
      as: 'stream',
    })
    const { body } = await response
    abort.abort(reason)
    await connection.closed()
    await expect(new Response(body).text()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  })

  test('a wait for 100 Continue', async () => {
    const server = await scriptedServer()
    const abort = new AbortController()
    const response = testClient().post(server.url(), {
      body: 'never sent',
      headers: { Expect: '100-continue' },
      signal: abort.signal,
    })
    const connection = await server.accept()
    await connection.head()
    abort.abort(reason)
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    expect(await connection.closed()).toBeDefined()
    expect(server.requests).toEqual([])
  })

  test('with the reason of a timeout, where it is one', async () => {
    const server = await scriptedServer({}, async (connection) => void (await connection.request()))
    const { error } = await testClient().get(server.url(), { signal: AbortSignal.timeout(60) })
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: { name: 'TimeoutError' } })
  })

  test('with whatever reason was given, where that is no error', async () => {
    const { abort, response } = await under('')
    abort.abort('a word')
    expect((await response).error).toMatchObject({ code: 'ERR_ABORTED', cause: 'a word' })
  })

  test('all of many requests', async () => {
    const server = await scriptedServer({}, async (connection) => void (await connection.request()))
    const client = testClient({ maxConnections: 10 })
    const abort = new AbortController()
    const answers = Array.from({ length: 50 }, () => client.get(server.url(), { signal: abort.signal }))
    await until(() => server.requests.length === 10)
    abort.abort(reason)
    const codes = (await Promise.all(answers)).map(({ error }) => error?.code)
    expect(codes).toEqual(Array(50).fill('ERR_ABORTED'))
    await until(() => server.open === 0)
    expect(client.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 })
    expect(listenersOf(abort.signal)).toBe(0)
  })
})

describe('a signal that comes too late', () => {
  test('does nothing to an answer, nor to its connection', async () => {
    const { client, abort, response, connection } = await under(ok('hello', ['Content-Type: text/plain']))
    const answer = await response
    abort.abort(reason)
    expect(answer).toMatchObject({ status: 200, body: 'hello' })
    const second = client.get(`${answer.opts.url}`)
    await connection.request()
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('does nothing to a stream that has been read', async () => {
    const { client, abort, response, connection } = await under(ok('hello'), { as: 'stream' })
    const { body, opts } = await response
    expect(await new Response(body).text()).toBe('hello')
    abort.abort(reason)
    const second = client.get(`${opts.url}`)
    await connection.request()
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('does nothing to the next request on the same connection', async () => {
    const { client, abort, response, connection } = await under(ok())
    const { opts } = await response
    const second = client.get(`${opts.url}`)
    await connection.request()
    abort.abort(reason)
    await new Promise((resolve) => setTimeout(resolve, 20))
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('does nothing to what has failed', async () => {
    const { abort, response, connection } = await under('garbage')
    const { error } = await response
    abort.abort(reason)
    expect(error).toMatchObject({ code: 'ERR_PROTOCOL' })
    await connection.closed()
  })
})

describe('a signal used a thousand times', () => {
  test.each<[string, (connection: ScriptedConnection) => void, RequestOptions]>([
    ['answered', (connection) => void connection.send(ok()), {}],
    ['answered and closed', (connection) => void connection.send(ok()), { keepalive: -1 }],
    ['answered with a stream that is read', (connection) => void connection.send(ok('x')), { as: 'stream' }],
    ['answered with garbage', (connection) => void connection.send('garbage'), {}],
    ['reset', (connection) => connection.reset(), { method: 'post' }],
  ])('has no listener left, and nobody was warned: %s', async (_, play, options) => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const server = await scriptedServer(
      {},
      answering((_, connection) => {
        play(connection)
        return undefined
      }),
    )
    const client = testClient()
    const { signal } = new AbortController()
    for (let time = 0; time < 200; time++) {
      const five = Array.from({ length: 5 }, async () => {
        const { body } = await client.request({ url: server.url(), signal, ...options })
        if (body instanceof ReadableStream) await new Response(body).text()
      })
      await Promise.all(five)
    }
    expect(listenersOf(signal)).toBe(0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })
})
