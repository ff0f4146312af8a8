// WebSocket conversations drawn by lot: messages whole and in fragments, control frames between them, compressed or not; and
// frames that break a rule, with the close code that is due. Written by nothing of ours (RFC 6455 §5.2, RFC 7692 §7.2.1).
import { constants, deflateRawSync } from 'node:zlib'

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/** Bytes of one message that the program under test takes. */
export const maxMessage = 32 * 1024

const PARTS = { message: 10, fragments: 5, ping: 4, pong: 1 }
const TEXTS = ['', 'x', 'grüße', '€', '😀', 'plain text ', 'line\r\nline', '\0', '\ufeffmark']
const WINDOW = 32 * 1024

/** One frame. @param key four bytes that mask it, or undefined @param first bits over those of fin and opcode */
function frameOf({ opcode, payload = Buffer.alloc(0), fin = true, bits = 0, key, lengthBytes }) {
  const { length } = payload
  const extended = lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8)
  const head = Buffer.alloc(2 + extended)
  head[0] = (fin ? 0x80 : 0) | bits | opcode
  head[1] = (key ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!key) return Buffer.concat([head, payload])
  return Buffer.concat([head, key, payload.map((byte, at) => byte ^ key[at % 4])])
}

/** Draws parts, each { bytes } and the `events` that are to be read of it, or { statuses } for one that breaks a rule. */
export class FrameDrawer {
  #lots
  #isMasked
  #deflates
  /** What was compressed before. */
  #window = Buffer.alloc(0)

  /** @param deflates undefined, or whether it forgets what came before */
  constructor(lots, isMasked, deflates) {
    this.#lots = lots
    this.#isMasked = isMasked
    this.#deflates = deflates
  }

  #frame(frame) {
    const key = this.#isMasked ? this.#lots.pick([this.#lots.bytes(4), Buffer.alloc(4)]) : undefined
    return frameOf({ ...frame, key })
  }

  part() {
    const lots = this.#lots
    const kind = lots.weighed(PARTS)
    if (kind === 'ping' || kind === 'pong') return this.#control(kind === 'ping' ? PING : PONG)
    return this.#message(kind === 'fragments' ? lots.between(2, 5) : 1)
  }

  #control(opcode) {
    const payload = this.#lots.bytes(this.#lots.size(125))
    return { bytes: this.#frame({ opcode, payload }), events: [{ opcode, payload }] }
  }

  #message(count) {
    const lots = this.#lots
    const isText = lots.chance(0.5)
    const payload = isText ? drawText(lots) : lots.bytes(lots.size(lots.pick([100, 3000])))
    const opcode = isText ? TEXT : BINARY
    const isDeflated = this.#deflates !== undefined && lots.chance(0.7)
    const carried = isDeflated ? this.#deflated(payload) : payload
    const places = Array.from({ length: count - 1 }, () => lots.below(carried.length + 1)).sort(
      (a, b) => a - b,
    )
    const cuts = [0, ...places, carried.length]
    const controls = []
    const frames = cuts.slice(1).flatMap((end, at) => {
      const frame = this.#frame({
        opcode: at === 0 ? opcode : CONTINUATION,
        payload: carried.subarray(cuts[at], end),
        fin: at === count - 1,
        bits: isDeflated && at === 0 ? 0x40 : 0,
      })
      if (at === count - 1 || !lots.chance(0.3)) return [frame]
      const control = this.#control(lots.pick([PING, PONG]))
      controls.push(...control.events)
      return [frame, control.bytes]
    })
    return { bytes: Buffer.concat(frames), events: [...controls, { opcode, payload }] }
  }

  #deflated(payload) {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, level: this.#lots.pick([0, 1, 9]) }
    const dictionary = this.#deflates.forgets ? Buffer.alloc(0) : this.#window
    const compressed = deflateRawSync(payload, { ...options, ...(dictionary.length > 0 && { dictionary }) })
    this.#window = Buffer.concat([this.#window, payload]).subarray(-WINDOW)
    // An empty message is one byte (RFC 7692 §7.2.3.6).
    return payload.length === 0 ? Buffer.of(0) : compressed.subarray(0, -4)
  }

  close() {
    const lots = this.#lots
    const code = lots.pick([undefined, 1000, 1001, 1003, 1008, 1011, 3000, 4999])
    if (code === undefined)
      return { bytes: this.#frame({ opcode: CLOSE }), events: [{ opcode: CLOSE, code: 1005 }] }
    const reason = Buffer.from(lots.pick(['', 'bye', 'grüße']))
    const payload = Buffer.concat([Buffer.of(code >> 8, code & 255), reason])
    return { bytes: this.#frame({ opcode: CLOSE, payload }), events: [{ opcode: CLOSE, code }] }
  }

  violation() {
    const lots = this.#lots
    const bytes = (...frames) => Buffer.concat(frames.map((frame) => this.#frame(frame)))
    const close = (...payload) => bytes({ opcode: CLOSE, payload: Buffer.from(payload) })
    const text = (...payload) => bytes({ opcode: TEXT, payload: Buffer.from(payload) })
    const key = this.#isMasked ? undefined : Buffer.of(1, 2, 3, 4)
    const choices = [
      [bytes({ opcode: lots.pick([3, 4, 7, 11, 15]) }), 1002],
      [bytes({ opcode: TEXT, bits: 0x20 }), 1002],
      [bytes({ opcode: BINARY, bits: 0x10 }), 1002],
      [bytes({ opcode: PING, bits: 0x40 }), 1002],
      [bytes({ opcode: PING, fin: false }), 1002],
      [bytes({ opcode: PING, payload: Buffer.alloc(126) }), 1002],
      [bytes({ opcode: CONTINUATION }), 1002],
      [bytes({ opcode: TEXT, fin: false }, { opcode: TEXT }), 1002],
      [bytes({ opcode: TEXT, payload: Buffer.from('x'), lengthBytes: 2 }), 1002],
      [bytes({ opcode: TEXT, payload: Buffer.from('x'), lengthBytes: 8 }), 1002],
      [frameOf({ opcode: TEXT, payload: Buffer.from('x'), key }), 1002],
      [bytes({ opcode: BINARY, payload: Buffer.alloc(maxMessage + 1) }), 1009],
      [
        bytes(
          { opcode: TEXT, fin: false, payload: Buffer.alloc(maxMessage, 'x') },
          { opcode: 0, payload: Buffer.of(120) },
        ),
        1009,
      ],
      [text(0xff), 1007],
      [text(0xc0, 0x80), 1007],
      [text(0xed, 0xa0, 0x80), 1007],
      [text(0xe2, 0x82), 1007],
      [
        bytes(
          { opcode: TEXT, fin: false, payload: Buffer.of(0xe2) },
          { opcode: 0, payload: Buffer.of(0x28) },
        ),
        1007,
      ],
      [close(3), 1002],
      [close(3, 0xec), 1002],
      [close(3, 0xed), 1002],
      [close(0, 1), 1002],
      [close(0xff, 0xff), 1002],
      [close(3, 0xe8, 0xff), 1007],
    ]
    if (this.#deflates === undefined) choices.push([bytes({ opcode: TEXT, bits: 0x40 }), 1002])
    else choices.push([bytes({ opcode: TEXT, bits: 0x40, payload: Buffer.of(0xff, 0xff) }), 1007])
    const [wrong, code] = lots.pick(choices)
    return { bytes: wrong, code }
  }
}

function drawText(lots) {
  const text = lots.pick(TEXTS).repeat(lots.size(lots.pick([3, 200])))
  return Buffer.from(text)
}
