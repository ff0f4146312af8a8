// The package as its users get it: for tests that run it in a process of its own.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

const wanted = [
  'build/index.js',
  'build/server.js',
  'build/client.js',
  'build/core.wasm',
  'build/core-inline.mjs',
  'build/media-types.js',
]

/** Builds the package, unless `npm test` has done so. */
export function ensureBuilt(): void {
  if (wanted.every((path) => existsSync(root + path))) return
  execFileSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' })
}
