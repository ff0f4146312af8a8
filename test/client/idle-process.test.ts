// What keeps a process alive: a request does, a pool does not.
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'
import { moduleOf, start } from '../support/programs.js'
import { answering, ok, scriptedServer } from '../support/scripted-server.js'

beforeAll(ensureBuilt, 120_000)

/** What a program prints that imports the client and knows the server's `url`; it must end by itself. */
async function outputOf(url: string, code: string): Promise<string> {
  const script = `
    import * as http from ${JSON.stringify(`file://${root}build/client.js`)}
    const url = ${JSON.stringify(url)}
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    ${code}`
  const program = start(process.execPath, [moduleOf(script)])
  expect(await program.exit, program.stderr).toBe(0)
  expect(program.stderr).toBe('')
  return program.stdout.trim()
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const serve = (delayMs = 0) =>
  scriptedServer(
    {},
    answering(async ({ target }) => {
      await sleep(delayMs)
      return ok(target, ['Content-Type: text/plain'])
    }),
  )

describe('a process ends', () => {
  test.each([
    ['of the default client', 'console.log((await http.get(url)).body)'],
    ['of another client', 'console.log((await http.makeClient().get(url)).body)'],
    ['that is to be kept for an hour', 'console.log((await http.get(url, { keepalive: 3600_000 })).body)'],
    [
      'of ten connections',
      'await Promise.all(Array.from({ length: 10 }, () => http.get(url))); console.log("/")',
    ],
    [
      'behind a stream that was read',
      'const { body } = await http.get(url, { as: "stream" }); for await (const piece of body) console.log(String(Buffer.from(piece)))',
    ],
    [
      'behind a request with long timeouts',
      'console.log((await http.get(url, { timeout: 3600_000, deadline: 3600_000 })).body)',
    ],
  ])('though connections idle in the pool %s', async (_, code) => {
    const server = await serve()
    expect(await outputOf(server.url(), code)).toBe('/')
    expect(server.accepted).toBeGreaterThan(0)
  })

  test('behind a request that failed', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send('garbage')
    })
    expect(await outputOf(server.url(), 'console.log((await http.get(url)).error.code)')).toBe('ERR_PROTOCOL')
  })

  test('behind a request that was aborted', async () => {
    const server = await scriptedServer({}, async (connection) => void (await connection.request()))
    const code = 'console.log((await http.get(url, { signal: AbortSignal.timeout(100) })).error.code)'
    expect(await outputOf(server.url(), code)).toBe('ERR_ABORTED')
  })

  test('behind a client that was closed', async () => {
    const server = await serve()
    const code =
      'const client = http.makeClient(); console.log((await client.get(url)).body); await client.close()'
    expect(await outputOf(server.url(), code)).toBe('/')
  })
})

describe('a process lives on', () => {
  test('while a request waits for its answer', async () => {
    const server = await serve(400)
    expect(await outputOf(server.url(), 'http.get(url, ({ body }) => console.log(body))')).toBe('/')
  })

  test('while one waits on a connection that idled in the pool', async () => {
    const server = await serve(400)
    const code = `
      await http.get(url)
      await sleep(100)
      http.get(url + 'again', ({ body }) => console.log(body))`
    expect(await outputOf(server.url(), code)).toBe('/again')
    expect(server.accepted).toBe(1)
  })

  test('while a stream is being read', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
      for (const letter of 'slow') {
        await sleep(150)
        connection.send(letter)
      }
    })
    const code = `
      const { body } = await http.get(url, { as: 'stream' })
      let text = ''
      for await (const piece of body) text += Buffer.from(piece)
      console.log(text)`
    expect(await outputOf(server.url(), code)).toBe('slow')
  })

  test.each([
    ['idleTimeout', 'ERR_TIMEOUT_IDLE'],
    ['deadline', 'ERR_DEADLINE'],
  ])('until %s has passed', async (name, code) => {
    const server = await scriptedServer({}, async (connection) => void (await connection.request()))
    const script = `http.get(url, { ${name}: 300 }, ({ error }) => console.log(error.code))`
    expect(await outputOf(server.url(), script)).toBe(code)
  })

  test('while one waits in the queue', async () => {
    const server = await serve(200)
    const code = `
      const client = http.makeClient({ maxConnections: 1 })
      for (const path of ['a', 'b', 'c']) client.get(url + path, ({ body }) => console.log(body))`
    expect(await outputOf(server.url(), code)).toBe('/a\n/b\n/c')
  })
})
