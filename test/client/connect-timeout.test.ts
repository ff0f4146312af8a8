// How long a connection may take to come about, whatever it is that takes so long. Waiting in the queue stands in
// max-connections.test.ts.
import { connect, type Socket } from 'node:net'
import type { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { answering, ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred } from '../support/waiting.js'

const TIMEOUT_MS = 120
const late = { code: 'ERR_TIMEOUT_CONNECT' }

describe('connectTimeout ends', () => {
  test.each([['connectTimeout'], ['timeout']])('a TLS handshake that goes nowhere: %s', async (name) => {
    const server = await scriptedServer()
    const client = testClient()
    const start = performance.now()
    const response = client.get(server.url().replace('http:', 'https:'), { [name]: TIMEOUT_MS })
    const connection = await server.accept()
    expect((await response).error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('a search for an address that finds none', async () => {
    const client = testClient({ addressFinder: () => new Promise(() => {}) })
    const start = performance.now()
    const { error } = await client.get('http://example.com/', { connectTimeout: TIMEOUT_MS })
    expect(error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('a connect of the user’s own that gives none', async () => {
    const client = testClient({ connect: () => new Promise(() => {}) })
    const start = performance.now()
    const { error } = await client.get('http://example.com/', { connectTimeout: TIMEOUT_MS })
    expect(error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
  })

  test('a tunnel whose proxy is silent', async () => {
    const proxy = await scriptedServer()
    const start = performance.now()
    const response = testClient().get('https://example.com/', {
      proxyUrl: proxy.url(),
      connectTimeout: TIMEOUT_MS,
    })
    const connection = await proxy.accept()
    expect((await connection.line()).split(' ')[0]).toBe('CONNECT')
    expect((await response).error).toMatchObject(late)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
    await connection.closed()
  })
})

describe('a connection that comes too late', () => {
  test('is closed', async () => {
    const server = await scriptedServer()
    const gate = deferred<Socket>()
    const client = testClient({ connect: () => gate.promise })
    const { error } = await client.get(server.url(), { connectTimeout: 50 })
    expect(error).toMatchObject(late)
    const socket = connect(server.port, '127.0.0.1')
    const connection = await server.accept()
    gate.resolve(socket)
    await connection.closed()
    expect(socket.destroyed).toBe(true)
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('and fails is nobody’s business any more', async () => {
    const gate = deferred<PassThrough>()
    const client = testClient({ connect: () => gate.promise })
    const { error } = await client.get('http://example.com/', { connectTimeout: 50 })
    expect(error).toMatchObject(late)
    gate.reject(new Error('nothing there'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('is not counted as one: the next request gets its turn', async () => {
    const silent = await scriptedServer()
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const client = testClient({ maxConnections: 1 })
    const first = client.get(silent.url().replace('http:', 'https:'), { connectTimeout: 50 })
    const second = client.get(server.url())
    expect((await first).error).toMatchObject(late)
    expect((await second).status).toBe(200)
  })
})

describe('connectTimeout does not end', () => {
  test('a request that has its connection', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { connectTimeout: 500, as: 'text' })
    const connection = await server.accept()
    await connection.request()
    await new Promise((resolve) => setTimeout(resolve, 700))
    await connection.sendCut(ok('hello'), [10])
    expect(await response).toMatchObject({ status: 200, body: 'hello' })
  })

  test('a request on a connection that was there', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    const second = client.get(server.url(), { connectTimeout: 500 })
    await connection.request()
    await new Promise((resolve) => setTimeout(resolve, 700))
    connection.send(ok())
    expect((await second).status).toBe(200)
  })
})
