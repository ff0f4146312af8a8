// One parser in a process of its own, so that no other's code shapes what the compiler makes of it: `measure.js FILE
// FORM`. On a message with a head's name and a time, parses that head for so long and answers ns per parse.

import { headOf, heads, messageOf } from '../inputs.js'

const [file, form] = process.argv.slice(2)
const warmUpMs = 300
const batchMs = 20
const ready = new Map()

const parsers = import(`./${file}.js`).then((module) => module.parsers)

process.on('message', async ({ head, ms }) => {
  try {
    const parser = ready.get(head) ?? prepare((await parsers)[form], heads[head])
    ready.set(head, parser)
    process.send({ ns: nsPerParse(parser, ms) })
  } catch (error) {
    process.send({ error: error.message })
  }
})

// A parser that found another number of fields is not measured.
function prepare(makeParser, request) {
  if (makeParser === undefined) throw new Error('not there')
  const parser = makeParser(Buffer.from(headOf(request)), Buffer.from(messageOf(request)))
  parser.parse(1)
  const found = parser.fieldCount?.() ?? request.headers.length
  if (found !== request.headers.length) throw new Error(`found ${found} of ${request.headers.length} fields`)
  const end = performance.now() + warmUpMs
  let batch = 1
  while (performance.now() < end) {
    const took = timeOf(parser, batch)
    if (took < batchMs) batch *= 2
  }
  return { ...parser, batch }
}

function nsPerParse(parser, ms) {
  let times = 0
  let took = 0
  for (; took < ms; times += parser.batch) took += timeOf(parser, parser.batch)
  return (took * 1e6) / times
}

function timeOf({ parse }, times) {
  const before = performance.now()
  parse(times)
  return performance.now() - before
}
