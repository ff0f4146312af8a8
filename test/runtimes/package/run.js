// The package as its users get it: packed, installed in an empty folder, and used from there by programs, compilers and bundlers.
import { join } from 'node:path'
import { here } from '../packages.js'
import { runVitest } from '../run-vitest.js'

/** @returns a report as drivers give it */
export function runPackage() {
  return runVitest(['--config', join(here, 'package/vitest.config.ts')])
}
