// How long nothing may move, in either direction, once there is a connection.
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answering, ok, type ScriptedConnection, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred } from '../support/waiting.js'

const TIMEOUT_MS = 120
const idle = { code: 'ERR_TIMEOUT_IDLE' }

/** For what must not time out: long enough for a machine that is busy. */
const PATIENT_MS = 1500
const STEP_MS = 200
const STEPS = 9

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('idleTimeout ends', () => {
  /** A request to a server that says so much of an answer and no more. */
  async function stalled(bytes: string, options: RequestOptions = {}) {
    const server = await scriptedServer()
    const client = testClient()
    const start = performance.now()
    const response = client.get(server.url(), { idleTimeout: TIMEOUT_MS, ...options })
    const connection = await server.accept()
    await connection.request()
    const sentAt = performance.now()
    connection.send(bytes)
    return { client, response, connection, start, sentAt }
  }

  test.each<[string, string, RequestOptions]>([
    ['before the answer', '', {}],
    [
      'before the answer, where timeout sets it',
      '',
      { idleTimeout: undefined, timeout: TIMEOUT_MS } as never,
    ],
    ['within the head', 'HTTP/1.1 200 OK\r\nContent-', {}],
    ['behind an interim response', 'HTTP/1.1 100 Continue\r\n\r\n', {}],
    ['before the body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { as: 'text' }],
    ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', { as: 'text' }],
    ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', { as: 'text' }],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n', { as: 'none' }],
    [
      'before the last line end',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n',
      { as: 'text' },
    ],
    ['within a body that ends with the connection', 'HTTP/1.1 200 OK\r\n\r\nhello', { as: 'text' }],
  ])('a request whose answer stalls %s, and not before its time', async (_, bytes, options) => {
    const { client, response, connection, start, sentAt } = await stalled(bytes, options)
    const { error, ...rest } = await response
    expect(error).toMatchObject(idle)
    expect(Object.keys(rest)).toEqual(['opts'])
    // What came was read after it was sent, and the time began anew.
    expect(performance.now() - (bytes === '' ? start : sentAt)).toBeGreaterThanOrEqual(TIMEOUT_MS)
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('a stream that is being read', async () => {
    const { response, connection } = await stalled('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', {
      as: 'stream',
    })
    const reader = (await response).body.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('hel')
    const start = performance.now()
    await expect(reader.read()).rejects.toMatchObject(idle)
    expect(performance.now() - start).toBeLessThan(10_000)
    await connection.closed()
  })

  test('an upload that the server does not read', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.head()
      connection.pause()
    })
    const start = performance.now()
    const { error } = await testClient().post(server.url(), {
      body: Buffer.alloc(64 << 20),
      idleTimeout: TIMEOUT_MS,
    })
    expect(error).toMatchObject(idle)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
  })

  test('an upload whose source gives nothing, and the source', async () => {
    const server = await scriptedServer()
    const isCancelled = deferred<unknown>()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('all there is')),
      cancel: (reason) => isCancelled.resolve(reason),
    })
    const response = testClient().post(server.url(), { body, idleTimeout: TIMEOUT_MS })
    const connection = await server.accept()
    await connection.head()
    expect((await response).error).toMatchObject(idle)
    await isCancelled.promise
    await connection.closed()
  })
})

describe('idleTimeout begins anew', () => {
  test('with every byte of an answer', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { idleTimeout: PATIENT_MS, as: 'text' })
    const connection = await server.accept()
    await connection.request()
    const start = performance.now()
    const bytes = ok('hello')
    for (let step = 0; step < STEPS; step++) {
      connection.send(bytes.slice(step, step + 1))
      await sleep(STEP_MS)
    }
    connection.send(bytes.slice(STEPS))
    expect(await response).toMatchObject({ status: 200, body: 'hello' })
    expect(performance.now() - start).toBeGreaterThan(PATIENT_MS)
  })

  test('with every byte of a body that is sent', async () => {
    const server = await scriptedServer(
      {},
      answering(({ text }) => ok(text)),
    )
    async function* slowly(): AsyncGenerator<string> {
      for (let step = 0; step < STEPS; step++) {
        yield String(step)
        await sleep(STEP_MS)
      }
    }
    const start = performance.now()
    const response = testClient().post(server.url(), {
      body: slowly(),
      idleTimeout: PATIENT_MS,
      as: 'text',
    })
    expect(await response).toMatchObject({ status: 200, body: '012345678' })
    expect(performance.now() - start).toBeGreaterThan(PATIENT_MS)
  })

  test('with each of many interim responses', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { idleTimeout: PATIENT_MS })
    const connection = await server.accept()
    await connection.request()
    const start = performance.now()
    for (let step = 0; step < STEPS; step++) {
      connection.send('HTTP/1.1 102 Processing\r\n\r\n')
      await sleep(STEP_MS)
    }
    connection.send(ok())
    expect((await response).status).toBe(200)
    expect(performance.now() - start).toBeGreaterThan(PATIENT_MS)
  })
})

describe('idleTimeout does not run', () => {
  const readAll = async (body: ReadableStream<Uint8Array>): Promise<number> => {
    let length = 0
    for await (const piece of body) length += piece.length
    return length
  }

  test('while the reader of a stream is slow', async () => {
    const length = 32 << 20
    const server = await scriptedServer(
      {},
      answering(() => ok('x'.repeat(length))),
    )
    const { body } = await testClient().get(server.url(), { as: 'stream', idleTimeout: PATIENT_MS })
    await sleep(PATIENT_MS + 500)
    expect(await readAll(body)).toBe(length)
  })

  test('while the connection is being made', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient({
      connect: async () => {
        await sleep(700)
        return connect(server.port, '127.0.0.1')
      },
    })
    expect(await client.get(server.url(), { idleTimeout: 500 })).toMatchObject({ status: 200 })
  })

  test('for a connection that idles in the pool', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient()
    await client.get(server.url(), { idleTimeout: 500 })
    await sleep(700)
    await client.get(server.url())
    expect(server.accepted).toBe(1)
  })

  test('for the next request on the same connection, which has its own', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url(), { idleTimeout: 500 })
    const connection: ScriptedConnection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    const second = client.get(server.url())
    await connection.request()
    await sleep(700)
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('where it is Infinity', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { idleTimeout: Number.POSITIVE_INFINITY })
    const connection = await server.accept()
    await connection.request()
    await sleep(50)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })
})
