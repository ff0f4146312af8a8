// Bytes of which no two pieces are alike, made as they are asked for.
const size = 256 * 1024
const pattern = Buffer.alloc(2 * size)
for (let at = 0, state = 1; at < pattern.length; at += 4) {
  // The constants of Numerical Recipes: a period of 2^32 is enough here.
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  pattern.writeInt32LE(state, at)
}

/** So many bytes, each piece memory of its own. */
export function* pieces(total) {
  for (let sent = 0, index = 0; sent < total; sent += size, index++) {
    const start = (index * 4099) % size
    yield Buffer.from(pattern.subarray(start, start + Math.min(size, total - sent)))
  }
}
