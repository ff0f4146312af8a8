// How long one turn of a tight loop takes, for what is too short to be timed by itself.

const warmUpMs = 300
const batchMs = 20

/**
 * Runs it until the compiler has settled.
 *
 * @param repeat runs the code under test so many times
 * @returns what `nsEach` measures
 */
export function warmedUp(repeat) {
  const end = performance.now() + warmUpMs
  let batch = 1
  while (performance.now() < end) {
    if (timeOf(repeat, batch) < batchMs) batch *= 2
  }
  return { repeat, batch }
}

/** ns each time, over at least `ms`. */
export function nsEach({ repeat, batch }, ms) {
  let times = 0
  let took = 0
  for (; took < ms; times += batch) took += timeOf(repeat, batch)
  return (took * 1e6) / times
}

function timeOf(repeat, times) {
  const before = performance.now()
  repeat(times)
  return performance.now() - before
}
