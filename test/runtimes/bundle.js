// A bundle: test files and what runs them, as one module for one runtime, which exports `run()`.
//
// The code under test is what tsc has made of src (build/modules), resolved by the runtime's own conditions, so that each gets
// the core and the stores that package.json has for it. In the tests themselves `vitest` is harness/vitest.js, the corpora are
// in the bundle, and where there is no Buffer, which they use as a tool, they are given one from a package.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { demandingPackage, lacking, needsOf } from './needs.js'
import { here, root } from './packages.js'

/** The suite: what is to run everywhere. Folders and files, from the project's root. */
export const SUITE = ['test/core/', 'test/edge/', 'test/form/', 'test/middleware/']
/** Of these folders, what measures time and memory, or takes long; that is done once, in Node, by `npm test`. */
const MEASURES = /-(linear|memory|places)\.test\.ts$/

const ENTRY = 'suite.js'
const harness = join(here, 'harness/vitest.js')
const corpusReader = join(root, 'test/support/corpus-files.ts')

/**
 * Writes the bundle for a driver.
 *
 * @param parts what the paths of its test files begin with
 * @returns its path; the test files in it; and for each lack of the runtime's the test files that are left out for it
 */
export async function makeBundle(driver, parts = SUITE) {
  const folder = join(here, 'node_modules/.suite', driver.name)
  const options = rolldownOptions(driver)
  const files = testFiles(parts)
  const needs = await needsOf(files, options)
  const runnable = files.filter((file) => lacking(needs.get(file), driver.lacks).length === 0)
  const leftOut = {}
  for (const file of files) {
    for (const need of lacking(needs.get(file), driver.lacks))
      (leftOut[need] ??= []).push(relative(root, file))
  }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const bundle = await rolldown({
    ...options,
    input: { suite: ENTRY },
    plugins: [entryOf(runnable), options.plugins],
  })
  await bundle.write({ dir: folder, codeSplitting: false, ...driver.bundling?.output })
  await bundle.close()
  copyFileSync(join(root, 'build/core.wasm'), join(folder, 'core.wasm'))
  return { path: join(folder, 'suite.js'), files: runnable.map((file) => relative(root, file)), leftOut }
}

function testFiles(parts) {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll(sep, '/')}`)
    .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules') && !MEASURES.test(path))
    .filter((path) => parts.some((part) => path.startsWith(part)))
    .sort()
    .map((path) => resolve(root, path))
}

function rolldownOptions({ conditions, lacks, bundling = {} }) {
  const { output: _, plugins = [], ...others } = bundling
  return {
    cwd: root,
    platform: 'neutral',
    logLevel: 'warn',
    checks: { pluginTimings: false },
    resolve: {
      conditionNames: [...conditions, 'import', 'default'],
      mainFields: ['module', 'main'],
      extensionAlias: { '.js': ['.ts', '.js'] },
      modules: ['node_modules', join(here, 'node_modules')],
    },
    transform: { target: 'es2022' },
    plugins: [plugins, outside, codeUnderTest, tools, inTests(lacks.includes('Buffer'))],
    ...others,
  }
}

/** The module that the bundle is of: each test file is there to be imported when its turn comes. */
function entryOf(files) {
  const imports = files.map(
    (file) => `${JSON.stringify(relative(root, file))}: () => import(${JSON.stringify(file)}),`,
  )
  const recorded = existsSync(join(here, 'recorded-core.js'))
  const code = `${recorded ? `import { compiledCore } from '${here}recorded-core.js'` : 'const compiledCore = () => undefined'}
import { runFiles } from '${here}harness/run-files.js'
const files = { ${imports.join('\n')} }
export const run = async (options) => ({ ...(await runFiles(files, options)), core: await compiledCore() })`
  return {
    name: 'entry',
    resolveId: (id) => (id === ENTRY ? id : null),
    load: (id) => (id === ENTRY ? code : null),
  }
}

/** A test or what supports it. */
const isTest = (id) => id?.startsWith(join(root, 'test')) && !id.startsWith(here)

/** What stays an import: the runtime's own modules, the core where it is one, and packages that not every runtime can run. */
const outside = {
  name: 'outside',
  async resolveId(specifier, importer) {
    if (/^(node|cloudflare):|\.wasm(\?module)?$/.test(specifier)) return { id: specifier, external: true }
    if (!isTest(importer)) return null
    const name = demandingPackage(specifier)
    if (!name) return null
    const found = await this.resolve(specifier, importer, { skipSelf: true })
    return found && { id: pathToFileURL(found.id).href, external: true, meta: { need: name } }
  },
}

const codeUnderTest = {
  name: 'code-under-test',
  resolveId(specifier, importer) {
    if (!specifier.startsWith('.') || !importer) return null
    const path = resolve(importer, '..', specifier)
    const source = join(root, 'src') + sep
    return path.startsWith(source) ? join(root, 'build/modules', path.slice(source.length)) : null
  },
}

const tools = {
  name: 'tools',
  resolveId: (specifier) => (specifier === 'vitest' ? harness : null),
  load: (id) => (id === corpusReader ? { code: corporaInline(), moduleType: 'js' } : null),
}

function corporaInline() {
  const folder = join(root, 'test/corpus')
  const texts = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const [, inside = '', file] = /^(.+\/)?(.+\.md)$/.exec(name.replaceAll(sep, '/')) ?? []
    if (file) (texts[inside] ??= []).push([file, readFileSync(join(folder, name), 'utf8')])
  }
  return `const texts = ${JSON.stringify(texts)}\nexport const sourcesIn = (folder) => texts[folder]`
}

/** Tests and what supports them see where they were written, and Buffer everywhere. */
const inTests = (givesBuffer) => ({
  name: 'in-tests',
  transform(code, id) {
    if (!isTest(id)) return null
    const placed = code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
    return givesBuffer && /\bBuffer\b/.test(placed)
      ? `import { Buffer } from '${here}harness/buffer.js'\n${placed}`
      : placed
  },
})
