// A request on a pooled connection that the server has meanwhile given up (RFC 9112 §9.3.1): it is sent once more, on a
// fresh connection, where nothing of an answer has come and sending it twice does no harm.
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { OutgoingBody, RequestOptions } from '../../src/client.js'
import {
  answering,
  ok,
  type ScriptedConnection,
  type ScriptedServer,
  scriptedServer,
} from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'

type Ending = (connection: ScriptedConnection) => void

const byEnd: Ending = (connection) => void connection.finish()
const byReset: Ending = (connection) => connection.reset()

/**
 * Answers every request but for one: the second on the first connection, which ends. `stale` is how many of the
 * connections do so.
 */
async function forgetful(end: Ending, { stale = 1 } = {}): Promise<ScriptedServer> {
  let heard = new Map<number, number>()
  return scriptedServer(
    {},
    answering(({ text }, connection) => {
      const times = (heard.get(connection.index) ?? 0) + 1
      heard = heard.set(connection.index, times)
      if (connection.index >= stale || times === 1) return ok(text, ['Content-Type: text/plain'])
      end(connection)
      return undefined
    }),
  )
}

/** Asks twice on one connection; the second time as told. */
async function askTwice(server: ScriptedServer, options: RequestOptions) {
  const client = testClient()
  expect((await client.get(server.url())).status).toBe(200)
  return { client, response: await client.request({ url: server.url('/again'), ...options }) }
}

const connectionsOf = (server: ScriptedServer) => server.requests.map(({ connection }) => connection)

const idempotent = [
  ...['get', 'head', 'put', 'delete', 'options', 'trace'],
  ...['propfind', 'proppatch', 'lock', 'unlock', 'report', 'copy', 'move', 'acl'],
]

describe('sends once more', () => {
  for (const method of idempotent) {
    test.each([
      ['ends', byEnd],
      ['is reset', byReset],
    ])(`${method.toUpperCase()} where the connection %s`, async (_, end) => {
      const server = await forgetful(end)
      const { response } = await askTwice(server, { method })
      expect(response).toMatchObject({ status: 200 })
      expect(connectionsOf(server)).toEqual([0, 0, 1])
      expect(server.requests[2]!.raw).toBe(server.requests[1]!.raw)
    })
  }

  test.each<[string, () => OutgoingBody]>([
    ['text', () => 'the body'],
    ['bytes', () => Buffer.from('the body')],
    ['a Blob', () => new Blob(['the body'])],
  ])('PUT with a body that can be sent again: %s', async (_, body) => {
    const server = await forgetful(byEnd)
    const { response } = await askTwice(server, { method: 'put', body: body() })
    expect(response).toMatchObject({ status: 200, body: 'the body' })
    expect(server.requests[2]!.raw).toBe(server.requests[1]!.raw)
  })

  test('PUT of 4 MiB whose connection is reset before they have left', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send(ok())
      if (connection.index > 0) return
      await connection.head()
      connection.reset()
    })
    const { response } = await askTwice(server, { method: 'put', body: Buffer.alloc(4 << 20, 'x') })
    expect(response).toMatchObject({ status: 200 })
    expect(server.requests.at(-1)).toMatchObject({ connection: 1 })
    expect(server.requests.at(-1)!.body.length).toBe(4 << 20)
  })

  test('on a fresh connection, though another is idle', async () => {
    const server = await forgetful(byEnd, { stale: 2 })
    const client = testClient()
    await Promise.all([client.get(server.url()), client.get(server.url())])
    expect(await client.get(server.url())).toMatchObject({ status: 200 })
    expect(connectionsOf(server).slice(2)).toEqual([expect.toSatisfy((index) => index < 2), 2])
  })

  test('in the place of the one that has gone, where there may be only one connection', async () => {
    const server = await forgetful(byEnd)
    const client = testClient({ maxConnections: 1 })
    await client.get(server.url())
    const answers = await Promise.all([client.get(server.url('/a')), client.get(server.url('/b'))])
    expect(answers).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(client.stats()).toMatchObject({ connections: 1, active: 0, queued: 0 })
  })

  test('on a fresh connection, though it has to wait for it', async () => {
    const server = await scriptedServer({}, async (connection) => {
      const { target } = await connection.request()
      // It ends without having said so, and those who have come to rely on it are lost.
      connection.send(ok(target, ['Content-Type: text/plain'])).finish()
    })
    const client = testClient({ maxConnections: 5 })
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`)
    const answers = await Promise.all(paths.map((path) => client.get(server.url(path))))
    expect(answers.map(({ body }) => body)).toEqual(paths)
  })

  test('for every one of many that meet connections gone', async () => {
    const server = await forgetful(byReset, { stale: 10 })
    const client = testClient()
    const ten = () => Promise.all(Array.from({ length: 10 }, () => client.get(server.url())))
    await ten()
    expect((await ten()).map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(server.accepted).toBe(20)
  })
})

describe('does not send again', () => {
  test.each([
    ['POST, which may do twice what it does', { method: 'post', body: 'once' }],
    ['POST without a body', { method: 'post' }],
    ['PATCH', { method: 'patch', body: 'once' }],
    ['a method it does not know', { method: 'rename' }],
  ])('%s', async (_, options) => {
    const server = await forgetful(byEnd)
    const { response, client } = await askTwice(server, options)
    expect(response.error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    expect(response).not.toHaveProperty('status')
    await client.get(server.url('/last'))
    expect(server.requests.map(({ target }) => target)).toEqual(['/', '/again', '/last'])
    expect(server.accepted).toBe(2)
  })

  async function* pieces(): AsyncGenerator<string> {
    yield 'a stream '
    yield 'is read once'
  }

  test.each<[string, () => OutgoingBody]>([
    ['an async iterator', pieces],
    ['a ReadableStream', () => Readable.toWeb(Readable.from(pieces())) as ReadableStream<Uint8Array>],
  ])('PUT with %s for a body', async (_, body) => {
    const server = await forgetful(byEnd)
    const { response, client } = await askTwice(server, { method: 'put', body: body() })
    expect(response.error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    await client.get(server.url('/last'))
    expect(server.requests.map(({ target }) => target)).toEqual(['/', '/again', '/last'])
  })

  test.each([
    ['one byte', 'H'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'],
  ])('where of an answer there has come %s', async (_, bytes) => {
    const server = await forgetful((connection) => void connection.send(bytes).finish())
    const { response, client } = await askTwice(server, { as: 'text' })
    expect(response.error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    await client.get(server.url('/last'))
    expect(server.requests.map(({ target }) => target)).toEqual(['/', '/again', '/last'])
  })

  test('where what came is no HTTP', async () => {
    const server = await forgetful((connection) => void connection.send('\0').finish())
    const { response } = await askTwice(server, {})
    expect(response.error).toMatchObject({ code: 'ERR_PROTOCOL' })
    expect(server.accepted).toBe(1)
  })

  test.each([
    ['ends', byEnd],
    ['is reset', byReset],
  ])('a third time, where the fresh connection %s too', async (_, end) => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      if (connection.index > 0) return end(connection)
      connection.send(ok())
      await connection.request()
      end(connection)
    })
    const { response } = await askTwice(server, {})
    expect(response.error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    expect(connectionsOf(server)).toEqual([0, 0, 1])
  })

  test.each([
    ['ends', byEnd],
    ['is reset', byReset],
  ])('where a fresh connection %s', async (_, end) => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      end(connection)
    })
    const { error } = await testClient().get(server.url())
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    expect(server.accepted).toBe(1)
  })

  test('where the connection is there, and silent', async () => {
    const server = await forgetful(() => {})
    const { response } = await askTwice(server, { idleTimeout: 100 })
    expect(response.error).toMatchObject({ code: 'ERR_TIMEOUT_IDLE' })
    expect(server.accepted).toBe(1)
  })
})

describe('a request that is sent once more', () => {
  test('keeps its deadline', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      if (connection.index > 0) return
      connection.send(ok())
      await connection.request()
      connection.finish()
    })
    const start = performance.now()
    const { response } = await askTwice(server, { deadline: 300 })
    expect(response.error).toMatchObject({ code: 'ERR_DEADLINE' })
    expect(performance.now() - start).toBeGreaterThanOrEqual(300)
    expect(server.accepted).toBe(2)
  })

  test('can be aborted', async () => {
    const abort = new AbortController()
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      if (connection.index > 0) return abort.abort('enough')
      connection.send(ok())
      await connection.request()
      connection.finish()
    })
    const { response } = await askTwice(server, { signal: abort.signal })
    expect(response.error).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' })
  })

  test('fails as a connection does, where the server no longer listens', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      server.stopListening()
      connection.send(ok())
      await connection.request()
      connection.finish()
    })
    const { response } = await askTwice(server, {})
    expect(response.error).toMatchObject({ code: 'ERR_CONNECT' })
  })
})
