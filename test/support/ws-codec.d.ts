// The reading and the writing half of ws, which the codec is compared with.
declare module 'ws' {
  import { Writable } from 'node:stream'

  export interface ReceiverOptions {
    isServer?: boolean
    maxPayload?: number
    extensions?: Record<string, unknown>
  }

  /** Frames in, messages out; once an error is told, the stream is destroyed. */
  export class Receiver extends Writable {
    constructor(options?: ReceiverOptions)
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this
    on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
    on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }

  export interface SenderFrameOptions {
    opcode: number
    fin?: boolean
    rsv1?: boolean
    mask?: boolean
    readOnly?: boolean
    /** Fills in the masking key. */
    generateMask?: (mask: Uint8Array) => void
  }

  /** @returns one frame in parts */
  export const Sender: { frame(data: Buffer, options: SenderFrameOptions): Buffer[] }

  type Parameters = Record<string, string | number | boolean>

  export class PerMessageDeflate {
    constructor(options: PerMessageDeflateOptions & { isServer: boolean })
    /** What was agreed on, as the field says it. */
    readonly params: Parameters | null
    offer(): Parameters
    /** @param configurations the offers to a server, or the answer to a client */
    accept(configurations: Parameters[]): Parameters
  }

  /** Sec-WebSocket-Extensions as an object, by names. */
  export const extension: {
    parse(field: string): Record<string, Parameters[]>
    format(extensions: Record<string, Parameters>): string
  }
}
