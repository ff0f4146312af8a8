// Bun and Deno once more, with what stands on sockets: the server and the client, against each other and against real programs.
// Each file is a program of its own, as under vitest; they wait more than they work, so that some run side by side. The clients
// and servers that tests are made of run there as well, by the runtime's own node:net.

import { availableParallelism } from 'node:os'
import { sideBySide } from '../../support/side-by-side.js'
import { lacksOf, leftOut } from '../lacks.js'
import { bun } from './bun.js'
import { deno } from './deno.js'

// One test has 500 requests wait at once; Bun's fetch makes 256.
process.env.BUN_CONFIG_MAX_HTTP_REQUESTS = '1024'

const AT_ONCE = Math.max(3, Math.min(8, availableParallelism()))

// CI has half an hour for all there is; the rest is for whoever changes what stands on sockets.
const PARTS = process.env.CI
  ? ['test/server/']
  : ['test/server/', 'test/client/', 'test/conformance/', 'test/peers/']

function withSockets(runtime) {
  return {
    ...runtime,
    name: `${runtime.name}-sockets`,
    title: `${runtime.title}: server and client`,
    parts: PARTS,
    async run(bundle, { only }) {
      const { files, tests } = lacksOf(runtime.name)
      const runnable = only.filter((file) => !files.has(file))
      const reports = await sideBySide(AT_ONCE, runnable, (file) =>
        runFile(runtime, bundle, file, tests.get(file)),
      )
      return joined([...reports, leftOut(only, files)])
    },
  }
}

const nothing = { passed: 0, failed: 0, skipped: 0, failures: [], lacks: [], slowest: [] }

// A program that falls is a failure like another.
async function runFile(runtime, bundle, file, skip = {}) {
  try {
    return await runtime.run(bundle, { only: [file], skip })
  } catch (error) {
    return { ...nothing, failed: 1, failures: [{ file, name: '', message: error.message }] }
  }
}

function joined(reports) {
  const sum = (count) => reports.reduce((all, report) => all + report[count], 0)
  const all = (list) => reports.flatMap((report) => report[list])
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    failures: all('failures'),
    lacks: all('lacks'),
    slowest: all('slowest')
      .sort((one, other) => other.ms - one.ms)
      .slice(0, 12),
    core: reports.find(({ core }) => core)?.core,
  }
}

export const bunSockets = withSockets(bun)
export const denoSockets = withSockets(deno)
