// A server that answers each request by the script that was drawn for its target, and looks closely at what it is asked: no
// request comes twice that may not, none over a connection that is spent.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { END, ERROR, HEAD, NEED_MORE, PIECE } from '../../../build/modules/core/http-reader.js'
import { RequestReader } from '../../../build/modules/core/request-reader.js'
import { latin1 } from '../../../build/modules/core/text.js'
import { memory } from '../../../build/modules/core/wasm.js'
import { Failure } from '../engine/failure.js'
import { feedAll } from './core-window.js'
import { writeCut } from './cuts.js'
import { Peer } from './peer.js'

const limits = { maxLine: 8192, maxHeaders: 100, maxBody: Number.POSITIVE_INFINITY }

export class HostileServer {
  /** The first thing the client did wrong. */
  failure = undefined
  connections = 0
  #scripts = new Map()
  #server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket))
  #sockets = new Set()

  async listen() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.#server.address().port
  }

  /** @param script { bytes, cuts, end, isEarly, isSpent, method, body, attempts } */
  add(target, script) {
    this.#scripts.set(target, script)
  }

  delete(target) {
    this.#scripts.delete(target)
  }

  close() {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  fail(property, detail) {
    this.failure ??= new Failure(property, detail)
  }

  #serve(socket) {
    this.connections++
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    new HostileConnection(this, socket, this.#scripts)
  }
}

class HostileConnection {
  #server
  #scripts
  #peer
  #reader = new RequestReader(limits)
  #script = undefined
  #body = []
  #isPlaying = false
  /** After this no request may come here. */
  #isSpent = false
  /** This end has ended it: a request may be on its way, and is not seen. */
  #isStale = false

  constructor(server, socket, scripts) {
    this.#server = server
    this.#scripts = scripts
    this.#peer = new Peer(socket, false, (bytes) => feedAll(this.#reader, bytes, () => this.#read()))
    socket.on('end', () => socket.end())
  }

  #read() {
    const reader = this.#reader
    for (;;) {
      switch (reader.next()) {
        case NEED_MORE:
          return true
        case HEAD:
          this.#begin(latin1(reader.headStart, reader.at).split('\r\n', 1)[0])
          if (!reader.isInBody) this.#complete()
          break
        case PIECE:
          this.#body.push(Buffer.from(memory.subarray(reader.pieceStart, reader.pieceEnd)))
          break
        case ERROR:
          this.#server.fail('request', `the client's bytes break a rule: ${reader.error.message}`)
          return false
        case END:
          this.#complete()
      }
    }
  }

  #begin(line) {
    this.#script = undefined
    if (this.#isStale && !this.#isSpent) return
    const [method, target] = line.split(' ')
    const script = this.#scripts.get(target)
    if (this.#isSpent || this.#isPlaying) {
      this.#server.fail('reuse', `${line} came over a connection that should not have been used again`)
    }
    if (script === undefined) return this.#server.fail('unasked', `nobody has asked for ${line}`)
    if (method !== script.method) this.#server.fail('request', `${script.method} came as ${line}`)
    if (++script.attempts > script.mostAttempts)
      this.#server.fail('repeated', `${line} came ${script.attempts} times`)
    this.#script = script
    this.#body = []
    if (script.isEarly) this.#play(script)
  }

  #complete() {
    const script = this.#script
    if (script === undefined) return
    const body = Buffer.concat(this.#body)
    if (!script.isEarly && !body.equals(script.body))
      this.#server.fail('request', `${body.length} bytes of another body`)
    if (!script.isEarly) this.#play(script)
  }

  #play(script) {
    this.#isPlaying = true
    if (script.isSpent) this.#isSpent = true
    this.#answer(script).catch((error) => this.#server.fail('crash', error.stack))
  }

  async #answer({ bytes, cuts, delay, end }) {
    const peer = this.#peer
    if (delay > 0) await peer.pause(delay)
    // The next request may come as soon as the last byte has gone.
    const last = () => {
      this.#isPlaying = false
      this.#isStale = end !== 'keep'
    }
    await writeCut(peer, bytes, cuts, undefined, last)
    if (end === 'end') peer.halfClose()
    if (end === 'reset') peer.reset()
  }
}
