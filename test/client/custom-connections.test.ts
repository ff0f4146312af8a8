// `connect`: what a user may give instead of a socket, and what becomes of it where it is no good.
import { connect } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { answering, ok, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'

/** Milliseconds in which what is no good must be noticed: long before anything times out. */
const SOON_MS = 5000

/** Takes a request, and answers it with these pieces. */
function answeringDuplex(...pieces: readonly (string | Uint8Array)[]): Duplex {
  const stream: Duplex = new Duplex({
    read() {},
    write(_, __, done) {
      done()
      for (const piece of pieces) stream.push(piece)
    },
  })
  return stream
}

const bytes = ok('hello')

/** What a GET makes of what `connect` returns. */
async function ask(make: () => unknown) {
  const client = testClient({ connect: make as () => Duplex })
  const start = performance.now()
  const response = await client.get('http://test/', { as: 'text', idleTimeout: SOON_MS })
  expect(performance.now() - start).toBeLessThan(SOON_MS)
  if (response.error) expect(client.stats()).toMatchObject({ connections: 0, active: 0 })
  return response
}

describe('a Duplex of the user’s own', () => {
  test.each<[string, () => unknown]>([
    ['that gives bytes', () => answeringDuplex(Buffer.from(bytes))],
    ['that gives plain Uint8Arrays', () => answeringDuplex(new TextEncoder().encode(bytes))],
    ['that gives text', () => answeringDuplex(bytes)],
    ['that comes in its own time', async () => answeringDuplex(bytes)],
    ['that gives byte after byte', () => answeringDuplex(...bytes)],
    [
      'made of two streams',
      () => {
        const [requests, answers] = [new PassThrough(), new PassThrough()]
        requests.once('data', () => answers.write(bytes))
        return Duplex.from({ writable: requests, readable: answers })
      },
    ],
  ])('is as good as a socket: %s', async (_, make) => {
    expect(await ask(make)).toMatchObject({ status: 200, body: 'hello' })
  })

  test('is asked for with the address, and used again', async () => {
    const addresses: unknown[] = []
    const server = await scriptedServer(
      {},
      answering(({ target }) => ok(target)),
    )
    const client = testClient({
      connect: (address) => {
        addresses.push(address)
        return connect(server.port, '127.0.0.1')
      },
    })
    expect(await client.get('http://a.test:81/x', { as: 'text' })).toMatchObject({ body: '/x' })
    expect(await client.get('http://a.test:81/y', { as: 'text' })).toMatchObject({ body: '/y' })
    expect(await client.get('http://b.test/z', { as: 'text' })).toMatchObject({ body: '/z' })
    expect(addresses).toEqual([
      { host: 'a.test', port: 81 },
      { host: 'b.test', port: 80 },
    ])
  })

  test('that is there already, and connected, is as good as one that connects', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('hello')),
    )
    const socket = connect(server.port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    expect(await ask(() => socket)).toMatchObject({ status: 200, body: 'hello' })
  })
})

describe('a Duplex that answers in the moment it is asked', () => {
  /** Answers with the target, ten times, before `write` returns. */
  function echo(): Duplex {
    const stream: Duplex = new Duplex({
      read() {},
      write(request, _, done) {
        done()
        const target = String(request).split(' ', 2)[1]!
        stream.push(ok(target.repeat(10), ['Content-Type: text/plain']))
      },
    })
    return stream
  }

  const paths = ['/a', '/b', '/c', '/d', '/e']
  const wanted = paths.map((path) => path.repeat(10))

  test.each([['text'], ['byteArray'], ['stream']] as const)(
    'gives each request its own answer: %s',
    async (as) => {
      const client = testClient({ connect: echo, maxConnections: 1 })
      const answers = await Promise.all(paths.map((path) => client.get(`http://test${path}`, { as })))
      expect(await Promise.all(answers.map(({ body }) => new Response(body).text()))).toEqual(wanted)
      expect(client.stats()).toMatchObject({ connections: 1, active: 0 })
    },
  )

  test('gives each its own where a callback asks for another', async () => {
    const client = testClient({ connect: echo })
    await Promise.all([client.get('http://test/'), client.get('http://test/')])
    const others: Promise<unknown>[] = []
    const { body } = await client.get('http://test/first', {
      as: 'text',
      onDownloadProgress: () => void others.push(client.get('http://test/other', { as: 'text' })),
    })
    expect(body).toBe('/first'.repeat(10))
    expect(await Promise.all(others)).toMatchObject([{ body: '/other'.repeat(10) }])
  })
})

describe('what is no good is noticed at once', () => {
  const lost = { code: 'ERR_CONNECTION_CLOSED' }

  test.each<[string, () => unknown, object]>([
    [
      'a Duplex that ends',
      () =>
        new Duplex({
          read() {
            this.push(null)
          },
          write: (_, __, done) => done(),
        }),
      lost,
    ],
    ['a Duplex that takes nothing more', () => new PassThrough().end(), lost],
    ['a Duplex that was destroyed', () => new PassThrough().destroy(), { code: 'ERR_CONNECT' }],
    [
      'a Duplex whose writing fails',
      () => new Duplex({ read() {}, write: (_, __, done) => done(new Error('no')) }),
      { ...lost, cause: expect.objectContaining({ message: 'no' }) },
    ],
    ['nothing', () => undefined, { code: 'ERR_CONNECT' }],
    ['no Duplex', () => ({}), { code: 'ERR_CONNECT' }],
    [
      'an exception',
      () => {
        throw new Error('no')
      },
      { code: 'ERR_CONNECT', cause: expect.objectContaining({ message: 'no' }) },
    ],
    [
      'a rejection',
      () => Promise.reject(new Error('no')),
      { code: 'ERR_CONNECT', cause: expect.objectContaining({ message: 'no' }) },
    ],
  ])('%s', async (_, make, expected) => {
    expect((await ask(make)).error).toMatchObject(expected)
  })

  test('a socket that has long been closed', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok()),
    )
    const socket = connect(server.port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    await new Promise((resolve) => socket.once('close', resolve))
    expect((await ask(() => socket)).error).toMatchObject({ code: expect.stringMatching(/^ERR_CONNECT/) })
  })

  test('a Duplex that gives text where bytes are wanted, and the process lives on', async () => {
    const uncaught: unknown[] = []
    const note = (error: unknown): void => void uncaught.push(error)
    process.on('uncaughtException', note)
    const { error, body } = await ask(() => answeringDuplex(bytes).setEncoding('utf8')).finally(() =>
      process.off('uncaughtException', note),
    )
    expect(uncaught).toEqual([])
    expect(error?.code ?? body).toMatch(/^hello|^ERR_CONNECT/)
  })
})
