// Flips bits, and counts what comes of it. It works for some milliseconds, then lets the browser draw.

const slice = 12 // ms of work between two frames
const batch = 64 // readings between two looks at the clock

/** A copy with one to four of its bits the other way round. */
export function flipBits(bytes) {
  const mutant = bytes.slice()
  for (let flips = 1 + Math.floor(Math.random() * 4); flips > 0 && mutant.length > 0; flips--) {
    mutant[Math.floor(Math.random() * mutant.length)] ^= 1 << Math.floor(Math.random() * 8)
  }
  return mutant
}

/**
 * Runs until the signal says stop.
 *
 * @param onCount called some times a second, with readings and time since then, and all verdicts: name → `{ count, last }`
 */
export async function mutate({ judge }, bytes, signal, onCount) {
  const verdicts = new Map()
  let readings = 0
  let since = performance.now()
  while (!signal.aborted) {
    for (const end = performance.now() + slice; performance.now() < end; ) {
      for (let n = 0; n < batch; n++) await count(flipBits(bytes))
      readings += batch
    }
    const now = performance.now()
    if (now - since > 250) {
      onCount(readings, now - since, verdicts)
      readings = 0
      since = now
    }
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }

  async function count(mutant) {
    const { state, error } = await judge(mutant)
    const name = error?.code ?? state
    const verdict = verdicts.get(name)
    if (verdict) {
      verdict.count++
      verdict.last = mutant
    } else verdicts.set(name, { state, count: 1, last: mutant })
  }
}
