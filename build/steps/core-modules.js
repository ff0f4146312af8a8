// Writes the modules that `#core` leads to, one for each way in which runtimes take core.wasm. The bytes are the same.
//
// core-inline.mjs has them as text inside a module, so that the package loads synchronously and survives any bundler (a file
// URL beside the code does not). Each byte is the character of its number, and escaped is only what a template literal would
// take otherwise: so the package, compressed, has the core but once. npm packs by extension, .mjs shortly before .wasm, and
// gzip finds again what came up to 32 KiB ago. In hexadecimal, or base64, it took 10 kB more, and longer to decode.
//
// core-module.js and core-edge.js import the file as a compiled module, for runtimes that compile nothing themselves: workerd,
// and edge functions, whose bundlers know `?module`.
import { readFileSync, writeFileSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const text = readFileSync(new URL('core.wasm', build)).toString('latin1')
const write = (name, lines) => writeFileSync(new URL(name, build), `${lines.join('\n')}\n`)

write('core-inline.mjs', [
  `const text = \`${text.replace(/[`\\]|\$(?=\{)/g, '\\$&').replaceAll('\r', '\\r')}\``,
  'const bytes = new Uint8Array(text.length)',
  'for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)',
  'export default bytes',
])
write('core-inline.d.mts', [
  '/** Bytes, or a module made of them. */',
  'declare const core: unknown',
  'export default core',
])
write('core-module.js', ["import module from './core.wasm'", 'export default module'])
write('core-edge.js', ["import module from './core.wasm?module'", 'export default module'])
