// Node, in the versions that are supported: each from npm, whichever runs this.
//
// What a driver is:
//
//   name          as on the command line
//   title         as in the README's table
//   conditions    by which package.json's exports and imports are resolved
//   lacks         what test files may need that the runtime does not have (../needs.js)
//   bundling      optional: further options of rolldown's, for ../bundle.js
//   missing()     undefined, or a sentence: why it cannot be had on this machine
//   version()     '22.23.3', or a promise of it
//   run(bundle, options)   a promise of what the bundle's `run(options)` resolves to (../harness/run-files.js); rejects where
//                 the runtime does not get that far

import { hasPackage, here, versionOf } from '../packages.js'
import { runInProgram } from './program.js'

export const [node20, node22, node24, node26] = [20, 22, 24, 26].map((major) => {
  const name = `node${major}`
  return {
    name,
    title: `Node ${major}`,
    conditions: ['node'],
    lacks: [],
    missing: () => (hasPackage(name) ? undefined : 'npm has its program for Linux on x64 only'),
    version: () => versionOf(name),
    run: (bundle, options) => runInProgram([`${here}node_modules/${name}/bin/node`], bundle, options),
  }
})
