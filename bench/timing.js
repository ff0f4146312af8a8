// How long one turn of a tight loop takes, for what is too short to be timed by itself. What is run may be asynchronous: the
// one await of a batch costs nothing to speak of.

const warmUpMs = 300
const batchMs = 20

/**
 * Runs it until the compiler has settled.
 *
 * @param repeat runs the code under test so many times
 * @returns what `nsEach` measures
 */
export async function warmedUp(repeat) {
  const end = performance.now() + warmUpMs
  let batch = 1
  while (performance.now() < end) {
    if ((await timeOf(repeat, batch)) < batchMs) batch *= 2
  }
  return { repeat, batch }
}

/** ns each time, over at least `ms`. */
export async function nsEach({ repeat, batch }, ms) {
  let times = 0
  let took = 0
  for (; took < ms; times += batch) took += await timeOf(repeat, batch)
  return (took * 1e6) / times
}

async function timeOf(repeat, times) {
  const before = performance.now()
  await repeat(times)
  return performance.now() - before
}
