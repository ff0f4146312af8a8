// Bundles by several bundlers, of the package as it is installed: each is run, and says what it did.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, chromium, startChromium } from '../../support/chromium.js'
import { bundleOf, esbuild, importsOf, rolldown, vite } from './bundlers.js'
import { declaredNames, entries, folder, told } from './consumer.js'
import { serveFolder } from './serve-folder.js'

const textOf = (path: string): string => readFileSync(join(folder, path), 'utf8')
const ended = [200, 'at /here', false]

describe('for Node', () => {
  it.each(['esm', 'cjs'] as const)('esbuild makes a program of it (%s)', async (format) => {
    const path = `bundles/node-${format}.${format === 'esm' ? 'mjs' : 'cjs'}`
    await esbuild('programs/bundled.mjs', path, { platform: 'node', format })
    expect(importsOf(textOf(path)).filter((name) => !name.startsWith('node:'))).toEqual([])
    expect(await told(process.execPath, path)).toEqual(ended)
  })

  it('rolldown makes a program of it', async () => {
    const path = 'bundles/node-rolldown.mjs'
    await rolldown('programs/bundled.mjs', path, { platform: 'node' })
    expect(await told(process.execPath, path)).toEqual(ended)
  })

  it('esbuild makes a program of it for Node’s oldest version, minified', async () => {
    const path = 'bundles/node-small.mjs'
    await esbuild('programs/bundled.mjs', path, {
      platform: 'node',
      format: 'esm',
      minify: true,
      target: 'node20',
    })
    expect(await told(process.execPath, path)).toEqual(ended)
  })
})

const page = {
  method: 'GET',
  query: 'ë',
  frame: 'frame',
  refused: 400,
  greeting: 'Hello, Ada!',
  upload: 'note.txt: 4',
  streamed: 'streamed',
}

describe.skipIf(!chromium && !process.env.CI)('for browsers', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startChromium()
  })
  afterAll(() => browser.close())

  const bundlers: Record<string, () => Promise<void>> = {
    vite: () => vite('page', '../bundles/vite'),
    esbuild: () => esbuild('page/page.js', 'bundles/esbuild/page.js', { platform: 'browser', format: 'esm' }),
    rolldown: () => rolldown('page/page.js', 'bundles/rolldown/page.js', { platform: 'browser' }),
  }

  it.each(Object.keys(bundlers))(
    '%s makes an application of it, with nothing of Node’s in it',
    async (name) => {
      await bundlers[name]!()
      const scripts = readdirSync(join(folder, 'bundles', name), { recursive: true })
        .map(String)
        .filter((path) => path.endsWith('.js'))
      expect(scripts.length).toBe(1)
      expect(importsOf(textOf(join('bundles', name, scripts[0]!)))).toEqual([])
      const origin = await serveFolder(join(folder, 'bundles', name), `/${scripts[0]}`)
      const shown = await browser.open(`${origin}/`)
      const text = await shown.until<string>('document.body.textContent.trim()')
      expect([JSON.parse(text), shown.problems]).toEqual([page, []])
    },
  )
})

// What fake fakes is Node's, Bun's and Deno's client; threads are theirs, too.
const elsewhere = entries.filter((entry) => entry !== './fake' && entry !== './threads')

// Where neither Node's conditions hold nor a worker's.
describe('for no platform in particular', () => {
  it.each(elsewhere)('%s has the names that are declared, and nothing of Node’s', async (entry) => {
    const code = await bundleOf(
      `import * as all from '${entry.replace('.', 'httpkit-wasm')}'; console.log(JSON.stringify(Object.keys(all).sort()))`,
    )
    expect(importsOf(code)).toEqual([])
    const path = `bundles/names-${entry.replaceAll(/\W/g, '')}.mjs`
    writeFileSync(join(folder, path), code)
    expect(await told(process.execPath, path)).toEqual(declaredNames(entry))
  })
})

// Bytes of minified code, as for browsers: half is the core in base64. A tenth above what it was when this was written.
describe('of what is used alone', () => {
  it('nothing is left of an import whose names are not used', async () => {
    const modules = elsewhere.map((entry) => `import '${entry.replace('.', 'httpkit-wasm')}'`)
    expect(await bundleOf([...modules, "import { get } from 'httpkit-wasm/client'"].join('\n'))).toBe('')
  })

  it.each([
    ['core', 'validUtf8', 48_000],
    ['core', 'encodeQuery', 52_000],
    ['middleware', 'wrapParams', 54_000],
    ['edge', 'toFetch', 74_000],
    ['server', 'asChannel', 50_000],
    ['hub', 'createHub', 80_000],
  ])('/%s: %s brings no more than the core and what it uses', async (entry, name, most) => {
    const code = await bundleOf(`import { ${name} } from 'httpkit-wasm/${entry}'; console.log(${name})`)
    expect(code.length).toBeLessThan(most)
  })
})
