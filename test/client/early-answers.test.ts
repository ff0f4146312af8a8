// Answers that do not wait for the body of their request (RFC 9112 §9.3, RFC 9110 §10.1.1).
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answer, ok, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred, until } from '../support/waiting.js'

const TOTAL = 64 << 20
const PIECE = Buffer.alloc(64 * 1024, 'x')

interface Source {
  pieces: AsyncGenerator<Uint8Array>
  pulled: number
  isOver: boolean
}

function source(total = TOTAL): Source {
  const state = { pulled: 0, isOver: false }
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (; state.pulled < total; state.pulled += PIECE.length) yield PIECE
    } finally {
      state.isOver = true
    }
  }
  return Object.assign(state, { pieces: pieces() })
}

/** An upload whose head the server has read, and which it reads no further. */
async function uploading(server: ScriptedServer, body: RequestOptions['body'], options: RequestOptions = {}) {
  const client = testClient()
  const response = client.post(server.url(), { body: body!, as: 'text', ...options })
  const connection = await server.accept()
  const head = await connection.head()
  connection.pause()
  return { client, response, connection, head }
}

describe('a whole answer in the middle of an upload', () => {
  test('stands; the rest is not sent, and the connection closes', async () => {
    const server = await scriptedServer()
    const upload = source()
    const { client, response, connection } = await uploading(server, upload.pieces)
    connection.send(answer('413 Content Too Large', 'too much'))
    expect(await response).toMatchObject({ status: 413, body: 'too much' })
    await until(() => upload.isOver)
    expect(upload.pulled).toBeLessThan(TOTAL)
    await until(() => client.stats().connections === 0)
    connection.resume()
    await connection.closed()
    const second = client.get(server.url())
    const next = await server.accept()
    await next.request()
    next.send(ok())
    expect((await second).status).toBe(200)
  })

  test.each<[string, () => RequestOptions['body']]>([
    ['bytes', () => Buffer.alloc(TOTAL)],
    ['a Blob', () => new Blob([Buffer.alloc(TOTAL)])],
    ['text', () => 'x'.repeat(TOTAL)],
  ])('stands where the body is all there: %s', async (_, body) => {
    const server = await scriptedServer()
    const { client, response, connection } = await uploading(server, body())
    connection.send(answer('413 Content Too Large', 'too much'))
    expect(await response).toMatchObject({ status: 413, body: 'too much' })
    connection.resume()
    await connection.closed()
    expect(connection.socket.bytesRead).toBeLessThan(TOTAL)
    expect(client.stats()).toMatchObject({ connections: 0 })
  })

  test('stands where the source is silent, which is cancelled', async () => {
    const server = await scriptedServer()
    const isCancelled = deferred()
    const body = new ReadableStream<Uint8Array>({ cancel: () => isCancelled.resolve() })
    const { response, connection } = await uploading(server, body)
    connection.send(answer('401 Unauthorized', 'who are you'))
    expect(await response).toMatchObject({ status: 401, body: 'who are you' })
    await isCancelled.promise
    connection.resume()
    await connection.closed()
  })

  test('stands where the source fails after it', async () => {
    const server = await scriptedServer()
    let fail = (_: Error): void => {}
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        fail = (error) => controller.error(error)
      },
    })
    const { response, connection } = await uploading(server, body)
    connection.send(ok('enough'))
    expect(await response).toMatchObject({ status: 200, body: 'enough' })
    fail(new Error('nobody cares'))
    connection.resume()
    await connection.closed()
  })

  test('stands where the server ends the connection behind it', async () => {
    const server = await scriptedServer()
    const { response, connection } = await uploading(server, source().pieces)
    connection.send(answer('403 Forbidden', 'no', ['Connection: close'])).finish()
    expect(await response).toMatchObject({ status: 403, body: 'no' })
    connection.resume()
    await connection.closed()
  })

  test('stands where it ends with the connection', async () => {
    const server = await scriptedServer()
    const { response, connection } = await uploading(server, source().pieces)
    connection.send('HTTP/1.1 403 Forbidden\r\n\r\nno').finish()
    expect(await response).toMatchObject({ status: 403, body: 'no' })
    connection.resume()
    await connection.closed()
  })

  test('stands where the connection is reset after it', async () => {
    const server = await scriptedServer()
    const { response, connection } = await uploading(server, source().pieces)
    connection.send(answer('403 Forbidden', 'no'))
    const received = await response
    connection.reset()
    expect(received).toMatchObject({ status: 403, body: 'no' })
  })

  test('stands where it comes byte by byte', async () => {
    const server = await scriptedServer()
    const { response, connection } = await uploading(server, source().pieces)
    await connection.drip(answer('413 Content Too Large', 'too much'))
    expect(await response).toMatchObject({ status: 413, body: 'too much' })
  })

  test('has no body where there is none to come', async () => {
    const server = await scriptedServer()
    const { response, connection } = await uploading(server, source().pieces)
    connection.send('HTTP/1.1 204 No Content\r\n\r\n')
    expect(await response).toMatchObject({ status: 204 })
    connection.resume()
    await connection.closed()
  })

  test('comes as a stream, too', async () => {
    const server = await scriptedServer()
    const upload = source()
    const { response, connection } = await uploading(server, upload.pieces, { as: 'stream' })
    connection.send(answer('413 Content Too Large', 'too much'))
    const { status, body } = await response
    expect([status, await new Response(body).text()]).toEqual([413, 'too much'])
    await until(() => upload.isOver)
    expect(upload.pulled).toBeLessThan(TOTAL)
  })

  test('to a PUT on a connection that was there is not taken for a loss', async () => {
    const server = await scriptedServer()
    const client = testClient()
    const first = client.get(server.url())
    const connection = await server.accept()
    await connection.request()
    connection.send(ok())
    await first
    const response = client.put(server.url(), { body: Buffer.alloc(TOTAL), as: 'text' })
    await connection.head()
    connection.pause()
    connection.send(answer('413 Content Too Large', 'no', ['Connection: close'])).finish()
    expect(await response).toMatchObject({ status: 413, body: 'no' })
    expect(server.accepted).toBe(1)
  })
})

describe('part of an answer in the middle of an upload', () => {
  test('does not end it: both come whole, and the connection is kept', async () => {
    const server = await scriptedServer()
    const upload = source(8 << 20)
    const { client, response, connection, head } = await uploading(server, upload.pieces)
    await connection.sendCut('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', [10])
    connection.resume()
    expect((await connection.body(head)).body.length).toBe(8 << 20)
    connection.send('lo')
    expect(await response).toMatchObject({ status: 200, body: 'hello' })
    const second = client.get(server.url())
    await connection.request()
    connection.send(ok())
    expect((await second).status).toBe(200)
  })

  test('that is interim does not end it', async () => {
    const server = await scriptedServer()
    const upload = source(8 << 20)
    const { response, connection, head } = await uploading(server, upload.pieces)
    connection.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n').resume()
    expect((await connection.body(head)).body.length).toBe(8 << 20)
    connection.send(ok('thanks'))
    expect(await response).toMatchObject({ status: 200, body: 'thanks' })
  })

  test('is a stream that answers piece by piece what it gets', async () => {
    const server = await scriptedServer()
    const turns = [deferred(), deferred(), deferred()]
    async function* pieces(): AsyncGenerator<string> {
      for (const [index, turn] of turns.entries()) {
        await turn.promise
        yield `question ${index}`
      }
    }
    const response = testClient().post(server.url(), { body: pieces(), as: 'stream' })
    const connection = await server.accept()
    await connection.head()
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const reader = (await response).body.getReader()
    for (const [index, turn] of turns.entries()) {
      turn.resolve()
      expect(await connection.line()).toBe('a')
      expect(await connection.line()).toBe(`question ${index}`)
      connection.send(`8\r\nanswer ${index}\r\n`)
      expect(Buffer.from((await reader.read()).value).toString()).toBe(`answer ${index}`)
    }
    expect([await connection.line(), await connection.line()]).toEqual(['0', ''])
    connection.send('0\r\n\r\n')
    expect((await reader.read()).done).toBe(true)
  })
})

describe('a fault in the middle of an upload ends it, and its source', () => {
  test.each([
    ['garbage', 'ERR_PROTOCOL', 'garbage\r\n\r\n'],
    ['a contradiction', 'ERR_PROTOCOL', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx'],
    ['an upgrade', 'ERR_PROTOCOL', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('%s', async (_, code, bytes) => {
    const server = await scriptedServer()
    const upload = source()
    const { response, connection } = await uploading(server, upload.pieces)
    connection.send(bytes)
    expect((await response).error).toMatchObject({ code })
    await until(() => upload.isOver)
    connection.resume()
    await connection.closed()
  })

  test('the end of the connection', async () => {
    const server = await scriptedServer()
    const upload = source()
    const { response, connection } = await uploading(server, upload.pieces)
    connection.finish()
    expect((await response).error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    await until(() => upload.isOver)
    connection.resume()
    await connection.closed()
  })

  test('a reset', async () => {
    const server = await scriptedServer()
    const upload = source()
    const { response, connection } = await uploading(server, upload.pieces)
    connection.reset()
    expect((await response).error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    await until(() => upload.isOver)
  })
})

test('an answer that is there before its request does no harm', async () => {
  const server = await scriptedServer({}, async (connection) => {
    connection.send(ok('eager', ['Connection: close']))
    await connection.request()
  })
  const client = testClient()
  const { status, error } = await client.get(server.url(), { idleTimeout: 5000 })
  expect([status, error?.code]).toEqual(
    expect.toSatisfy(([status, code]) => status === 200 || code === 'ERR_PROTOCOL'),
  )
  await until(() => client.stats().connections === 0)
})
