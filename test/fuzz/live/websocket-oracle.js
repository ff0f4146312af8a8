// Innocent listeners beside the hostile peers, by the ws package: each must get every broadcast exactly once and in order, and
// what it says itself back in time.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { Failure } from '../engine/failure.js'
import { IN_TIME_MS, Oracle } from './oracle.js'

/** The message of this number: long ones now and then. */
function broadcastOf(number) {
  return `broadcast-${number} ${'.'.repeat(number % 50 === 0 ? 20_000 : number % 90)}`
}

export class WebSocketOracle extends Oracle {
  #child
  #sockets = []
  #sent = 0
  #failure

  constructor(child) {
    super()
    this.#child = child
  }

  async start(ports) {
    for (const port of Object.values(ports)) this.#sockets.push(await this.#listen(port))
    this.begin()
  }

  async end() {
    await super.end()
    for (const { socket } of this.#sockets) socket.terminate()
  }

  async #listen(port) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/?name=oracle-${port}&hub`)
    const one = { socket, heard: 0, echoes: [], wake: () => {} }
    socket.on('message', (data) => {
      const text = data.toString()
      if (text.startsWith('broadcast-')) this.#hear(one, text)
      else one.echoes.push(text)
      one.wake()
    })
    socket.on('error', (error) => this.#fail(`a listener has failed: ${error.message}`))
    socket.on('close', (code) => this.isOver || this.#fail(`a listener was closed with ${code}`))
    await once(socket, 'open')
    return one
  }

  #hear(one, text) {
    const wanted = broadcastOf(one.heard++)
    if (text !== wanted) this.#fail(`heard ${text.slice(0, 40)} instead of ${wanted.slice(0, 40)}`)
  }

  #fail(detail) {
    this.#failure ??= new Failure('oracle', detail)
    for (const { wake } of this.#sockets) wake()
  }

  async run() {
    while (!this.isOver) {
      await this.#child.ask('broadcast', broadcastOf(this.#sent++))
      await Promise.all(this.#sockets.map((one) => this.#talk(one)))
      if (this.#failure) throw this.#failure
      await this.pause()
    }
  }

  // What was broadcast before it was asked has been heard when its answer is there.
  async #talk(one) {
    const said = `said-${this.answers}`
    const start = performance.now()
    one.socket.send(said)
    const giveUpAt = start + IN_TIME_MS
    while (one.echoes.length === 0 && !this.#failure) {
      if (performance.now() > giveUpAt) throw new Failure('oracle', `no echo within ${IN_TIME_MS} ms`)
      await Promise.race([
        new Promise((resolve) => {
          one.wake = resolve
        }),
        sleep(1000),
      ])
    }
    if (this.#failure) throw this.#failure
    const heard = one.echoes.shift()
    if (heard !== said) throw new Failure('oracle', `said ${said}, heard ${heard}`)
    if (one.heard !== this.#sent)
      throw new Failure('oracle', `heard ${one.heard} of ${this.#sent} broadcasts`)
    this.answered(start)
  }
}
