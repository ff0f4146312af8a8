// What a request may ask for.
import type { ConnectionOptions } from 'node:tls'
import type { ResponseHeaderMap } from '../core/fields.js'
import type { NestedParamStyle } from '../core/flat-params.js'
import type { RequestHeaders } from '../core/request-head.js'
import type { Part } from '../form/encode-multipart.js'
import type { FileBody } from '../io/file-body.js'
import type { PieceSource } from '../io/pieces.js'
import type { HttpKitError } from './error.js'

/**
 * How a response's body is handed over: as text by its charset, a ReadableStream, a Uint8Array, a Uint8Array that is not
 * decompressed, not at all; or, 'auto', as text where its type is textual, else as a stream.
 */
export type As = 'auto' | 'text' | 'stream' | 'byteArray' | 'rawByteArray' | 'none'

/** Strings are sent as UTF-8, URLSearchParams and FormData with their types; streams are sent as the server takes them. */
export type RequestBody =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | Blob
  | FileBody
  | URLSearchParams
  | FormData
  | PieceSource
  | null

/** Says which responses are wanted; false is ERR_BODY_REJECTED, and ends the connection. */
export interface BodyFilter {
  /** Asked when the head is there. */
  accept?(status: number, headers: ResponseHeaderMap): boolean
  /** Asked as the body comes: with the bytes that have come, and, where they are coded, with those that they have become. */
  acceptBody?(bytesSoFar: number): boolean
}

/** Told as a body moves. @param total bytes, where they are known */
export type OnProgress = (bytes: number, total: number | undefined) => void

/** A request. What is not listed here is handed back in `resp.opts`. */
export interface RequestOptions {
  /** http: or https:; userinfo becomes Basic credentials, the fragment is not sent. */
  url?: string | URL
  /** In any case (default 'get'). */
  method?: string
  /** Sent in their order and spelling, behind Host; a list repeats the field, null and undefined leave it out. */
  headers?: RequestHeaders
  /** Go behind the URL's own query. */
  queryParams?: object
  /** An urlencoded form as the body; in a multipart body its first fields. */
  formParams?: object
  /** How arrays in params are written (default: the name is repeated). */
  nestedParamStyle?: NestedParamStyle
  /** Streams are sent as the server takes them, chunked unless Content-Length is stated. */
  body?: RequestBody
  /** The parts of a form, streamed. */
  multipart?: Iterable<Part>
  /** multipart/mixed instead of multipart/form-data. */
  multipartMixed?: boolean
  /** `['user', 'pass']` or `'user:pass'` (RFC 7617). */
  basicAuth?: string | readonly [user: string, password: string]
  /** A bearer token (RFC 6750). */
  oauthToken?: string
  /** Null leaves the field out (default 'httpkit-wasm'). */
  userAgent?: string | null
  /** Milliseconds: for both of the next two. */
  timeout?: number
  /** Milliseconds until a connection is there: the queue, DNS, TLS and proxies included (default 60000). */
  connectTimeout?: number
  /** Milliseconds without a byte in either direction (default 60000). */
  idleTimeout?: number
  /** Milliseconds for the whole exchange, redirects and body included. */
  deadline?: number
  /** Milliseconds that the connection may idle in the pool (default 120000); 0 or less: it is closed. */
  keepalive?: number
  /** 301, 302 and 303 become GET, 307 and 308 repeat the request (default true). */
  followRedirects?: boolean
  /** ERR_TOO_MANY_REDIRECTS past it (default 10). */
  maxRedirects?: number
  /** Keeps method and body on 301, 302 and 303 (default false). */
  allowUnsafeRedirectMethods?: boolean
  /** Follows from https: to http: (default false). */
  allowInsecureRedirects?: boolean
  /** Accepts any certificate; SNI is still sent (default false). Not in workerd. */
  insecure?: boolean
  /** `node:tls` options: ca, cert, key … Connections are shared by requests with the same object. Not in workerd. */
  tls?: ConnectionOptions
  /** How the body is handed over (default 'auto'). */
  as?: As
  /** Asks for gzip, deflate and br (not in workerd), and undoes them (default true). */
  autoCompression?: boolean
  /** Which responses are wanted, and how much of them: `maxBodyFilter(bytes)`, or one of your own. */
  filter?: BodyFilter
  /** An HTTP proxy: `http://user:pass@host:port`, also https:. */
  proxyUrl?: string
  /** The same in two; the host may have a scheme before it. */
  proxyHost?: string
  /** Of `proxyHost`. */
  proxyPort?: number
  /** CONNECT for http: targets, too; https: ones always have it. */
  tunnel?: boolean
  /** Reads http_proxy, https_proxy, all_proxy and no_proxy (default false). */
  proxyFromEnvironment?: boolean
  /** A socket's path, instead of the URL's host and port. Not in workerd. */
  unixSocket?: string
  /** Ends it with ERR_ABORTED, a stream that is being read too. */
  signal?: AbortSignal
  /** Told as the request's body leaves. */
  onUploadProgress?: OnProgress
  /** Told as the response's body comes. */
  onDownloadProgress?: OnProgress
  /** From `makeClient` (default: the process's). */
  client?: object
  /** After redirects: the URLs before the last, in their order. */
  traceRedirects?: readonly string[]
  /** State for the callback. */
  [state: string]: unknown
}

/** An answer, or why there is none. */
export interface ClientResponse {
  /** Undefined where there is an error. */
  status?: number
  /** Lower-case names, nothing inherited; a field that came more than once is a list. */
  headers?: ResponseHeaderMap
  /** As `as` says: a string, a Uint8Array or a ReadableStream. */
  // biome-ignore lint/suspicious/noExplicitAny: it is what the options ask for
  body?: any
  /** Of a chunked body that was read whole (RFC 9110 §6.5). */
  trailers?: ResponseHeaderMap
  /** Why there is no answer; an HTTP status is no error. */
  error?: HttpKitError
  /** What was asked for, with its url and method, and the caller's state. */
  opts: RequestOptions
}
