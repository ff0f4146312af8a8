// The end of a client: what was under way, what waited and what comes later.
import { describe, expect, test } from 'vitest'
import { makeClient } from '../../src/client.js'
import { ok, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { deferred, until } from '../support/waiting.js'

const nothing = { connections: 0, idle: 0, active: 0, queued: 0 }
const closed = { code: 'ERR_CLIENT_CLOSED' }

/** A server whose connection has got a request, and a client that waits for the answer. */
async function asked(server: ScriptedServer) {
  const client = makeClient({ maxConnections: 1 })
  const response = client.get(server.url(), { as: 'text' })
  const connection = await server.accept()
  await connection.request()
  return { client, response, connection }
}

describe('close', () => {
  test('of a client that was never used settles', async () => {
    const client = makeClient()
    await client.close()
    expect(client.stats()).toMatchObject(nothing)
  })

  test('ends a request that waits for its answer, and its connection', async () => {
    const { client, response, connection } = await asked(await scriptedServer())
    const end = client.close()
    expect((await response).error).toMatchObject(closed)
    await end
    await connection.closed()
    expect(client.stats()).toMatchObject(nothing)
  })

  test('ends a request whose body is being received', async () => {
    const { client, response, connection } = await asked(await scriptedServer())
    await connection.sendCut('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', [])
    await client.close()
    const { error, ...rest } = await response
    expect(error).toMatchObject(closed)
    expect(Object.keys(rest)).toEqual(['opts'])
    await connection.closed()
  })

  test('ends a stream that is being read', async () => {
    const server = await scriptedServer()
    const client = makeClient()
    const response = client.get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
    const reader = (await response).body.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('hel')
    const next = reader.read()
    const end = client.close()
    await expect(next).rejects.toMatchObject(closed)
    await end
    await connection.closed()
  })

  test('ends a stream that nobody reads', async () => {
    const server = await scriptedServer()
    const client = makeClient()
    const response = client.get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
    const { body } = await response
    await client.close()
    await connection.closed()
    await expect(new Response(body).text()).rejects.toMatchObject(closed)
  })

  test('ends an upload, and lets its source know', async () => {
    const server = await scriptedServer()
    const client = makeClient()
    const isDone = deferred()
    async function* pieces(): AsyncGenerator<string> {
      try {
        yield 'one'
        await new Promise((resolve) => setTimeout(resolve, 20))
        yield 'two'
        for (;;) yield 'x'.repeat(65_536)
      } finally {
        isDone.resolve()
      }
    }
    const response = client.post(server.url(), { body: pieces() })
    const connection = await server.accept()
    await connection.head()
    connection.pause()
    await client.close()
    expect((await response).error).toMatchObject(closed)
    await isDone.promise
  })

  test('ends those who wait in the queue', async () => {
    const server = await scriptedServer()
    const { client, response } = await asked(server)
    const queued = [client.get(server.url('/1')), client.get(server.url('/2'))]
    await client.close()
    for (const { error } of await Promise.all([response, ...queued])) expect(error).toMatchObject(closed)
    expect(server.accepted).toBe(1)
    expect(client.stats()).toMatchObject(nothing)
  })

  test('ends a connection that is being made', async () => {
    const server = await scriptedServer()
    const url = server.url().replace('http:', 'https:')
    const client = makeClient()
    const response = client.get(url)
    const connection = await server.accept()
    await client.close()
    expect((await response).error).toMatchObject(closed)
    await connection.closed()
  })

  test('ends the search for an address', async () => {
    const client = makeClient({ addressFinder: () => new Promise(() => {}) })
    const response = client.get('http://example.com/')
    await client.close()
    expect((await response).error).toMatchObject(closed)
  })

  test('refuses what comes later, and connects nowhere', async () => {
    const server = await scriptedServer()
    const client = makeClient()
    await client.close()
    expect((await client.get(server.url())).error).toMatchObject(closed)
    expect((await client.post(server.url(), { body: 'x' })).error).toMatchObject(closed)
    expect(server.accepted).toBe(0)
    expect(client.stats()).toMatchObject(nothing)
  })

  test('refuses what comes while it is under way', async () => {
    const server = await scriptedServer()
    const { client, response } = await asked(server)
    const end = client.close()
    expect((await client.get(server.url())).error).toMatchObject(closed)
    await Promise.all([end, response])
  })

  test('closes idle connections', async () => {
    const server = await scriptedServer()
    const { client, response, connection } = await asked(server)
    connection.send(ok())
    await response
    expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
    await client.close()
    await connection.closed()
    await until(() => server.open === 0)
    expect(client.stats()).toMatchObject(nothing)
  })

  test('does nothing the second time, and settles then, too', async () => {
    const { client, response } = await asked(await scriptedServer())
    await Promise.all([client.close(), client.close()])
    await client.close()
    expect((await response).error).toMatchObject(closed)
  })

  test('leaves an answer that has come as it was', async () => {
    const { client, response, connection } = await asked(await scriptedServer())
    connection.send(ok('hello', ['Content-Type: text/plain']))
    const answer = await response
    await client.close()
    expect(answer).toMatchObject({ status: 200, body: 'hello' })
  })

  test('is not the end of other clients', async () => {
    const server = await scriptedServer()
    const { client, response, connection } = await asked(server)
    await makeClient().close()
    connection.send(ok())
    expect((await response).status).toBe(200)
    await client.close()
  })

  test('calls callbacks with the error', async () => {
    const server = await scriptedServer()
    const client = makeClient()
    const called = client.get(server.url(), ({ error }) => error?.code)
    await server.accept()
    await client.close()
    expect(await called).toBe('ERR_CLIENT_CLOSED')
  })
})
