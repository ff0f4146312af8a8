// The load of the WebSocket benchmark, a process of its own. On messages it opens the connections of a scenario and
// checks one answer on each, byte by byte; sends for some seconds, counting bytes; and closes.
// A burst is one write of as many frames as are to be in flight. It is sent again when all of its answer has come, so at
// the end everything has been answered and nothing is on its way any more.

import { randomBytes } from 'node:crypto'
import { frameOf, scenarios } from '../websocket-inputs.js'
import { openMany } from './websocket-client.js'

let clients = []
let loops = []
let isOver = false

const commands = { open, run, close }

process.on('message', async ({ command, ...options }) => {
  try {
    process.send((await commands[command](options)) ?? {})
  } catch (error) {
    process.send({ error: error.message })
  }
})

// The clients that an answer comes to, one of which sends the burst: for an echo one, for a broadcast all.
class Loop {
  bursts = 0
  #clients
  #burst
  #answer
  #received
  #answerOfAll
  #missing
  #underWay = 0
  #ended = undefined

  constructor(clients, { burst, answer }) {
    this.#clients = clients
    this.#burst = burst
    this.#answer = answer
    this.#received = new Float64Array(clients.length)
    this.#answerOfAll = answer.length * clients.length
    this.#missing = this.#answerOfAll
  }

  async verify() {
    const answered = this.#clients.map((client) => client.expect(this.#answer))
    this.#clients[0].write(this.#burst)
    await Promise.all(answered)
  }

  /** Sends so many bursts at first, and another for each that is answered, until `isOver`. Resolves after the last. */
  run(bursts) {
    this.bursts = 0
    this.#received.fill(0)
    return new Promise((resolve, reject) => {
      this.#ended = resolve
      this.#clients.forEach((client, i) => {
        client.onFailure = reject
        client.onBytes = (length) => this.#count(i, length)
      })
      for (let i = 0; i < bursts; i++) this.#send()
    })
  }

  /** Everyone has had as many bytes as everyone else. */
  check() {
    const due = this.bursts * this.#answer.length
    const isWrong = (bytes) => bytes !== due
    if (this.#received.some(isWrong)) throw new Error('somebody was sent too much, and another too little')
  }

  #count(i, length) {
    this.#received[i] += length
    this.#missing -= length
    while (this.#missing <= 0) this.#burstIsAnswered()
  }

  #burstIsAnswered() {
    this.#missing += this.#answerOfAll
    this.#underWay--
    this.bursts++
    if (!isOver) this.#send()
    else if (this.#underWay === 0) this.#ended()
  }

  #send() {
    this.#underWay++
    this.#clients[0].write(this.#burst)
  }
}

async function open({ port, scenario }) {
  const { connections } = scenarios[scenario]
  clients = await openMany(connections, () => ({ port }))
  const groups = scenario === 'broadcast' ? [clients] : clients.map((client) => [client])
  loops = groups.map((group) => new Loop(group, burstOf(scenarios[scenario])))
  await Promise.all(loops.map((loop) => loop.verify()))
}

function burstOf({ inFlight, opcode, message }) {
  const payloads = Array.from({ length: inFlight }, (_, i) => message(i))
  return {
    burst: Buffer.concat(payloads.map((payload) => frameOf(opcode, payload, randomBytes(4)))),
    answer: Buffer.concat(payloads.map((payload) => frameOf(opcode, payload))),
  }
}

async function run({ seconds, scenario }) {
  isOver = false
  const started = performance.now()
  setTimeout(() => {
    isOver = true
  }, seconds * 1000)
  const { inFlight, bursts: burstsUnderWay = 1, connections } = scenarios[scenario]
  await Promise.all(loops.map((loop) => loop.run(burstsUnderWay)))
  const took = (performance.now() - started) / 1000
  for (const loop of loops) loop.check()
  const bursts = loops.reduce((sum, loop) => sum + loop.bursts, 0)
  const answersEach = inFlight * (connections / loops.length)
  return { answered: bursts * answersEach, seconds: took }
}

async function close() {
  await Promise.all(clients.map((client) => client.close()))
}
