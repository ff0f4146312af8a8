// Waiting in tests: for a promise that somebody else settles, for a state that no event announces, and for how long.

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A promise, and the two that settle it. */
export function deferred<T = void>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle! }
}

/** Looks every few milliseconds, until `isSo`; rejects, naming it, when `patienceMs` have passed. */
export async function until(isSo: () => boolean, patienceMs = 5000): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`not so within ${patienceMs} ms: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Settles when `read` has given the same value for `quietMs`. */
export async function stableFor(quietMs: number, read: () => number, patienceMs = 10_000): Promise<number> {
  let last = read()
  let since = performance.now()
  await until(() => {
    const value = read()
    if (value !== last) since = performance.now()
    last = value
    return performance.now() - since >= quietMs
  }, patienceMs)
  return last
}

/** Milliseconds until the promise settles. */
export async function timeOf(promise: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await promise
  return performance.now() - start
}
