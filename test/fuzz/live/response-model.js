// What a client must make of the bytes that answer a request: what our own reader makes of them.

import { readResponseFields } from '../../../build/modules/core/fields.js'
import { END, ERROR, HEAD, PIECE, TRAILERS } from '../../../build/modules/core/http-reader.js'
import { INTERIM, ResponseReader } from '../../../build/modules/core/response-reader.js'
import { latin1 } from '../../../build/modules/core/text.js'
import { memory, windowSize } from '../../../build/modules/core/wasm.js'
import { feedAll } from './core-window.js'

/**
 * @returns `response` as far as it has come, `end` where it was complete or undefined, `fault` where a rule was broken,
 * `isCertain` where that does not depend on how the bytes are cut, `isUntilClose`
 */
export function responseModel(bytes, isHead) {
  const model = read(bytes, isHead, windowSize)
  model.isCertain = model.fault === undefined || read(bytes, isHead, 1).fault !== undefined
  return model
}

function read(bytes, isHead, pieceSize) {
  const reader = new ResponseReader()
  reader.expect(isHead)
  const model = {
    response: undefined,
    end: undefined,
    fault: undefined,
    isUntilClose: false,
    keepsAlive: false,
  }
  let fed = 0
  const readEvents = () => {
    for (;;) {
      switch (reader.next()) {
        case INTERIM:
          break
        case HEAD:
          model.response = responseOf(reader)
          if (!reader.isInBody) return complete()
          break
        case PIECE:
          model.response.pieces.push(Buffer.from(memory.subarray(reader.pieceStart, reader.pieceEnd)))
          break
        case TRAILERS:
          model.response.trailers = readResponseFields(latin1(reader.headStart, reader.at))
          return complete()
        case END:
          return complete()
        case ERROR:
          model.fault = reader.error
          return false
        default:
          fed += Math.min(pieceSize, bytes.length - fed)
          return true
      }
    }
  }
  const complete = () => {
    const length = Math.min(pieceSize, bytes.length - fed)
    model.end = fed + length - (reader.end - reader.at)
    model.keepsAlive = reader.keepsAlive
    return false
  }
  feedAll(reader, bytes, readEvents, pieceSize)
  model.isUntilClose = reader.endsWithConnection
  return model
}

function responseOf(reader) {
  return {
    status: reader.status,
    headers: { ...readResponseFields(latin1(reader.headStart, reader.at)) },
    pieces: [],
    trailers: undefined,
    get raw() {
      return Buffer.concat(this.pieces)
    },
  }
}
