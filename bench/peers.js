// The packages measured against: installed from bench's own lockfile where one is missing, so the library needs none of
// them. The library itself is linked in beside them, as a user would have it; bench is a package of its own and could not
// import its parent by name otherwise.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('.', import.meta.url))

/** Names and exact versions. */
export const peers = JSON.parse(readFileSync(`${bench}package.json`, 'utf8')).dependencies

export function preparePeers() {
  if (!Object.keys(peers).every(isInstalled)) {
    console.log('Installing the peers (once, about 220 MB) …')
    const { status } = spawnSync('npm', ['ci', '--prefix', bench], { stdio: 'inherit' })
    if (status !== 0) throw new Error('npm ci failed')
  }
  const link = `${bench}node_modules/httpkit-wasm`
  if (!existsSync(link)) symlinkSync('../..', link)
}

function isInstalled(name) {
  const manifest = `${bench}node_modules/${name}/package.json`
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === peers[name]
}
