// The client for long and with much to carry: 100,000 requests of all kinds leave nothing behind, and 1 GiB passes through
// without being held. Client and server are processes of their own.

import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'

const megabyte = 1024 * 1024
const total = 1024 * megabyte

let folder = ''
let server: Helper
let client: Helper
let port = 0

/** A process that answers one message after another. */
class Helper {
  readonly child: ChildProcess

  constructor(script: string, env: Record<string, string> = {}) {
    this.child = fork(`${root}test/support/${script}`, {
      env: { ...process.env, ...env },
      // Where other threads collect garbage, a busy machine lets it lie for longer.
      execArgv: ['--expose-gc', '--single-threaded-gc'],
    })
  }

  /** Its next message; rejects where it ends instead. */
  async says<T>(): Promise<T> {
    const giveUp = new AbortController()
    const ending = once(this.child, 'exit', { signal: giveUp.signal }).then(([code]) =>
      Promise.reject(new Error(`it ended with ${code}`)),
    )
    ending.catch(() => {})
    const [answer] = await Promise.race([once(this.child, 'message', { signal: giveUp.signal }), ending])
    giveUp.abort()
    return answer as T
  }

  async ask<T>(...question: unknown[]): Promise<T> {
    this.child.send(question)
    return (await this.says<{ result: T }>()).result
  }

  async end(): Promise<void> {
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
  }
}

interface ServerReport {
  connections: number
  most: number
  sha256: string
}

function serverReport(): Promise<ServerReport> {
  server.child.send('report')
  return server.says<ServerReport>()
}

beforeAll(async () => {
  ensureBuilt()
  folder = mkdtempSync(join(tmpdir(), 'httpkit-soak-'))
  makeFile(join(folder, 'big.bin'))
  server = new Helper('client-soak-server.mjs')
  ;({ port } = await server.says<{ port: number }>())
}, 120_000)

afterAll(async () => {
  await server.end()
  rmSync(folder, { recursive: true, force: true })
})

// Each test has a fresh client: what one has grown by already, it need not grow by again.
beforeEach(async () => {
  client = new Helper('client-soak-client.mjs', { PORT: String(port), FILE: join(folder, 'big.bin') })
  await client.says()
})

afterEach(() => client.end())

/** 1 GiB with holes: they cost no place on the disk, and what lies between them is found by a hash. */
function makeFile(path: string): void {
  const descriptor = openSync(path, 'w')
  for (let at = 0; at < total; at += megabyte)
    writeSync(descriptor, `piece ${at}`, at + ((at / megabyte) % 4096))
  closeSync(descriptor)
  truncateSync(path, total)
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: megabyte })) hash.update(piece)
  return hash.digest('hex')
}

interface Left {
  resources: string[]
  sockets: number
  heap: number
  buffers: number
  listeners: number
  stats: { connections: number; idle: number; active: number; queued: number; requests: number }
}

describe('100,000 requests, 1,000 at once, over 50 connections', () => {
  it('are all answered, and leave no socket, no timer, no listener and no memory behind', async () => {
    const atFirst = await client.ask<Left>('left')
    expect(await client.ask('requests', 0, 20_000, 1000)).toEqual([])
    const warm = await client.ask<Left>('left')
    expect(await client.ask('requests', 20_000, 100_000, 1000)).toEqual([])
    const after = await client.ask<Left>('left')
    expect(after.stats).toMatchObject({ active: 0, queued: 0 })
    expect(after.stats.requests).toBeGreaterThanOrEqual(120_000)
    expect(after.stats.connections).toBe(after.stats.idle)
    expect(after.stats.connections).toBeLessThanOrEqual(50)
    expect(after.sockets).toBeLessThanOrEqual(atFirst.sockets + after.stats.connections)
    expect(after.listeners).toBe(0)
    // What idles in the pool holds nobody up.
    expect(after.resources).toEqual(atFirst.resources)
    const grown = { heap: after.heap - warm.heap, buffers: after.buffers - warm.buffers }
    console.log(`100,000 requests: the heap grew by ${grown.heap} bytes, buffers by ${grown.buffers}`)
    // 21 bytes for each request would be more than this.
    expect(grown.heap / megabyte).toBeLessThan(2)
    expect(grown.buffers / megabyte).toBeLessThan(2)
    const closed = await client.ask<Left>('close')
    expect(closed.stats).toMatchObject({ connections: 0, idle: 0 })
    expect([closed.sockets, closed.resources]).toEqual([atFirst.sockets, atFirst.resources])
    await expect.poll(async () => (await serverReport()).connections).toBe(0)
    const { most } = await serverReport()
    // The server may learn of a connection that has ended after it has accepted the next one.
    expect(most).toBeLessThanOrEqual(100)
  }, 120_000)

  it('let the process end, though connections idle in the pool', async () => {
    expect(await client.ask('requests', 0, 90, 50)).toEqual([])
    const exited = once(client.child, 'exit')
    client.child.send(['forget'])
    expect(await exited).toEqual([0, null])
  })
})

describe('1 GiB', () => {
  // What every client grows by with its first bodies, whatever their size.
  async function warmUp(): Promise<void> {
    expect(await client.ask('requests', 0, 90, 50)).toEqual([])
    for (const bytes of [1, 3_000_000]) await client.ask('upload', 'stream', bytes)
  }

  it('comes down as a stream, whole, and grows the client by less than 64 MiB, though it rests for a second', async () => {
    await warmUp()
    const { bytes, sha256, growth } = await client.ask<{ bytes: number; sha256: string; growth: number }>(
      'download',
    )
    expect([bytes, sha256]).toEqual([total, (await serverReport()).sha256])
    console.log(`a download of 1 GiB: ${(growth / megabyte).toFixed(1)} MiB`)
    expect(growth / megabyte).toBeLessThan(64)
  }, 60_000)

  it.each(['stream', 'file'])(
    'goes up from a %s, whole, and grows the client by less than 64 MiB, though the server rests for a second',
    async (kind) => {
      await warmUp()
      const { told, sha256, growth } = await client.ask<{ told: string; sha256: string; growth: number }>(
        'upload',
        kind,
        total,
      )
      const expected = kind === 'file' ? await hashOfFile(join(folder, 'big.bin')) : sha256
      expect(told).toBe(`200 ${total} ${expected}`)
      console.log(`an upload of 1 GiB from a ${kind}: ${(growth / megabyte).toFixed(1)} MiB`)
      expect(growth / megabyte).toBeLessThan(64)
    },
    60_000,
  )
})
