// One parser in a process of its own, so that no other's code shapes what the compiler makes of it: `measure.js FILE
// FORM`. On a message with a head's name and a time, parses that head for so long and answers ns per parse.

import { headOf, heads, messageOf } from '../inputs.js'
import { nsEach, warmedUp } from '../timing.js'

const [file, form] = process.argv.slice(2)
const ready = new Map()

const parsers = import(`./${file}.js`).then((module) => module.parsers)

process.on('message', async ({ input, ms }) => {
  try {
    if (!ready.has(input)) ready.set(input, await prepare((await parsers)[form], heads[input]))
    process.send({ ns: await nsEach(ready.get(input), ms) })
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
  return warmedUp(parser.parse)
}
