// One reader in a process of its own: `measure.js FILE`. On a message with a target's name and a time, it reads the target's
// inputs in turn for so long and answers ns an input.

import { nsEach, warmedUp } from '../timing.js'
import { inputsOf } from './inputs.js'

const { readers } = await import(`./${process.argv[2]}.js`)
const ready = new Map()
// As in the fuzzer: most inputs are refused, and it is not the stacks of errors that are compared.
Error.stackTraceLimit = 0

process.on('message', async ({ input: target, ms }) => {
  try {
    if (!ready.has(target)) ready.set(target, await prepare(target))
    const { inputs, settled } = ready.get(target)
    process.send({ ns: (await nsEach(settled, ms)) / inputs })
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function prepare(target) {
  const { inputs, way } = await inputsOf(target)
  const read = readers[target]
  const readAll = (times) => {
    for (let turn = 0; turn < times; turn++) for (const input of inputs) read(input, way)
  }
  return { inputs: inputs.length, settled: await warmedUp(readAll) }
}
