// Answers without a server, for tests of code that makes requests. Who is faked is a matter of asynchronous context: what one
// test fakes, another that runs meanwhile does not see.
import { AsyncLocalStorage } from 'node:async_hooks'
import { GrowingBytes } from '../core/growing-bytes.js'
import { hasNoBody } from '../core/status.js'
import { encodeUtf8 } from '../core/text.js'
import { type PieceSource, type Pieces, piecesOf } from '../io/pieces.js'
import { streamOf } from '../io/stream-of.js'
import { bodyText, isTextual } from './body-text.js'
import { errorOf, HttpKitError } from './error.js'
import { hopOf } from './hop.js'
import type { ClientResponse, RequestOptions } from './options.js'
import { interceptWith, type Settle } from './request.js'
import { termsOf } from './terms.js'

/** A URL, a pattern of URLs, options each with a value or a pattern, or a predicate of the options. */
export type FakeMatcher =
  | string
  | RegExp
  | { readonly [option: string]: unknown }
  | ((options: RequestOptions) => boolean)

/** What a route answers. */
export interface FakeResponse {
  /** Of the answer (default 200). */
  status?: number
  /** In lower case (default: content-type is text/html). */
  headers?: Record<string, string | string[]>
  /** Handed over as the request's `as` says. */
  body?: string | Uint8Array | Blob | PieceSource | null
  /** Instead of an answer. */
  error?: Error
}

/** A response map, a body, a status, 'allow' (really sent), 'deny', or a function of the options that returns one of these. */
export type FakeAnswer =
  | FakeResponse
  | string
  | number
  | ((options: RequestOptions) => FakeResponse | string | number | Promise<FakeResponse | string | number>)

/** The first whose matcher matches answers. */
export type FakeRoutes = readonly (readonly [matcher: FakeMatcher, answer: FakeAnswer])[]

interface Fake {
  readonly routes: FakeRoutes
  readonly outer: Fake | undefined
  isOver: boolean
}

const fakes = new AsyncLocalStorage<Fake>()

/**
 * Runs `fn` with requests answered by `routes`; what no route matches fails with ERR_FAKE_UNMATCHED, and sends nothing.
 *
 * @returns what `fn` returns; afterwards, also when it throws, requests are real again
 */
export function withFakeHttp<T>(routes: FakeRoutes, fn: () => T): T {
  interceptWith(intercept)
  const fake: Fake = { routes: [...routes], outer: fakes.getStore(), isOver: false }
  let isAsync = false
  try {
    const result = fakes.run(fake, fn)
    if (!(result instanceof Promise)) return result
    isAsync = true
    return result.finally(() => end(fake)) as T
  } finally {
    if (!isAsync) end(fake)
  }
}

function end(fake: Fake): void {
  fake.isOver = true
}

function intercept(options: RequestOptions, settle: Settle): boolean {
  let fake = fakes.getStore()
  while (fake?.isOver) fake = fake.outer
  if (fake === undefined) return false
  const route = fake.routes.find(([matcher]) => matches(matcher, options))
  if (route?.[1] === 'allow') return false
  // What would not be sent is not answered either.
  demandValid(options)
  const answered = route === undefined ? Promise.reject(unmatched(options)) : answer(route[1], options)
  answered.then(settle, (error) => settle({ error: errorOf('ERR_FAKE_DENIED', error), opts: options }))
  return true
}

// A list of parts that can be read but once is the answer's to read.
function demandValid(options: RequestOptions): void {
  const { multipart } = options
  termsOf(options)
  hopOf(
    multipart === undefined || Array.isArray(multipart) ? options : { ...options, multipart: [] },
    0,
    true,
  )
}

function unmatched(options: RequestOptions): HttpKitError {
  const { method = 'get', url } = options
  return new HttpKitError('ERR_FAKE_UNMATCHED', `no fake route for ${method} ${String(url)}`)
}

function matches(matcher: FakeMatcher, options: RequestOptions): boolean {
  if (typeof matcher === 'function') return matcher(options)
  if (typeof matcher === 'string' || matcher instanceof RegExp)
    return matchesValue(matcher, options.url, true)
  return Object.entries(matcher).every(([name, wanted]) => matchesOption(name, wanted, options))
}

function matchesOption(name: string, wanted: unknown, options: RequestOptions): boolean {
  if (name !== 'method') return matchesValue(wanted, options[name], name === 'url')
  const method = (options.method ?? 'get').toLowerCase()
  if (wanted instanceof RegExp)
    return [method, method.toUpperCase()].some((one) => matchesValue(wanted, one, false))
  return typeof wanted === 'string' && wanted.toLowerCase() === method
}

function matchesValue(wanted: unknown, value: unknown, isUrl: boolean): boolean {
  if (wanted instanceof RegExp) return new RegExp(wanted).test(String(value))
  if (isUrl) return normal(wanted) === normal(value)
  return wanted === value || (typeof wanted === 'object' && JSON.stringify(wanted) === JSON.stringify(value))
}

function normal(url: unknown): string {
  const text = String(url)
  return URL.canParse(text) ? new URL(text).href : text
}

async function answer(given: FakeAnswer, options: RequestOptions): Promise<ClientResponse> {
  const response = typeof given === 'function' ? await given(options) : given
  if (response === 'deny') throw new HttpKitError('ERR_FAKE_DENIED', `${String(options.url)} is denied`)
  if (typeof response === 'number') return respond({ status: response }, options)
  return respond(typeof response === 'string' ? { body: response } : response, options)
}

async function respond(response: FakeResponse, options: RequestOptions): Promise<ClientResponse> {
  if (response.error !== undefined) return { error: response.error as HttpKitError, opts: options }
  const headers: Record<string, string | string[]> = { 'content-type': 'text/html' }
  for (const [name, value] of Object.entries(response.headers ?? {})) headers[name.toLowerCase()] = value
  const { status = 200, body } = response
  const sent = options.method?.toLowerCase() === 'head' || hasNoBody(status) ? undefined : body
  return { status, headers, body: await coerce(sent, headers, options), opts: options }
}

async function coerce(
  body: FakeResponse['body'],
  headers: Record<string, string | string[]>,
  { as = 'auto' }: RequestOptions,
): Promise<unknown> {
  const type = String(headers['content-type'])
  const pieces = piecesOf(sourceOf(body))
  if (pieces === undefined) throw new TypeError('a faked body of no known kind')
  if (as === 'stream' || (as === 'auto' && !isTextual(type))) return streamOf(bytesOf(pieces))
  const bytes = new GrowingBytes()
  for await (const piece of { [Symbol.asyncIterator]: () => bytesOf(pieces) }) bytes.append(piece)
  return as === 'auto' || as === 'text' ? bodyText(bytes.bytes, type) : bytes.take()
}

function sourceOf(body: FakeResponse['body']): object {
  if (body instanceof Blob) return body.stream()
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array) ? body : [body ?? '']
}

async function* bytesOf(pieces: Pieces): AsyncGenerator<Uint8Array, undefined> {
  for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
    yield typeof piece === 'string' ? encodeUtf8(piece) : piece
  }
}
