// A bundle in edge-runtime's realm, which compiles neither text nor WebAssembly. As a program it runs one as host.js does, for a
// realm takes the whole process with it when it is busy.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytesOfCore } from './drivers/imported-core.js'

/** The name that a module that was compiled outside has inside. */
export const CORE = 'wasm_core'

/**
 * @param bundle path of a script that makes `suite`
 * @param injected further globals
 */
export async function reportOfRealm(bundle, options, injected = {}) {
  const { EdgeVM } = await import('@edge-runtime/vm') // not before it is installed
  const realm = new EdgeVM({
    codeGeneration: { strings: false, wasm: false },
    extend: (context) => Object.assign(context, injected),
  })
  realm.evaluate(readFileSync(bundle, 'utf8'))
  return JSON.parse(await realm.evaluate(`suite.run(${JSON.stringify(options)}).then(JSON.stringify)`))
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [bundle, options] = process.argv.slice(2)
  const core = new WebAssembly.Module(bytesOfCore(bundle))
  const report = await reportOfRealm(bundle, JSON.parse(options), { [CORE]: core })
  process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit())
}
