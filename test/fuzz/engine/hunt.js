// Has one target fuzzed in a thread, and watches over it: an input that takes too long is a failure, too.
import { Worker } from 'node:worker_threads'
import { minimise } from './minimise.js'

/** The longest input of any target. */
const MAX_INPUT = 64 * 1024
/** A thread that reads one input for so long hangs; far more than the slowest needs on a busy machine. */
const HANG_MS = 20_000
/** The same for one that is known to hang, while it is made smaller. */
const AGAIN_MS = 1500
const LOOK_MS = 250

/**
 * @param target the URL of its module
 * @param wish seed, corpus, seconds, executions at the most; whether the target's seeds are tried (`hasSeeds`), and whether
 * the corpus `grows`
 * @param hangMs after so long an input hangs
 * @param onProgress is told, twice a second, what has been reached
 * @returns what was reached at the end, with `failure` and, where asked for by `grows`, `essence`
 */
export async function hunt(target, { hangMs = HANG_MS, onProgress = () => {}, ...wish }) {
  const outcome = await new Hunter({ target, ...wish }).outcome(hangMs, onProgress)
  if (outcome.failure?.property !== 'hang') return outcome
  const hangs = async (bytes) => {
    const again = new Hunter({ target, seed: wish.seed, seconds: 0, corpus: [bytes] })
    return (await again.outcome(AGAIN_MS)).failure?.property === 'hang'
  }
  if (await hangs(outcome.failure.bytes)) outcome.failure.bytes = await minimise(outcome.failure.bytes, hangs)
  return outcome
}

class Hunter {
  constructor(workerData) {
    const current = {
      length: new Int32Array(new SharedArrayBuffer(8)),
      bytes: new Uint8Array(new SharedArrayBuffer(MAX_INPUT)),
    }
    this.current = current
    this.last = {}
    this.worker = new Worker(new URL('worker.js', import.meta.url), {
      workerData: { ...workerData, current },
      execArgv: ['--import', new URL('core-hook.js', import.meta.url).href, '--no-warnings'],
    })
  }

  outcome(hangMs, onProgress = () => {}) {
    return new Promise((resolve, reject) => {
      const watch = this.watch(hangMs, (failure) => {
        this.worker.terminate()
        resolve({ ...this.last, failure })
      })
      this.worker.on('message', (message) => {
        this.last = message
        if (message.isDone) resolve(withBuffers(message))
        else onProgress(message)
      })
      this.worker.on('error', reject)
      this.worker.on('exit', () => {
        clearInterval(watch)
        reject(new Error('the thread has ended without an outcome'))
      })
    })
  }

  // Only what has begun to read can hang on an input; until then modules are loaded.
  watch(hangMs, onHang) {
    let seen = 0
    let since = performance.now()
    return setInterval(() => {
      const turn = this.current.length[1]
      const now = performance.now()
      if (turn !== seen) [seen, since] = [turn, now]
      else if (turn > 0 && now - since > hangMs) {
        const bytes = Buffer.from(this.current.bytes.subarray(0, this.current.length[0]))
        onHang({ property: 'hang', message: `nothing came of it within ${hangMs} ms`, bytes })
      }
    }, LOOK_MS)
  }
}

// Sent from thread to thread, they have become mere bytes.
function withBuffers({ essence, failure, ...others }) {
  return {
    ...others,
    essence: essence?.map((bytes) => Buffer.from(bytes)),
    failure: failure && { ...failure, bytes: Buffer.from(failure.bytes) },
  }
}
