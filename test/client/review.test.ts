// What fails beside the request itself: sources, callbacks and signals that go wrong while nobody looks at them. An error that
// nobody catches fails the run.
import { createReadStream } from 'node:fs'
import { Duplex } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { openWebSocket, type RequestOptions } from '../../src/client.js'
import { ensureBuilt, root } from '../support/built.js'
import { moduleOf, start } from '../support/programs.js'
import { answering, ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred } from '../support/waiting.js'

beforeAll(ensureBuilt, 120_000)

const serve = () =>
  scriptedServer(
    {},
    answering(() => ok('hello')),
  )

describe('a node stream that fails before it is read', () => {
  test.each<[string, (stream: Duplex) => RequestOptions]>([
    ['as a body', (body) => ({ body })],
    ['as the content of a part', (content) => ({ multipart: [{ name: 'f', content }] })],
  ])('is the error of its request alone, %s', async (_, optionsOf) => {
    const server = await serve()
    const stream = createReadStream('/nonexistent') as unknown as Duplex
    const { error } = await testClient().post(server.url(), optionsOf(stream))
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })
})

describe('a Duplex whose write throws ends its request', () => {
  const failingAt = (nth: number) => () => {
    let count = 0
    return new Duplex({
      read() {},
      write(_, __, done) {
        if (++count === nth) throw new Error('no more')
        done()
      },
    })
  }

  test.each<[string, number, (() => AsyncIterable<string>) | undefined]>([
    ['with the head', 1, undefined],
    ['with a piece of its body', 2, () => streamOf('piece')],
  ])('%s', async (_, nth, body) => {
    const client = testClient({ connect: failingAt(nth) })
    const { error } = await client.post('http://test/', { ...(body && { body: body() }), idleTimeout: 3000 })
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
  })
})

async function* streamOf(...pieces: string[]) {
  yield* pieces
}

describe('what is thrown ends its request though it cannot be made text', () => {
  const odd = () => {
    throw Object.create(null)
  }

  test.each<[string, RequestOptions, string]>([
    ['by a filter', { filter: { accept: odd } }, 'ERR_BODY_REJECTED'],
    ['by a body', { body: new ReadableStream({ pull: odd }) }, 'ERR_INVALID_ARGUMENT'],
  ])('%s', async (_, options, code) => {
    const server = await serve()
    const { error } = await testClient().post(server.url(), { idleTimeout: 3000, ...options })
    expect(error).toMatchObject({ code })
  })

  test('by a callback', async () => {
    const server = await serve()
    const response = await testClient().get(server.url(), odd).deref(3000, undefined)
    expect(response).toMatchObject({ error: { code: 'ERR_CALLBACK' } })
  })
})

describe('a process lives until its request has timed out', () => {
  test.each([
    [
      'behind a stream that is not read',
      'ERR_TIMEOUT_CONNECT',
      `const client = makeClient({ maxConnections: 1 })
       const reader = (await client.get(url, { as: 'stream' })).body.getReader()
       await reader.read()
       await new Promise((resolve) => setTimeout(resolve, 200))
       const { error } = await client.get(url, { connectTimeout: 300 })`,
    ],
    [
      'for an address',
      'ERR_TIMEOUT_CONNECT',
      `const client = makeClient({ addressFinder: () => new Promise(() => {}) })
       const { error } = await client.get(url, { connectTimeout: 100 })`,
    ],
  ])('%s', async (_, code, program) => {
    const server = await scriptedServer(
      {},
      answering(() => ok('x'.repeat(4_000_000), ['Content-Type: a/b'])),
    )
    const script = `import { makeClient } from ${JSON.stringify(`file://${root}build/client.js`)}
      const url = ${JSON.stringify(server.url())}
      ${program}
      console.log(error.code)
      process.exit()`
    const child = start(process.execPath, [moduleOf(script)])
    expect(await child.exit, child.stderr).toBe(0)
    expect(child.stdout.trim()).toBe(code)
  })
})

test('options that cannot be listed are told in the answer', async () => {
  const failing = () => {
    throw new Error('a trap')
  }
  const options = new Proxy({}, { ownKeys: failing })
  const { error } = await testClient().get('http://test/', options)
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
})

test('a signal ends a request while its parts are listed', async () => {
  const server = await scriptedServer()
  const controller = new AbortController()
  function* parts() {
    controller.abort()
    yield { name: 'a', content: 'b' }
  }
  const { error } = await testClient().post(server.url(), {
    multipart: parts(),
    signal: controller.signal,
    idleTimeout: 3000,
  })
  expect(error).toMatchObject({ code: 'ERR_ABORTED' })
})

test('close() ends a stream that is still being decoded', async () => {
  const coded = gzipSync(Buffer.alloc(20_000_000)).toString('latin1')
  const server = await scriptedServer(
    {},
    answering(() => ok(coded, ['Content-Encoding: gzip'])),
  )
  const client = testClient()
  const { body } = await client.get(server.url(), { as: 'stream' })
  await expect.poll(() => client.stats().idle).toBe(1)
  await client.close()
  expect(client.stats().active).toBe(0)
  await expect(body.pipeTo(new WritableStream())).rejects.toMatchObject({
    code: 'ERR_CLIENT_CLOSED',
  })
})

test('loggers that throw cost no request, of an error', async () => {
  const server = await scriptedServer()
  const failing = () => {
    throw new Error('the logger is broken')
  }
  const eventLogger = (event: string) => (event.includes('error') ? failing() : undefined)
  const client = testClient({ eventLogger, errorLogger: failing })
  const response = await client.get(server.url(), { idleTimeout: 100 }).deref(3000, undefined)
  expect(response).toMatchObject({ error: { code: 'ERR_TIMEOUT_IDLE' } })
})

describe('a body that is not sent is cancelled', () => {
  test.each<[string, RequestOptions, boolean]>([
    ['where the signal is aborted already', { signal: AbortSignal.abort() }, false],
    ['where the client is closed', {}, true],
  ])('%s', async (_, options, isClosed) => {
    const client = testClient()
    if (isClosed) await client.close()
    const cancelled = deferred()
    const body = new ReadableStream({ cancel: () => cancelled.resolve() })
    expect((await client.post('http://127.0.0.1:1/', { ...options, body })).error).toBeDefined()
    await cancelled.promise
  })
})

test('a WebSocket may take as long as it likes to open, with connectTimeout Infinity', async () => {
  const server = await scriptedServer({}, async (connection) => {
    await connection.head()
    setTimeout(() => connection.send(ok()), 100)
  })
  const opening = openWebSocket(server.url(), {}, { connectTimeout: Number.POSITIVE_INFINITY })
  await expect(opening).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_REFUSED' })
})
