// Nobody is sent more than they take: a reader that does not read stops the server, a server that does not read stops the
// source. What lies between them is the kernel's buffers, some MiB at the most.
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/client.js'
import { answering, ok, type ScriptedConnection, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { stableFor } from '../support/waiting.js'

const MIB = 1 << 20
const TOTAL = 64 * MIB
/** What the kernel may hold of a connection, and some more. */
const BETWEEN = 24 * MIB
const PIECE = Buffer.alloc(64 * 1024, 'x')
const QUIET_MS = 300

const heads = {
  length: `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`,
  close: 'HTTP/1.1 200 OK\r\n\r\n',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
}

/** Sends TOTAL bytes in one of the framings, as the client takes them. */
async function pour(connection: ScriptedConnection, framing: keyof typeof heads): Promise<void> {
  const size = `${PIECE.length.toString(16)}\r\n`
  const chunk = Buffer.concat([Buffer.from(size), PIECE, Buffer.from('\r\n')])
  connection.send(heads[framing])
  for (let sent = 0; sent < TOTAL; sent += PIECE.length) {
    await connection.send(framing === 'chunked' ? chunk : PIECE).flushed()
  }
  if (framing === 'chunked') connection.send('0\r\n\r\n')
  if (framing === 'close') connection.finish()
}

const taken = ({ socket }: ScriptedConnection) => socket.bytesWritten - socket.writableLength

describe('a stream that is not read', () => {
  test.each([['length'], ['chunked'], ['close']] as const)(
    'stops the server, and nothing is lost: %s',
    async (framing) => {
      const server = await scriptedServer()
      const response = testClient().get(server.url(), { as: 'stream' })
      const connection = await server.accept()
      await connection.request()
      const poured = pour(connection, framing)
      const { body } = await response
      expect(await stableFor(QUIET_MS, () => taken(connection))).toBeLessThan(BETWEEN)
      let length = 0
      for await (const piece of body) length += piece.length
      expect(length).toBe(TOTAL)
      await poured
    },
  )

  test('stops the server again in the middle', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    const poured = pour(connection, 'length')
    const reader = (await response).body.getReader()
    let length = 0
    for (const part of [TOTAL / 4, TOTAL / 2]) {
      while (length < part) length += (await reader.read()).value.length
      expect((await stableFor(QUIET_MS, () => taken(connection))) - length).toBeLessThan(BETWEEN)
    }
    for (let next = await reader.read(); !next.done; next = await reader.read()) length += next.value.length
    expect(length).toBe(TOTAL)
    await poured
  })

  test('is in nobody’s way', async () => {
    const server = await scriptedServer({}, async (connection) => {
      const { target } = await connection.request()
      if (target === '/long') return pour(connection, 'length').catch(() => {})
      connection.send(ok('short'))
    })
    const client = testClient()
    const { body } = await client.get(server.url('/long'), { as: 'stream' })
    for (let time = 0; time < 5; time++) {
      expect(await client.get(server.url('/short'), { as: 'text', keepalive: -1 })).toMatchObject({
        body: 'short',
      })
    }
    await body.cancel()
  })

  test('that has come whole is read when it is', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('hello')),
    )
    const { body } = await testClient().get(server.url(), { as: 'stream' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await new Response(body).text()).toBe('hello')
  })
})

describe('a stream that is cancelled', () => {
  type Leave = (body: ReadableStream<Uint8Array>) => Promise<unknown>

  const leaves: [string, Leave][] = [
    ['before it was read', (body) => body.cancel('enough')],
    [
      'by its reader',
      async (body) => {
        const reader = body.getReader()
        await reader.read()
        await reader.cancel()
      },
    ],
    [
      'by leaving a loop',
      async (body) => {
        for await (const _ of body) break
      },
    ],
  ]

  test.each(leaves)('closes its connection: %s', async (_, leave) => {
    const server = await scriptedServer()
    const client = testClient()
    const response = client.get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    const poured = pour(connection, 'length').catch(() => 'cut')
    await leave((await response).body)
    await connection.closed()
    expect(await poured).toBe('cut')
    expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  })

  test('while it waits for bytes closes its connection', async () => {
    const server = await scriptedServer()
    const response = testClient().get(server.url(), { as: 'stream' })
    const connection = await server.accept()
    await connection.request()
    connection.send(heads.chunked)
    const reader = (await response).body.getReader()
    const next = reader.read()
    await reader.cancel()
    expect(await next).toEqual({ done: true, value: undefined })
    await connection.closed()
  })

  test('after its end leaves its connection alone', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('hello')),
    )
    const client = testClient()
    const { body } = await client.get(server.url(), { as: 'stream' })
    const reader = body.getReader()
    while (!(await reader.read()).done);
    await reader.cancel()
    await client.get(server.url())
    expect(server.accepted).toBe(1)
  })
})

describe('a server that does not read', () => {
  /** TOTAL bytes, and how many of them have been asked for. */
  function source() {
    const pulled = { bytes: 0 }
    async function* pieces(): AsyncGenerator<Uint8Array> {
      while (pulled.bytes < TOTAL) {
        pulled.bytes += PIECE.length
        yield PIECE
      }
    }
    return { pulled, pieces }
  }

  type Wrap = (pieces: () => AsyncGenerator<Uint8Array>) => RequestOptions['body']

  test.each<[string, Wrap]>([
    ['an async iterator', (pieces) => pieces()],
    ['a ReadableStream', (pieces) => Readable.toWeb(Readable.from(pieces())) as ReadableStream<Uint8Array>],
    ['a Readable', (pieces) => Readable.from(pieces(), { objectMode: false })],
  ])('stops the source, and nothing is lost: %s', async (_, wrap) => {
    const server = await scriptedServer()
    const { pulled, pieces } = source()
    const response = testClient().post(server.url(), { body: wrap(pieces)! })
    const connection = await server.accept()
    const head = await connection.head()
    connection.pause()
    expect(await stableFor(QUIET_MS, () => pulled.bytes)).toBeLessThan(BETWEEN)
    connection.resume()
    expect((await connection.body(head)).body.length).toBe(TOTAL)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('stops an iterable that never waits', async () => {
    let pulled = 0
    function* pieces(): Generator<Uint8Array> {
      for (; pulled < TOTAL; pulled += PIECE.length) yield PIECE
    }
    const server = await scriptedServer()
    const response = testClient().post(server.url(), { body: pieces() })
    const connection = await server.accept()
    const head = await connection.head()
    connection.pause()
    expect(await stableFor(QUIET_MS, () => pulled)).toBeLessThan(BETWEEN)
    connection.resume()
    expect((await connection.body(head)).body.length).toBe(TOTAL)
    connection.send(ok())
    expect((await response).status).toBe(200)
  })

  test('is told of progress no faster than it reads', async () => {
    const server = await scriptedServer()
    const { pieces } = source()
    let progress = 0
    const response = testClient().post(server.url(), {
      body: pieces(),
      onUploadProgress: (bytes) => {
        progress = bytes
      },
    })
    const connection = await server.accept()
    const head = await connection.head()
    connection.pause()
    expect(await stableFor(QUIET_MS, () => progress)).toBeLessThan(BETWEEN)
    connection.resume()
    await connection.body(head)
    connection.send(ok())
    expect((await response).status).toBe(200)
    expect(progress).toBe(TOTAL)
  })
})

test('an echo of 64 MiB passes through, as fast as it is read', async () => {
  const server = await scriptedServer({}, async (connection) => {
    await connection.head()
    connection.send(heads.chunked).send(connection.unread)
    connection.socket.pipe(connection.socket, { end: false })
  })
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < TOTAL; sent += PIECE.length) yield PIECE
  }
  const { body } = await testClient().post(server.url(), { body: pieces(), as: 'stream' })
  let length = 0
  for await (const piece of body) length += piece.length
  expect(length).toBe(TOTAL)
})
