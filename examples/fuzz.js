// A page with its own copy of the core: the package's modules as they are, and an import map that says where those are which
// package.json's conditions choose for a browser. Nothing that is typed there reaches this server: the policy forbids it.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { pageHeaders, pages } from './pages.js'

export const title = 'Fuzz corner'
export const path = '/fuzz'
export const sentence =
  'Type bytes, and see what the core makes of them, field by field: the same WebAssembly that reads this server’s requests, running in your browser.'

const build = new URL('.', import.meta.resolve('httpkit-wasm/core'))
const html = readFileSync(new URL('fuzz/page.html', import.meta.url), 'utf8')
const importMap = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)[1]

// Inline scripts are forbidden, all but the one with this hash; and the core may be compiled.
const headers = pageHeaders({
  'script-src': `'self' 'wasm-unsafe-eval' 'sha256-${createHash('sha256').update(importMap).digest('base64')}'`,
  'connect-src': "'none'",
})

const own = ['page.css', 'page.js', 'bytes.js', 'mutate.js', 'readers.js', 'samples.js', 'view.js']
const library = ['core.js', 'core-inline.mjs', 'media-types.js'].concat(
  readdirSync(new URL('rooms', build)).map((name) => `rooms/${name}`),
)
const files = {
  '/page.css': 'page.css',
  [path]: 'fuzz/page.html',
  ...Object.fromEntries(own.map((name) => [`/fuzz/${name}`, `fuzz/${name}`])),
  ...Object.fromEntries(library.map((name) => [`/fuzz/library/${name}`, new URL(name, build)])),
  '/fuzz/library/loader.js': import.meta.resolve('@assemblyscript/loader'),
}

export const paths = Object.keys(files)
export const handler = pages(files, headers)
