// The client's own tests in workerd, by vitest: what a worker can ask for, of servers that the tests have here. Twice, as
// workers are by themselves, and with Node's modules and globals.
import { join } from 'node:path'
import { root } from '../packages.js'
import { runVitest } from '../run-vitest.js'

const config = join(root, 'test/runtimes/client/vitest.config.ts')

/** @returns a report as drivers give it */
export async function runClient() {
  const reports = []
  for (const flags of ['', 'nodejs_compat']) {
    reports.push(await runVitest(['--config', config], { WORKERD_FLAGS: flags }))
  }
  const sum = (count) => reports.reduce((all, report) => all + report[count], 0)
  const failures = reports.flatMap(({ failures }) => failures)
  const lacks = reports.flatMap(({ lacks }) => lacks)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), failures, lacks }
}
