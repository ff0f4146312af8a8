// `npm run fuzz -- TARGET… [options]`. Two targets run at a time; the last line counts those in which nothing was found.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { sideBySide } from '../support/side-by-side.js'
import { fuzzCodec } from './fuzz-codec.js'
import { fuzzLive } from './fuzz-live.js'
import { livePrograms, targets } from './targets.js'

const usage = `npm run fuzz -- TARGET… [options]

  codecs     ${targets.join(', ')}; or all of them: codecs
  programs   ${livePrograms.join(', ')}; or all of them: programs

  --seconds N      how long each is fuzzed (default 60; 0: the corpus alone)
  --seed N         what the inputs follow from (default: today's date)
  --executions N   codecs: at most so many inputs each
  --grow           codecs: the corpus becomes the fewest inputs that show all that was reached
  --at-once N      so many run side by side (default 2)
  --session N      programs: this session alone, of the seed`

const options = fromCommandLine()
if (options === undefined) {
  console.error(usage)
  process.exit(1)
}

console.log(`seed ${options.seed}`)
const failures = await sideBySide(options.atOnce, options.names, (name) =>
  livePrograms.includes(name) ? fuzzLive(name, options) : fuzzCodec(name, options),
)
const failed = failures.filter((isFailure) => isFailure).length
console.log(`\n${failures.length - failed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)

function fromCommandLine() {
  const texts = Object.fromEntries(
    ['seconds', 'seed', 'executions', 'at-once', 'session'].map((name) => [name, { type: 'string' }]),
  )
  const { positionals, values } = parseArgs({
    options: { ...texts, grow: { type: 'boolean' } },
    allowPositionals: true,
  })
  const groups = { codecs: targets, programs: livePrograms }
  const names = positionals.flatMap((name) => groups[name] ?? [name])
  if (names.length === 0 || names.some((name) => ![...targets, ...livePrograms].includes(name)))
    return undefined
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  const numbers = {
    seconds: numberOf(values.seconds, 60),
    seed: numberOf(values.seed, Number(today)),
    executions: numberOf(values.executions, Number.POSITIVE_INFINITY),
    atOnce: numberOf(values['at-once'], Math.min(2, availableParallelism())),
    session: numberOf(values.session, undefined),
  }
  if (Object.values(numbers).some(Number.isNaN)) return undefined
  return { names, ...numbers, grows: values.grow }
}

function numberOf(text, otherwise) {
  if (text === undefined) return otherwise
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}
