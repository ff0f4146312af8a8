// A raw WebSocket peer that speaks permessage-deflate (RFC 7692), with what raw-deflate.ts keeps of either direction for
// as long as the connection lives: it goes wrong for good where the other side's context is not what was agreed on.
//
//   const peer = await connectDeflating(server.port, 'permessage-deflate; server_max_window_bits=10')
//   peer.send(await peer.deflated(text('hello')))   a frame compressed, RSV1 set; any other frame goes as it is
//   const { opcode, payload, isCompressed, wireBytes } = await peer.message()
//   peer.raw                                        the RawWebSocket below
import { type RawDeflate, rawDeflate, readAgreement } from './raw-deflate.js'
import type { PeerAddress } from './raw-peer.js'
import { connectRawWebSocket, type RawFrame, type RawWebSocket } from './raw-websocket.js'

const RSV1 = 0b100

export interface DeflatedMessage {
  opcode: number
  payload: Buffer
  isCompressed: boolean
  /** Bytes of its payload as they came. */
  wireBytes: number
}

export async function connectDeflating(
  address: PeerAddress,
  offer = 'permessage-deflate; client_max_window_bits',
): Promise<DeflatePeer> {
  const raw = await connectRawWebSocket(address, { headers: { 'Sec-WebSocket-Extensions': offer } })
  const agreed = readAgreement(raw.answer.header('Sec-WebSocket-Extensions'))
  return new DeflatePeer(raw, rawDeflate(agreed, 'client'))
}

export class DeflatePeer {
  readonly raw: RawWebSocket
  private readonly deflate: RawDeflate

  constructor(raw: RawWebSocket, deflate: RawDeflate) {
    this.raw = raw
    this.deflate = deflate
  }

  /** The payload of a message, as this side compresses it next. */
  compress(payload: string | Uint8Array): Promise<Buffer> {
    return this.deflate.compress(payload)
  }

  async deflated(frame: RawFrame): Promise<RawFrame> {
    return { ...frame, rsv: RSV1, payload: await this.compress(frame.payload ?? '') }
  }

  send(...frames: RawFrame[]): this {
    this.raw.send(...frames)
    return this
  }

  async message(): Promise<DeflatedMessage> {
    const { opcode, payload, rsv } = await this.raw.message()
    const isCompressed = rsv === RSV1
    const inflated = isCompressed ? await this.deflate.decompress(payload) : payload
    return { opcode, payload: inflated, isCompressed, wireBytes: payload.length }
  }
}
