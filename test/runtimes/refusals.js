// What a program says that cannot load the core: one error that tells what to change. These are the runtimes' own ways to go
// wrong; those of Node's are tested without them (test/refused.test.ts).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleModule } from './bundle-module.js'
import { runInPage } from './drivers/chromium.js'
import { answerOf } from './drivers/workerd.js'
import { reportOfRealm } from './edge-realm.js'
import { here, root } from './packages.js'

const program = join(here, 'uses-core.js')
const bytes = () => readFileSync(join(root, 'build/core.wasm'))
const withoutConditions = (driver) => ({ ...driver, conditions: [] })

// For each runtime: what is wrong, how it comes to be so, and what the error says.
const refusals = {
  workerd: {
    'core.wasm is given as data': {
      run: async (driver) =>
        answerOf(await bundleModule(driver, program), {}, [
          { type: 'Data', path: 'core.wasm', contents: bytes() },
        ]),
      says: /httpkit-wasm: core\.wasm was imported as data.* CompiledWasm/,
    },
    'core.wasm is given as text': {
      run: async (driver) =>
        answerOf(await bundleModule(driver, program), {}, [
          { type: 'Text', path: 'core.wasm', contents: 'core' },
        ]),
      says: /httpkit-wasm: core\.wasm was imported as a string.* CompiledWasm/,
    },
    'core.wasm is not among the modules': {
      run: async (driver) => answerOf(await bundleModule(driver, program)),
      says: /No such module "core\.wasm"/,
    },
    // From 2025-06-01 on it would be compiled.
    'it was bundled without the condition workerd': {
      run: async (driver) =>
        answerOf(await bundleModule(withoutConditions(driver), program), {}, [], {
          compatibilityDate: '2025-05-01',
        }),
      says: /httpkit-wasm cannot compile its core: .*condition workerd/,
    },
  },
  'edge-runtime': {
    'nobody injects core.wasm': {
      run: async (driver) => reportOfRealm(await bundleModule(driver, program)),
      says: /httpkit-wasm: core\.wasm was imported as .*undefined/,
    },
    'it was bundled without the condition edge-light': {
      run: async (driver) => reportOfRealm(await bundleModule(withoutConditions(driver), program)),
      says: /httpkit-wasm cannot compile its core: .*condition .*edge-light/,
    },
  },
  chromium: {
    "the Content-Security-Policy lacks 'wasm-unsafe-eval'": {
      run: async (driver) =>
        runInPage(
          await bundleModule(driver, program),
          {},
          "default-src 'none'; script-src 'self'; connect-src 'self'",
        ),
      says: /httpkit-wasm cannot compile its core: .*'wasm-unsafe-eval'/,
    },
  },
}

/** Counts those that say what they are to, as a run of tests. */
export async function checkRefusals(driver) {
  const report = { passed: 0, failed: 0, failures: [] }
  for (const [name, { run, says }] of Object.entries(refusals[driver.name] ?? {})) {
    const said = await run(driver).then(JSON.stringify, ({ message }) => message)
    const problem = problemOf(said, says)
    if (problem)
      report.failures.push({ file: 'refusals.js', name: `one error where ${name}`, message: problem })
    report[problem ? 'failed' : 'passed']++
  }
  return report
}

function problemOf(said, says) {
  if (!says.test(said)) return `${says} was wanted, and it said: ${said}`
  return undefined
}
