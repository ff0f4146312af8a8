// A raw WebSocket peer that speaks permessage-deflate (RFC 7692) by streams of node:zlib, one in each direction for as
// long as the connection lives: they go wrong for good where the other side's context is not what was agreed on.
//
//   const peer = await connectDeflating(server.port, 'permessage-deflate; server_max_window_bits=10')
//   peer.agreed                                     the parameters answered: Map { 'server_max_window_bits' → 10 }
//   peer.send(await peer.deflated(text('hello')))   a frame compressed, RSV1 set; any other frame goes as it is
//   const { opcode, payload, isCompressed, wireBytes } = await peer.message()
//   peer.raw                                        the RawWebSocket below
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import type { PeerAddress } from './raw-peer.js'
import { connectRawWebSocket, type RawFrame, type RawWebSocket } from './raw-websocket.js'

const RSV1 = 0b100
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

export interface DeflatedMessage {
  opcode: number
  payload: Buffer
  isCompressed: boolean
  /** Bytes of its payload as they came. */
  wireBytes: number
}

/** What the answer agreed to; undefined where it did not speak of the extension. */
export function agreedOf(extensions: string | undefined): Map<string, number | true> | undefined {
  if (extensions === undefined) return undefined
  const [name, ...parameters] = extensions.split(';').map((part) => part.trim())
  if (name !== 'permessage-deflate') throw new Error(`another extension: ${extensions}`)
  return new Map(
    parameters.map((parameter) => {
      const [key, value] = parameter.split('=')
      return [key!, value === undefined ? true : Number(value)]
    }),
  )
}

export async function connectDeflating(
  address: PeerAddress,
  offer = 'permessage-deflate; client_max_window_bits',
): Promise<DeflatePeer> {
  const raw = await connectRawWebSocket(address, { headers: { 'Sec-WebSocket-Extensions': offer } })
  const agreed = agreedOf(raw.answer.header('sec-websocket-extensions'))
  if (agreed === undefined) throw new Error(`not agreed to: ${offer}`)
  return new DeflatePeer(raw, agreed)
}

export class DeflatePeer {
  readonly raw: RawWebSocket
  readonly agreed: ReadonlyMap<string, number | true>
  private deflater: DeflateRaw | undefined
  private inflater: InflateRaw | undefined

  constructor(raw: RawWebSocket, agreed: ReadonlyMap<string, number | true>) {
    this.raw = raw
    this.agreed = agreed
  }

  private bits(side: 'client' | 'server'): number {
    return Number(this.agreed.get(`${side}_max_window_bits`) ?? 15)
  }

  private forgets(side: 'client' | 'server'): boolean {
    return this.agreed.has(`${side}_no_context_takeover`)
  }

  /** The payload of a message, as this side compresses it next. */
  async compress(payload: string | Uint8Array): Promise<Buffer> {
    if (this.forgets('client')) this.deflater = undefined
    this.deflater ??= createDeflateRaw({ windowBits: this.bits('client') })
    const compressed = await through(this.deflater, [Buffer.from(payload)])
    return compressed.subarray(0, -TAIL.length)
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
    const inflated = isCompressed ? await this.inflate(payload) : payload
    return { opcode, payload: inflated, isCompressed, wireBytes: payload.length }
  }

  private inflate(payload: Buffer): Promise<Buffer> {
    if (this.forgets('server')) this.inflater = undefined
    this.inflater ??= createInflateRaw({ windowBits: this.bits('server') })
    return through(this.inflater, [payload, TAIL])
  }
}

function through(stream: DeflateRaw | InflateRaw, pieces: Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = []
    const collect = (bytes: Buffer): void => void out.push(bytes)
    stream.on('data', collect).once('error', reject)
    for (const piece of pieces) stream.write(piece)
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', collect).off('error', reject)
      resolve(Buffer.concat(out))
    })
  })
}
