// Writes build/core-inline.js: core.wasm as text inside a module, so that the package loads synchronously and survives any
// bundler (a file URL beside the code does not). The bytes are those of core.wasm; a test compares. Each is the character of
// its number, and only what would end the text is escaped: so the package, compressed, has the core once, for core.wasm
// stands right behind it and says the same again. In hexadecimal, or base64, it took 6 kB more, and longer to decode.
import { readFileSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const escapes = { '\n': '\\n', '\r': '\\r', "'": "\\'", '\\': '\\\\' }
const text = readFileSync(new URL('core.wasm', build)).toString('latin1')

writeFileSync(
  new URL('core-inline.js', build),
  `const text = '${text.replace(/[\n\r'\\]/g, (character) => escapes[character])}'
const bytes = new Uint8Array(text.length)
for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
export default new WebAssembly.Module(bytes)
`,
)
writeFileSync(
  new URL('core-inline.d.ts', build),
  'declare const module: WebAssembly.Module\nexport default module\n',
)
