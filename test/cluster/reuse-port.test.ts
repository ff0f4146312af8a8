// Several listeners on one port, where the runtime has that; where it has not, it is said.
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runServer } from '../../src/server.js'
import { ensureBuilt, root } from '../support/built.js'
import { run } from '../support/programs.js'

ensureBuilt()

const program = `
  import { runServer } from 'httpkit-wasm/server'
  const handler = () => ({})
  try {
    const first = await runServer(handler, { ip: '127.0.0.1', port: 0, reusePort: true })
    const second = await runServer(handler, { ip: '127.0.0.1', port: first.port, reusePort: true })
    console.log(first.port === second.port)
    await Promise.all([first.stop(), second.stop()])
  } catch (error) {
    console.log(error.message)
  }`

// Node before 22.12 does not know the option; those that test/runtimes installs do.
const nodes: [name: string, path: string, says: RegExp][] = [
  ['this Node', process.execPath, knows(process.versions.node) ? /^true/ : /^reusePort is not to be had/],
  ...[20, 24].map((major): [string, string, RegExp] => [
    `Node ${major}`,
    `${root}test/runtimes/node_modules/node${major}/bin/node`,
    major === 20 ? /^reusePort is not to be had here: it needs Node 22\.12/ : /^true/,
  ]),
]

function knows(version: string): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major! > 23 || (major === 23 && minor! >= 1) || (major === 22 && minor! >= 12)
}

describe('reusePort', () => {
  for (const [name, path, says] of nodes) {
    it.skipIf(!existsSync(path))(`has two servers on one port, or says that it cannot: ${name}`, async () => {
      const { stdout } = await run(path, ['--input-type=module', '--eval', program], undefined)
      expect(stdout).toMatch(says)
    })
  }

  it('left out, a port that is taken is an error', async () => {
    const first = await runServer(() => ({}), { ip: '127.0.0.1', port: 0 })
    await expect(runServer(() => ({}), { ip: '127.0.0.1', port: first.port })).rejects.toThrow('EADDRINUSE')
    await first.stop()
  })
})
