// An innocent client beside the hostile ones: it asks again and again, with a number of its own in target and body, and must
// get its own right answer, in time. It reads answers by itself, with nothing of ours.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../engine/failure.js'
import { hashOf, seenOf } from './answers.js'

/** Milliseconds for an answer: a busy machine may take seconds. */
const IN_TIME_MS = 15_000
const EVERY_MS = 4
/** Requests on one connection. */
const MOST = 200

export class HttpOracle {
  answers = 0
  slowestMs = 0
  #port
  #isOver = false
  #socket
  #running

  constructor(port) {
    this.#port = port
    this.#running = this.#run()
    // Whoever ends it hears of it.
    this.#running.catch(() => {})
  }

  /** Rejects with what went wrong. */
  async end() {
    this.#isOver = true
    await this.#running
  }

  /** Rejects as soon as something has gone wrong; never settles otherwise. */
  get failed() {
    return this.#running.then(() => new Promise(() => {}))
  }

  async #run() {
    while (!this.#isOver) {
      this.#socket = connect(this.#port, '127.0.0.1')
      await once(this.#socket, 'connect')
      const answers = new Answers(this.#socket)
      for (let count = 0; count < MOST && !this.#isOver; count++) {
        await this.#ask(answers)
        await sleep(EVERY_MS)
      }
      this.#socket.destroy()
    }
  }

  async #ask(answers) {
    const number = `oracle-${this.answers}`
    const body = `${number} `.repeat(1 + (this.answers % 40))
    const uri = `/echo/${number}`
    const fields = { host: 'oracle', 'x-number': number, 'content-length': `${body.length}` }
    const seen = seenOf({
      ...{ requestMethod: 'post', uri, queryString: number, protocol: 'HTTP/1.1' },
      ...{ headers: fields, contentLength: body.length },
    })
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    const start = performance.now()
    this.#socket.write(`POST ${uri}?${number} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
    const answer = await answers.next(IN_TIME_MS)
    this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - start))
    const wanted = `HTTP/1.1 200 OK … ${seen} ${hashOf(body)}\n`
    if (answer !== wanted) throw new Failure('oracle', `asked for ${uri}, wanted ${wanted}, got: ${answer}`)
    this.answers++
  }
}

/** Answers with a Content-Length, each as its status line and its body. */
class Answers {
  #text = ''
  #wake = () => {}
  #isOver = false

  constructor(socket) {
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      this.#text += text
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  async next(patienceMs) {
    const giveUpAt = performance.now() + patienceMs
    for (;;) {
      const answer = this.#take()
      if (answer !== undefined) return answer
      if (this.#isOver) return `the end of the connection, after ${JSON.stringify(this.#text)}`
      if (performance.now() > giveUpAt) return `nothing in ${patienceMs} ms`
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, patienceMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #take() {
    const end = this.#text.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const head = this.#text.slice(0, end)
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
    if (length === undefined) return `no length: ${this.#text}`
    const bodyEnd = end + 4 + Number(length)
    if (this.#text.length < bodyEnd) return undefined
    const body = this.#text.slice(end + 4, bodyEnd)
    this.#text = this.#text.slice(bodyEnd)
    return `${head.split('\r\n', 1)[0]} … ${body}`
  }
}
