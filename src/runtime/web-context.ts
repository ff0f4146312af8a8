// Whose code runs, where nobody asks.

/** The callback as it is. */
export function bound<F extends (...args: never[]) => unknown>(callback: F): F {
  return callback
}

export function expectListeners(): void {}

/** What `make` makes when it is asked for first: all there is of it, for nothing here is bound to one event. */
export function perEvent<T extends object>(make: () => T): () => T {
  let one: T | undefined
  return () => (one ??= make())
}
