// Ten thousand WebSockets at once: everyone gets a broadcast, once; everyone is told when the server stops; and what
// one of them costs in memory while it is idle, next to ws.

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'

const count = 10_000

// A process for the server and one for the clients: each needs a file for every socket, and a few more. Node has
// raised the limit as far as it may.
const openFiles = Number(
  execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).replace('unlimited', 'Infinity'),
)
const isPossible = openFiles >= count + 200
const missing = isPossible ? '' : ` (skipped: a process may open ${openFiles} files only)`

beforeAll(() => ensureBuilt(), 120_000)

/** A process that answers one message after another. */
class Helper {
  private readonly child: ChildProcess

  constructor(script: string, args: readonly string[]) {
    this.child = fork(`${root}test/support/${script}`, args, { execArgv: ['--expose-gc'] })
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    })
  }

  async says<T>(): Promise<T> {
    const dying = once(this.child, 'exit').then(([code]) =>
      Promise.reject(new Error(`it ended with ${code}`)),
    )
    const [answer] = await Promise.race([once(this.child, 'message'), dying])
    return answer as T
  }

  ask<T>(question: string): Promise<T> {
    this.child.send(question)
    return this.says<T>()
  }
}

interface Memory {
  websockets: number
  rss: number
}

/** A server and ten thousand clients of it, in two processes, all of them open and idle. */
async function openMany(kind: 'ours' | 'ws'): Promise<{ server: Helper; clients: Helper[]; kib: number }> {
  const server = new Helper('many-websockets-server.mjs', [kind])
  const { port } = await server.says<{ port: number }>()
  // What a server grows by with its first clients, however few they are, is not what a client costs.
  const first = new Helper('many-websockets-clients.mjs', [String(port), '200'])
  await first.ask('open')
  const before = await server.ask<Memory>('memory')
  const clients = new Helper('many-websockets-clients.mjs', [String(port), String(count - 200)])
  await clients.ask('open')
  const after = await server.ask<Memory>('memory')
  expect([before.websockets, after.websockets]).toEqual([200, count])
  return { server, clients: [first, clients], kib: (after.rss - before.rss) / (count - 200) / 1024 }
}

describe.skipIf(!isPossible)(`${count} WebSockets${missing}`, () => {
  it('are open at once, each gets a broadcast once, and each is told 1001 when the server stops', async () => {
    const start = performance.now()
    const { server, clients, kib } = await openMany('ours')
    const openMs = performance.now() - start
    const broadcastAt = performance.now()
    const arrived = clients.map((some) => some.ask('all have news'))
    const { reached, ms } = await server.ask<{ reached: number; ms: number }>('broadcast')
    expect(reached).toBe(count)
    await Promise.all(arrived)
    const arrivedMs = performance.now() - broadcastAt
    const gone = clients.map((some) => some.ask<{ stories: Record<string, number> }>('all are gone'))
    const { endings } = await server.ask<{ endings: Record<string, number> }>('stop')
    expect(endings).toEqual({ 'server-close 1001 ': count })
    // Not one of them heard anything else, or anything twice.
    const story = 'frame 81 news for everybody; close 1001 ; '
    const stories = (await Promise.all(gone)).map((answer) => answer.stories)
    expect(stories).toEqual([{ [story]: 200 }, { [story]: count - 200 }])
    const told = [
      `opened in ${openMs.toFixed(0)} ms`,
      `a broadcast sent in ${ms.toFixed(0)} ms, with all of them in ${arrivedMs.toFixed(0)} ms`,
    ]
    console.log(`${count} WebSockets: ${kib.toFixed(1)} KiB each while idle, ${told.join(', ')}`)
    // A guard against a buffer for each; what it should be is the benchmark's matter.
    expect(kib).toBeLessThan(16)
  }, 60_000)

  it('are told their memory next to those of ws', async () => {
    const { kib } = await openMany('ws')
    console.log(`${count} WebSockets of ws: ${kib.toFixed(1)} KiB each while idle`)
    expect(kib).toBeGreaterThan(0)
  }, 60_000)
})
