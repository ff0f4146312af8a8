// Expect: 100-continue (RFC 9110 §10.1.1): the body waits to be let in, but not for ever.
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answer, ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred } from '../support/waiting.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const QUIET_MS = 100
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A POST that waits to be let in, its head read by the server. */
async function knock(body: RequestOptions['body'], options: RequestOptions = {}) {
  const server = await scriptedServer()
  const client = testClient()
  const response = client.post(server.url(), {
    body: body!,
    headers: { Expect: '100-continue' },
    as: 'text',
    ...options,
  })
  const connection = await server.accept()
  const head = await connection.head()
  expect(head.header('expect')).toBe('100-continue')
  return { server, client, response, connection, head }
}

describe('the body', () => {
  test('waits for 100 Continue', async () => {
    const { response, connection, head } = await knock('the body')
    expect(head.header('content-length')).toBe('8')
    await sleep(QUIET_MS)
    expect(connection.unread.length).toBe(0)
    connection.send(CONTINUE)
    expect((await connection.body(head)).text).toBe('the body')
    connection.send(ok('thanks'))
    expect(await response).toMatchObject({ status: 200, body: 'thanks' })
  })

  test('leaves its connection to the next request', async () => {
    const { server, client, response, connection, head } = await knock('the body')
    connection.send(CONTINUE)
    await connection.body(head)
    connection.send(ok())
    await response
    const second = client.get(server.url())
    await connection.request()
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('waits behind other interim responses', async () => {
    const { response, connection, head } = await knock('the body')
    connection.send('HTTP/1.1 103 Early Hints\r\n\r\n')
    await sleep(QUIET_MS)
    expect(connection.unread.length).toBe(0)
    await connection.drip(CONTINUE)
    expect((await connection.body(head)).text).toBe('the body')
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('is not pulled from its source before', async () => {
    let isPulled = false
    async function* source(): AsyncGenerator<string> {
      isPulled = true
      yield 'the body'
    }
    const { response, connection, head } = await knock(source())
    expect(head.framing).toBe('chunked')
    await sleep(QUIET_MS)
    expect(isPulled).toBe(false)
    connection.send(CONTINUE)
    expect((await connection.body(head)).text).toBe('the body')
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('is sent after a second without a word, and not before', async () => {
    const start = performance.now()
    const { response, connection, head } = await knock('the body')
    expect((await connection.body(head)).text).toBe('the body')
    expect(performance.now() - start).toBeGreaterThanOrEqual(1000)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('is sent once, where 100 Continue comes late', async () => {
    const { server, client, response, connection, head } = await knock('the body')
    await connection.body(head)
    connection.send(CONTINUE)
    await sleep(QUIET_MS)
    expect(connection.unread.length).toBe(0)
    connection.send(ok('thanks'))
    expect(await response).toMatchObject({ status: 200, body: 'thanks' })
    const second = client.get(server.url())
    await connection.request()
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('is sent once, where 100 Continue comes twice', async () => {
    const { response, connection, head } = await knock('the body')
    connection.send(CONTINUE + CONTINUE)
    expect((await connection.body(head)).text).toBe('the body')
    await sleep(QUIET_MS)
    expect(connection.unread.length).toBe(0)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('waits in whatever case it is written', async () => {
    const server = await scriptedServer()
    const response = testClient().put(server.url(), { body: 'x', headers: { expect: '100-Continue' } })
    const connection = await server.accept()
    const head = await connection.head()
    await sleep(QUIET_MS)
    expect(connection.unread.length).toBe(0)
    connection.send(CONTINUE)
    await connection.body(head)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })
})

describe('a final answer instead', () => {
  test.each([
    ['417 Expectation Failed', 417],
    ['401 Unauthorized', 401],
    ['200 OK', 200],
  ])('is the answer, and the body is never sent: %s', async (statusLine, status) => {
    const { server, client, response, connection } = await knock('the body')
    connection.send(answer(statusLine, 'no'))
    expect(await response).toMatchObject({ status, body: 'no' })
    expect((await connection.bytesUntilEnd()).length).toBe(0)
    expect(client.stats()).toMatchObject({ connections: 0 })
    const second = client.get(server.url())
    const next = await server.accept()
    await next.request()
    next.send(ok())
    expect((await second).status).toBe(200)
  })

  test('cancels the source of the body', async () => {
    const isCancelled = deferred()
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('x')),
      cancel: () => isCancelled.resolve(),
    })
    const { response, connection } = await knock(body)
    connection.send(answer('413 Content Too Large', 'no'))
    expect(await response).toMatchObject({ status: 413, body: 'no' })
    await connection.closed()
    await isCancelled.promise
  })

  test('that comes behind 100 Continue is the answer to the body', async () => {
    const { response, connection, head } = await knock('the body')
    connection.send(CONTINUE)
    await connection.body(head)
    await connection.drip(answer('422 Unprocessable Content', 'no'))
    expect(await response).toMatchObject({ status: 422, body: 'no' })
  })

  test('that ends the connection fails as it does elsewhere', async () => {
    const { response, connection } = await knock('the body')
    connection.finish()
    expect((await response).error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
  })
})

test('a request without a body does not wait for anything', async () => {
  const server = await scriptedServer()
  const response = testClient().get(server.url(), { headers: { Expect: '100-continue' } })
  const connection = await server.accept()
  await connection.request()
  connection.send(CONTINUE + ok())
  expect((await response).status).toBe(200)
})
