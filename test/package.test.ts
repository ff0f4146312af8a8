// What `npm pack` would publish: everything the exports name, and nothing that only leads to it.
import { execFileSync, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const root = new URL('..', import.meta.url)

function packed(): { files: string[]; size: number } {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root })
  const parsed = JSON.parse(output.toString()) as unknown
  const [report] = (Array.isArray(parsed) ? parsed : Object.values(parsed as object)) as [
    { files: { path: string }[]; size: number },
  ]
  return { files: report.files.map(({ path }) => path), size: report.size }
}

it('packs every file that exports and imports name, their types too', () => {
  const { files } = packed()
  const named = JSON.stringify([manifest.exports, manifest.imports])
  const targets = Array.from(named.matchAll(/"\.\/(build\/.+?)"/g), ([, target]) => target!)
  expect(targets.length).toBeGreaterThan(10)
  for (const target of targets) expect(files).toContain(target)
})

// Of them, hub, threads, metrics and the command are 28.
it('packs nothing but the built package and its pages, in at most 120 kB', () => {
  const { files, size } = packed()
  const built =
    /^build\/([\w-]+\.(m?js|d\.c?ts)|core\.wasm|(rooms|middleware|runtime|threads|command)\/[\w-]+\.js)$/
  expect(files.filter((path) => !built.test(path)).sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
  expect(size).toBeLessThanOrEqual(120_000)
})

it('is loaded by require as by import', async () => {
  const required = createRequire(import.meta.url)('httpkit-wasm') as Record<string, unknown>
  expect(Object.keys(required).sort()).toEqual(Object.keys(await import('../src/index.js')).sort())
})

it('has declarations that lack nothing that they speak of', () => {
  const types = Array.from(JSON.stringify(manifest.exports).matchAll(/"types":"(.+?)"/g), ([, path]) => path!)
  expect(types.length).toBeGreaterThan(4)
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ]
  const lib = ['--lib', 'es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable']
  const tsc = new URL('node_modules/typescript/bin/tsc', root).pathname
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...options, ...lib, ...types], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})
