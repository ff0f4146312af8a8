// One target's fuzzer in a thread of its own: what it is about to read stands in shared memory, so that whoever watches can
// tell a hang, and on what.
import { parentPort, workerData } from 'node:worker_threads'
import { Fuzzer } from './fuzz.js'

/** Seconds between two words on how far it is. */
const TELL_EVERY = 0.5

const { seed, seconds, executions, current, grows, hasSeeds } = workerData
const { target } = await import(workerData.target)

const corpus = workerData.corpus.map((bytes) => Buffer.from(bytes))
const seeds = hasSeeds ? target.seeds().map((text) => Buffer.from(text, 'latin1')) : []
const fuzzer = new Fuzzer(target, { seed, corpus, seeds, onInput: note })
let told = 0

// Half of the time would go into stacks of errors that are expected.
const { stackTraceLimit } = Error
Error.stackTraceLimit = 0
fuzzer.replay()
if (seconds > 0) fuzzer.run(isOver, executions)
Error.stackTraceLimit = stackTraceLimit
if (fuzzer.failure) await fuzzer.minimiseFailure()
const essence = grows && !fuzzer.failure ? fuzzer.essence() : undefined
parentPort.postMessage({ ...state(), failure: fuzzer.failure, growth: fuzzer.growth, essence, isDone: true })

function note(bytes) {
  current.length[0] = bytes.length
  current.bytes.set(bytes)
  current.length[1]++
}

function isOver() {
  if (fuzzer.seconds - told > TELL_EVERY) {
    told = fuzzer.seconds
    parentPort.postMessage(state())
  }
  return fuzzer.seconds >= seconds
}

function state() {
  return {
    executions: fuzzer.executions,
    edges: fuzzer.edges,
    corpusSize: fuzzer.corpusSize,
    seconds: fuzzer.seconds,
  }
}
