// Who is told of what, as node's emitters have it: for what stands in for one of theirs.

// biome-ignore lint/suspicious/noExplicitAny: a listener knows what it listens to
type Listener = (...details: any[]) => void

export class Listeners {
  /** By event, who listens, and whether to the next one alone. */
  private readonly listeners = new Map<string, Map<Listener, boolean>>()

  on(event: string, listener: Listener): this {
    this.allOf(event).set(listener, false)
    return this
  }

  once(event: string, listener: Listener): this {
    const all = this.allOf(event)
    if (!all.has(listener)) all.set(listener, true)
    return this
  }

  private allOf(event: string): Map<Listener, boolean> {
    let all = this.listeners.get(event)
    if (all === undefined) this.listeners.set(event, (all = new Map()))
    return all
  }

  off(event: string, listener: Listener): this {
    this.listeners.get(event)?.delete(listener)
    return this
  }

  protected emit(event: string, ...details: unknown[]): void {
    for (const [listener, isOnce] of [...(this.listeners.get(event) ?? [])]) {
      if (isOnce) this.off(event, listener)
      this.call(event, () => listener.apply(this, details))
    }
  }

  /** Calls one of them; what it throws goes to who emits. */
  protected call(_event: string, listener: () => void): void {
    listener()
  }
}
