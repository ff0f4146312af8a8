// What one party has understood of a connection: messages, and what came of the rest. Ours is taken from a transcript
// (http.js); the peers' readers give the same.
import { VERSION_1_1 } from '../../../build/modules/core/wasm.js'

export class Message {
  /** A request's method, or a response's status. */
  method = ''
  /** A request's target, or a response's reason. */
  target = ''
  version = ''
  /** Name, value, name, value…; names in lower case. */
  fields = []
  /** False where none can come: what it says of its length is of another's. */
  hasBody = false
  body = ''
  trailers = []
  /** Whether the connection ends with it; undefined where the peer does not tell. */
  closes = undefined
  /** Of the core's record. */
  flags = 0
  /** Of the connection's bytes; -1 where the peer does not tell. */
  begin = -1
  headEnd = -1
  end = -1
  /** Where its entries end in the transcript. */
  told = -1
  isComplete = false
}

export class Understanding {
  messages = []
  /** The name of the error that ended it. */
  refusal = undefined
  /** Where that is; -1 where nobody knows. */
  refusedAt = -1
  /** Something has begun that has not ended. */
  isOpen = false
}

export function understandingOf(transcript) {
  const found = new Understanding()
  let message
  let begin = 0
  for (let at = 0; at < transcript.length; ) {
    switch (transcript[at]) {
      case 'head':
        found.messages.push((message = new Message()))
        message.begin = begin
        at = takeHead(message, transcript, at)
        break
      case 'body':
        message.hasBody = true
        message.body = transcript[at + 1]
        at += 2
        break
      case 'trailers':
        at = takeFields(message.trailers, transcript, at + 1)
        break
      case 'end':
        message.end = begin += transcript[at + 1]
        message.isComplete = true
        message.told = at += 2
        break
      case 'error':
        found.refusal = transcript[at + 1]
        found.refusedAt = transcript[at + 3] < 0 ? -1 : begin + transcript[at + 3]
        return found
      default:
        found.isOpen = transcript[at] === 'more'
        return found
    }
  }
  return found
}

function takeHead(message, transcript, at) {
  message.headEnd = message.begin + transcript[at + 1]
  message.flags = transcript[at + 2]
  message.version = message.flags & VERSION_1_1 ? '1.1' : '1.0'
  message.closes = transcript[at + 3] === 1
  message.method = transcript[at + 5]
  message.target = transcript[at + 6]
  return takeFields(message.fields, transcript, at + 8 + transcript[at + 7])
}

function takeFields(fields, transcript, at) {
  let field = at + 1
  for (let left = transcript[at]; left > 0; left--, field += 4)
    fields.push(transcript[field], transcript[field + 1])
  return field
}

/** The values of a field, in the order in which they came. */
export function valuesOf(message, name) {
  const values = []
  for (let at = 0; at < message.fields.length; at += 2) {
    if (message.fields[at] === name) values.push(message.fields[at + 1])
  }
  return values
}
