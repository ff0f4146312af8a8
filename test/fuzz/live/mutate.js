// A few bytes changed, where it may hurt: turned over, left out, written twice, put in.

const EDITS = { flip: 3, replace: 4, drop: 3, repeat: 2, insert: 3, token: 3, swap: 1 }
const BYTES = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x30, 0x3a, 0x3b, 0x46, 0x7f, 0x80, 0xff]

/**
 * @param tokens Latin-1 strings that mean something in this protocol
 * @returns {{ bytes: Buffer, at: number }} a changed copy, and the first place that may differ
 */
export function mutated(bytes, lots, tokens) {
  let changed = bytes
  let at = bytes.length
  const count = lots.pick([1, 1, 1, 2, 3])
  for (let edit = 0; edit < count && changed.length > 0; edit++) {
    const place = lots.below(changed.length)
    changed = edited(changed, place, lots, tokens)
    at = Math.min(at, place)
  }
  return { bytes: changed, at }
}

function edited(bytes, at, lots, tokens) {
  const length = lots.pick([1, 1, 2, 3, 8, 40])
  const before = bytes.subarray(0, at)
  const span = bytes.subarray(at, at + length)
  const after = bytes.subarray(at + length)
  switch (lots.weighed(EDITS)) {
    case 'flip':
      return Buffer.concat([before, Uint8Array.of(bytes[at] ^ (1 << lots.below(8))), bytes.subarray(at + 1)])
    case 'replace':
      return Buffer.concat([before, Uint8Array.of(lots.pick(BYTES)), bytes.subarray(at + 1)])
    case 'drop':
      return Buffer.concat([before, after])
    case 'repeat':
      return Buffer.concat([before, span, span, after])
    case 'insert':
      return Buffer.concat([before, Uint8Array.of(lots.pick(BYTES)), bytes.subarray(at)])
    case 'token':
      return Buffer.concat([before, Buffer.from(lots.pick(tokens), 'latin1'), bytes.subarray(at)])
    default:
      return Buffer.concat([before, Buffer.from(span).reverse(), after])
  }
}
