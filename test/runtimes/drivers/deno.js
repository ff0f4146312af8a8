// Deno, with all permissions: what it is asked to is the tests' affair.

import { existsSync } from 'node:fs'
import { here, versionOf } from '../packages.js'
import { runInProgram } from './program.js'

const program = `${here}node_modules/deno/deno`

export const deno = {
  name: 'deno',
  title: 'Deno',
  conditions: ['deno', 'node'],
  lacks: [],
  missing: () => (existsSync(program) ? undefined : 'npm has no program of it for this platform'),
  version: () => versionOf('deno'),
  run: (bundle, options) => runInProgram([program, 'run', '-A', '--quiet'], bundle, options),
}
