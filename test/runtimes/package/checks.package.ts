// What tools for packages think of ours, and what is in it.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { declaredNames, entries, folder, installed, manifest, runHere, tarball, tool } from './consumer.js'

const npmFolder = (name: string): boolean => existsSync(join(folder, 'node_modules', name))

it('is clean to publint, strict', async () => {
  const { code, stdout } = await runHere(
    process.execPath,
    tool('publint/src/cli.js'),
    'run',
    tarball,
    '--strict',
  )
  expect(stdout).toContain('All good!')
  expect(code).toBe(0)
})

// CommonJS loads ES modules by require in all Node versions that we run on: what attw warns of is meant. The core's bytes have
// no types.
it('is clean to are-the-types-wrong', async () => {
  const options = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'json']
  const { code, stdout } = await runHere(
    process.execPath,
    tool('@arethetypeswrong/cli/dist/index.js'),
    tarball,
    ...options,
    '--exclude-entrypoints',
    'core.wasm',
  )
  const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: object } }
  expect(Object.keys(analysis.entrypoints).sort()).toEqual(
    [...entries, './package.json'].map((entry) => entry).sort(),
  )
  expect(code).toBe(0)
})

it('needs nothing but AssemblyScript’s loader', () => {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: object
  }
  const names = ['', 'node_modules/@assemblyscript/loader', 'node_modules/httpkit-wasm']
  expect(Object.keys(packages).sort()).toEqual(names)
  expect(names.slice(1).every((path) => npmFolder(path.replace('node_modules/', '')))).toBe(true)
})

it('has all files that exports name, and the same core as was built', () => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  )
  expect(targets.length).toBeGreaterThan(15)
  expect(targets.filter((target) => !existsSync(join(installed, target)))).toEqual([])
  const core = createRequire(join(folder, 'package.json')).resolve('httpkit-wasm/core.wasm')
  const sum = (path: string | URL): string => createHash('sha256').update(readFileSync(path)).digest('hex')
  expect(sum(core)).toBe(sum(new URL('../../../build/core.wasm', import.meta.url)))
})

it('declares values at every entry', () => {
  expect(entries).toEqual([
    '.',
    './server',
    './client',
    './fake',
    './core',
    './middleware',
    './edge',
    './hub',
    './threads',
    './metrics',
  ])
  for (const entry of entries) expect(declaredNames(entry).length, entry).toBeGreaterThan(0)
})
