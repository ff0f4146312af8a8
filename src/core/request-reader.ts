// The requests of a connection, one after another (RFC 9112 §3, §6.3).
import { HEAD, HttpReader, NEED_MORE, type ReaderLimits } from './http-reader.js'
import { protocolError } from './protocol-error.js'
import {
  contentLength,
  EXPECT_OTHER,
  FLAGS,
  HAS_CONTENT_LENGTH,
  HAS_TRANSFER_ENCODING,
  METHOD,
  readRequestHead,
  STARTED,
  u32,
  VERSION_1_1,
} from './wasm.js'

export class RequestReader extends HttpReader {
  /** After an ERROR in a head: its method's number among the core's words; 0 where that is not known. */
  method = 0

  constructor(limits: ReaderLimits) {
    super(limits, readRequestHead)
  }

  protected override nextHead(): number {
    const result = this.readHead(0)
    if (result < 0) return this.failInHead(result)
    if (result === NEED_MORE) return NEED_MORE
    const flags = u32[FLAGS]!
    if ((flags & (EXPECT_OTHER | VERSION_1_1)) === (EXPECT_OTHER | VERSION_1_1)) {
      return this.refuse('EXPECTATION_FAILED')
    }
    return flags & (HAS_CONTENT_LENGTH | HAS_TRANSFER_ENCODING) ? this.beginBody(flags) : HEAD
  }

  // The core has refused what contradicts itself.
  private beginBody(flags: number): number {
    if (flags & HAS_TRANSFER_ENCODING) {
      this.expectChunks()
    } else {
      const length = contentLength()
      if (length > this.limits.maxBody) return this.refuse('BODY_TOO_LARGE')
      this.expectLength(length)
    }
    return HEAD
  }

  // The request-line may have been read long before the fault in the head was.
  private failInHead(result: number): number {
    this.method = this.partial?.method ?? (u32[FLAGS]! & STARTED ? u32[METHOD]! : 0)
    return this.failAt(result)
  }

  private refuse(code: string): number {
    this.method = u32[METHOD]!
    return this.fail(protocolError(code))
  }
}
