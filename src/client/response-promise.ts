// The promise of an answer. It always resolves; failures are in `resp.error`.
import { MAX_DELAY_MS } from '../io/timer-wheel.js'
import type { ClientResponse } from './options.js'

/** An answer to come. It never rejects: what went wrong is in `resp.error`. */
export class ResponsePromise<T = ClientResponse> extends Promise<T> {
  // What is made of it is an ordinary promise.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  private settled = false

  /** Whether it has settled. */
  get realized(): boolean {
    return this.settled
  }

  /** What it resolves to, or `fallback` where that takes more than `timeout` milliseconds. */
  deref<F>(timeout: number, fallback: F): Promise<T | F> {
    if (timeout > MAX_DELAY_MS) return this.then((value) => value)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, timeout, fallback)
      this.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  /** The same, rejecting with `resp.error` where there is one. */
  async unwrap(): Promise<T> {
    const response = await this
    const error = (response as Partial<ClientResponse> | null | undefined)?.error
    if (error) throw error
    return response
  }

  /** A promise, and what settles it. */
  static open<T>(): { promise: ResponsePromise<T>; resolve: (value: T | PromiseLike<T>) => void } {
    let settle!: (value: T | PromiseLike<T>) => void
    const promise = new ResponsePromise<T>((resolve) => {
      settle = resolve
    })
    return { promise, resolve: settle }
  }

  /** Notes that it has settled. @internal */
  static realize(promise: ResponsePromise<unknown>): void {
    promise.settled = true
  }
}

// For `await`, which would wrap a promise of another constructor in one of its own: that took longer than to make it.
Object.defineProperty(ResponsePromise.prototype, 'constructor', { value: Promise })
