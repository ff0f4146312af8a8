// One client in a process of its own, so that no other's code shapes what the compiler makes of it: `measure.js CLIENT
// SCENARIO URL`. On messages it makes one request and checks the answer, or requests for some seconds, which it counts.

import { connections, scenarios } from '../client-inputs.js'
import { selfTimes } from './profile.js'
import { tasks } from './tasks.js'

const [name, scenario, url] = process.argv.slice(2)
const { concurrency, task, expected } = scenarios[scenario]
const ready = import(`./${name}.js`).then(({ open }) => tasks[task](open(url, connections), expected))

const commands = { verify, run, profile }

process.on('message', async ({ command, ...options }) => {
  try {
    process.send((await commands[command](options)) ?? {})
  } catch (error) {
    // fetch tells only in the cause what has failed.
    process.send({ error: (error.cause ?? error).message })
  }
})

async function verify() {
  const { verify } = await ready
  await verify()
}

/** @returns how many requests were `answered`, in how many `seconds`: a few more than asked for, until all have been */
async function run({ seconds }) {
  const { once } = await ready
  const started = performance.now()
  let isOver = false
  let answered = 0
  setTimeout(() => {
    isOver = true
  }, seconds * 1000)
  const askAgainAndAgain = async () => {
    while (!isOver) {
      await once()
      answered++
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, askAgainAndAgain))
  } finally {
    isOver = true
  }
  return { answered, seconds: (performance.now() - started) / 1000 }
}

async function profile(options) {
  return { functions: await selfTimes(() => run(options)) }
}
