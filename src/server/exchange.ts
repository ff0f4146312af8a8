// One request and its answer: the answer's head goes out once, then pieces, then the end. Its framing (RFC 9112 §6.2)
// is decided here and nowhere else, so a body can never be longer or shorter than its head says.

import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { CloseStatus } from '../core/close.js'
import { type ResponseHeaders, type WrittenFields, writeFields } from '../core/response-head.js'
import { isBodiless, statusLine } from '../core/status.js'
import { utf8AsBinary } from '../core/text.js'
import type { Outbox } from '../io/outbox.js'
import { cancelPieces, demandPiece, type Piece, type Pieces } from '../io/pieces.js'
import type { SocketOwner } from '../io/read-window.js'
import type { ServerContext } from './context.js'
import type { IncomingBody } from './request-body.js'

/** Who goes on with a connection that has switched protocols. */
export interface Successor extends SocketOwner {
  /** Bytes of linear memory, which come within a read. */
  take(start: number, end: number): void
  /** Bytes that came before, to be taken in a turn of its own. */
  begin(parked: Uint8Array | undefined): void
  /** Whether to read on after that. */
  pace(): boolean
}

/** Where an answer's bytes go: its connection. */
export interface Outlet {
  readonly context: ServerContext
  /** Milliseconds on performance.now's clock, as of the last event. */
  readonly now: number
  /** True when nothing more can be served here after this answer. */
  readonly mustClose: boolean
  readonly outbox: Outbox
  readonly socket: Socket
  /** The connection is another's from here on; it is given what has come behind the request. */
  handOver(successor: Successor): void
  /** This answer is complete; `closes` as its head said. */
  onAnswered(closes: boolean): void
  /** This answer cannot be completed; what was sent of it still leaves. */
  cut(): void
  destroy(): void
}

const WAITING = 0
const STREAMING = 1
const DONE = 2
const CUT = 3

const COUNTED = 0
const CHUNKED = 1
const UNTIL_CLOSE = 2
const BODILESS = 3

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'

/** Bytes up to which text that is not ASCII is turned into a binary string, rather than into a buffer of its own. */
const SHORT_TEXT = 4 * 1024

export class Exchange {
  readonly outlet: Outlet
  readonly isHead: boolean
  readonly is1_0: boolean
  readonly isConnect: boolean
  /** True while the client holds its body back until it is told to go on (RFC 9110 §10.1.1). */
  awaitsContinue = false
  /** True while no byte has come of a body to which its method gives no meaning. */
  awaitsBody = false
  /** Of its answer, once that has begun. */
  status = 0
  /** True for an answer that the server makes by itself. */
  isRefusal = false
  /** What that is where `errorResponse` has nothing better. */
  plainAnswer: (() => void) | undefined = undefined
  /** The request's body, where it has one. */
  body: IncomingBody | undefined = undefined
  /** Whether the client would keep the connection. */
  keepsAlive: boolean
  /** Whose doing the end was, once it has come. */
  closedAs: CloseStatus | undefined = undefined
  private state = WAITING
  private framing = COUNTED
  private unsent = 0
  private closes = false
  private pieces: Pieces | undefined = undefined

  constructor(outlet: Outlet, method: string, is1_0: boolean, keepsAlive: boolean) {
    this.outlet = outlet
    this.isHead = method === 'head'
    this.isConnect = method === 'connect'
    this.is1_0 = is1_0
    this.keepsAlive = keepsAlive
  }

  /** True until the answer is complete or its connection is gone. */
  get isOpen(): boolean {
    return this.state < DONE
  }

  /** True once the answer is complete. */
  get isWhole(): boolean {
    return this.state === DONE
  }

  /** True for an answer whose end is that of its connection: only a reset can tell that it fell short. */
  get endsWithConnection(): boolean {
    return this.framing === UNTIL_CLOSE
  }

  get isAnswered(): boolean {
    return this.state !== WAITING
  }

  /** Answers with a body that is all there. */
  answer(status: number, headers: ResponseHeaders | undefined, body: string | Uint8Array): void {
    const fields = writeFields(headers)
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const { outbox } = this.outlet
    outbox.writeText(this.begin(status, fields, COUNTED, this.statedOr(length, fields)))
    if (this.framing !== BODILESS && length > 0) this.writeBytes(body, length)
    this.unsent = 0
    this.finish()
  }

  private writeBytes(body: Piece, bytes: number): void {
    const { outbox } = this.outlet
    if (typeof body !== 'string') outbox.writeBytes(body)
    else if (bytes === body.length) outbox.writeText(body)
    else if (bytes <= SHORT_TEXT) outbox.writeText(utf8AsBinary(body))
    else outbox.writeBytes(Buffer.from(body))
  }

  // A handler may state what a GET would have had as its length when it answers HEAD (RFC 9110 §9.3.2).
  private statedOr(length: number, fields: WrittenFields): number {
    if (!this.isHead || fields.statedLength < 0) return length
    return this.outlet.context.settings.legacyContentLength ? length : fields.statedLength
  }

  /** Answers 101: from here on the connection speaks WebSocket (RFC 9110 §15.2.2). */
  switchProtocols(headers: ResponseHeaders): void {
    const { lines, hasDate, hasServer } = writeFields(headers)
    const { context, now, outbox } = this.outlet
    this.status = 101
    outbox.writeText(SWITCHING + lines + context.lastLines(now, hasDate, hasServer))
    context.answered(101, false)
    this.finish()
  }

  /**
   * Sends the head of an answer whose body follows in pieces.
   *
   * @param length bytes to come, or -1 where nobody knows
   * @returns false where no body is to follow, and the answer is complete
   */
  beginPieces(
    status: number,
    headers: ResponseHeaders | undefined,
    length: number,
    pieces?: Pieces,
  ): boolean {
    const fields = writeFields(headers)
    const stated = length >= 0 ? this.statedOr(length, fields) : fields.statedLength
    const framing = stated >= 0 ? COUNTED : this.is1_0 ? UNTIL_CLOSE : CHUNKED
    this.outlet.outbox.writeText(this.begin(status, fields, framing, stated))
    if (this.framing === BODILESS) {
      this.finish()
      return false
    }
    this.state = STREAMING
    this.pieces = pieces
    return true
  }

  private begin(status: number, fields: WrittenFields, framing: number, length: number): string {
    const line = statusLine(status)
    const { context, now, mustClose } = this.outlet
    const bodiless = this.isHead || isBodiless(status)
    const tunnels = this.isConnect && status < 300
    this.framing = bodiless || tunnels ? BODILESS : framing
    this.unsent = framing === COUNTED ? length : 0
    this.closes =
      !this.keepsAlive || fields.closes || mustClose || this.isConnect || this.framing === UNTIL_CLOSE
    const head =
      line +
      fields.lines +
      (tunnels ? '' : framingLine(status, framing, length, fields.statedLength)) +
      this.connectionLine(fields.connection) +
      context.lastLines(now, fields.hasDate, fields.hasServer)
    this.status = status
    // Last: a logger is the user's, and may answer another request meanwhile.
    context.answered(status, this.isRefusal)
    return head
  }

  private connectionLine(tokens: string): string {
    if (this.closes) return `Connection: ${tokens}close\r\n`
    if (this.is1_0) return `Connection: ${tokens}keep-alive\r\n`
    return tokens === '' ? '' : `Connection: ${tokens.slice(0, -2)}\r\n`
  }

  /**
   * Sends a piece of the body; an empty one is nothing.
   *
   * @throws Error where it runs over the length that was stated
   */
  write(piece: Piece): void {
    demandPiece(piece)
    const bytes = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
    if (bytes === 0) return
    if (this.framing === COUNTED) {
      if (bytes > this.unsent) throw new Error('a body ran over its Content-Length')
      this.unsent -= bytes
    }
    const { outbox } = this.outlet
    if (this.framing === CHUNKED) outbox.writeText(`${bytes.toString(16)}\r\n`)
    this.writeBytes(piece, bytes)
    if (this.framing === CHUNKED) outbox.writeText('\r\n')
  }

  /**
   * Ends the body.
   *
   * @throws Error where it fell short of the length that was stated
   */
  end(): void {
    if (this.framing === COUNTED && this.unsent > 0)
      throw new Error('a body fell short of its Content-Length')
    if (this.framing === CHUNKED) this.outlet.outbox.writeText('0\r\n\r\n')
    this.finish()
  }

  private finish(): void {
    this.state = DONE
    this.pieces = undefined
    this.closedAs = 'server-close'
    this.onDone('server-close')
    this.outlet.onAnswered(this.closes)
  }

  /** The connection is gone, by whose will `status` says, before the answer is complete. */
  abort(status: CloseStatus): void {
    if (!this.isOpen) return
    this.state = CUT
    const { pieces } = this
    this.pieces = undefined
    if (pieces) cancelPieces(pieces, new Error('the connection is gone'))
    this.closedAs = status
    this.onDone(status)
  }

  /** The exchange is over; for those who wait to be told. */
  protected onDone(_status: CloseStatus): void {}
}

// 204 and 1xx have no framing; 304 has what a 200 would have had, if the handler knows; 205 is empty (RFC 9110 §8.6).
function framingLine(status: number, framing: number, length: number, statedLength: number): string {
  if (status === 204) return ''
  if (status === 304) return statedLength < 0 ? '' : `Content-Length: ${statedLength}\r\n`
  if (status === 205) return 'Content-Length: 0\r\n'
  if (framing === COUNTED) return lengthLine(length)
  return framing === CHUNKED ? 'Transfer-Encoding: chunked\r\n' : ''
}

const lengthLines = Array.from({ length: 1024 }, (_, length) => `Content-Length: ${length}\r\n`)

function lengthLine(length: number): string {
  return lengthLines[length] ?? `Content-Length: ${length}\r\n`
}
