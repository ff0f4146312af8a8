// Ring's contract in TypeScript: a request map in, a response map out, and http-kit's channel between them.
import type { CloseStatus } from '../core/close.js'
import type { ResponseHeaders } from '../core/response-head.js'
import type { FileBody } from '../io/file-body.js'
import type { PieceSource } from '../io/pieces.js'

/** Takes a request map, returns a response map, or the channel's from `asChannel`. */
export type Handler = (req: RingRequest) => RingResponse | Promise<RingResponse>

/** What a handler is called with. */
export interface RingRequest {
  /** From an absolute-form target, else the Host field, else the socket. */
  serverPort: number
  /** From the same place; an IPv6 address has its brackets. */
  serverName: string
  /** The peer's address; '' on a Unix domain socket. */
  remoteAddr: string
  /** The target's path as sent, not decoded. */
  uri: string
  /** What follows '?', as sent. */
  queryString: string | undefined
  /** 'https' where the connection is TLS's; a proxy's X-Forwarded-Proto is not looked at. */
  scheme: 'http' | 'https'
  /** Lower case: 'get', 'post', … */
  requestMethod: string
  /** That of the request-line. */
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
  /** The channel that `asChannel` answers through. */
  asyncChannel: Channel
  /** Milliseconds on performance.now's clock, when the head was read. */
  startTime: number
}

/** A body can be read once, in one of these ways. Reading it lets a client that waits for 100 Continue go on. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  /** The whole body. Rejects past `maxBody`, after `bodyTimeout`, or when the client has gone; so do the others. */
  bytes(): Promise<Uint8Array>
  /** By the charset of Content-Type where it is known, else UTF-8. */
  text(): Promise<string>
  /** The text, parsed; rejects with a SyntaxError where it is no JSON. */
  json(): Promise<unknown>
  /** Pieces as they come, read no faster than they are taken. */
  stream(): ReadableStream<Uint8Array>
}

/** What a handler answers with. */
export interface RingResponse {
  /** 200 to 999 (default 200). */
  status?: number
  /** Sent as written; an array repeats the field. */
  headers?: ResponseHeaders
  /** Strings, bytes, files, streams (default: none). */
  body?: ResponseBody
  /** Instead of all that: accepts the WebSocket that the request asks for; where it asks for none, the answer is 400. */
  listener?: WebSocketListener
  /** The sub-protocols that `listener` speaks, in order of preference. */
  protocol?: string | readonly string[]
}

/** A string is sent as UTF-8. Iterables and streams are sent piece by piece, no faster than the client reads. */
export type ResponseBody = string | Uint8Array | PieceSource | Blob | FileBody | Channel | null

/** http-kit's one client to send to: a streamed or delayed HTTP response, or a WebSocket. */
export interface Channel {
  /** Whether something can still be sent. */
  readonly isOpen: boolean
  /** Whether it is a WebSocket; else it is an HTTP answer. */
  readonly websocket: boolean
  /** Settles when the answer is complete, or its connection gone; that of a WebSocket, when it is closed. */
  readonly closed: Promise<void>
  /** Bytes sent here that the operating system has not taken yet. */
  readonly bufferedAmount: number
  /**
   * Sends text, bytes or, first on HTTP, a response map; false when the channel is closed. On HTTP it closes unless told
   * otherwise. On a WebSocket a string is sent as text, bytes as binary, of a response map its body; bytes must rest until
   * they have left.
   *
   * @param closeAfterSend default: true on HTTP, false on a WebSocket
   * @returns false when the channel is closed
   */
  send(data: string | Uint8Array | RingResponse, closeAfterSend?: boolean): boolean
  /**
   * Closes; on HTTP, before anything was sent, it answers 204. A WebSocket is sent a close frame, and its peer has two seconds
   * to answer it.
   *
   * @param code a WebSocket's, 1000 to 4999 (default 1000; RFC 6455 §7.4)
   * @param reason at most 123 bytes of UTF-8
   * @returns true if this call closed it
   * @throws RangeError for a code that may not be sent, or a reason that is too long
   */
  close(code?: number, reason?: string): boolean
  /** Settles when what was sent has left, or the channel is closed. */
  drained(): Promise<void>
}

/** What a channel's user is told. */
export interface ChannelCallbacks {
  /** Called first, before the channel is open. */
  init?(channel: Channel): void
  /** Has ended before the first `onReceive` starts; a promise counts. */
  onOpen?(channel: Channel): void | Promise<void>
  /** A message: text as a string, binary as bytes that are yours. The next one waits for the promise. */
  onReceive?(channel: Channel, message: string | Uint8Array): void | Promise<void>
  /** The pong has been sent already. */
  onPing?(channel: Channel, data: Uint8Array): void
  /** An answer to a ping, or a pong that nobody asked for. */
  onPong?(channel: Channel, data: Uint8Array): void
  /** Called once, after the last `onReceive`. `code` is a WebSocket's; it is undefined on HTTP. */
  onClose?(channel: Channel, status: CloseStatus, code: number | undefined, reason: string): void
}

/** The same on a server, and what it answers a handshake with. */
export interface ChannelHandlers extends ChannelCallbacks {
  /** The request asks for a WebSocket, but not as RFC 6455 §4.2.1 wants it (default: 400, or 426 for another version). */
  onHandshakeError?(channel: Channel): void
  /** Sub-protocols spoken, in order of preference: the first that the client offers is answered. */
  protocol?: string | readonly string[]
  /** Further fields of the 101. */
  headers?: ResponseHeaders
  /** Milliseconds between pings; a peer that is silent for two of them is taken for lost. */
  heartbeat?: number
}

/** What a Ring handler returns as `listener`. Callbacks come one at a time, in order. */
export interface WebSocketListener {
  /** Comes first. */
  onOpen?(socket: WebSocketSocket): void
  /** The next message waits for the promise. */
  onMessage?(socket: WebSocketSocket, message: string | Uint8Array): void | Promise<void>
  /** The pong has been sent already. */
  onPing?(socket: WebSocketSocket, data: Uint8Array): void
  /** An answer to a ping, or a pong that nobody asked for. */
  onPong?(socket: WebSocketSocket, data: Uint8Array): void
  /** Another of the callbacks has thrown. */
  onError?(socket: WebSocketSocket, error: Error): void
  /** Comes once, and last. `code` 1005: the peer gave none; 1006: it is gone without a word. */
  onClose?(socket: WebSocketSocket, code: number, reason: string): void
}

/** Ring's WebSocket. */
export interface WebSocketSocket {
  /** Whether something can still be sent. */
  readonly isOpen: boolean
  /**
   * Sends a string as text, bytes as binary, which must rest until they have left.
   *
   * @param succeed called when the operating system has taken the message
   * @param fail called when it never will
   */
  send(message: string | Uint8Array, succeed?: () => void, fail?: (error: Error) => void): void
  /** Sends a ping. @throws RangeError for more than 125 bytes */
  ping(data?: Uint8Array): void
  /** Sends a pong that nobody asked for; pings are answered without. @throws RangeError for more than 125 bytes */
  pong(data?: Uint8Array): void
  /** Sends a close frame (default 1000). @throws RangeError for a code that may not be sent, or a reason of more than 123 bytes */
  close(code?: number, reason?: string): void
}
