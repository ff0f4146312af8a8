/** What was thrown, which may be anything, for whoever takes errors alone. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('what was thrown is no Error', { cause: thrown })
}
