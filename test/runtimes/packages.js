// The runtimes, and what runs the suite in them: installed from this folder's own lockfile where one is missing, so that the
// library needs none of them.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** This folder, with a slash at its end. */
export const here = fileURLToPath(new URL('.', import.meta.url))
/** The project's. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'))
/** Where npm writes down what it has installed, and what is not for this platform. */
const installed = `${here}node_modules/.package-lock.json`

export function preparePackages() {
  if (Object.entries(dependencies).every(isInstalled)) return
  console.log('Installing the runtimes (once, about 1.2 GB) …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', here], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('npm ci failed')
}

function isInstalled([name, version]) {
  if (!existsSync(installed)) return false
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages[`node_modules/${name}`]?.version
  return found === version.replace(/^npm:.*@/, '')
}

/** Whether npm could have an optional package on this platform. */
export function hasPackage(name) {
  return name in optionalDependencies && existsSync(`${here}node_modules/${name}/package.json`)
}

/** The exact version that is installed. */
export function versionOf(name) {
  return JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, 'utf8')).version
}
