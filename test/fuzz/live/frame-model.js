// What the receiver of a stream of frames must make of it: messages, pings and pongs, and its end, by our own decoder.
import { constants, inflateRawSync } from 'node:zlib'
import { FrameDecoder } from '../../../build/modules/core/frame-decoder.js'
import { BINARY, CLOSE, CONTINUATION, maxMessage, TEXT } from './frame-grammar.js'

const TAIL = Buffer.of(0, 0, 0xff, 0xff)
const WINDOW = 32 * 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @param deflates undefined, or whether the sender forgets what came before
 * @returns { events, code }: the code that the stream is closed with, by the sender (`isClosed`) or for a fault, if it is.
 * `ahead` is the same if no message were inflated: who takes his time with messages may come to what stands there first
 */
export function frameModel(bytes, role, deflates) {
  const model = read(bytes, role, new Joiner(deflates), deflates !== undefined)
  model.ahead = deflates ? read(bytes, role, new Joiner(undefined), true) : model
  return model
}

function read(bytes, role, joiner, deflate) {
  const decoder = new FrameDecoder({ role, maxPayload: maxMessage, deflate })
  const model = { events: [], code: undefined, isClosed: false }
  try {
    // Byte by byte, for the frames before a fault are dropped with what they came with.
    for (let at = 0; at < bytes.length && model.code === undefined; at++) {
      for (const frame of decoder.push(bytes.subarray(at, at + 1))) take(model, joiner, frame)
    }
  } catch (error) {
    if (error.closeCode === undefined) throw error
    model.code = error.closeCode
  }
  return model
}

function take(model, joiner, frame) {
  const { opcode, payload } = frame
  if (opcode === CLOSE) {
    model.code = payload.length === 0 ? 1005 : payload[0] * 256 + payload[1]
    model.isClosed = true
  } else if (opcode > BINARY) {
    model.events.push({ opcode, payload: Buffer.from(payload) })
  } else {
    const message = joiner.join(frame)
    if (message) model.events.push(message)
  }
}

class Joiner {
  #inflater
  #frames = []
  #first

  constructor(deflates) {
    this.#inflater = deflates && new Inflater(deflates.forgets)
  }

  join(frame) {
    if (frame.opcode !== CONTINUATION) this.#first = frame
    this.#frames.push(frame.payload)
    if (!frame.fin) return undefined
    const { opcode, rsv1 } = this.#first
    const joined = Buffer.concat(this.#frames)
    this.#frames = []
    if (rsv1 && !this.#inflater) return undefined
    const payload = rsv1 ? this.#inflater.inflate(joined) : joined
    if (opcode === TEXT && !isUtf8(payload)) throw closing(1007)
    return { opcode, payload }
  }
}

function isUtf8(bytes) {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}

function closing(closeCode) {
  return Object.assign(new Error(`to be closed with ${closeCode}`), { closeCode })
}

/** Undoes permessage-deflate, message by message (RFC 7692 §7.2.2). */
export class Inflater {
  #forgets
  #window = Buffer.alloc(0)

  constructor(forgets) {
    this.#forgets = forgets
  }

  /** @throws an error with a closeCode */
  inflate(payload) {
    const dictionary = this.#window
    try {
      const message = inflateRawSync(Buffer.concat([payload, TAIL]), {
        ...{ finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 4 * maxMessage },
        ...(dictionary.length > 0 && { dictionary }),
      })
      if (message.length > maxMessage) throw closing(1009)
      if (!this.#forgets) this.#window = Buffer.concat([this.#window, message]).subarray(-WINDOW)
      return message
    } catch (error) {
      if (error.closeCode !== undefined) throw error
      throw closing(error.code === 'ERR_BUFFER_TOO_LARGE' ? 1009 : 1007)
    }
  }
}
