// What comes back over a connection, read strictly, response by response.

import { readResponseFields } from '../../../build/modules/core/fields.js'
import { END, ERROR, HEAD, PIECE, TRAILERS } from '../../../build/modules/core/http-reader.js'
import { INTERIM, ResponseReader } from '../../../build/modules/core/response-reader.js'
import { latin1 } from '../../../build/modules/core/text.js'
import { CONNECTION_CLOSE, FLAGS, memory, u32 } from '../../../build/modules/core/wasm.js'
import { feedAll } from './core-window.js'

export class ResponseLog {
  responses = []
  /** The rule that the bytes break. */
  fault = undefined
  #reader = new ResponseReader()
  #interim = []
  #answersHead

  /** @param answersHead whether the response of this number, from 0 on, answers a HEAD */
  constructor(answersHead) {
    this.#answersHead = answersHead
    this.#reader.expect(answersHead(0))
  }

  /** Those that have come whole. */
  get completeCount() {
    return this.responses.length - (this.responses.at(-1)?.isComplete === false ? 1 : 0)
  }

  /** Interim responses, all told. */
  get interimCount() {
    return this.responses.reduce((sum, { interim }) => sum + interim.length, this.#interim.length)
  }

  /** Interim responses that nothing has followed yet. */
  get openInterim() {
    return this.#interim
  }

  /** True where some of a head has come that has not ended. */
  get isInHead() {
    return this.#reader.isInHead
  }

  push(bytes) {
    feedAll(this.#reader, bytes, () => this.#readEvents())
  }

  /** The connection has ended: so does a body that ends with it. */
  end() {
    if (this.#reader.endsWithConnection) this.responses.at(-1).isComplete = true
  }

  #readEvents() {
    const reader = this.#reader
    for (;;) {
      switch (reader.next()) {
        case INTERIM:
          this.#interim.push(reader.status)
          break
        case HEAD:
          this.#begin(reader)
          break
        case PIECE:
          this.responses.at(-1).pieces.push(Buffer.from(memory.subarray(reader.pieceStart, reader.pieceEnd)))
          break
        case END:
          this.#complete()
          break
        case TRAILERS:
          this.responses.at(-1).trailers = readResponseFields(latin1(reader.headStart, reader.at))
          this.#complete()
          break
        case ERROR:
          this.fault ??= reader.error
          return false
        default:
          return true
      }
    }
  }

  #begin(reader) {
    const text = latin1(reader.headStart, reader.at)
    this.responses.push({
      status: reader.status,
      headers: readResponseFields(text),
      interim: this.#interim,
      closes: (u32[FLAGS] & CONNECTION_CLOSE) !== 0,
      isUntilClose: reader.endsWithConnection,
      isComplete: false,
      pieces: [],
      get body() {
        return Buffer.concat(this.pieces)
      },
    })
    this.#interim = []
    if (!reader.isInBody) this.#complete()
  }

  #complete() {
    this.responses.at(-1).isComplete = true
    this.#reader.expect(this.#answersHead(this.responses.length))
  }
}
