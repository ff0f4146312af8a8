// A raw connection that plays what was planned: writes pieces with pauses, stops reading for a while, half-closes, resets.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { Failure } from '../engine/failure.js'

/** Milliseconds after which something that should have happened is taken for lost. */
export const PATIENCE_MS = 20_000

export class Peer {
  /** The other end has sent its FIN, or is gone. */
  hasEnded = false
  /** The connection was reset, or cut under TLS. */
  error = undefined
  #socket
  #isTls
  #onBytes
  #watchers = new Set()

  /** @param onBytes is called with what comes */
  static async connect(port, isTls, onBytes) {
    const address = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }
    const socket = isTls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address)
    await once(socket, isTls ? 'secureConnect' : 'connect')
    return new Peer(socket, isTls, onBytes)
  }

  constructor(socket, isTls, onBytes) {
    this.#socket = socket
    this.#isTls = isTls
    this.#onBytes = onBytes
    socket.on('data', (bytes) => this.#took(bytes))
    socket.on('drain', () => this.#look())
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#ended())
    socket.on('error', (error) => {
      this.error ??= error
    })
  }

  #took(bytes) {
    this.#onBytes(bytes)
    this.#look()
  }

  #ended() {
    this.hasEnded = true
    this.#look()
  }

  #look() {
    for (const watcher of this.#watchers) watcher()
  }

  /** Settles when it is so, or the other end has ended. @throws Failure 'late', naming what */
  async until(isSo, what, patienceMs = PATIENCE_MS) {
    let watcher
    let timer
    const done = new Promise((resolve, reject) => {
      watcher = () => (isSo() || this.hasEnded) && resolve()
      timer = setTimeout(
        () => reject(new Failure('late', `${what}: not within ${patienceMs} ms`)),
        patienceMs,
      )
    })
    this.#watchers.add(watcher)
    watcher()
    try {
      await done
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(watcher)
    }
  }

  /** Writes; what the other end takes slowly is waited for, unless it reads no more. */
  async write(bytes) {
    if (this.hasEnded || this.#socket.destroyed || bytes.length === 0) return
    if (!this.#socket.write(bytes))
      await this.until(() => !this.#socket.writableNeedDrain || this.error, 'reading')
  }

  pause(ms) {
    return ms === 0 ? new Promise(setImmediate) : sleep(ms)
  }

  /** Reads nothing for a while, and does not wait for that. */
  deafen(ms) {
    this.#socket.pause()
    setTimeout(() => this.#socket.resume(), ms).unref()
  }

  halfClose() {
    this.#socket.end()
  }

  reset() {
    if (this.#isTls) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  destroy() {
    this.#socket.destroy()
  }
}
