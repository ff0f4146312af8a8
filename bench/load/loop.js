// Bursts and their answers, over and over: the clients that an answer comes to, for an echo one, for a broadcast all, and of
// them the senders, in turn. Only bytes are counted, once those of the first answer have been compared.

export class Loop {
  bursts = 0
  #clients
  #burst
  #answer
  #received
  #answerOfAll
  #missing
  #underWay = 0
  #ended = undefined
  #isOver = false
  #senders
  #sent = 0

  constructor(clients, { burst, answer, senders = clients.slice(0, 1) }) {
    this.#clients = clients
    this.#senders = senders
    this.#burst = burst
    this.#answer = answer
    this.#received = new Float64Array(clients.length)
    this.#answerOfAll = answer.length * clients.length
    this.#missing = this.#answerOfAll
  }

  async verify() {
    const answered = this.#clients.map((client) => client.expect(this.#answer))
    this.#senders[0].write(this.#burst)
    await Promise.all(answered)
  }

  /** Sends so many bursts at first, and another for each that is answered, until `end()`. Resolves after the last. */
  run(bursts) {
    this.bursts = 0
    this.#isOver = false
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

  end() {
    this.#isOver = true
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
    if (!this.#isOver) this.#send()
    else if (this.#underWay === 0) this.#ended()
  }

  #send() {
    this.#underWay++
    this.#senders[this.#sent++ % this.#senders.length].write(this.#burst)
  }
}
