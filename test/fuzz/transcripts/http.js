// What a reader of HTTP messages tells of a connection's bytes, as a flat list; it is alike for requests and responses:
//
//   'head', its end, flags, closes, stated length, method or status, target or reason, number of spans, the spans,
//           number of fields, and for each its name, its value, where either begins
//   'body', text                     all of it that was handed over; only where the head said that there is one
//   'trailers', number of fields, and for each the same
//   'end', position                  the message is complete; one without a body has it right behind its head
//
// and at last one of these:
//
//   'idle'                           between two messages
//   'more', 'head' | 'body'          which of them is unfinished
//   'closed', bytes left             the connection ends with this message: what follows is never read
//   'error', code, status, position
//
// Positions count from the begin of their message, those of parts of a trailer section from its own.
import { END, ERROR, HEAD, NEED_MORE, PIECE, TRAILERS } from '../../../build/modules/core/http-reader.js'
import { INTERIM } from '../../../build/modules/core/response-reader.js'
import {
  contentLength,
  FIELD_COUNT,
  FIELDS,
  FLAGS,
  HAS_CONTENT_LENGTH,
  METHOD,
  memory,
  TARGET_END,
  TARGET_START,
  u32,
  words,
} from '../../../build/modules/core/wasm.js'
import { place } from '../engine/placed.js'

export class Transcriber {
  /** @param spans indices of words of the head's record that the transcript is to have */
  constructor(reader, spans) {
    this.reader = reader
    this.spans = spans
    this.transcript = []
    this.body = ''
    this.closes = false
    this.isClosed = false
    this.isInMessage = false
    // A place in memory less this is a position in the message.
    this.origin = 0
    this.length = 0
    // Bytes of the messages that are complete.
    this.passed = 0
  }

  /** The method, or the status, of the head whose record the core holds. */
  startOf(_headStart) {
    return String(u32[METHOD])
  }

  /** Whether the connection ends with the message whose head has just been read. */
  closesAfter(_flags) {
    return false
  }

  /** @returns the transcript */
  take(pieces) {
    for (const piece of pieces) this.takePiece(piece)
    return this.finish()
  }

  takePiece(piece) {
    const { reader } = this
    const start = place(piece)
    this.origin = start - (this.length - this.passed)
    this.length += piece.length
    reader.feed(start, start + piece.length)
    while (!this.isClosed) {
      // Bytes of an unfinished head, or trailer section, that came before: the place of a fault counts from their begin.
      const held = reader.partial === undefined ? 0 : reader.partial.length
      const event = reader.next()
      if (event === NEED_MORE) return
      this.takeEvent(event, held)
    }
  }

  takeEvent(event, held) {
    const { reader } = this
    if (event === HEAD || event === INTERIM) this.takeHead(event)
    else if (event === PIECE) this.body += memory.latin1Slice(reader.pieceStart, reader.pieceEnd)
    else if (event === END) this.endBody()
    else if (event === TRAILERS) this.takeTrailers()
    else if (event === ERROR) this.takeError(held)
    else throw new Error(`an event of no known kind: ${event}`)
  }

  takeHead(event) {
    const { reader, transcript, spans } = this
    const { headStart } = reader
    const flags = u32[FLAGS]
    this.closes = event === HEAD && this.closesAfter(flags)
    transcript.push('head', reader.at - this.origin, flags, this.closes ? 1 : 0)
    transcript.push(flags & HAS_CONTENT_LENGTH ? contentLength() : -1, this.startOf(headStart))
    transcript.push(textOf(headStart, TARGET_START, TARGET_END), spans.length)
    for (const span of spans) transcript.push(u32[span])
    this.takeFields(headStart)
    this.isInMessage = reader.isInBody
    if (!this.isInMessage) this.endMessage()
  }

  takeFields(headStart) {
    const { transcript } = this
    const end = FIELDS + u32[FIELD_COUNT] * 4
    transcript.push(u32[FIELD_COUNT])
    for (let field = FIELDS; field < end; field += 4) {
      const name = headStart + u32[field]
      const word = words[u32[field + 1] & 0xff]
      transcript.push(word || memory.latin1Slice(name, name + (u32[field + 1] >>> 8)))
      transcript.push(textOf(headStart, field + 2, field + 3), u32[field], u32[field + 2])
    }
  }

  endBody() {
    this.transcript.push('body', this.body)
    this.body = ''
    this.endMessage()
  }

  takeTrailers() {
    this.transcript.push('body', this.body, 'trailers')
    this.body = ''
    this.takeFields(this.reader.headStart)
    this.endMessage()
  }

  endMessage() {
    const end = this.reader.at - this.origin
    this.transcript.push('end', end)
    this.passed += end
    this.origin += end
    this.isInMessage = false
    this.isClosed = this.closes
  }

  // How much of a body was handed over before it got too large is a matter of how it was cut.
  takeError(held) {
    const { code, status, offset } = this.reader.error
    const isTooLarge = code === 'BODY_TOO_LARGE'
    if (this.isInMessage) this.transcript.push('body', isTooLarge ? '' : this.body)
    const position = this.reader.at - this.origin + (offset === undefined ? 0 : offset - held)
    this.transcript.push('error', code, status, isTooLarge ? -1 : position)
    this.isClosed = true
  }

  finish() {
    const { transcript, reader } = this
    if (reader.error !== undefined) return transcript
    if (this.isClosed) transcript.push('closed', this.length - this.passed)
    else if (this.isInMessage) transcript.push('body', this.body, 'more', 'body')
    else if (reader.isIdle) transcript.push('idle')
    else transcript.push('more', 'head')
    return transcript
  }
}

/** Text of the head between the places that two words of its record tell. */
export function textOf(headStart, from, to) {
  return memory.latin1Slice(headStart + u32[from], headStart + u32[to])
}

/**
 * A line is judged when it has ended: until then a fault in it may be seen, in what came whole, or not. Its end shows it.
 *
 * @param readAgain reads other pieces the same way
 */
export function isSameButUnended(whole, cut, pieces, readAgain) {
  if (isEqual(whole, cut)) return true
  if (whole.at(-4) !== 'error' || cut.at(-2) !== 'more') return false
  return isEqual(whole.slice(0, -4), cut.slice(0, -2)) && isEqual(whole, readAgain([...pieces, LF]))
}

const LF = Buffer.of(0x0a)

export function isEqual(one, other) {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
