// `npm run bench -- SUBJECT [options]`: installs the peers where they are missing, then runs one subject.
// A subject is a file beside this one that exports `run(options)`.

import { parseArgs } from 'node:util'
import { describeMachine } from './machine.js'
import { preparePeers } from './peers.js'

const subjects = ['server', 'parser', 'idle']

const usage = `npm run bench -- SUBJECT [options]

  server   requests/s and server CPU per request, against other servers
  parser   ns a request head, against other parsers
  idle     memory of an idle connection

  --rounds N          measurements of each competitor (medians are shown)
  --seconds N         length of one measurement
  --only A,B          these competitors only
  --scenario A,B      server: hello, browser, json, pipelined, large
  --connections N     idle: connections to hold (default 8000)`

try {
  const { subject, options } = fromCommandLine()
  preparePeers()
  console.log(describeMachine())
  const { run } = await import(`./${subject}.js`)
  await run(options)
} catch (error) {
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
}
process.exit()

function fromCommandLine() {
  const names = ['rounds', 'seconds', 'only', 'scenario', 'connections']
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
  const { positionals, values } = parseArgs({ options, allowPositionals: true })
  if (!subjects.includes(positionals[0])) throw new Error(`which subject?\n\n${usage}`)
  return {
    subject: positionals[0],
    options: {
      rounds: positive('rounds', values.rounds),
      seconds: positive('seconds', values.seconds),
      connections: positive('connections', values.connections),
      only: values.only?.split(','),
      scenario: values.scenario?.split(','),
    },
  }
}

function positive(name, text) {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} is a number above 0`)
  return number
}
