// Those whose own numbers are read when somebody asks: servers, hubs, handlers on threads. They are added up; of one that has
// been left the totals stay, and nothing else, until it is back.

/** Whatever counts by itself. */
export interface Source<Name extends string> {
  stats(): Readonly<Partial<Record<Name, number>>>
}

export class Sources<Name extends string, S extends Source<Name>> implements Iterable<S> {
  /** How many times each was added. */
  private readonly live = new Map<S, number>()
  /** Totals of those that were left, each and together. */
  private readonly left = new WeakMap<S, Record<Name, number>>()
  private readonly past: Record<Name, number>
  private readonly totals: readonly Name[]

  /**
   * @param now names of the numbers that come and go
   * @param totals names of those that only grow
   */
  constructor(now: readonly Name[], totals: readonly Name[]) {
    this.past = Object.fromEntries([...now, ...totals].map((name) => [name, 0])) as Record<Name, number>
    this.totals = totals
  }

  [Symbol.iterator](): IterableIterator<S> {
    return this.live.keys()
  }

  /** @returns what takes it out again, once */
  add(source: S): () => void {
    const times = this.live.get(source) ?? 0
    this.live.set(source, times + 1)
    const before = times === 0 ? this.left.get(source) : undefined
    if (before) for (const name of this.totals) this.past[name] -= before[name]
    let isIn = true
    return () => {
      if (isIn) this.remove(source)
      isIn = false
    }
  }

  remove(source: S): void {
    const times = this.live.get(source)
    if (times === undefined) return
    if (times > 1) return void this.live.set(source, times - 1)
    this.live.delete(source)
    const numbers = this.totalsOf(source)
    this.left.set(source, numbers)
    for (const name of this.totals) this.past[name] += numbers[name]
  }

  private totalsOf(source: S): Record<Name, number> {
    const numbers = source.stats()
    return Object.fromEntries(this.totals.map((name) => [name, numbers[name] ?? 0])) as Record<Name, number>
  }

  sums(): Record<Name, number> {
    const sums = { ...this.past }
    for (const source of this.live.keys()) {
      const numbers = source.stats()
      for (const name of Object.keys(sums) as Name[]) sums[name] += numbers[name] ?? 0
    }
    return sums
  }
}
