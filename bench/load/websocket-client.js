// One WebSocket client that costs next to nothing: it writes bytes that are frames already, and counts what comes back.
// All clients of a process read into the same window, whose bytes are gone with the next read.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { frameOf, opcodes } from '../websocket-inputs.js'

const window = Buffer.allocUnsafeSlow(256 * 1024)
const host = '127.0.0.1'
const handshakeFor = (path) =>
  Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
const normalClosure = Buffer.from([1000 >> 8, 1000 & 255])
const endOfHead = '\r\n\r\n'
const closeTimeoutMs = 5000

export class Client {
  /**
   * @param options.localAddress of the many a loopback interface has, where one has not ports enough
   * @param options.greet called with all text that has come behind the head until it returns true: what a protocol over
   * WebSockets has to say first (default: nothing)
   */
  static open({ port, localAddress, path = '/', greet = isReadyAtOnce }) {
    const client = new Client()
    return new Promise((resolve, reject) => {
      client.onFailure = reject
      client.onBytes = handshakeReader(client, greet, resolve)
      const onread = { buffer: window, callback: (length) => client.#received(length) }
      client.#socket = connect({ port, host, localAddress, noDelay: true, onread }, () =>
        client.write(handshakeFor(path)),
      )
      client.#socket.on('error', (error) => client.#ended(error))
      client.#socket.on('close', () => client.#ended(new Error('the server closed a connection')))
    })
  }

  /** Called with every read: the bytes lie in `window` and are gone afterwards. */
  onBytes = undefined
  /** Called once, when the connection ends before `close()` is called. */
  onFailure = undefined
  isOpen = true
  #socket = undefined
  #isClosing = false

  /** Neither copied nor changed: one Buffer may be written again and again. */
  write(bytes) {
    this.#socket.write(bytes)
  }

  /** Sends `bytes`; resolves when exactly `answer` has come, rejects at the first byte that differs. */
  exchange(bytes, answer) {
    const answered = this.expect(answer)
    this.write(bytes)
    return answered
  }

  expect(answer) {
    let at = 0
    return new Promise((resolve, reject) => {
      this.onFailure = reject
      this.onBytes = (length) => {
        const end = Math.min(at + length, answer.length)
        if (end - at < length || window.compare(answer, at, end, 0, length) !== 0)
          return reject(new Error(`another answer than expected, after byte ${at}`))
        at = end
        if (at === answer.length) resolve()
      }
    })
  }

  /** The closing handshake; the server ends the connection. */
  close() {
    this.#isClosing = true
    this.onBytes = ignore
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), closeTimeoutMs)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      this.write(frameOf(opcodes.close, normalClosure, randomBytes(4)))
    })
  }

  #received(length) {
    this.onBytes(length)
    return true
  }

  #ended(error) {
    this.isOpen = false
    if (!this.#isClosing) this.onFailure?.(error)
    this.onFailure = undefined
  }
}

function handshakeReader(client, greet, resolve) {
  let text = ''
  return (length) => {
    text += window.latin1Slice(0, length)
    const end = text.indexOf(endOfHead)
    if (end === -1) return
    if (!text.startsWith('HTTP/1.1 101 '))
      client.onFailure(new Error(`it answers ${text.slice(0, text.indexOf('\r\n'))}`))
    else if (greet(client, text.slice(end + endOfHead.length))) resolve(client)
  }
}

function isReadyAtOnce() {
  return true
}

/** Opens `count` clients, a hundred at a time; `use` is awaited for each. */
export async function openMany(count, optionsOf, use = ignore) {
  const clients = []
  let started = 0
  const openInTurn = async () => {
    while (started < count) {
      const client = await Client.open(optionsOf(started++))
      clients.push(client)
      await use(client)
    }
  }
  await Promise.all(Array.from({ length: 100 }, openInTurn))
  return clients
}

function ignore() {}
