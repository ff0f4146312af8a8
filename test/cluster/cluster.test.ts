// runServer in the workers of node:cluster: whoever accepts the connections, on a port or a path.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeClient } from '../../src/client.js'
import { ensureBuilt, root } from '../support/built.js'
import { type Program, start, temporaryFolder } from '../support/programs.js'
import { connectPeer } from '../support/raw-peer.js'

ensureBuilt()

interface Seen {
  worker: number
  readsData: boolean
}

async function startPair(policy: string, options: object): Promise<{ program: Program; port: number }> {
  const program = start(process.execPath, [
    `${root}test/support/cluster-primary.mjs`,
    policy,
    JSON.stringify(options),
  ])
  const [, port] = await program.prints(/listening on (-?\d+)/)
  return { program, port: Number(port) }
}

/** Each over a connection of its own. */
async function askTimes(count: number, where: { url: string; unixSocket?: string }): Promise<Seen[]> {
  const client = makeClient()
  const seen: Seen[] = []
  while (seen.length < count) {
    const { body } = await client.get(where.url, { ...where, keepalive: -1, as: 'text' }).unwrap()
    seen.push(JSON.parse(body as string))
  }
  return seen
}

const policies = [
  ['the primary accepts', 'rr'],
  ['all workers accept', 'none'],
] as const

describe.each(policies)('where %s', (_, policy) => {
  it('workers share a free port; when one stops the other serves on', async () => {
    const { program, port } = await startPair(policy, { ip: '127.0.0.1', port: 0 })
    const where = { url: `http://127.0.0.1:${port}/` }
    const seen = await askTimes(20, where)
    expect(seen.some(({ readsData }) => readsData)).toBe(false)
    if (policy === 'rr') expect(new Set(seen.map(({ worker }) => worker)).size).toBe(2)
    program.signal('SIGUSR2')
    const [, stopped] = await program.prints(/(\d+) ended with 0/)
    const others = new Set((await askTimes(10, where)).map(({ worker }) => worker))
    expect(others.size).toBe(1)
    expect(others).not.toContain(Number(stopped))
    program.signal('SIGTERM')
    expect(await program.exit).toBe(0)
  })

  it('workers share a Unix path, which stays until the last has stopped', async () => {
    const path = join(temporaryFolder(), 'socket')
    const { program } = await startPair(policy, { path })
    const where = { url: 'http://localhost/', unixSocket: path }
    expect(await askTimes(4, where)).toHaveLength(4)
    program.signal('SIGUSR2')
    await program.prints(/ended with 0/)
    expect(await askTimes(4, where)).toHaveLength(4)
    program.signal('SIGTERM')
    expect(await program.exit).toBe(0)
    expect(existsSync(path)).toBe(false)
  })
})

it('a connection that the primary hands to a worker that has stopped meanwhile is served by another', async () => {
  const { program, port } = await startPair('rr', { ip: '127.0.0.1', port: 0 })
  program.signal('SIGHUP')
  await program.prints(/busy/)
  // When the first has been handed over, the next is the other worker's, of which the primary has not read yet that it has stopped.
  const peers = await Promise.all([1, 2, 3, 4].map(() => connectPeer(port)))
  for (const peer of peers) peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const answers = await Promise.all(peers.map((peer) => peer.response()))
  expect(new Set(answers.map(({ text }) => (JSON.parse(text) as Seen).worker)).size).toBe(1)
  await program.prints(/ended with 0/)
  for (const peer of peers) peer.destroy()
  program.signal('SIGTERM')
  expect(await program.exit).toBe(0)
})
