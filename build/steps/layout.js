// Of the core as asc made it, the numbers that both of its sides know (where its regions lie, what its flags mean) go to the
// host's source, src/core/layout.ts, where they are constants; build/core.wasm keeps its calls and its memory, and is
// optimized once more.
import { readFileSync, writeFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { FEATURES } from './features.js'

const build = new URL('../', import.meta.url)
const compiled = readFileSync(new URL('core.asc.wasm', build))
const numbers = Object.entries(new WebAssembly.Instance(new WebAssembly.Module(compiled)).exports).filter(
  ([, exported]) => exported instanceof WebAssembly.Global,
)

const core = binaryen.readBinary(compiled)
core.setFeatures(FEATURES)
for (const [name] of numbers) core.removeExport(name)
binaryen.setOptimizeLevel(4)
binaryen.setShrinkLevel(0)
core.optimize()
core.optimize()
writeFileSync(new URL('core.wasm', build), core.emitBinary())

const header = [
  '// Where the regions and records of the core lie, and what its flags mean, which assembly/memory.ts and regions.ts draw. This',
  '// file is written by build/steps/layout.js, of what the core exports.',
]
const lines = numbers.map(([name, { value }]) => `export const ${name} = ${value}`).sort()
writeFileSync(new URL('../src/core/layout.ts', build), `${[...header, ...lines].join('\n')}\n`)
