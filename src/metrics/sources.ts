// Those whose own numbers are read when somebody asks: servers, hubs, handlers on threads. They are added up; of one that is
// no more the totals stay, and nothing else.

/** Whatever counts by itself. */
export interface Source<Name extends string> {
  stats(): Readonly<Partial<Record<Name, number>>>
}

export class Sources<Name extends string, S extends Source<Name>> implements Iterable<S> {
  private readonly live = new Set<S>()
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
    return this.live.values()
  }

  add(source: S): void {
    this.live.add(source)
  }

  remove(source: S): void {
    if (this.live.delete(source)) addTo(this.past, source, this.totals)
  }

  sums(): Record<Name, number> {
    const sums = { ...this.past }
    for (const source of this.live) addTo(sums, source, Object.keys(sums) as Name[])
    return sums
  }
}

function addTo<Name extends string>(
  sums: Record<Name, number>,
  source: Source<Name>,
  names: readonly Name[],
): void {
  const numbers = source.stats()
  for (const name of names) sums[name] += numbers[name] ?? 0
}
