// What goes wrong in a thread: the error is the server's to log, 500 the client's, and the thread is there for the next.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, eventually, serve } from '../support/raw-peer.js'
import { get, servePool, threadedFor } from '../support/threads-pool.js'

ensureBuilt()

it('throws what the handler threw: name, message, code, stack and cause', async () => {
  const refused: unknown[] = []
  const { server } = await servePool(
    {},
    { errorResponse: (status, error) => ({ status, body: `${refused.push(error)}` }) },
  )
  expect((await ask(server.port, get('/throws'))).status).toBe(500)
  const error = server.errors[0]!.error as RangeError & { code: string; status: number; cause: Error }
  expect(error).toBeInstanceOf(RangeError)
  expect(refused).toEqual([error])
  expect({ ...error }).toEqual({ code: 'E_WAY', status: 418 })
  expect([error.name, error.message, error.cause.message]).toEqual(['RangeError', 'no way', 'deep down'])
  expect(error.stack).toMatch(/^RangeError: no way\n.*threads-handler\.mjs/)
  expect(error.cause.stack).toContain('threads-handler.mjs')
})

it('takes what is no error, or cannot be sent to another thread, and goes on in the same one', async () => {
  const { server } = await servePool()
  const thread = await ask(server.port, get('/thread'))
  const paths = [
    '/rejects',
    '/throws-a-function',
    '/throws-nothing',
    '/function-in-headers',
    '/no-body',
    '/nowhere',
  ]
  for (const path of paths) expect((await ask(server.port, get(path))).status).toBe(500)
  const messages = server.errors.map(({ error }) => (error instanceof Error ? error.message : error))
  expect(messages).toEqual([
    '[object Object]',
    '() => {}',
    'what was thrown cannot be told',
    expect.stringMatching(/could not be cloned/),
    'a response with a body of no known kind',
    expect.stringMatching(/is not a function/),
  ])
  expect((await ask(server.port, get('/thread'))).text).toBe(thread.text)
})

it('says that channels and WebSockets stay with the event loop', async () => {
  const { server } = await servePool()
  for (const path of ['/channel', '/as-channel', '/listener']) {
    expect((await ask(server.port, get(path))).status).toBe(500)
  }
  expect(server.errors).toHaveLength(3)
  for (const { error } of server.errors)
    expect(String(error)).toMatch(/^TypeError: channels and WebSockets stay/)
})

it('says what is wrong with a module, to whoever waits until it is ready, and to each request', async () => {
  const folder = temporaryFolder()
  const moduleOf = (name: string, code: string): URL => {
    writeFileSync(join(folder, name), code)
    return pathToFileURL(join(folder, name))
  }
  const wrong: [URL | string, RegExp][] = [
    [join(folder, 'missing.mjs'), /Cannot find module/],
    [moduleOf('broken.mjs', 'export default ('), /Unexpected end of input/],
    [moduleOf('throws.mjs', 'throw new Error("not today")'), /not today/],
    [
      moduleOf('named.mjs', 'export const handler = () => ({})'),
      /no function is the default export of file:.*named\.mjs/,
    ],
  ]
  for (const [module, why] of wrong) {
    const handler = threadedFor({}, module)
    await expect(handler.ready).rejects.toThrow(why)
    const server = await serve(handler)
    expect((await ask(server.port, get('/'))).status).toBe(500)
    expect((server.errors[0]!.error as Error).message).toMatch(why)
  }
})

it('fails the requests of a thread that exits, or outgrows its memory, and starts another', async () => {
  const { server, handler } = await servePool({ resourceLimits: { maxOldGenerationSizeMb: 24 } })
  const thread = (await ask(server.port, get('/thread'))).text
  expect((await ask(server.port, get('/exits'))).status).toBe(500)
  const next = (await ask(server.port, get('/thread'))).text
  expect((await ask(server.port, get('/grows'))).status).toBe(500)
  const last = (await ask(server.port, get('/thread'))).text
  expect(new Set([thread, next, last]).size).toBe(3)
  expect(server.errors.map(({ error }) => String(error))).toEqual([
    'Error: worker exited with code: 3',
    expect.stringMatching(/memory limit/),
  ])
  expect(handler.stats()).toMatchObject({ threads: 1, running: 0, completed: 5 })
})

it('tells errorLogger of an error that belongs to no request, and starts another thread', async () => {
  const logged: unknown[] = []
  const { server } = await servePool({ errorLogger: (_, error) => logged.push(error) })
  expect((await ask(server.port, get('/fails-later'))).status).toBe(200)
  await eventually(() => logged).toMatchObject([{ message: 'nobody asked' }])
  expect((await ask(server.port, get('/thread'))).status).toBe(200)
})

it.each([
  ['fails', 'throw new Error("no start")', /no start/, /no start/],
  ['exits', 'process.exit(3)', /exited with code: 3/, /a thread has ended as it started/],
])(
  'fails requests where each thread that is started %s, instead of keeping them',
  async (_, code, first, why) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'broken.cjs'), code)
    const { server, handler } = await servePool({
      execArgv: ['--require', join(folder, 'broken.cjs')],
      errorLogger: () => {
        throw new Error('a logger that fails')
      },
    })
    await expect(handler.ready).rejects.toThrow(first)
    for (let count = 0; count < 3; count++) expect((await ask(server.port, get('/thread'))).status).toBe(500)
    expect(server.errors).toMatchObject(Array(3).fill({ error: { message: expect.stringMatching(why) } }))
    expect(handler.stats()).toMatchObject({ running: 0, queued: 0 })
  },
)
