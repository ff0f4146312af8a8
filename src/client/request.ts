// request(): options in; a promise, and the callback if there is one.
import type { ClientCore } from './client-core.js'
import { errorOf, HttpKitError } from './error.js'
import type { ClientResponse, RequestOptions } from './options.js'
import { ResponsePromise } from './response-promise.js'

/** Takes an answer, or why there is none. What it returns is what the promise resolves to. */
export type Callback<T> = (response: ClientResponse) => T | PromiseLike<T>

/** Told the answer. */
export type Settle = (response: ClientResponse) => void

/** Takes a request that is not to be sent. @returns false for one that is */
export type Interceptor = (options: RequestOptions, settle: Settle) => boolean

let interceptor: Interceptor | undefined

/** Has every request go by `intercept` first: for tests of code that makes requests. */
export function interceptWith(intercept: Interceptor): void {
  interceptor = intercept
}

/** Sends a request by the core that `coreOf` its options finds; the callback runs in the context of its caller. */
export function send<T>(
  coreOf: (options: RequestOptions) => ClientCore,
  options: RequestOptions,
  callback: Callback<T> | undefined,
): ResponsePromise<T | ClientResponse> {
  const { promise, resolve } = ResponsePromise.open<T | ClientResponse>()
  const settle = (result: T | ClientResponse): void => {
    ResponsePromise.realize(promise)
    resolve(result)
  }
  if (callback === undefined) {
    run(coreOf, options, settle)
  } else if (typeof callback !== 'function') {
    settle({ error: new HttpKitError('ERR_INVALID_ARGUMENT', 'a callback is a function'), opts: options })
  } else {
    const answer = new Promise<ClientResponse>((tell) => run(coreOf, options, tell))
    const answered = answer.then(callback)
    void answered.catch((thrown) => ({ opts: options, error: thrownBy(thrown) })).then(settle)
  }
  return promise
}

function run(coreOf: (options: RequestOptions) => ClientCore, options: RequestOptions, settle: Settle): void {
  try {
    if (typeof options !== 'object' || options === null)
      throw new TypeError('a request takes a map of options')
    if (!interceptor?.(options, settle)) coreOf(options).run(options, settle)
  } catch (error) {
    settle({
      error: errorOf('ERR_INVALID_ARGUMENT', error),
      opts: typeof options === 'object' && options ? options : {},
    })
  }
}

// As it is, as in http-kit; only what is no error is made one.
function thrownBy(thrown: unknown): HttpKitError {
  return thrown instanceof Error ? (thrown as HttpKitError) : errorOf('ERR_CALLBACK', thrown)
}
