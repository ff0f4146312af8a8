// An honest server, Node's own, that the client under test asks beside the hostile one and over the same pool: the answers must
// always be right, and in time.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Failure } from '../engine/failure.js'
import { IN_TIME_MS, Oracle } from './oracle.js'

export class HonestServer extends Oracle {
  #child
  #server = createServer((req, res) => echo(req, res))

  constructor(child) {
    super()
    this.#child = child
  }

  async start() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.begin()
  }

  close() {
    this.isOver = true
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async run() {
    const url = `http://127.0.0.1:${this.#server.address().port}`
    while (!this.isOver) {
      const number = `oracle-${this.answers}`
      const body = Buffer.from(`${number} `.repeat(1 + (this.answers % 50)))
      const start = performance.now()
      const asked = { url: `${url}/${number}`, method: 'PUT', body, as: 'text', deadline: IN_TIME_MS }
      const got = await this.#child.ask('ask', asked)
      const wanted = `PUT /${number} ${body}`
      if (got.status !== 200 || got.body !== wanted) {
        throw new Failure('oracle', `${number} got ${got.status} ${got.code} ${got.body} ${got.message}`)
      }
      this.answered(start)
      await this.pause()
    }
  }
}

async function echo(req, res) {
  const pieces = []
  for await (const piece of req) pieces.push(piece)
  res.setHeader('Content-Type', 'text/plain')
  res.end(`${req.method} ${req.url} ${Buffer.concat(pieces)}`)
}
