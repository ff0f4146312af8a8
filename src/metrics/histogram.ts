// How long things took: how many fell into each bucket, and their sum. Nothing but additions, for it is done once a request.

/** Seconds: from half a millisecond to ten seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** How long things took. */
export interface HistogramSnapshot {
  /** How many things. */
  count: number
  /** Seconds, of all of them. */
  sum: number
  /** Seconds, rising: bounds[i] is the longest that counts[i] has. */
  bounds: readonly number[]
  /** How many in each bucket; the last, which has no bound, is for what took longer. */
  counts: number[]
}

export class Histogram {
  private readonly bounds: readonly number[]
  private readonly boundsMs: Float64Array
  private readonly counts: Float64Array
  private sumMs: number

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.boundsMs = Float64Array.from(bounds, (seconds) => seconds * 1000)
    this.counts = new Float64Array(bounds.length + 1)
    this.sumMs = 0
  }

  record(ms: number): void {
    const { boundsMs, counts } = this
    let bucket = 0
    while (bucket < boundsMs.length && ms > boundsMs[bucket]!) bucket++
    counts[bucket]!++
    this.sumMs += ms
  }

  snapshot(): HistogramSnapshot {
    const counts = Array.from(this.counts)
    const count = counts.reduce((sum, each) => sum + each)
    return { count, sum: this.sumMs / 1000, bounds: this.bounds, counts }
  }
}

/** @throws RangeError for bounds that are none */
export function checkedBounds(buckets: readonly number[] = BUCKETS): readonly number[] {
  const isRising = buckets.every((bound, i) => Number.isFinite(bound) && bound > (buckets[i - 1] ?? 0))
  if (isRising && buckets.length > 0) return [...buckets]
  throw new RangeError('buckets must be seconds above 0, each more than the one before it')
}
