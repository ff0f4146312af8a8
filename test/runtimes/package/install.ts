// Before the tests: `npm pack`, and an empty folder in which its tarball is installed, with the one package that it depends on.
// The consumers are put beside it.
//
// Of what is built; scripts do not run, so that nothing is made anew while others read it.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the consumers. */
    folder: string
    tarball: string
  }
}

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../../..')

export default function install(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-package-'))
  npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder)
  const tarball = join(folder, readdirSync(folder)[0]!)
  const manifest = { name: 'consumer', private: true, type: 'module' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball)
  cpSync(join(here, 'consumers'), folder, { recursive: true })
  give(folder, '@types/node')
  project.provide('folder', folder)
  project.provide('tarball', tarball)
  return () => rmSync(folder, { recursive: true })
}

function npm(cwd: string, ...args: string[]): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A package that is here already, as if it had been installed there. */
function give(folder: string, name: string): void {
  const place = join(folder, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(join(root, 'test/runtimes/node_modules', name), place, 'dir')
}
