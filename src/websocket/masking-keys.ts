// Masking keys (RFC 6455 §5.3): from a source that no one can foretell, drawn many at a time.
const keys = new Uint32Array(1024)
let next = keys.length

/** A key that no frame has had. */
export function maskingKey(): number {
  if (next === keys.length) {
    crypto.getRandomValues(keys)
    next = 0
  }
  return keys[next++]!
}
