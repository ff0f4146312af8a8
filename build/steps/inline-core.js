// Writes build/core-inline.js: core.wasm as base64 inside a module, so that the package loads synchronously and
// survives any bundler (a file URL beside the code does not). The bytes are those of core.wasm; a test compares.
import { readFileSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const base64 = readFileSync(new URL('core.wasm', build)).toString('base64')

writeFileSync(
  new URL('core-inline.js', build),
  `const base64 = '${base64}'
const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
export default new WebAssembly.Module((Uint8Array.fromBase64 ?? decode).call(Uint8Array, base64))
`,
)
writeFileSync(
  new URL('core-inline.d.ts', build),
  'declare const module: WebAssembly.Module\nexport default module\n',
)
