// A server that waits for our client's WebSockets, and hands each to the session that has asked for it by its name.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Failure } from '../engine/failure.js'
import { PATIENCE_MS } from './peer.js'

export class HostileWebSocketServer {
  #server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket))
  #waiting = new Map()

  async listen() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  urlOf(name) {
    return `ws://127.0.0.1:${this.#server.address().port}/${name}`
  }

  /** The connection that asks by this name, its head read. */
  next(name) {
    return new Promise((resolve, reject) => {
      const tooLate = () => reject(new Failure('late', 'the client does not ask for its WebSocket'))
      const timer = setTimeout(tooLate, PATIENCE_MS)
      this.#waiting.set(name, (asked) => {
        clearTimeout(timer)
        resolve(asked)
      })
    })
  }

  async #take(socket) {
    socket.on('error', () => {})
    let head = ''
    while (!head.endsWith('\r\n\r\n')) {
      const [bytes] = await once(socket, 'data').catch(() => [])
      if (bytes === undefined) return
      head += bytes.toString('latin1')
    }
    const [, name] = /^GET \/(\S+) /.exec(head) ?? []
    const [, key] = /\r\nsec-websocket-key: (\S+)/i.exec(head) ?? []
    this.#waiting.get(name)?.({ socket, key, head })
    this.#waiting.delete(name)
  }

  close() {
    this.#server.close()
  }
}
