// `npm run bench -- SUBJECT [options]`: installs the peers where they are missing, then runs one subject.
// A subject is a file beside this one that exports `run(options)`.

import { parseArgs } from 'node:util'
import { describeMachine } from './machine.js'
import { preparePeers } from './peers.js'
import { saveResults } from './results.js'

const subjects = [
  'server',
  'client',
  'parser',
  'websocket',
  'frames',
  'codecs',
  'runtimes',
  'fuzz',
  'idle',
  'websocket-10k',
  'hub',
  'metrics',
  'report',
]

const usage = `npm run bench -- SUBJECT [options]

  server          requests/s and server CPU per request, against other servers
  client          client CPU per request and requests/s, against other clients
  parser          ns a request head, against other parsers
  websocket       server CPU per message and messages/s, against other servers
  frames          ns a frame read and written, and UTF-8, against ws and Node
  codecs          ns a query and form-data, read and written, against other codecs
  runtimes        ns a head and a frame, and start-up of the module, in every runtime of the tests
  fuzz            executions/s of the fuzzer, edges over time (an SVG), and its inputs in other parsers
  idle            memory of an idle connection; --websocket: of an idle WebSocket
  websocket-10k   10,000 WebSockets: memory of each, and a broadcast to all
  hub             5,000 WebSockets on one topic, in one process and in three over Redis: CPU per delivery, delay
  metrics         server CPU per hello without metrics, with them, and with OpenTelemetry
  report          draws what results/ has as plots/SUBJECT.svg; measures nothing

  --rounds N          measurements of each competitor (medians are shown)
  --seconds N         length of one measurement
  --only A,B          these competitors only
  --scenario A,B      server: hello, browser, json, pipelined, large
                      client: hello-1, hello-50, fields, download
                      websocket: text-16, text-utf8, text-1, binary-1k, binary-64k, broadcast
                      frames: decode, encode, encode-masked, utf8
                      hub: one-64, one-1k, three-64, three-1k
                      codecs: parse, encode, multipart-file, multipart-fields, multipart-encode
                      runtimes: head-40, head-700, head-object, read-64, read-16k, written-64, written-16k
  --connections N     idle, websocket-10k, hub: connections to hold (default 8000, 10000, 5000)
  --websocket         idle: WebSockets instead of HTTP connections
  --profile           client: where its time goes, function by function

Results are saved as results/SUBJECT.json, scenario by scenario, and drawn; but not those of runs with --only or
--connections.`

try {
  const { subject, options } = fromCommandLine()
  preparePeers()
  console.log(describeMachine())
  const { run } = await import(`./${subject}.js`)
  const measured = await run(options)
  if (measured && isWhole(options)) {
    saveResults(subject, measured)
    await drawAnew(subject)
  }
} catch (error) {
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
}
process.exit()

function fromCommandLine() {
  const names = ['rounds', 'seconds', 'only', 'scenario', 'connections']
  const texts = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
  const options = { ...texts, websocket: { type: 'boolean' }, profile: { type: 'boolean' } }
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
      websocket: values.websocket,
      profile: values.profile,
    },
  }
}

// Vega is loaded when all has been measured.
async function drawAnew(subject) {
  const { drawable, run } = await import('./report.js')
  if (drawable().includes(subject)) await run({ only: [subject] })
}

// Others were measured on other connections, or not at all: such figures do not take the place of whole ones.
function isWhole({ only, connections }) {
  return only === undefined && connections === undefined
}

function positive(name, text) {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} is a number above 0`)
  return number
}
