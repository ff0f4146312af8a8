// Writes build/core-inline.js: core.wasm as text inside a module, so that the package loads synchronously and survives any
// bundler (a file URL beside the code does not). The bytes are those of core.wasm; a test compares. In hexadecimal they
// take more room than in base64, but a fifth less once the package is compressed: what repeats still does.
import { readFileSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const hex = readFileSync(new URL('core.wasm', build)).toString('hex')

writeFileSync(
  new URL('core-inline.js', build),
  `const hex = '${hex}'
const decode = (text) => Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.substr(2 * at, 2), 16))
export default new WebAssembly.Module((Uint8Array.fromHex ?? decode).call(Uint8Array, hex))
`,
)
writeFileSync(
  new URL('core-inline.d.ts', build),
  'declare const module: WebAssembly.Module\nexport default module\n',
)
