// The responses of a connection as a transcript (http.js), and how one is written again.
import { ResponseReader } from '../../../build/modules/core/response-reader.js'
import { TARGET_START } from '../../../build/modules/core/wasm.js'
import { ourFieldLine } from '../relations/messages.js'
import { Transcriber } from './http.js'

/** From here on a response is the last to its request. */
export const FIRST_FINAL = 200

/** What responses answer, by the first byte of an input: GET, HEAD, or HEAD and GET in turn. */
export const responseWays = {
  g: { answersHead: () => false },
  h: { answersHead: () => true },
  t: { answersHead: (number) => number % 2 === 0 },
}

class ResponseTranscriber extends Transcriber {
  /** @param answersHead says of a final response's number whether it answers a HEAD */
  constructor(answersHead, number) {
    super(new ResponseReader(), [TARGET_START])
    this.answersHead = answersHead
    this.number = number
    this.reader.expect(answersHead(number))
  }

  closesAfter() {
    return !this.reader.keepsAlive
  }

  endMessage() {
    super.endMessage()
    if (this.reader.status >= FIRST_FINAL) this.reader.expect(this.answersHead(++this.number))
  }
}

/** @param number of final responses that have come before */
export function readResponses(pieces, { answersHead }, number = 0) {
  return new ResponseTranscriber(answersHead, number).take(pieces)
}

export const responseWriter = {
  startLine: ({ method, target, version }) => `HTTP/${version} ${method} ${target}`,
  fieldLine: ourFieldLine,
}
