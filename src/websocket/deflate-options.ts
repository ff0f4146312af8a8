// What a user may say of compression, and what each of it may be.
import { between } from '../core/between.js'
import type { DeflateWishes } from '../core/permessage-deflate.js'

/** How messages are compressed. */
export interface DeflateOptions extends DeflateWishes {
  /** Bytes from which on a message is compressed (default 1024). */
  threshold?: number
  /** zlib's level, 0 to 9 (default: zlib's own, 6). */
  level?: number
  /** zlib's memLevel, 1 to 9 (default 8). */
  memLevel?: number
}

const ranges = {
  threshold: [0, Number.POSITIVE_INFINITY],
  level: [-1, 9],
  memLevel: [1, 9],
  serverMaxWindowBits: [9, 15],
  clientMaxWindowBits: [9, 15],
} as const

/**
 * The options where compression is wanted.
 *
 * @throws RangeError for one out of its range
 */
export function deflateOptions(
  compression: boolean | DeflateOptions | undefined,
): DeflateOptions | undefined {
  if (!compression) return undefined
  const options = compression === true ? {} : compression
  for (const name of Object.keys(ranges) as (keyof typeof ranges)[]) {
    const [least, most] = ranges[name]
    between(options[name], `compression.${name}`, least, most, least)
  }
  return options
}
