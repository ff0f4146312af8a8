// How time grows with size: a run is held to one of an eighth of its size, so that the speed of a machine does not matter.
//
// What else the machine does is not counted, for it is the process's own time that is taken. Collections of garbage are
// counted, and fall where they like: so runs are repeated, the least time stands, and three doublings are judged as one.

const DOUBLINGS = 3
const ROUNDS = 7
/** Short runs are repeated to fill this, for clocks and collectors of garbage have their grain. */
const LEAST_MS = 5
/** After so many runs the engine has compiled the loops, and what it makes of them may be slower in its order, too. */
const WARMING_UP = 8
/** What takes so long has told what it had to tell. */
const ENOUGH_MS = 8000

/** What it returns is awaited. */
export type Run = () => unknown

/** Milliseconds that the processor takes for a run. */
async function timeOf(run: Run, times: number): Promise<number> {
  const start = process.cpuUsage()
  for (let time = 0; time < times; time++) await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000 / times
}

/** The least times that the runs take, which take turns; the first one warms up for all. */
export async function leastTimes(runs: readonly Run[]): Promise<number[]> {
  const begin = performance.now()
  for (let run = 0; run < WARMING_UP; run++) await runs[0]!()
  const times: number[] = []
  for (const run of runs) times.push(Math.ceil(LEAST_MS / Math.max(await timeOf(run, 1), 0.01)))
  const least = runs.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0 && performance.now() > begin + ENOUGH_MS) break
    for (const [at, run] of runs.entries()) least[at] = Math.min(least[at]!, await timeOf(run, times[at]!))
  }
  return least
}

/** How many times longer a run takes for twice the size: 2 where time is linear, 4 where it is the square. */
export async function growthOf(runOf: (size: number) => Run, longest: number): Promise<number> {
  const [least, most] = await leastTimes([runOf(longest >> DOUBLINGS), runOf(longest)])
  return (most! / least!) ** (1 / DOUBLINGS)
}
