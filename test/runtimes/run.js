// `npm run test:runtimes [-- NAME… --files PART,PART --slowest --write]`: the suite on every runtime and what else needs one, or
// those named, two at a time. The last line counts all of them. `--write` puts what was seen of the suite into the README's
// table; without it, the table must say so already.

import { parseArgs } from 'node:util'
import { sideBySide } from '../support/side-by-side.js'
import { drivers } from './drivers/index.js'
import { further } from './further.js'
import { preparePackages } from './packages.js'
import { print } from './print.js'
import { runFurther, runOn } from './run-on.js'
import { checkTable, writeTable } from './table.js'

const AT_ONCE = 2
const all = [...drivers, ...further]

const { positionals: names, values } = parseArgs({
  options: { files: { type: 'string' }, slowest: { type: 'boolean' }, write: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = names.filter((name) => !all.some((one) => one.name === name))
if (unknown.length > 0) {
  console.error(`nothing is called ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}

// So that what was started ends, too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
process.setMaxListeners(0)

preparePackages()
const parts = values.files?.split(',')
const chosen = all.filter(({ name }) => names.length === 0 || names.includes(name))
const outcomes = await sideBySide(AT_ONCE, chosen, async (one) => {
  const outcome = further.includes(one) ? await runFurther(one) : await runOn(one, parts)
  print(outcome, values)
  return outcome
})

// Of the suite itself, where it ran whole.
const inTable = outcomes.filter(
  ({ driver, missing }) => drivers.includes(driver) && !driver.parts && !missing,
)
const problems = values.write || parts ? [] : checkTable(inTable)
if (values.write) writeTable(inTable)
for (const problem of problems) console.log(problem)

const sum = (count) => outcomes.reduce((total, outcome) => total + outcome[count], 0)
const failed = sum('failed') + problems.length
console.log(`\n${sum('passed')} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
