// All timeouts of one end on one timer. An entry says when it is due in a plain field, which moves with every message
// at the price of a store; the wheel looks only when the time it last heard of has come, and if the entry is due later
// by then, files it again.

/** Milliseconds: the longest that a timer can be set to, some 25 days. */
export const MAX_DELAY_MS = 2 ** 31 - 1

export interface Timed {
  /** Milliseconds on performance.now's clock, or Infinity. */
  dueAt: number
  /** The wheel's own: under which tick it is filed; -1 when it is not. */
  filedAt: number
  onDue(now: number): void
}

export class TimerWheel {
  private readonly tickMs: number
  private readonly slots = new Map<number, Set<Timed>>()
  private timer: NodeJS.Timeout | undefined
  private timerTick = Number.POSITIVE_INFINITY
  private isHeld = false

  /** @param tickMs how late an entry may be told, in milliseconds */
  constructor(tickMs: number) {
    this.tickMs = tickMs
  }

  /** Call it after `dueAt` was set; it does nothing where the entry is filed early enough already. */
  file(entry: Timed): void {
    if (entry.filedAt !== -1 && entry.filedAt * this.tickMs <= entry.dueAt) return
    const tick = Math.ceil(entry.dueAt / this.tickMs)
    if (tick === Number.POSITIVE_INFINITY) return
    this.remove(entry)
    this.fileUnder(tick, entry)
  }

  remove(entry: Timed): void {
    if (entry.filedAt === -1) return
    const slot = this.slots.get(entry.filedAt)
    slot?.delete(entry)
    if (slot?.size === 0) this.slots.delete(entry.filedAt)
    entry.filedAt = -1
  }

  /** Ends the timer; entries that are filed are forgotten. */
  stop(): void {
    clearTimeout(this.timer)
    this.timerTick = Number.POSITIVE_INFINITY
    this.slots.clear()
  }

  /** From now on its timer keeps the process alive, or does not; at first it does not. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld
    if (isHeld) this.timer?.ref?.()
    else this.timer?.unref?.()
  }

  private fileUnder(tick: number, entry: Timed): void {
    entry.filedAt = tick
    const slot = this.slots.get(tick)
    if (slot) slot.add(entry)
    else this.slots.set(tick, new Set([entry]))
    if (tick < this.timerTick) this.arm(tick)
  }

  private arm(tick: number): void {
    clearTimeout(this.timer)
    this.timerTick = tick
    const delay = Math.ceil(tick * this.tickMs - performance.now())
    this.timer = setTimeout(() => this.turn(), Math.min(Math.max(1, delay), MAX_DELAY_MS))
    if (!this.isHeld) this.timer.unref?.()
  }

  private turn(): void {
    const now = performance.now()
    this.timerTick = Number.POSITIVE_INFINITY
    for (const [tick, slot] of this.slots) {
      if (tick * this.tickMs > now) continue
      this.slots.delete(tick)
      for (const entry of slot) {
        entry.filedAt = -1
        if (entry.dueAt <= now) entry.onDue(now)
        else this.file(entry)
      }
    }
    const next = Math.min(...this.slots.keys())
    if (next < this.timerTick) this.arm(next)
  }
}
