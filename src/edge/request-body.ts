// A request's body as the platform streams it: the handler pulls, and the platform reads the client no faster.
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8 } from '../core/media-type.js'
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import { streamOf } from '../io/stream-of.js'
import type { RequestBody } from '../ring/contract.js'

export class StreamBody implements RequestBody {
  /** Why the rest is not read. */
  fault: ProtocolError | undefined = undefined
  private readonly source: ReadableStream<Uint8Array>
  private readonly charset: string | undefined
  private readonly maxBytes: number
  private received = 0
  private isTaken = false

  constructor(source: ReadableStream<Uint8Array>, charset: string | undefined, maxBytes: number) {
    this.source = source
    this.charset = charset
    this.maxBytes = maxBytes
  }

  async bytes(): Promise<Uint8Array> {
    const all = new GrowingBytes()
    for await (const piece of this) all.append(piece)
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
    const reader = this.source.getReader()
    return {
      next: async () => {
        const { done, value } = await reader.read().catch((cause) => {
          throw this.failed('BODY_CUT_SHORT', cause)
        })
        if (done) return { done: true, value: undefined }
        this.received += value.length
        if (this.received > this.maxBytes) {
          const fault = this.failed('BODY_TOO_LARGE')
          reader.cancel(fault).catch(() => {})
          throw fault
        }
        return { done: false, value }
      },
      return: async () => {
        await reader.cancel().catch(() => {})
        return { done: true, value: undefined }
      },
    }
  }

  private failed(code: string, cause?: unknown): ProtocolError {
    this.fault = Object.assign(protocolError(code), cause !== undefined && { cause })
    return this.fault
  }
}
