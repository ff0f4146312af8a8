// Which connections are used again (RFC 9112 §9.3), and how long they wait for it. What an answer itself decides stands in
// test/corpus/responses/connection.md.
import { describe, expect, test } from 'vitest'
import { answer, answering, ok, type ScriptedConnection, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

const IDLE_MS = 150
/** Milliseconds after which a connection that should close is taken to stay open. */
const PATIENCE_MS = 5000

/** Milliseconds from now until the client has closed it. */
async function lifeOf(connection: ScriptedConnection): Promise<number> {
  const start = performance.now()
  await connection.closed()
  return performance.now() - start
}

describe('a connection', () => {
  test('is used for one request after another', async () => {
    const server = await scriptedServer(
      {},
      answering(({ target }) => ok(target)),
    )
    const client = testClient()
    for (let index = 0; index < 50; index++) {
      const { body } = await client.get(server.url(`/${index}`), { as: 'text' })
      expect(body).toBe(`/${index}`)
    }
    expect(server.accepted).toBe(1)
  })

  test('is used again with another method, body and way to read', async () => {
    const server = await scriptedServer(
      {},
      answering(({ method }) => (method === 'HEAD' ? ok() : ok(method))),
    )
    const client = testClient()
    await client.post(server.url(), { body: 'a body', as: 'text' })
    await client.head(server.url())
    await client.put(server.url(), {
      body: (async function* () {
        yield 'pieces'
      })(),
      as: 'byteArray',
    })
    const { body } = await client.get(server.url(), { as: 'stream' })
    expect(await new Response(body).text()).toBe('GET')
    await client.delete(server.url(), { as: 'none' })
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'HEAD', 'PUT', 'GET', 'DELETE'])
    expect(server.accepted).toBe(1)
  })

  test('is not shared by requests at the same time', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const both = Promise.all([client.get(server.url('/a')), client.get(server.url('/b'))])
    const connections = [await server.accept(), await server.accept()]
    for (const connection of connections) await connection.request()
    for (const connection of connections) connection.send(ok('x', ['Content-Type: text/plain']))
    expect((await both).map(({ body }) => body)).toEqual(['x', 'x'])
    expect(server.accepted).toBe(2)
  })

  test('is used again by as many at the same time as there were before', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    const five = () => Promise.all(Array.from({ length: 5 }, () => client.get(server.url())))
    await five()
    await five()
    expect(server.accepted).toBe(5)
    expect(client.stats()).toMatchObject({ connections: 5, idle: 5 })
  })

  test('is not used again before the stream of its answer has been read', async () => {
    const long = 'x'.repeat(8 << 20)
    const server = await scriptedServer(
      {},
      answering(({ target }) => ok(target === '/long' ? long : '')),
    )
    const client = testClient()
    const first = await client.get(server.url('/long'), { as: 'stream' })
    await client.get(server.url())
    expect(server.accepted).toBe(2)
    expect(await new Response(first.body).text()).toBe(long)
    await Promise.all([client.get(server.url()), client.get(server.url())])
    expect(server.accepted).toBe(2)
  })
})

describe('a request that says Connection: close', () => {
  test('is the last one of its connection, which the client closes', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url(), { headers: { Connection: 'close' } })
    const connection = await server.accept()
    expect((await connection.request()).headerAll('connection')).toEqual(['close'])
    connection.send(ok())
    expect((await response).status).toBe(200)
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, idle: 0 })
  })

  test.each([[-1], [0]])('is what keepalive: %d makes of it', async (keepalive) => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url(), { keepalive })
    const connection = await server.accept()
    expect((await connection.request()).headerAll('connection')).toEqual(['close'])
    connection.send(ok())
    expect((await response).status).toBe(200)
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, idle: 0 })
  })

  test('ends a connection that was there before', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    await client.get(server.url())
    await client.get(server.url(), { keepalive: -1 })
    await client.get(server.url())
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 1])
    expect(server.requests.map((request) => request.header('connection'))).toEqual([
      undefined,
      'close',
      undefined,
    ])
  })

  test('is none where Connection: keep-alive is given', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    for (let time = 0; time < 2; time++) {
      await client.get(server.url(), { headers: { Connection: 'keep-alive' } })
    }
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0])
  })
})

describe('an idle connection', () => {
  test('is closed after keepalive, and not before', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url(), { keepalive: IDLE_MS })
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    const life = lifeOf(connection)
    expect((await response).error).toBeUndefined()
    expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
    expect(await life).toBeGreaterThanOrEqual(IDLE_MS)
    await until(() => client.stats().connections === 0)
  })

  test('waits as long as the last of its requests has said', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    await client.get(server.url(), { keepalive: 60_000 })
    await client.get(server.url(), { keepalive: IDLE_MS })
    await until(() => server.open === 0, PATIENCE_MS)
    expect(server.accepted).toBe(1)
  })

  test('is not closed by the time of a request before the last', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    const start = performance.now()
    await client.get(server.url(), { keepalive: 1500 })
    await client.get(server.url(), { keepalive: 60_000 })
    await until(() => performance.now() > start + 1800)
    await client.get(server.url())
    expect(server.accepted).toBe(1)
  })

  test.each([[2 ** 31], [2 ** 53], [Number.POSITIVE_INFINITY]])(
    'waits for a keepalive that no timer takes: %d',
    async (keepalive) => {
      const server = await scriptedServer(
        {},
        answering(() => ok()),
      )
      const client = testClient()
      await client.get(server.url(), { keepalive })
      await new Promise((resolve) => setTimeout(resolve, 50))
      await client.get(server.url())
      expect(server.accepted).toBe(1)
    },
  )

  test('is closed where the server sends bytes that answer nothing', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    connection.send(ok('what nobody asked for'))
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, idle: 0 })
    const second = client.get(server.url(), { as: 'text' })
    const next = await server.accept()
    await next.request()
    next.send(ok('the answer'))
    expect(await second).toMatchObject({ status: 200, body: 'the answer' })
  })

  test('is closed where the server says that it has waited too long', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    connection.send(answer('408 Request Timeout', '', ['Connection: close'])).finish()
    await connection.closed()
    const second = client.get(server.url())
    const next = await server.accept()
    await next.request()
    next.send(ok())
    expect((await second).status).toBe(200)
  })

  test.each([
    ['ends', (connection: ScriptedConnection) => void connection.finish()],
    ['resets', (connection: ScriptedConnection) => connection.reset()],
  ])('is gone where the server %s it', async (_, end) => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.post(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    end(connection)
    await until(() => client.stats().connections === 0)
    await until(() => server.open === 0)
    const second = client.post(server.url())
    const next = await server.accept()
    await next.request()
    next.send(ok())
    expect((await second).status).toBe(200)
  })
})

describe('Keep-Alive: timeout', () => {
  const saying = (value: string) => answering(() => ok('', [`Keep-Alive: ${value}`]))

  test.each([
    ['timeout=2', 1000],
    ['timeout=1, max=100', 500],
  ])('closes an idle connection a while before the server does: %s', async (value, atLeastMs) => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok('', [`Keep-Alive: ${value}`]))
    const life = lifeOf(connection)
    expect((await response).status).toBe(200)
    expect(await life).toBeGreaterThanOrEqual(atLeastMs)
  })

  test.each([['max=5, timeout=1'], ['Timeout=1'], ['timeout=1;max=5'], ['timeout = 1'], ['timeout="1"']])(
    'does no harm where it is written in another way: %s',
    async (value) => {
      const server = await scriptedServer({}, saying(value))
      const client = testClient()
      await client.get(server.url())
      await client.get(server.url())
      expect(server.accepted).toBe(1)
    },
  )

  test('does not make keepalive longer', async () => {
    const server = await scriptedServer({}, saying('timeout=3600'))
    const client = testClient()
    await client.get(server.url(), { keepalive: IDLE_MS })
    await until(() => server.open === 0, PATIENCE_MS)
    expect(client.stats().connections).toBe(0)
  })

  test('closes the connection at once where it is 0', async () => {
    const server = await scriptedServer({}, saying('timeout=0'))
    const client = testClient()
    await client.get(server.url())
    await until(() => server.open === 0, PATIENCE_MS)
    expect(client.stats().connections).toBe(0)
  })

  test.each([
    [''],
    ['timeout'],
    ['timeout='],
    ['timeout=abc'],
    ['timeout=-1'],
    ['timeout=1e400'],
    ['timeout=99999999999'],
    [`timeout=${'9'.repeat(400)}`],
    ['max=100'],
    ['xtimeout=0'],
  ])('is passed over where it says nothing one can keep to: %j', async (value) => {
    const server = await scriptedServer({}, saying(value))
    const client = testClient()
    await client.get(server.url())
    await new Promise((resolve) => setTimeout(resolve, 30))
    await client.get(server.url())
    expect(server.accepted).toBe(1)
  })

  test('of an answer that is closed all the same changes nothing', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('', ['Keep-Alive: timeout=60', 'Connection: close'])),
    )
    const client = testClient()
    await client.get(server.url())
    await until(() => server.open === 0)
    expect(client.stats().connections).toBe(0)
  })
})
