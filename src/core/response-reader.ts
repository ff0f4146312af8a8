// The responses of a connection, in the order of the requests they answer (RFC 9112 §4, §6.3): which of their bytes are
// body depends on the request, too.
import { HEAD, HttpReader, NEED_MORE, persists } from './http-reader.js'
import { protocolError } from './protocol-error.js'
import { hasNoBody } from './status.js'
import {
  contentLength,
  FLAGS,
  HAS_CONTENT_LENGTH,
  HAS_TRANSFER_ENCODING,
  METHOD,
  maxFields,
  readResponseHead,
  u32,
} from './wasm.js'

/** The head of an interim response (RFC 9110 §15.2): another follows it. */
export const INTERIM = 6

const MAX_HEAD = 64 * 1024
const limits = { maxLine: MAX_HEAD, maxHeaders: maxFields, maxBody: Number.POSITIVE_INFINITY }
/** More than anybody would send before an answer. */
const MAX_INTERIM = 64

export class ResponseReader extends HttpReader {
  status = 0
  /** Whether the connection may be used again when this response has been read (RFC 9112 §9.3). */
  keepsAlive = false
  /** Bytes of the body, where that is known; 0 where there is none. */
  length: number | undefined = undefined
  private answersHead = false
  private interimCount = 0

  constructor() {
    super(limits, readResponseHead)
  }

  /** The next response answers a request that has left; to a HEAD there is no body, whatever it says. */
  expect(answersHead: boolean): void {
    this.answersHead = answersHead
    this.interimCount = 0
  }

  protected override nextHead(): number {
    const result = this.readHead(0)
    if (result === NEED_MORE) return NEED_MORE
    if (result < 0) return this.failAt(result)
    this.status = u32[METHOD]!
    return this.status < 200 ? this.passInterim() : this.beginBody(u32[FLAGS]!)
  }

  // Nobody has asked for another protocol (§15.2.2).
  private passInterim(): number {
    if (this.status === 101) return this.fail(protocolError('UNASKED_UPGRADE'))
    if (++this.interimCount > MAX_INTERIM) return this.fail(protocolError('TOO_MANY_INTERIM'))
    return INTERIM
  }

  // The core has refused what contradicts itself.
  private beginBody(flags: number): number {
    this.keepsAlive = persists(flags)
    this.length = 0
    if (this.answersHead || hasNoBody(this.status)) return HEAD
    if (flags & HAS_CONTENT_LENGTH) {
      this.length = contentLength()
      this.expectLength(this.length)
      return HEAD
    }
    this.length = undefined
    if (flags & HAS_TRANSFER_ENCODING) {
      this.expectChunks()
    } else {
      this.keepsAlive = false
      this.expectUntilClose()
    }
    return HEAD
  }
}
