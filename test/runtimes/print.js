// What a run says of one runtime: a line, its failures, and all that it did not run, with the reason.

/** @param options.slowest also the tests that took longest */
export function print({ driver, missing, version, leftOut, ...report }, { slowest } = {}) {
  if (missing) return console.log(`${driver.title}: not on this machine: ${missing}`)
  const { passed, failed, skipped, failures, lacks } = report
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  console.log(`${`${driver.title} ${version}`.padEnd(34)} ${counts}${listed(leftOut)}`)
  for (const { file, name, message } of failures) {
    console.log(`  ✗ ${titleOf(file, name)}\n      ${message.replaceAll('\n', '\n      ')}`)
  }
  for (const { file, name, reason } of lacks)
    console.log(`  skipped: ${titleOf(file, name)}${reason && `: ${reason}`}`)
  if (!slowest) return
  for (const { file, name, ms } of report.slowest) console.log(`  ${ms} ms  ${titleOf(file, name)}`)
}

const titleOf = (file, name) => (name ? `${file} > ${name}` : file)

function listed(leftOut) {
  const files = new Set(Object.values(leftOut).flat())
  if (files.size === 0) return ''
  const needs = Object.entries(leftOut).sort(([, one], [, other]) => other.length - one.length)
  const counts = needs.map(([need, { length }]) => `${need} (${length})`)
  return `; left out ${files.size} files, for lack of ${counts.join(', ')}`
}
