// Runs test files, one after the other, and counts: what a bundle's `run` does, in whatever runtime.
//
//   Report = { passed, failed, skipped, failures: [{ file, name, message }], lacks: [{ file, name, reason }],
//              slowest: [{ file, name, ms }] }   lacks are the tests that were skipped
//
// An error that nobody waits for fails the run, as in vitest.

import { startTests } from '@vitest/runner'
import { watchErrors } from './stray-errors.js'

// Longer than vitest's: these runs share their processors with others.
const TIMEOUT_MS = 60_000
const SLOWEST = 12

const config = {
  root: '/',
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: TIMEOUT_MS,
  hookTimeout: TIMEOUT_MS,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
}

/**
 * @param files path from the project's root to a function that imports it
 * @param options.only paths of those to run; all by default
 * @param options.skip names of tests that are not to run, and why; one that is not there is a failure
 * @param options.onTest is told the name of each test that begins
 */
export async function runFiles(files, { only = Object.keys(files), skip = {}, onTest } = {}) {
  const stray = watchErrors()
  const reasons = new Map(Object.entries(skip))
  const unknown = new Set(reasons.keys())
  const report = { passed: 0, failed: 0, skipped: 0, failures: [], lacks: [], slowest: [] }
  const runner = {
    config,
    importFile: (path) => files[path.slice(1)](),
    onCollected: (modules) => {
      for (const test of modules.flatMap(testsOf)) {
        if (!reasons.has(nameOf(test))) continue
        test.mode = 'skip'
        unknown.delete(nameOf(test))
      }
    },
    onBeforeRunTask: (test) => onTest?.(nameOf(test)),
  }
  const modules = await startTests(
    only.map((path) => `/${path}`),
    runner,
  )
  for (const module of modules) count(module, report, reasons)
  for (const name of unknown)
    fail(report, only.join(), name, [new Error('it is to be skipped, and is not there')])
  report.slowest = report.slowest.sort((one, other) => other.ms - one.ms).slice(0, SLOWEST)
  for (const error of stray.end()) fail(report, '', 'an error that nobody waits for', [error])
  return report
}

const testsOf = (task) => (task.type === 'test' ? [task] : task.tasks.flatMap(testsOf))

function count(task, report, reasons) {
  const { state, errors = [], duration = 0 } = task.result ?? {}
  // A file that does not load, or whose hooks fail, has failed even where no test of it did.
  if (task.type === 'suite' && errors.length > 0) fail(report, fileOf(task), nameOf(task), errors)
  for (const child of task.tasks ?? []) count(child, report, reasons)
  if (task.type !== 'test') return
  report.slowest.push({ file: fileOf(task), name: nameOf(task), ms: Math.round(duration) })
  if (state === 'pass') report.passed++
  else if (state === 'fail') fail(report, fileOf(task), nameOf(task), errors)
  else {
    report.skipped++
    report.lacks.push({ file: fileOf(task), name: nameOf(task), reason: reasons.get(nameOf(task)) ?? '' })
  }
}

function fail(report, file, name, errors) {
  report.failed++
  report.failures.push({ file, name, message: errors.map(textOf).join('\n') })
}

const fileOf = ({ file }) => file.filepath.slice(1)

/** From the outermost group inwards. */
function nameOf({ name, suite, filepath }) {
  if (filepath) return ''
  return suite ? `${nameOf(suite)} > ${name}` : name
}

function textOf(error) {
  const { message = String(error), diff, stack = '' } = error ?? {}
  const places = stack.split('\n').filter((line) => /^ +at |@/.test(line) && !message.includes(line))
  return [message, diff, ...places.slice(0, 8)].filter(Boolean).join('\n')
}
