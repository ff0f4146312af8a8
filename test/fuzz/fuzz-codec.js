// Fuzzes one codec and tells what came of it; what it found goes to the corpus, to be tried first from then on.
import { addToCorpus, readCorpus, writeCorpus } from './engine/corpus-file.js'
import { toLine } from './engine/escaped.js'
import { hunt } from './engine/hunt.js'
import { targetUrl } from './targets.js'

const TELL_EVERY = 20

/** @returns whether a property does not hold */
export async function fuzzCodec(name, { seed, seconds, executions, grows }) {
  const corpus = readCorpus(name)
  let told = 0
  const onProgress = (reached) => {
    if (reached.seconds - told < TELL_EVERY) return
    told = reached.seconds
    console.log(lineOf(name, reached))
  }
  const outcome = await hunt(targetUrl(name), {
    seed,
    seconds,
    executions,
    corpus,
    grows,
    hasSeeds: true,
    onProgress,
  })
  console.log(lineOf(name, outcome))
  if (outcome.failure) keep(name, seed, outcome.failure, corpus)
  else if (grows) writeCorpus(name, outcome.essence)
  return outcome.failure !== undefined
}

function lineOf(name, { executions, seconds, edges, corpusSize }) {
  const rate = Math.round(executions / seconds)
  return (
    `${name.padEnd(14)} ${seconds.toFixed(0).padStart(5)} s  ${executions.toLocaleString('en')} executions ` +
    `(${rate.toLocaleString('en')}/s), ${edges} edges, ${corpusSize} inputs kept`
  )
}

function keep(name, seed, { property, message, bytes }, corpus) {
  console.log(`\n${name}: '${property}' does not hold for\n  ${toLine(bytes)}\n${message}\n`)
  if (!corpus.some((known) => known.equals(bytes)))
    addToCorpus(name, bytes, `${property}, found by seed ${seed}`)
}
