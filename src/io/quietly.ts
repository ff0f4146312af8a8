import { isThenable } from './thenable.js'

/** Calls what is a user's and must not take us with it, should it fail, now or later: a logger. */
export function quietly(action: () => unknown): void {
  try {
    const outcome = action()
    if (isThenable(outcome)) outcome.then(undefined, () => {})
  } catch {}
}
