// An innocent party beside the hostile ones: it asks again and again, and must get its own right answer, in time.
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds for an answer: a busy machine may take seconds. */
export const IN_TIME_MS = 15_000
const EVERY_MS = 4

export class Oracle {
  answers = 0
  slowestMs = 0
  isOver = false
  #running

  /** Has it ask, by `run`, until it is ended. */
  begin() {
    this.#running = this.run()
    // Whoever ends it hears of it.
    this.#running.catch(() => {})
  }

  /** Rejects as soon as something has gone wrong; never settles otherwise. */
  get failed() {
    return this.#running.then(() => new Promise(() => {}))
  }

  /** Rejects with what went wrong. */
  async end() {
    this.isOver = true
    await this.#running
  }

  /** An answer to what was asked at this time was right. */
  answered(start) {
    this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - start))
    this.answers++
  }

  pause() {
    return sleep(EVERY_MS)
  }
}
