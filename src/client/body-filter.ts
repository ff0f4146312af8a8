import { isThenable } from '../io/thenable.js'
import type { BodyFilter } from './options.js'

/** Refuses bodies of more than `bytes`, counted as they come and again as they are decompressed. @throws RangeError */
export function maxBodyFilter(bytes: number): BodyFilter {
  if (!(bytes >= 0)) throw new RangeError(`maxBodyFilter takes a number of bytes, not ${String(bytes)}`)
  return { acceptBody: (bytesSoFar) => bytesSoFar <= bytes }
}

/** What a filter says. @throws TypeError for a promise, which would let everything through */
export function verdict(accepted: unknown): boolean {
  if (isThenable(accepted)) throw new TypeError('a filter answers at once')
  return Boolean(accepted)
}
