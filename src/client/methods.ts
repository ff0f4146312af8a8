// A helper for each method: `get(url, options?, callback?)`.
import type { ClientResponse, RequestOptions } from './options.js'
import type { Callback } from './request.js'
import type { ResponsePromise } from './response-promise.js'

/** Sends a request by its options alone. */
export interface SendRequest {
  /** Sends a request. The promise always resolves: to the answer or its error, or to what the callback returns. */
  (options: RequestOptions): ResponsePromise
  <T>(options: RequestOptions, callback: Callback<T>): ResponsePromise<T | ClientResponse>
}

/** Sends a request by a method, as `request` does; the callback may stand where the options do. */
export interface Method {
  (url: string | URL, options?: RequestOptions): ResponsePromise
  <T>(url: string | URL, callback: Callback<T>): ResponsePromise<T | ClientResponse>
  <T>(url: string | URL, options: RequestOptions, callback: Callback<T>): ResponsePromise<T | ClientResponse>
}

/** What a client has; so has the module, for the default client. */
export interface Methods {
  readonly request: SendRequest
  readonly get: Method
  readonly head: Method
  readonly post: Method
  readonly put: Method
  readonly patch: Method
  readonly delete: Method
  readonly del: Method
  readonly options: Method
  readonly propfind: Method
  readonly proppatch: Method
  readonly lock: Method
  readonly unlock: Method
  readonly report: Method
  readonly acl: Method
  readonly copy: Method
  readonly move: Method
}

type Send = (options: RequestOptions, callback: Callback<unknown> | undefined) => ResponsePromise<unknown>

/** All of them, by one way to send. */
export function methodsBy(send: Send): Methods {
  const helper = (method: string): Method =>
    ((url: string | URL, second?: RequestOptions | Callback<unknown>, third?: Callback<unknown>) =>
      typeof second === 'function'
        ? send({ url, method }, second)
        : send(withTarget(second, url, method), third)) as Method
  const del = helper('delete')
  return {
    request: send as SendRequest,
    get: helper('get'),
    head: helper('head'),
    post: helper('post'),
    put: helper('put'),
    patch: helper('patch'),
    delete: del,
    del,
    options: helper('options'),
    propfind: helper('propfind'),
    proppatch: helper('proppatch'),
    lock: helper('lock'),
    unlock: helper('unlock'),
    report: helper('report'),
    acl: helper('acl'),
    copy: helper('copy'),
    move: helper('move'),
  }
}

// The caller's object stays as it is.
function withTarget(options: RequestOptions | undefined, url: string | URL, method: string): RequestOptions {
  if (typeof options === 'string') return options
  try {
    return copyWith(options, url, method)
  } catch (error) {
    // What cannot be read fails once more where that is told.
    return Object.defineProperty({ url, method }, 'client', {
      get() {
        throw error
      },
    })
  }
}

// A loop, for a spread with more behind it makes V8 11 give each object a shape of its own: 2 µs, and as much again for whoever
// reads them.
function copyWith(options: RequestOptions | undefined, url: string | URL, method: string): RequestOptions {
  const own: RequestOptions = { url, method }
  for (const name in options) {
    if (name === 'url' || name === 'method' || name === '__proto__') continue
    if (Object.hasOwn(options, name)) own[name] = options[name]
  }
  return options ? withSymbols(own, options) : own
}

function withSymbols(own: RequestOptions, options: RequestOptions): RequestOptions {
  for (const symbol of Object.getOwnPropertySymbols(options)) {
    Object.assign(own, { [symbol]: (options as Record<symbol, unknown>)[symbol] })
  }
  return own
}
