// Whose code runs, where there is node:async_hooks.
import { AsyncResource } from 'node:async_hooks'
import { setMaxListeners } from 'node:events'

export { perEvent } from './web-context.js'

/** The callback, to be called in the context of who gives it. */
export function bound<F extends (...args: never[]) => unknown>(callback: F): F {
  return AsyncResource.bind(callback as never)
}

/** One signal may end a thousand requests, which is no leak, as Node would warn. */
export function expectListeners(signal: AbortSignal): void {
  setMaxListeners(Number.POSITIVE_INFINITY, signal)
}
