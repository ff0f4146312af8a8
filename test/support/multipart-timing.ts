// How time grows with size: a run is held to runs of part of its size, so that the speed of a machine does not matter.

/** Short runs are repeated to fill this, for clocks and collectors of garbage have their grain. */
const LEAST_MS = 10
const ROUNDS = 7
/** A run as long as this needs no more rounds than three. */
const LONG_MS = 200

type Run = () => Promise<unknown>

// The process's own time: what else the machine does is not counted.
async function timeOf(run: Run, times: number): Promise<number> {
  const start = process.cpuUsage()
  for (let time = 0; time < times; time++) await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** How many times longer the whole takes than the half, each in the round that disturbed it least. */
export async function ratioOf(half: Run, whole: Run): Promise<number> {
  for (const run of [half, whole]) await run()
  const cost = await timeOf(half, 1)
  const times = Math.ceil(LEAST_MS / Math.max(cost, 0.01))
  const rounds = cost > LONG_MS ? 3 : ROUNDS
  let [least, leastWhole] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < rounds; round++) {
    least = Math.min(least, await timeOf(half, times))
    leastWhole = Math.min(leastWhole, await timeOf(whole, times))
  }
  return leastWhole / least
}

/**
 * By how much time grows for twice the size: 2 where it is linear, 4 where it is the square. Judged over three doublings, for
 * one or two may be no more than a collection of garbage.
 */
export async function growthOf(runOf: (size: number) => Run, size: number): Promise<number> {
  return Math.cbrt(await ratioOf(runOf(size / 8), runOf(size)))
}
