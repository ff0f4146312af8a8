// Frames in, messages out (RFC 6455 §5.4): fragments and pieces are joined, control frames pass between them. A message
// that came whole in one read is handed over where it lies; it is copied once, by whoever keeps it.
import { type Closing, readClose } from './close.js'
import { CONTINUATION, FrameReader, OPCODE } from './frame-reader.js'
import { GrowingBytes } from './growing-bytes.js'
import type { ProtocolError } from './protocol-error.js'
import { latin1, utf8, utf8Of } from './text.js'
import {
  FramePlace,
  INBOX_FRAMES,
  memory,
  ROW_BEGINS,
  ROW_ENDS,
  ROW_FIN,
  ROW_NON_ASCII,
  ROW_RSV1,
} from './wasm.js'

/** Instead of an opcode: more bytes are needed, or `error` says what is wrong. */
export const NOTHING = 0

const WHOLE = ROW_FIN | ROW_BEGINS | ROW_ENDS

export class MessageReader {
  /** True where the payload of the message asked for last is compressed. */
  isDeflated = false
  private readonly frames: FrameReader
  private opcode = NOTHING
  private isMessageDeflated = false
  /** A message that did not come whole, as far as it has come. */
  private message: GrowingBytes | undefined = undefined
  private joined: Uint8Array | undefined = undefined

  /** @param maxMessage bytes of a message, its fragments together */
  constructor(isServer: boolean, allowsDeflate: boolean, maxMessage: number) {
    this.frames = new FrameReader(INBOX_FRAMES, new FramePlace(isServer, allowsDeflate, maxMessage))
  }

  get error(): ProtocolError | undefined {
    return this.frames.error
  }

  /** The bytes from `start` to `end` of linear memory come next. */
  feed(start: number, end: number): void {
    this.frames.feed(start, end)
  }

  /** True where `next` has something to say without another look at the input. */
  get hasRows(): boolean {
    return this.frames.hasRows
  }

  /** The input that has not been looked at, where it lies until the next read; it is to be fed again. */
  setAside(): Uint8Array {
    return this.frames.setAside()
  }

  /** @returns the opcode of the next message or control frame, or NOTHING */
  next(): number {
    const { frames } = this
    while (frames.next()) {
      const { flags } = frames
      const opcode = flags & OPCODE
      if ((flags & WHOLE) === WHOLE && opcode !== CONTINUATION) {
        this.joined = undefined
        this.isDeflated = (flags & ROW_RSV1) !== 0
        return opcode
      }
      if (this.join(flags, opcode)) return this.opcode
    }
    return NOTHING
  }

  // True where the piece was its message's last.
  private join(flags: number, opcode: number): boolean {
    const { start, end, remaining } = this.frames
    if (this.message === undefined) {
      this.opcode = opcode
      this.isMessageDeflated = (flags & ROW_RSV1) !== 0
      // Room for four times what has come: nothing is sized by what a peer only says.
      const most = flags & ROW_FIN ? end - start + remaining : Number.POSITIVE_INFINITY
      this.message = new GrowingBytes(4 * (end - start), most)
    }
    this.message.append(memory.subarray(start, end))
    if ((flags & ROW_ENDS) === 0 || (flags & ROW_FIN) === 0) return false
    this.joined = this.message.take()
    this.isDeflated = this.isMessageDeflated
    this.message = undefined
    return true
  }

  /** The message asked for last as text. */
  text(): string {
    if (this.joined !== undefined) return utf8Of(this.joined)
    const { flags, start, end } = this.frames
    return flags & ROW_NON_ASCII ? utf8(start, end) : latin1(start, end)
  }

  /** Its payload, to keep; messages that came together may lie in one ArrayBuffer. */
  bytes(): Uint8Array {
    return this.joined ?? this.frames.copy()
  }

  /** What the close frame asked for last says. */
  closing(): Closing {
    return readClose(this.frames.start, this.frames.end)
  }

  /** Its payload, where it lies until the next read. */
  payload(): Uint8Array {
    return this.joined ?? memory.subarray(this.frames.start, this.frames.end)
  }
}
