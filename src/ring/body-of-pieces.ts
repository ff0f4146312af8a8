// A request's body as handlers read it, once and in one of four ways, wherever its pieces come from.
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8 } from '../core/media-type.js'
import { streamOf } from '../io/stream-of.js'
import type { RequestBody } from './contract.js'

export abstract class BodyOfPieces implements RequestBody {
  private readonly charset: string | undefined
  private isTaken = false

  constructor(charset: string | undefined) {
    this.charset = charset
  }

  /** Called once, when it is read. */
  protected abstract begin(): AsyncIterator<Uint8Array, undefined>

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
    return this.begin()
  }
}
