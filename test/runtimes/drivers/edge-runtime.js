// edge-runtime, the edge functions' sandbox. As their framework does, the bundler puts a name in place of what is imported as
// `?module`, and a module that was compiled outside has that name inside.

import { CORE } from '../edge-realm.js'
import { lacksOf, leftOut } from '../lacks.js'
import { here, versionOf } from '../packages.js'
import { bytesOfCore, imported } from './imported-core.js'
import { runInProgram } from './program.js'

const injectedModule = {
  name: 'injected-module',
  resolveId: (id) => (id.endsWith('.wasm?module') ? CORE : null),
  load: (id) => (id === CORE ? `export default globalThis.${CORE}` : null),
}

export const edgeRuntime = {
  name: 'edge-runtime',
  title: 'edge-runtime',
  conditions: ['edge-light', 'worker', 'browser'],
  lacks: ['node:*', 'packages', 'process', 'Buffer'],
  // It evaluates scripts.
  bundling: { plugins: [injectedModule], output: { format: 'iife', name: 'suite' } },
  missing: () => undefined,
  version: () => versionOf('@edge-runtime/vm'),
  async run(bundle, options) {
    const run = (options) => runInProgram([process.execPath], bundle, options, `${here}edge-realm.js`)
    if (!options?.only) return imported(bytesOfCore(bundle), await run(options))
    const { files } = lacksOf('edge-runtime')
    const { skipped, lacks } = leftOut(options.only, files)
    const report = await run({ ...options, only: options.only.filter((file) => !files.has(file)) })
    return imported(bytesOfCore(bundle), {
      ...report,
      skipped: report.skipped + skipped,
      lacks: [...report.lacks, ...lacks],
    })
  },
}
