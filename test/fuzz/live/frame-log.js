// The frames that come back, read strictly and by nothing of ours: whole messages, shortest lengths, masked or not as it must
// be, nothing behind a close frame.
import { BINARY, CLOSE, CONTINUATION, PONG, TEXT } from './frame-grammar.js'
import { Inflater } from './frame-model.js'

export class FrameLog {
  messages = []
  pongs = []
  pings = 0
  /** The code of a close frame, 1005 for none. */
  code = undefined
  /** What is wrong with them. */
  fault = undefined
  #isMasked
  #inflater = undefined
  #rest = Buffer.alloc(0)

  /** @param isMasked whether the frames must be */
  constructor(isMasked) {
    this.#isMasked = isMasked
  }

  /** Compression has been agreed on. */
  inflates() {
    this.#inflater = new Inflater(false)
  }

  push(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.fault === undefined) {
      const length = this.#take(this.#rest)
      if (length === 0) return
      this.#rest = this.#rest.subarray(length)
    }
  }

  // The bytes of a whole frame, or 0.
  #take(bytes) {
    if (bytes.length < 2) return 0
    const short = bytes[1] & 127
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const isMasked = bytes[1] > 127
    const start = 2 + extended + (isMasked ? 4 : 0)
    if (bytes.length < start) return 0
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (isMasked !== this.#isMasked) this.fault = `a frame is ${isMasked ? '' : 'not '}masked`
    if ((extended === 2 && length < 126) || (extended === 8 && length < 65536)) this.fault = 'a long length'
    if (this.code !== undefined) this.fault = 'a frame behind a close frame'
    if (bytes.length < start + length || this.fault) return 0
    const key = bytes.subarray(start - 4, start)
    const carried = bytes.subarray(start, start + length)
    this.#note(bytes[0], isMasked ? carried.map((byte, at) => byte ^ key[at % 4]) : Buffer.from(carried))
    return start + length
  }

  #note(first, payload) {
    const opcode = first & 15
    const isDeflated = (first & 0x40) !== 0
    const mayBe = this.#inflater !== undefined && (opcode === TEXT || opcode === BINARY)
    if (first < 0x80 || opcode === CONTINUATION) this.fault = 'a fragment'
    else if ((first & 0x30) !== 0 || (isDeflated && !mayBe))
      this.fault = `reserved bits: ${first.toString(16)}`
    else if (opcode === CLOSE) this.code = payload.length === 0 ? 1005 : payload[0] * 256 + payload[1]
    else if (opcode === PONG) this.pongs.push(payload)
    else if (opcode > CLOSE) this.pings++
    else this.messages.push({ opcode, payload: isDeflated ? this.#inflater.inflate(payload) : payload })
  }
}
