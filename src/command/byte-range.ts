// The part of a file that a Range field asks for (RFC 9110 §14.1.2).

/** Bytes; `end` is the first that is not wanted. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * The one range that is asked for; null where it lies behind the end of the `size` bytes. Undefined stands for all of them:
 * there is no field, or it is none of bytes, or malformed, or asks for several ranges, which a server may ignore (§14.2).
 */
export function byteRange(field: string | undefined, size: number): ByteRange | null | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(field ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return undefined
  if (first === '') return suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return undefined
  return start < size ? { start, end } : null
}

// Of an empty file its last bytes can be had, but no Content-Range can say so: it is sent whole.
function suffix(length: number, size: number): ByteRange | null | undefined {
  if (length === 0) return null
  return size === 0 ? undefined : { start: Math.max(0, size - length), end: size }
}
