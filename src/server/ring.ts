// Ring's contract in TypeScript: a request map in, a response map out, and http-kit's channel between them.
import type { ResponseHeaders } from '../core/response-head.js'
import type { FileBody } from '../io/file-body.js'
import type { PieceSource } from '../io/pieces.js'

/** Takes a request map, returns a response map, or the channel's from `asChannel`. */
export type Handler = (req: RingRequest) => RingResponse | Promise<RingResponse>

export interface RingRequest {
  /** From an absolute-form target, else the Host field, else the socket. */
  serverPort: number
  serverName: string
  /** The peer's address; '' on a Unix domain socket. */
  remoteAddr: string
  /** The target's path as sent, not decoded. */
  uri: string
  /** What follows '?', as sent. */
  queryString: string | undefined
  scheme: 'http' | 'https'
  /** Lower case: 'get', 'post', … */
  requestMethod: string
  protocol: 'HTTP/1.1' | 'HTTP/1.0'
  /** Lower-case names, nothing inherited; repeats joined with ', ', those of cookie with '; ' (RFC 9110 §5.3). */
  headers: Readonly<Record<string, string>>
  /** Content-Type; cut before its parameters where one of them is a charset, as in http-kit. */
  contentType: string | undefined
  /** Bytes, as stated. */
  contentLength: number | undefined
  /** The charset of Content-Type. */
  characterEncoding: string | undefined
  /** Undefined where the message has no body. */
  body: RequestBody | undefined
  /** True for a request that asks for a WebSocket. */
  websocket: boolean
  asyncChannel: Channel
  /** Milliseconds on performance.now's clock, when the head was read. */
  startTime: number
}

/** A body can be read once, in one of these ways. Reading it lets a client that waits for 100 Continue go on. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  bytes(): Promise<Uint8Array>
  /** By the charset of Content-Type where it is known, else UTF-8. */
  text(): Promise<string>
  json(): Promise<unknown>
  stream(): ReadableStream<Uint8Array>
}

export interface RingResponse {
  /** Default 200. */
  status?: number
  /** Sent as written; an array repeats the field. */
  headers?: ResponseHeaders
  body?: ResponseBody
}

/** A string is sent as UTF-8. Iterables and streams are sent piece by piece, no faster than the client reads. */
export type ResponseBody = string | Uint8Array | PieceSource | Blob | FileBody | Channel | null

/** http-kit's one client to send to: a streamed or delayed HTTP response, or a WebSocket. */
export interface Channel {
  readonly isOpen: boolean
  readonly websocket: boolean
  /** Bytes sent here that the operating system has not taken yet. */
  readonly bufferedAmount: number
  /**
   * Sends. On HTTP the first send may be a response map, and closes unless told otherwise.
   *
   * @returns false when the channel is closed
   */
  send(data: string | Uint8Array | RingResponse, closeAfterSend?: boolean): boolean
  /** @returns true if this call closed it. On HTTP, before anything was sent, it answers 204. */
  close(code?: number, reason?: string): boolean
  /** Settles when what was sent has left, or the channel is closed. */
  drained(): Promise<void>
}

export type CloseStatus =
  | 'server-close'
  | 'client-close'
  | 'normal'
  | 'going-away'
  | 'protocol-error'
  | 'unsupported'
  | 'no-status-received'
  | 'abnormal'
  | 'invalid-payload-data'
  | 'policy-violation'
  | 'message-too-big'
  | 'mandatory-extension'
  | 'internal-server-error'
  | 'tls-handshake'
  | 'unknown'

export interface ChannelHandlers {
  /** Called first, before the channel is open. */
  init?(channel: Channel): void
  onOpen?(channel: Channel): void
  /** Called once. `code` is a WebSocket's; it is undefined on HTTP. */
  onClose?(channel: Channel, status: CloseStatus, code: number | undefined, reason: string): void
}
