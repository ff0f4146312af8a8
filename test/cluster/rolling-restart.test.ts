// examples/cluster.js: workers are replaced one by one under load, and nobody notices; one that fails is replaced, too.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'
import { beginLoad } from '../support/cluster-load.js'
import { moduleOf, type Program, start, temporaryFolder } from '../support/programs.js'
import { ask } from '../support/raw-peer.js'
import { until } from '../support/waiting.js'

ensureBuilt()

const WORKER = `${root}test/support/cluster-worker.mjs`

async function startCluster(worker = WORKER): Promise<{ program: Program; port: number }> {
  const env = { ...process.env, WORKERS: '2', PORT: '0' }
  const program = start(process.execPath, [`${root}examples/cluster.js`, worker], { env })
  const [, port] = await program.prints(/port (\d+)/)
  await program.prints(/2 workers/)
  return { program, port: Number(port) }
}

const count = (program: Program, pattern: RegExp): number => program.stdout.match(pattern)?.length ?? 0

async function endsWell(program: Program): Promise<void> {
  program.signal('SIGTERM')
  expect(await program.exit).toBe(0)
}

it('loses no request while all workers are replaced', async () => {
  const { program, port } = await startCluster()
  const load = beginLoad(port)
  const kinds = ['kept alive', 'new connection', 'ours', 'upload', 'download', 'poll']
  await until(() => kinds.every((kind) => load.answered[kind]! > 0), 10_000)
  const before = new Set(load.workers)
  program.signal('SIGHUP')
  await program.prints(/all workers are new/)
  await until(() => load.workers.size === 4)
  load.workers.clear()
  const answered = { ...load.answered }
  await until(() => kinds.every((kind) => load.answered[kind]! > answered[kind]!), 10_000)
  await load.stop()
  expect(load.lost).toEqual([])
  expect([...load.workers].filter((worker) => before.has(worker))).toEqual([])
  expect([...load.closeCodes]).toEqual([1001])
  expect(count(program, /has ended/g)).toBe(2)
  await endsWell(program)
}, 60_000)

it('replaces a worker that fails, keeps the old ones where a new one does not start, and tries again', async () => {
  const flag = join(temporaryFolder(), 'broken')
  const { program, port } = await startCluster(
    moduleOf(`
      import { existsSync } from 'node:fs'
      if (existsSync(${JSON.stringify(flag)})) process.exit(9)
      await import(${JSON.stringify(WORKER)})`),
  )
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
  await expect(ask(port, get('/crash'))).rejects.toThrow()
  await until(() => count(program, /ended with 7/g) === 1 && count(program, /serves/g) === 3, 10_000)

  writeFileSync(flag, '')
  program.signal('SIGHUP')
  await program.prints(/the restart is off: .* ended with 9 before it was ready/)
  expect((await ask(port, get('/'))).status).toBe(200)

  await expect(ask(port, get('/crash'))).rejects.toThrow()
  await until(() => count(program, /ended with 9/g) > 1, 10_000)
  rmSync(flag)
  await until(() => count(program, /serves/g) === 4, 15_000)
  expect((await ask(port, get('/'))).status).toBe(200)
  await endsWell(program)
}, 60_000)
