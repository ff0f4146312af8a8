// An honest server, Node's own, that the client under test asks beside the hostile one and over the same pool: the answers must
// always be right, and in time.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../engine/failure.js'

/** Milliseconds for an answer: a busy machine may take seconds. */
const IN_TIME_MS = 15_000
const EVERY_MS = 4

export class HonestServer {
  answers = 0
  slowestMs = 0
  #child
  #server = createServer((req, res) => echo(req, res))
  #isOver = false
  #running

  constructor(child) {
    this.#child = child
  }

  async start() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#running = this.#run()
    this.#running.catch(() => {})
  }

  /** Rejects as soon as something has gone wrong; never settles otherwise. */
  get failed() {
    return this.#running.then(() => new Promise(() => {}))
  }

  async end() {
    this.#isOver = true
    await this.#running
  }

  close() {
    this.#isOver = true
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #run() {
    const url = `http://127.0.0.1:${this.#server.address().port}`
    while (!this.#isOver) {
      const number = `oracle-${this.answers}`
      const body = Buffer.from(`${number} `.repeat(1 + (this.answers % 50)))
      const start = performance.now()
      const asked = { url: `${url}/${number}`, method: 'PUT', body, as: 'text', deadline: IN_TIME_MS }
      const got = await this.#child.ask('ask', asked)
      this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - start))
      const wanted = `PUT /${number} ${body}`
      if (got.status !== 200 || got.body !== wanted) {
        throw new Failure('oracle', `${number} got ${got.status} ${got.code} ${got.body} ${got.message}`)
      }
      this.answers++
      await sleep(EVERY_MS)
    }
  }
}

async function echo(req, res) {
  const pieces = []
  for await (const piece of req) pieces.push(piece)
  res.setHeader('Content-Type', 'text/plain')
  res.end(`${req.method} ${req.url} ${Buffer.concat(pieces)}`)
}
