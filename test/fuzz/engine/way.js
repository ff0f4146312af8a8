// A target may read its inputs in several ways: then the first byte of each picks one, and is no part of what is read.

/** @returns `{ way, input }` */
export function wayOf(target, bytes) {
  if (target.ways === undefined) return { way: undefined, input: bytes }
  const keys = Object.keys(target.ways)
  const key = String.fromCharCode(bytes[0] ?? 0)
  const way = target.ways[key] ?? target.ways[keys[(bytes[0] ?? 0) % keys.length]]
  return { way, input: bytes.subarray(1) }
}
