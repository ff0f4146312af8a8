// A program in a process of its own, which is asked things and must not say anything by itself: what it prints, and its
// untimely end, are faults.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Failure } from '../engine/failure.js'

/** Milliseconds for an answer; machines are noisy. */
const PATIENCE_MS = 60_000

export class Child {
  printed = ''
  #process
  #asked = new Map()
  #last = 0
  #end

  /** @param script beside this file */
  constructor(script, env = {}) {
    this.#process = fork(fileURLToPath(new URL(script, import.meta.url)), {
      env: { ...process.env, ...env },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.printed += text
      })
    }
    this.#process.on('message', ({ id, result, error }) => this.#answered(id, result, error))
    this.#process.on('exit', (code, signal) => this.#ended(code ?? signal))
  }

  #answered(id, result, error) {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error === undefined) asked?.resolve(result)
    else asked?.reject(new Error(error))
  }

  #ended(how) {
    this.#end = how
    for (const { reject } of this.#asked.values()) reject(this.#death())
    this.#asked.clear()
  }

  #death() {
    return new Failure('died', `the program under test ended with ${this.#end}; it printed: ${this.printed}`)
  }

  /** Rejects where the program is dead, or says nothing for a minute. */
  ask(what, ...args) {
    if (this.#end !== undefined) return Promise.reject(this.#death())
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      const tooLate = () => reject(new Failure('stuck', `the program under test does not answer '${what}'`))
      const timer = setTimeout(tooLate, PATIENCE_MS)
      const settled = (settle) => (value) => {
        clearTimeout(timer)
        settle(value)
      }
      this.#asked.set(id, { resolve: settled(resolve), reject: settled(reject) })
      // Where it cannot be sent, the end is told by 'exit'.
      this.#process.send({ id, what, args }, () => {})
    })
  }

  demandSilence() {
    if (this.printed !== '') throw new Failure('printed', `the program under test printed: ${this.printed}`)
  }

  async end() {
    if (this.#end !== undefined) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}
