// What the tests use of ws, which brings no types.
declare module 'ws' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage, Server } from 'node:http'
  import type { SecureContextOptions } from 'node:tls'

  /** RFC 7692's parameters; ws compresses what is at least `threshold` bytes long. */
  export interface PerMessageDeflateOptions {
    serverNoContextTakeover?: boolean
    clientNoContextTakeover?: boolean
    serverMaxWindowBits?: number
    clientMaxWindowBits?: number | boolean
    threshold?: number
  }

  export interface ClientOptions extends SecureContextOptions {
    perMessageDeflate?: boolean | PerMessageDeflateOptions
    headers?: Record<string, string>
    autoPong?: boolean
    maxPayload?: number
    protocolVersion?: number
    servername?: string
    rejectUnauthorized?: boolean
  }

  export interface SendOptions {
    binary?: boolean
    compress?: boolean
    fin?: boolean
  }

  export class WebSocket extends EventEmitter {
    static readonly OPEN: number
    constructor(url: string, options?: ClientOptions)
    constructor(url: string, protocols: readonly string[], options?: ClientOptions)
    readonly readyState: number
    readonly protocol: string
    readonly extensions: string
    readonly bufferedAmount: number
    send(data: string | Uint8Array, options?: SendOptions): void
    ping(data?: string | Uint8Array): void
    pong(data?: string | Uint8Array): void
    close(code?: number, reason?: string): void
    terminate(): void
    pause(): void
    resume(): void
    on(event: 'open', listener: () => void): this
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this
    on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
    on(event: 'close', listener: (code: number, reason: Buffer) => void): this
    on(event: 'error', listener: (error: Error) => void): this
    on(event: 'upgrade', listener: (response: IncomingMessage) => void): this
    on(event: 'unexpected-response', listener: (request: unknown, response: IncomingMessage) => void): this
  }

  export interface ServerOptions {
    host?: string
    port?: number
    server?: Server
    perMessageDeflate?: boolean | PerMessageDeflateOptions
    handleProtocols?: (offered: Set<string>, request: IncomingMessage) => string | false
    autoPong?: boolean
    maxPayload?: number
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: ServerOptions)
    readonly clients: Set<WebSocket>
    address(): { port: number }
    close(): void
    on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this
    on(event: 'headers', listener: (fields: string[], request: IncomingMessage) => void): this
  }
}
