// workerd, from this folder's own lockfile where it is missing, so that the library does not need it.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

export function install() {
  if (isInstalled()) return
  console.log('Installing workerd (once, about 125 MB) …')
  const args = ['ci', '--no-audit', '--no-fund', '--prefix', here]
  if (spawnSync('npm', args, { stdio: 'inherit' }).status !== 0) throw new Error('npm ci failed')
}

function isInstalled() {
  const installed = `${here}node_modules/workerd/package.json`
  return existsSync(installed) && read(installed).version === read(`${here}package.json`).dependencies.workerd
}

function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
