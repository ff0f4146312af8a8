// Threads from their first to their last: options, what is to be installed, and how they end.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { threaded } from '../../src/threads.js'
import { ensureBuilt, root } from '../support/built.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, connectPeer, eventually } from '../support/raw-peer.js'
import { get, MADE, module, post, SEEN, servePool, threadedFor } from '../support/threads-pool.js'
import { until } from '../support/waiting.js'

ensureBuilt()

const node = promisify(execFile).bind(undefined, process.execPath)

describe('close()', () => {
  it('waits for calls and bodies under way, and takes no more', async () => {
    const { server, handler, shared, release } = await servePool({ threads: 2 })
    await handler.ready
    const reading = (await connectPeer(server.port)).pause().send(get('/endless'))
    const held = (await connectPeer(server.port)).send(get('/hold'))
    await until(() => shared[SEEN] === 1 && shared[MADE]! > 0)
    let hasClosed = false
    // More than a timer can wait.
    const closed = handler.close({ timeout: Number.POSITIVE_INFINITY }).then(() => {
      hasClosed = true
    })
    expect((await ask(server.port, get('/thread'))).status).toBe(500)
    expect(server.errors).toMatchObject([{ error: { message: 'the threads have been closed' } }])
    release()
    expect((await held.response()).status).toBe(200)
    expect([hasClosed, handler.stats().threads]).toEqual([false, 2])
    reading.reset()
    await closed
    expect(handler.stats()).toMatchObject({ threads: 0, running: 0, streaming: 0 })
  })

  it('cuts what has not ended in time', async () => {
    const { server, handler, shared } = await servePool()
    const held = (await connectPeer(server.port)).send(get('/hold'))
    await until(() => shared[SEEN] === 1)
    await handler.close({ timeout: 1 })
    expect((await held.response()).status).toBe(500)
  })

  it('is for good, also for a request whose body comes later', async () => {
    const { server, handler } = await servePool()
    const slow = (await connectPeer(server.port)).send(post('/text', 'Content-Length: 6', 'abc'))
    await eventually(() => server.stats().inFlight).toBe(1)
    await handler.close({ timeout: 1 })
    expect((await slow.send('def').response()).status).toBe(500)
    expect(server.errors).toMatchObject([{ error: { message: 'the threads have been closed' } }])
    expect(handler.stats().threads).toBe(0)
  })

  it('is what `await using` calls', async () => {
    const handler = threadedFor()
    await handler[Symbol.asyncDispose]()
    expect(handler.stats().threads).toBe(0)
  })
})

it('passes on what threads are to have: env, workerData, execArgv', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'handler.mjs')
  writeFileSync(
    path,
    `import { workerData } from 'node:worker_threads'
     export default () => ({ body: JSON.stringify([process.env.A, workerData, process.execArgv]) })`,
  )
  const handler = threadedFor({ env: { A: 'b' }, workerData: { c: 1 }, execArgv: ['--no-warnings'] }, path)
  const { body } = await handler({ uri: '/', headers: {}, startTime: 0 } as never)
  expect(JSON.parse(body as string)).toEqual(['b', { c: 1 }, ['--no-warnings']])
})

it('refuses options out of their range, and what is no module', () => {
  const wrong = [
    { threads: 0 },
    { threads: Number.NaN },
    { threads: 5000 },
    { concurrency: 0 },
    { queueSize: -1 },
  ]
  for (const options of wrong) expect(() => threaded(module, options)).toThrow(RangeError)
  expect(() => threaded('./handler.js')).toThrow(/new URL\('\.\/handler\.js', import\.meta\.url\)/)
})

it('keeps no process alive whose threads are idle', async () => {
  const program = `
    import { threaded } from 'httpkit-wasm/threads'
    const handler = threaded(new URL(${JSON.stringify(module.href)}), { threads: 2 })
    const { body } = await handler({ uri: '/body/text', headers: {}, startTime: 0 })
    console.log(body, handler.stats().threads)`
  const { stdout } = await node(['--input-type=module', '--eval', program], { cwd: root, timeout: 15_000 })
  expect(stdout).toBe('grüße 2\n')
})

it('can be imported, and required, where piscina is not installed; to call it then says what to install', async () => {
  const folder = temporaryFolder()
  const own = join(folder, 'node_modules', 'httpkit-wasm')
  mkdirSync(join(folder, 'node_modules', '@assemblyscript'), { recursive: true })
  for (const part of ['build', 'package.json']) {
    cpSync(join(root, part), join(own, part), {
      recursive: true,
      filter: (path) => !/build.(modules|fuzz)/.test(path),
    })
  }
  const loader = join('node_modules', '@assemblyscript', 'loader')
  symlinkSync(join(root, loader), join(folder, loader))
  const program = `
    const { threaded } = require('httpkit-wasm/threads')
    try { threaded('/handler.js') } catch (error) { console.log(error.message) }`
  const { stdout } = await node(['--no-warnings', '--eval', program], { cwd: folder })
  expect(stdout).toMatch(/npm install piscina/)
})

it('starts no more of the process than threads ask for: a request behind another is answered by the idle thread', async () => {
  const { server, handler, shared, release } = await servePool({ threads: 2 })
  await handler.ready
  const held = (await connectPeer(server.port)).send(get('/hold'))
  await until(() => shared[SEEN] === 1)
  const other = (await ask(server.port, get('/thread'))).text
  release()
  expect((await held.response()).text).not.toBe(other)
  await eventually(() => handler.stats().completed).toBe(2)
})
