// A request's body in a thread: bytes that came with the request, or pieces that come by a port when they are read.
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8 } from '../core/media-type.js'
import { streamOf } from '../io/stream-of.js'
import type { RequestBody } from '../ring/contract.js'

export class ThreadBody implements RequestBody {
  private readonly pieces: AsyncIterator<Uint8Array, undefined>
  private readonly charset: string | undefined
  private isTaken = false

  constructor(pieces: AsyncIterator<Uint8Array, undefined>, charset: string | undefined) {
    this.pieces = pieces
    this.charset = charset
  }

  async bytes(): Promise<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]()
    const first = (await pieces.next()).value ?? new Uint8Array()
    const second = (await pieces.next()).value
    if (second === undefined) return first
    const all = new GrowingBytes(2 * (first.length + second.length))
    all.append(first)
    for (let piece: Uint8Array | undefined = second; piece; piece = (await pieces.next()).value)
      all.append(piece)
    return all.take()
  }

  async text(): Promise<string> {
    return decoderOrUtf8(this.charset)(await this.bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(decoderOrUtf8(undefined)(await this.bytes()))
  }

  stream(): ReadableStream<Uint8Array> {
    return streamOf(this[Symbol.asyncIterator]())
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.isTaken) throw new TypeError('the body has been read already')
    this.isTaken = true
    return this.pieces
  }
}
