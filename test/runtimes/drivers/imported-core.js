// For runtimes that compile nothing and import core.wasm as a module: the file that lies beside a bundle.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function bytesOfCore(bundle) {
  return readFileSync(join(dirname(bundle), 'core.wasm'))
}

/** The report, which knows only of cores that were compiled, with the sum of the one that was imported. */
export function imported(core, report) {
  if (report.core) throw new Error(`compiled ${report.core} instead of importing core.wasm`)
  return { ...report, core: createHash('sha256').update(core).digest('hex') }
}
