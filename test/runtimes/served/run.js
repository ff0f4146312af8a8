// The app behind each platform's own server, over real sockets, by vitest.
import { join } from 'node:path'
import { root } from '../packages.js'
import { runVitest } from '../run-vitest.js'

/** As serving.ts names them. */
const servers = ['bun', 'deno', 'workerd', 'workerd-object']
const config = join(root, 'test/runtimes/served/vitest.config.ts')

/** @returns a report as drivers give it */
export async function runServed() {
  const all = { passed: 0, failed: 0, skipped: 0, failures: [], lacks: [] }
  for (const server of servers) {
    const { failures, lacks, ...counts } = await runVitest(['--config', config], { SERVED_BY: server })
    for (const name in counts) all[name] += counts[name]
    all.lacks.push(...lacks)
    all.failures.push(...failures.map((one) => ({ ...one, name: `${server}: ${one.name}` })))
  }
  return all
}
