// The smallest input that still fails so: ever smaller spans are left out, and what cannot be is made plain. After a while
// it is as small as it has become.
const PATIENCE_MS = 30_000

/** @param fails of bytes; may be asynchronous */
export async function minimise(bytes, fails) {
  const end = performance.now() + PATIENCE_MS
  const stillFails = (candidate) => performance.now() < end && fails(candidate)
  let smallest = bytes
  let before
  do {
    before = smallest.length
    for (let length = Math.max(1, smallest.length >> 1); length >= 1; length >>= 1) {
      smallest = await withoutSpans(smallest, length, stillFails)
    }
  } while (smallest.length < before)
  return plain(smallest, stillFails)
}

async function withoutSpans(bytes, length, stillFails) {
  let kept = bytes
  for (let start = 0; start < kept.length; ) {
    const shorter = Buffer.concat([kept.subarray(0, start), kept.subarray(start + length)])
    if (await stillFails(shorter)) kept = shorter
    else start += length
  }
  return kept
}

async function plain(bytes, stillFails) {
  let kept = bytes
  for (let at = 0; at < kept.length; at++) {
    if (kept[at] === 0x61) continue
    const plainer = Buffer.from(kept)
    plainer[at] = 0x61
    if (await stillFails(plainer)) kept = plainer
  }
  return kept
}
