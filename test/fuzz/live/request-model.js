// What a server must make of the bytes of a connection: the requests that our own reader finds in them, and how they end.
// The reader by itself is judged elsewhere; here the question is whether a server with many connections keeps to it.
import { END, ERROR, HEAD, PIECE, TRAILERS } from '../../../build/modules/core/http-reader.js'
import { RequestReader } from '../../../build/modules/core/request-reader.js'
import { latin1 } from '../../../build/modules/core/text.js'
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  EXPECT_CONTINUE,
  FLAGS,
  HAS_TRANSFER_ENCODING,
  memory,
  u32,
  VERSION_1_1,
} from '../../../build/modules/core/wasm.js'
import { methodOf, readRequest, requestMethod } from '../../../build/modules/server/request.js'
import { limits, routeOf, seenOf } from './answers.js'
import { feedAll } from './core-window.js'

/** Where requests come from does not matter here. */
const origin = { localPort: 0, localName: '', remoteAddr: '', scheme: 'http', trustsForwardedFor: false }

class Model {
  /** In order; nothing of what follows one that closes. */
  requests = []
  /** The statuses that the refusal at the end may have. */
  refusals = new Set()
  /** True where the refusal is certain. */
  mustRefuse = false
  /** True where what is refused asked for a HEAD, as far as can be told. */
  refusesHead = false
  isInHead = false

  get last() {
    return this.requests.at(-1)
  }

  /** True where the last request's body is wrong, or has not come whole. */
  get isInBody() {
    return this.last !== undefined && !this.last.isComplete
  }

  /** How many answers come without the end of what is sent. */
  get answersDue() {
    const { length } = this.requests
    if (!this.isInBody) return length + (this.mustRefuse ? 1 : 0)
    const { readsBody, isStream } = this.last.route
    // Who reads the body waits for the rest of it; who streams is cut off by what is wrong.
    const isDue = !isStream && (this.mustRefuse || !readsBody)
    return isDue ? length : length - 1
  }
}

/** @param bytes all that was sent */
export function requestModel(bytes) {
  const model = modelOf(bytes)
  // Whether a line that has not ended is judged, and which of two faults of a line is named, may depend on how it was cut.
  const { refusals } = modelOf(bytes, 1)
  model.mustRefuse = model.refusals.size > 0 && refusals.size > 0
  for (const status of refusals) model.refusals.add(status)
  return model
}

function modelOf(bytes, pieceSize) {
  const model = new Model()
  const reader = new RequestReader(limits)
  feedAll(reader, bytes, () => readEvents(model, reader), pieceSize)
  model.isInHead = reader.isInHead
  return model
}

function readEvents(model, reader) {
  for (;;) {
    if (model.last?.isComplete && !model.last.keepsAlive) return false
    switch (reader.next()) {
      case HEAD:
        model.requests.push(requestOf(reader))
        break
      case PIECE:
        model.last.pieces.push(Buffer.from(memory.subarray(reader.pieceStart, reader.pieceEnd)))
        break
      case END:
      case TRAILERS:
        model.last.isComplete = true
        break
      case ERROR:
        model.refusals.add(reader.error.status)
        model.refusesHead = reader.isInBody ? model.last.isHead : methodOf(reader.method) === 'head'
        return false
      default:
        return true
    }
  }
}

function requestOf(reader) {
  const flags = u32[FLAGS]
  const text = latin1(reader.headStart, reader.at)
  const method = requestMethod(text)
  const map = readRequest(text, method, origin, undefined, 0)
  const is1_0 = (flags & VERSION_1_1) === 0
  return {
    map,
    seen: seenOf(map),
    route: routeOf(map.uri),
    isHead: method === 'head',
    is1_0,
    keepsAlive: (flags & CONNECTION_CLOSE) === 0 && (!is1_0 || (flags & CONNECTION_KEEP_ALIVE) !== 0),
    expectsContinue: (flags & EXPECT_CONTINUE) !== 0 && !is1_0 && reader.isInBody,
    hasBody: reader.isInBody,
    isChunked: (flags & HAS_TRANSFER_ENCODING) !== 0,
    isComplete: !reader.isInBody,
    pieces: [],
    get body() {
      return this.hasBody ? Buffer.concat(this.pieces) : undefined
    },
  }
}
