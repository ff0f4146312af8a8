// Runs test files by vitest on Node, where what they test is another program; the report is as the drivers' are.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root } from './packages.js'

const vitest = join(root, 'node_modules/vitest/vitest.mjs')

/**
 * @param args vitest's, as on the command line: files, or `--config` and a configuration's path
 * @param env what its environment has besides
 * @returns { passed, failed, skipped, failures: [{ file, name, message }], lacks: [{ file, name, reason }] }
 */
export async function runVitest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-vitest-'))
  const outputFile = join(folder, 'report.json')
  try {
    const printed = await run(['run', ...args, '--reporter', 'json', '--outputFile', outputFile], env)
    return reportOf(readReport(outputFile, printed), printed)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Settles with the end of what it complains of. */
async function run(args, env) {
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    printed = (printed + text).slice(-2000)
  })
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  process.off('exit', kill)
  return printed
}

function readReport(path, printed) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`vitest has ended without a report: ${printed}`, { cause })
  }
}

function reportOf({ numPassedTests, numPendingTests, success, testResults }, printed) {
  const failures = testResults.flatMap(failuresOf)
  // Errors that belong to no test.
  if (!success && failures.length === 0) failures.push({ file: 'vitest', name: '', message: printed })
  const lacks = testResults.flatMap(skippedOf)
  return { passed: numPassedTests, failed: failures.length, skipped: numPendingTests, failures, lacks }
}

// A file that fails as a whole has no tests that did.
function failuresOf({ name: path, status, message, assertionResults }) {
  const file = relative(root, path)
  const failed = assertionResults.filter((one) => one.status === 'failed')
  if (failed.length === 0 && status === 'failed') return [{ file, name: '', message }]
  return failed.map(({ fullName, failureMessages }) => ({
    file,
    name: fullName,
    message: failureMessages.join('\n'),
  }))
}

function skippedOf({ name: path, assertionResults }) {
  const skipped = assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending')
  return skipped.map(({ fullName }) => ({ file: relative(root, path), name: fullName, reason: '' }))
}
