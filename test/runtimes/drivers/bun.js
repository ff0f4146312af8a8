// Bun. Not by the name in node_modules/.bin, which is a script that looks for it.

import { existsSync } from 'node:fs'
import { here, versionOf } from '../packages.js'
import { runInProgram } from './program.js'

const program = `${here}node_modules/bun/bin/bun.exe`

export const bun = {
  name: 'bun',
  title: 'Bun',
  conditions: ['bun', 'node'],
  lacks: [],
  missing: () => (existsSync(program) ? undefined : 'npm has no program of it for this platform'),
  version: () => versionOf('bun'),
  run: (bundle, options) => runInProgram([program, 'run'], bundle, options),
}
