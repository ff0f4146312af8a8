// How long the whole exchange may take, whatever moves meanwhile. Waiting in the queue stands in max-connections.test.ts.
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answer, answering, ok, type ScriptedConnection, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

const DEADLINE_MS = 250
const late = { code: 'ERR_DEADLINE' }
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends the bytes for ever, in its own time. */
async function trickle(connection: ScriptedConnection, bytes: string): Promise<void> {
  while (!connection.socket.destroyed) {
    connection.send(bytes)
    await sleep(10)
  }
}

describe('deadline ends', () => {
  type Play = (connection: ScriptedConnection) => unknown
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

  test.each<[string, Play, RequestOptions]>([
    ['is not answered', () => {}, {}],
    ['gets half a head', (connection) => connection.send('HTTP/1.1 200 OK\r\n'), {}],
    ['gets a head that goes on and on', (connection) => trickle(connection.send('HTTP/1.1 200 '), 'K'), {}],
    [
      'gets a body that goes on and on',
      (connection) => trickle(connection.send(head), '1\r\na\r\n'),
      { as: 'text' },
    ],
    [
      'is sent elsewhere again and again',
      async (connection) => {
        for (;;) {
          await sleep(5)
          connection.send(answer('302 Found', '', ['Location: /']))
          await connection.request()
        }
      },
      { maxRedirects: 1e6 },
    ],
  ])('a request that %s, and not before its time', async (_, play, options) => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      await play(connection)
    })
    const client = testClient()
    const start = performance.now()
    const { error, ...rest } = await client.get(server.url(), { deadline: DEADLINE_MS, ...options })
    expect(error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(DEADLINE_MS)
    expect(Object.keys(rest)).toEqual(['opts'])
    await until(() => server.open === 0)
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('a stream that is being read, however much it gives', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      await trickle(connection.send(head), '1\r\na\r\n')
    })
    const start = performance.now()
    const { body } = await testClient().get(server.url(), { deadline: DEADLINE_MS, as: 'stream' })
    await expect(new Response(body).text()).rejects.toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(DEADLINE_MS)
    await until(() => server.open === 0)
  })

  test('a stream that nobody reads', async () => {
    const answer = Buffer.from(ok('x'.repeat(32 << 20)))
    const server = await scriptedServer(
      {},
      answering(() => answer),
    )
    const { body } = await testClient().get(server.url(), { deadline: DEADLINE_MS, as: 'stream' })
    await until(() => server.open === 0)
    await expect(new Response(body).arrayBuffer()).rejects.toMatchObject(late)
  })

  test('an upload, and its source', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.head()
      for (;;) await connection.line()
    })
    let isOver = false
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) {
          yield 'x'
          await sleep(10)
        }
      } finally {
        isOver = true
      }
    }
    const start = performance.now()
    const { error } = await testClient().post(server.url(), { body: endless(), deadline: DEADLINE_MS })
    expect(error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(DEADLINE_MS)
    await until(() => isOver && server.open === 0)
  })

  test('a connection that does not come about', async () => {
    const server = await scriptedServer()
    const start = performance.now()
    const response = testClient().get(server.url().replace('http:', 'https:'), { deadline: DEADLINE_MS })
    const connection = await server.accept()
    expect((await response).error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(DEADLINE_MS)
    await connection.closed()
  })
})

describe('deadline does not end', () => {
  test('a connection whose exchange is over', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    expect((await client.get(server.url(), { deadline: 600 })).status).toBe(200)
    await sleep(800)
    expect((await client.get(server.url())).status).toBe(200)
    expect(server.accepted).toBe(1)
  })

  test('the next exchange on the same connection', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url(), { deadline: 600 })
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    const second = client.get(server.url())
    await connection.request()
    await sleep(800)
    connection.send(ok())
    expect((await second).status).toBe(200)
  })
})

test('many deadlines at once are all kept, each not before its time', async () => {
  const server = await scriptedServer({}, async (connection) => void (await connection.request()))
  const client = testClient()
  const lives = Array.from({ length: 100 }, async (_, index) => {
    const deadline = 50 + index * 3
    const start = performance.now()
    const { error } = await client.get(server.url(), { deadline })
    expect(error).toMatchObject(late)
    return performance.now() - start - deadline
  })
  expect(Math.min(...(await Promise.all(lives)))).toBeGreaterThanOrEqual(0)
  await until(() => server.open === 0)
})
