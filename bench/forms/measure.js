// One candidate in a process of its own, so that no other's code shapes what the compiler makes of it: `measure.js SUBJECT
// FILE`. On a message with an input's name and a time, runs it for so long and answers ns a time.

import { nsEach, warmedUp } from '../timing.js'
import { subjects } from './subjects.js'

const [subject, file] = process.argv.slice(2)
const { inputs, task, code } = subjects[subject]
const ready = new Map()
const candidate = import(`./${file}.js`).then((module) => module[code])

process.on('message', async ({ input, ms }) => {
  try {
    if (!ready.has(input)) ready.set(input, await prepare(await candidate, inputs[input]))
    process.send({ ns: await nsEach(ready.get(input), ms) })
  } catch (error) {
    process.send({ error: error.message })
  }
})

// What gave another result than it should is not measured.
async function prepare(code, input) {
  if (code === undefined) throw new Error('not there')
  const { verify, repeat } = task(code, input)
  await verify()
  return warmedUp(repeat)
}
