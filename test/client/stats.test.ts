// What a client tells of itself.
import { expect, test } from 'vitest'
import { closedPort } from '../support/recording-server.js'
import { ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

test('stats are all 0 before the first request', () => {
  expect(testClient().stats()).toEqual({ connections: 0, idle: 0, active: 0, queued: 0, requests: 0 })
})

test('stats follow a request from its begin to its end', async () => {
  const server = await scriptedServer()
  const client = testClient()
  const response = client.get(server.url())
  expect(client.stats()).toMatchObject({ requests: 1, idle: 0 })
  const connection = await server.accept()
  await connection.request()
  expect(client.stats()).toEqual({ connections: 1, idle: 0, active: 1, queued: 0, requests: 1 })
  connection.send(ok())
  await response
  expect(client.stats()).toEqual({ connections: 1, idle: 1, active: 0, queued: 0, requests: 1 })
  connection.finish()
  await until(() => client.stats().connections === 0)
  expect(client.stats()).toEqual({ connections: 0, idle: 0, active: 0, queued: 0, requests: 1 })
})

test('a stream is active until it has been read', async () => {
  const server = await scriptedServer()
  const client = testClient()
  const response = client.get(server.url(), { as: 'stream' })
  const connection = await server.accept()
  await connection.request()
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
  const { body } = await response
  expect(client.stats()).toMatchObject({ connections: 1, active: 1, idle: 0 })
  connection.send('lo')
  expect(await new Response(body).text()).toBe('hello')
  await until(() => client.stats().idle === 1)
  expect(client.stats()).toMatchObject({ connections: 1, active: 0, idle: 1 })
})

test('requests that fail are counted, and leave nothing behind', async () => {
  const client = testClient()
  const url = `http://127.0.0.1:${await closedPort()}/`
  await Promise.all([client.get(url), client.get(url)])
  await until(() => client.stats().connections === 0)
  expect(client.stats()).toEqual({ connections: 0, idle: 0, active: 0, queued: 0, requests: 2 })
})

test('stats are a picture that does not change afterwards', async () => {
  const server = await scriptedServer()
  const client = testClient()
  const before = client.stats()
  const response = client.get(server.url())
  const connection = await server.accept()
  await connection.request()
  expect(before).toEqual({ connections: 0, idle: 0, active: 0, queued: 0, requests: 0 })
  connection.send(ok())
  await response
})
