// One runtime's part of a run: its bundle, its report, and what is asked of every runtime besides the suite: that the core it
// loaded is the package's, and what it says where there is none.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeBundle } from './bundle.js'
import { root } from './packages.js'
import { checkRefusals } from './refusals.js'

const nothing = { passed: 0, failed: 0, skipped: 0, failures: [], lacks: [], slowest: [] }

/**
 * @param parts what the paths of its test files begin with, if not its own ones
 * @returns the report, and { driver, version, leftOut }; or { driver, missing }
 */
export async function runOn(driver, parts = driver.parts) {
  const missing = driver.missing()
  // Elsewhere it is said; what CI does not have, it does not test.
  if (missing) return { ...nothing, driver, missing, failed: process.env.CI ? 1 : 0 }
  const version = await driver.version()
  const { path, files, leftOut } = await makeBundle(driver, parts)
  const report = await caught(driver, async () => {
    const ran = await driver.run(path, { only: files })
    return driver.parts ? ran : joined(ran, sameCore(ran), await checkRefusals(driver))
  })
  return { ...report, driver, version, leftOut }
}

/** What is no part of the suite: its report as it comes. */
export async function runFurther(one) {
  return { ...(await caught(one, one.run)), driver: one, version: '', leftOut: {} }
}

/** What falls is a failure like another. */
async function caught({ name }, run) {
  try {
    return { ...nothing, ...(await run()) }
  } catch (error) {
    return {
      ...nothing,
      failed: 1,
      failures: [{ file: name, name: '', message: error.stack ?? String(error) }],
    }
  }
}

/** A test more: the runtime loaded what the package has. */
function sameCore({ core }) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'build/core.wasm')))
    .digest('hex')
  if (core === wanted) return { passed: 1, failed: 0, failures: [] }
  const name = 'the core that was loaded is core.wasm, byte for byte'
  const message = `its SHA-256 is ${core}, not ${wanted}`
  return { passed: 0, failed: 1, failures: [{ file: 'build/core.wasm', name, message }] }
}

function joined(report, ...others) {
  const sum = (count) => others.reduce((total, other) => total + other[count], report[count])
  const failures = [report, ...others].flatMap(({ failures }) => failures)
  return { ...report, passed: sum('passed'), failed: sum('failed'), failures }
}
