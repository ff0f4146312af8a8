// All cores, one port: a primary that keeps worker processes running, and replaces them one by one without losing a request.
//
//   node examples/cluster.js [worker.js]     WORKERS=4 for so many, PORT=8091 for another port
//   kill -HUP <pid>                          a rolling restart: new code, new configuration
//   kill <pid>                               all workers end, then the primary
//
// The primary runs no code of the application: what is wrong there cannot end it.

import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const count = Number(process.env.WORKERS || availableParallelism())
const exec = process.argv[2] ?? fileURLToPath(new URL('./cluster/worker.js', import.meta.url))

const READY_MS = 30_000 // for a worker to get ready
const STOP_MS = 60_000 // for it to end, when told to; its own patience should be shorter
const STABLE_MS = 5000 // one that lives so long was no failure from the start

cluster.setupPrimary({ exec })

/** Those that serve; an exit of any other was expected, or its start is waited for. */
const serving = new Set()
let isStopping = false
let failures = 0
let rolling = Promise.resolve() // one restart at a time

/** Starts a worker; settles when it says that it is ready. */
function start() {
  const worker = cluster.fork()
  return new Promise((resolve, reject) => {
    const tooSlow = setTimeout(() => worker.process.kill('SIGKILL'), READY_MS)
    worker.once('exit', (code, signal) => {
      clearTimeout(tooSlow)
      reject(new Error(`worker ${worker.process.pid} ended with ${signal ?? code} before it was ready`))
    })
    worker.on('message', (message) => {
      if (message !== 'ready') return
      clearTimeout(tooSlow)
      serving.add(worker)
      worker.once('exit', (code, signal) => onExit(worker, code, signal))
      setTimeout(() => {
        if (serving.has(worker)) failures = 0
      }, STABLE_MS).unref()
      log(`worker ${worker.process.pid} serves`)
      resolve(worker)
    })
  })
}

/** Tells a worker to end what it has under way, and no more; settles when it is gone. */
function stop(worker) {
  serving.delete(worker)
  if (worker.isDead()) return
  worker.process.kill('SIGTERM')
  const tooSlow = setTimeout(() => worker.process.kill('SIGKILL'), STOP_MS)
  return new Promise((resolve) => {
    worker.once('exit', () => {
      clearTimeout(tooSlow)
      log(`worker ${worker.process.pid} has ended`)
      resolve()
    })
  })
}

function onExit(worker, code, signal) {
  if (!serving.delete(worker)) return
  log(`worker ${worker.process.pid} ended with ${signal ?? code}`)
  void replace()
}

// Workers that fail again and again are started ever more slowly: 0, 1, 2, 4 seconds, at most half a minute.
async function replace() {
  await rolling
  if (failures > 0)
    await new Promise((resolve) => setTimeout(resolve, Math.min(30, 2 ** (failures - 1)) * 1000))
  failures++
  if (isStopping || serving.size >= count) return
  await start().catch((error) => {
    log(error.message)
    return replace()
  })
}

// The new one first: at no time are there fewer than `count`. Where it does not get ready, the old ones stay.
async function roll() {
  for (const worker of [...serving]) {
    if (isStopping) return
    try {
      await start()
    } catch (error) {
      return log(`the restart is off: ${error.message}`)
    }
    await stop(worker)
  }
  log('all workers are new')
}

process.on('SIGHUP', () => {
  rolling = rolling.then(roll)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (isStopping) return
    isStopping = true
    await Promise.all(Object.values(cluster.workers).map(stop))
    process.exit()
  })
}

function log(line) {
  console.log(`${process.pid}: ${line}`)
}

await Promise.all(Array.from({ length: count }, start)).catch((error) => {
  console.error(error.message)
  process.exit(1)
})
log(`${count} workers; kill -HUP ${process.pid} replaces them`)
