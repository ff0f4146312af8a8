// What has come of each writer of a topic: so nothing comes twice, and what is missing is noticed.
import type { Vector } from './cursor.js'

interface Last {
  number: number
  /** When it came, on performance.now's clock. */
  at: number
}

/** Writers of one topic that are remembered however long they are silent. */
const QUIET_WRITERS = 8
/** Writers that are remembered at most, but for those of whom messages are. */
const MAX_WRITERS = 64

export class Seen {
  private readonly writers = new Map<string, Last>()
  /** When the last message came of those who are forgotten, on performance.now's clock. */
  forgottenUntil = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.writers.size
  }

  /** The number of the writer's last message; 0 for none. */
  lastOf(writer: string): number {
    return this.writers.get(writer)?.number ?? 0
  }

  /** When the writer's last message came; -Infinity for none. */
  lastAt(writer: string): number {
    return this.writers.get(writer)?.at ?? Number.NEGATIVE_INFINITY
  }

  note(writer: string, number: number, at: number): void {
    const last = this.writers.get(writer)
    if (last === undefined) this.writers.set(writer, { number, at })
    else {
      last.number = number
      last.at = at
    }
  }

  *[Symbol.iterator](): Generator<[writer: string, number: number]> {
    for (const [writer, { number }] of this.writers) yield [writer, number]
  }

  /** Where there are many, forgets those who have been silent since then, and those who have been silent longest. */
  forget(before: number, held: ReadonlySet<string>): boolean {
    const { size } = this.writers
    if (size <= QUIET_WRITERS) return false
    const idle = [...this.writers].filter(([writer]) => !held.has(writer)).sort(([, a], [, b]) => a.at - b.at)
    for (const [writer, { at }] of idle) {
      const most = at < before ? QUIET_WRITERS : MAX_WRITERS
      if (this.writers.size <= most) continue
      this.writers.delete(writer)
      this.forgottenUntil = Math.max(this.forgottenUntil, at)
    }
    return this.writers.size < size
  }

  /** What of a client's vector is ahead of this one. */
  lackingOf(vector: Vector): Vector | undefined {
    const ahead = [...vector].filter(([writer, number]) => number > this.lastOf(writer))
    return ahead.length > 0 ? new Map(ahead) : undefined
  }
}
