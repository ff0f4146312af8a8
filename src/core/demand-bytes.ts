/** The bytes. An ArrayBuffer has no length, and would pass for nothing. @throws TypeError for what is no Uint8Array */
export function demandBytes(bytes: Uint8Array): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  throw new TypeError('bytes are a Uint8Array')
}
