// Messages in, frames out: the twin of message-reader.ts. Frames are laid on a tray, and leave from there: what one turn
// sends is one run of bytes, which nobody copies, and a connection that sends nothing holds nothing.
//
// One tray is laid out at a time, for one connection; whoever writes next has the one before take its frames away. A tray
// that was taken away rests until the system has what lies on it. Where too many rest, frames are taken away as a copy.
import { BINARY, TEXT } from './frame-reader.js'
import { FIN, headerOf, layBytes, layText, MAX_HEADER, masked, RSV1 } from './frame-writer.js'
import { encodeUtf8 } from './text.js'
import { copyOf, memory, trayCount, traySize, traysStart } from './wasm.js'

/** Where frames go. */
export interface FrameSink {
  /** The bytes must rest until they have left. */
  writeApart(bytes: Uint8Array): void
  /** True while some of what it was given may still be read. */
  readonly isSending: boolean
}

/** Bytes of payload up to which a copy on the tray is cheaper than another piece to write. */
const MAX_LAID = 16 * 1024

interface Tray {
  readonly start: number
  /** Who took away what lies on it. */
  takenBy: FrameSink | undefined
}

const trays: readonly Tray[] = Array.from({ length: trayCount }, (_, index) => ({
  start: traysStart + index * traySize,
  takenBy: undefined,
}))

// The tray that is laid out, for whom, and up to where.
let tray = trays[0]!
let trayAt = tray.start
let holder: MessageWriter | undefined

// A tray that nobody's bytes rest on, other than the one laid out.
function freeTray(): Tray | undefined {
  return trays.find((one) => one !== tray && !one.takenBy?.isSending)
}

export class MessageWriter {
  private readonly sink: FrameSink
  private readonly nextKey: () => number

  /** @param nextKey a new masking key for each frame of a client, UNMASKED for a server */
  constructor(sink: FrameSink, nextKey: () => number) {
    this.sink = sink
    this.nextKey = nextKey
  }

  /** Bytes on the tray. */
  get heldBytes(): number {
    return holder === this ? trayAt - tray.start : 0
  }

  writeText(text: string): void {
    if (text.length * 3 > MAX_LAID) return this.write(FIN | TEXT, encodeUtf8(text))
    this.takeTray(text.length * 3)
    trayAt = layText(trayAt, FIN | TEXT, text, this.nextKey())
  }

  writeBinary(payload: Uint8Array): void {
    this.write(FIN | BINARY, payload)
  }

  /** A message whose payload is compressed already. */
  writeDeflated(opcode: number, payload: Uint8Array): void {
    this.write(FIN | RSV1 | opcode, payload)
  }

  /** Ping, pong, or close. */
  writeControl(opcode: number, payload: Uint8Array): void {
    this.write(FIN | opcode, payload)
  }

  private write(first: number, payload: Uint8Array): void {
    const key = this.nextKey()
    if (payload.length > MAX_LAID) {
      this.clear()
      this.sink.writeApart(headerOf(first, payload.length, key))
      this.sink.writeApart(masked(payload, key))
      return
    }
    this.takeTray(payload.length)
    trayAt = layBytes(trayAt, first, payload, key)
  }

  /** A frame that is encoded already. */
  writeFrame(frame: Uint8Array): void {
    this.clear()
    this.sink.writeApart(frame)
  }

  private takeTray(payloadSize: number): void {
    if (holder !== this || trayAt + MAX_HEADER + payloadSize > tray.start + traySize) {
      holder?.clear()
      holder = this
    }
  }

  /** Has the sink write what lies on the tray. */
  clear(): void {
    const frames = this.take()
    if (frames !== undefined) this.sink.writeApart(frames)
  }

  /** What lies on the tray, for the sink to write at once. */
  take(): Uint8Array | undefined {
    if (holder !== this) return undefined
    holder = undefined
    const { start } = tray
    const end = trayAt
    const next = freeTray()
    trayAt = start
    if (next === undefined) return copyOf(start, end)
    tray.takenBy = this.sink
    tray = next
    trayAt = tray.start
    return memory.subarray(start, end)
  }
}
