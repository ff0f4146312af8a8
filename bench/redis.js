// A Redis server for a benchmark, on a socket in a folder of its own; it keeps nothing.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start, stop } from './children.js'

export function demandRedis() {
  if (spawnSync('redis-server', ['--version']).error)
    throw new Error('this benchmark needs redis-server (Debian: apt-get install redis-server)')
}

/** @param use is given the server's process and the `path` of its socket */
export async function withRedis({ core }, use) {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-bench-'))
  // Also where the run is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder]
  const server = start('redis-server', options, { core })
  try {
    await accepts(server)
    return await use({ process: server, path })
  } finally {
    await stop(server)
  }
}

async function accepts(server) {
  const ready = new Promise((resolve) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      if (/ready to accept connections/i.test(line)) resolve()
    })
  })
  const failed = server.ended.then(() => {
    throw new Error('redis-server does not start')
  })
  failed.catch(() => {})
  await Promise.race([ready, failed])
}
