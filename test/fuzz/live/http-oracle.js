// An innocent client, with a number of its own in each target and body. It reads answers by itself, with nothing of ours.
import { once } from 'node:events'
import { connect } from 'node:net'
import { Failure } from '../engine/failure.js'
import { hashOf, seenOf } from './answers.js'
import { IN_TIME_MS, Oracle } from './oracle.js'

/** Requests on one connection. */
const MOST = 200

export class HttpOracle extends Oracle {
  #port
  #socket

  constructor(port) {
    super()
    this.#port = port
    this.begin()
  }

  async run() {
    while (!this.isOver) {
      this.#socket = connect(this.#port, '127.0.0.1')
      await once(this.#socket, 'connect')
      const answers = new Answers(this.#socket)
      for (let count = 0; count < MOST && !this.isOver; count++) {
        await this.#ask(answers)
        await this.pause()
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
    const wanted = `HTTP/1.1 200 OK … ${seen} ${hashOf(body)}\n`
    if (answer !== wanted) throw new Failure('oracle', `asked for ${uri}, wanted ${wanted}, got: ${answer}`)
    this.answered(start)
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
