// Answers that nobody asked for, or not yet, never become the answer to another request.
import { describe, expect, test } from 'vitest'
import { answer, ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'

const forged = answer('200 OK', 'forged', ['Content-Type: text/plain'])
const honest = ok('honest', ['Content-Type: text/plain'])

describe('a second answer', () => {
  test.each<[string, string]>([
    ['a length', honest],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhonest\r\n0\r\n\r\n',
    ],
  ])('with the first is dropped with the connection: %s', async (_, bytes) => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send(bytes + (connection.index === 0 ? forged : ''))
      await connection.request()
    })
    const client = testClient()
    expect((await client.get(server.url('/a'))).body).toBe('honest')
    expect((await client.get(server.url('/b'))).body).toBe('honest')
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1])
  })

  test('behind that to a HEAD is dropped with the connection', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send(
        connection.index === 0 ? `HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n${forged}` : honest,
      )
      await connection.request()
    })
    const client = testClient()
    expect((await client.head(server.url('/a'))).status).toBe(200)
    expect((await client.get(server.url('/b'))).body).toBe('honest')
    expect(server.accepted).toBe(2)
  })

  test('to a request that had Connection: close is dropped', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send(honest + forged)
      await connection.closed()
    })
    const client = testClient()
    expect((await client.get(server.url(), { keepalive: -1 })).body).toBe('honest')
    expect(client.stats()).toMatchObject({ connections: 0 })
  })

  test('that comes while a stream is read is dropped when that ends', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhon')
    const { body } = await response
    connection.send(`est${forged}`)
    expect(await new Response(body).text()).toBe('honest')
    await connection.closed()
    expect(client.stats()).toMatchObject({ connections: 0 })
  })
})

test('requests at the same time have each its connection, and nothing is pipelined', async () => {
  const server = await scriptedServer()
  const client = testClient()
  const answers = ['/a', '/b', '/c'].map((path) => client.get(server.url(path)))
  const connections = [await server.accept(), await server.accept(), await server.accept()]
  for (const connection of connections) {
    const { target } = await connection.request()
    expect(connection.unread.length).toBe(0)
    connection.send(ok(target, ['Content-Type: text/plain']))
  }
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['/a', '/b', '/c'])
})
