// Messages in, frames out: the twin of message-reader.ts. Frames gather on the tray, which all connections share: whoever
// writes next has the one before take its frames away. So what one turn sends is one run of bytes, and a connection that
// sends nothing holds nothing.
import { BINARY, TEXT } from './frame-reader.js'
import { FIN, headerOf, layBytes, layText, MAX_HEADER, masked, RSV1 } from './frame-writer.js'
import { encodeUtf8 } from './text.js'
import { spareCopyOf, traySize, trayStart } from './wasm.js'

/** Where frames go. */
export interface FrameSink {
  /** The bytes must rest until they have left. */
  writeApart(bytes: Uint8Array): void
}

/** Bytes of payload up to which a copy on the tray is cheaper than another piece to write. */
const MAX_LAID = 16 * 1024
const TRAY_END = trayStart + traySize

let holder: MessageWriter | undefined
let trayAt = trayStart

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
    return holder === this ? trayAt - trayStart : 0
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
    if (holder !== this || trayAt + MAX_HEADER + payloadSize > TRAY_END) {
      holder?.clear()
      holder = this
    }
  }

  /** Has the sink write what is on the tray. */
  clear(): void {
    const frames = this.take()
    if (frames !== undefined) this.sink.writeApart(frames)
  }

  /** What is on the tray, which is empty after that. */
  take(): Uint8Array | undefined {
    if (holder !== this) return undefined
    const frames = spareCopyOf(trayStart, trayAt)
    holder = undefined
    trayAt = trayStart
    return frames
  }
}
