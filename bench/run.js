// `npm run bench -- SUBJECT [options]`: installs the peers where they are missing, then runs one subject.

import { parseArgs } from 'node:util'
const options = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  only: { type: 'string' },
  scenario: { type: 'string' },
}
const {positionals: [subject], values} = parseArgs({options, allowPositionals: true})
const number = (t) => t === undefined ? undefined : Number(t)
const list = (t) => t?.split(',')
const { run } = await import(`./${subject}.js`)
await run({ rounds: number(values.rounds), seconds: number(values.seconds), only: list(values.only), scenario: list(values.scenario)})
process.exit(0)
