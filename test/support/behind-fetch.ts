// A handler behind a platform's own server: called with a Request for a Response, and what its loggers were told.
//
//   const { fetch, errors } = behindFetch(handler, options)
//   const response = await fetch('/path?query', { method: 'POST', body })
import { type FetchOptions, type Handler, toFetch } from '../../src/edge.js'

export interface BehindFetch {
  fetch(target?: string | Request, init?: RequestInit): Promise<Response>
  readonly errors: { message: string; error: unknown }[]
}

export function behindFetch(handler: Handler, options: FetchOptions = {}): BehindFetch {
  const errors: BehindFetch['errors'] = []
  const answer = toFetch(handler, {
    errorLogger: (message, error) => void errors.push({ message, error }),
    ...options,
  })
  const fetch = (target: string | Request = '/', init: RequestInit = {}): Promise<Response> =>
    answer(typeof target === 'string' ? requestOf(target, init) : target)
  return { fetch, errors }
}

/**
 * A Request as a server makes it: with all of its headers. A browser's own Request leaves out Host, Connection, Cookie and
 * others that a script has no business with.
 *
 * @param target a path, or a whole URL
 */
export function requestOf(target: string, { headers, ...init }: RequestInit = {}): Request {
  const half = init.body instanceof ReadableStream && { duplex: 'half' }
  const request = new Request(new URL(target, 'http://server.test').href, { ...init, ...half } as RequestInit)
  const all = new Headers(request.headers)
  for (const [name, value] of new Headers(headers)) all.set(name, value)
  Object.defineProperty(request, 'headers', { value: all })
  return request
}

/** False in a browser, where a script's Response has no Set-Cookie. */
export const bakesCookies = new Response(null, { headers: { 'Set-Cookie': 'a=1' } }).headers.has('set-cookie')

/** What a platform's Headers make of a text, and what they mean by a value: bytes as characters, but in workerd text. */
export const headerValue = (text: string): string => (holdsText() ? text : asBytes(text))
export const headerText = (value: string | null): string | null =>
  value === null || holdsText()
    ? value
    : new TextDecoder().decode(Uint8Array.from(value, (one) => one.charCodeAt(0)))

const asBytes = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))

function holdsText(): boolean {
  try {
    return new Headers({ 'x-a': '☕' }).has('x-a')
  } catch {
    return false
  }
}

/** A stream that says how it is used. */
export interface WatchedStream {
  readonly stream: ReadableStream<Uint8Array>
  /** Pieces that were asked for. */
  pulls: number
  /** Why it was cancelled, once it was. */
  cancelled: unknown
}

/** Gives a piece each time it is asked, until there is none; `make` may throw. */
export function watchedStream(make: (index: number) => Uint8Array | undefined): WatchedStream {
  const watched = { pulls: 0, cancelled: undefined } as {
    -readonly [Key in keyof WatchedStream]: WatchedStream[Key]
  }
  watched.stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = make(watched.pulls++)
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
      cancel(reason) {
        watched.cancelled = reason ?? 'no reason'
      },
    },
    { highWaterMark: 0 },
  )
  return watched
}

/** The same of pieces of text. */
export function textStream(...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return watchedStream((index) => (index < pieces.length ? encoder.encode(pieces[index]) : undefined)).stream
}

/** A body's pieces as text, one by one: `next()` is undefined at its end. */
export function piecesIn(response: Response): {
  next(): Promise<string | undefined>
  cancel(): Promise<void>
} {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  return {
    async next() {
      const { done, value } = await reader.read()
      return done ? undefined : decoder.decode(value)
    },
    cancel: () => reader.cancel(),
  }
}
