// A request's body as the platform streams it: the handler pulls, and the platform reads the client no faster.
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import { BodyOfPieces } from '../ring/body-of-pieces.js'

export class StreamBody extends BodyOfPieces {
  /** Why the rest is not read. */
  fault: ProtocolError | undefined = undefined
  private readonly source: ReadableStream<Uint8Array>
  private readonly maxBytes: number
  private received = 0

  constructor(source: ReadableStream<Uint8Array>, charset: string | undefined, maxBytes: number) {
    super(charset)
    this.source = source
    this.maxBytes = maxBytes
  }

  protected override begin(): AsyncIterator<Uint8Array, undefined> {
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
