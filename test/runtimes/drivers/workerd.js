// workerd, by miniflare: the bundle is a module of a worker, and runs while a request is answered, for outside of one there are
// no timers and no random numbers. core.wasm is a module beside it. Twice: as workers are by themselves, and with Node's
// modules and globals, which newer compatibility dates bring by default.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { here } from '../packages.js'
import { bytesOfCore, imported } from './imported-core.js'

const COMPATIBILITY_DATE = '2026-04-01'
const worker = `import { run } from './suite.js'
export default {
  async fetch(request) {
    return Response.json(await run(await request.json()))
  },
}`

const common = {
  conditions: ['workerd', 'worker', 'browser'],
  missing: () => undefined,
  version: () => createRequire(`${here}node_modules/miniflare/`)('workerd/package.json').version,
}

export const workerd = {
  ...common,
  name: 'workerd',
  title: 'workerd',
  lacks: ['node:*', 'packages', 'process', 'Buffer'],
  run: (bundle, options) => runInWorker(bundle, options),
}

export const workerdWithNode = {
  ...common,
  name: 'workerd-nodejs-compat',
  title: 'workerd, nodejs_compat',
  lacks: ['node:*', 'packages', 'process'],
  run: (bundle, options) => runInWorker(bundle, options, { compatibilityFlags: ['nodejs_compat'] }),
}

async function runInWorker(bundle, options, settings) {
  const core = bytesOfCore(bundle)
  const modules = [{ type: 'CompiledWasm', path: 'core.wasm', contents: core }]
  return imported(core, await answerOf(bundle, options, modules, settings))
}

/**
 * @param modules what the bundle imports
 * @returns what the bundle's `run` resolves to; rejects with what workerd says where the worker cannot start
 */
export async function answerOf(bundle, options = {}, modules = [], settings = {}) {
  const { Miniflare } = await import('miniflare')
  const said = []
  const instance = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: worker },
      { type: 'ESModule', path: 'suite.js', contents: readFileSync(bundle, 'utf8') },
      ...modules,
    ],
    compatibilityDate: COMPATIBILITY_DATE,
    handleRuntimeStdio: (...streams) => said.push(...streams.map(text)),
    ...settings,
  })
  try {
    return await answeredBy(instance, options)
  } catch (error) {
    // What it said is all there once it has ended.
    if (error.code === 'ERR_RUNTIME_FAILURE') throw new Error((await Promise.all(said)).join(''))
    throw error
  } finally {
    // It fails where the start has failed, with the same error.
    await instance.dispose().catch(() => {})
  }
}

async function answeredBy(instance, options) {
  const answer = await instance.dispatchFetch('http://suite/', {
    method: 'POST',
    body: JSON.stringify(options),
  })
  if (!answer.ok) throw new Error(`answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}
