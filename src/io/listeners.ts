// Who is told of what, as node's emitters have it: for what stands in for one of theirs.

// biome-ignore lint/suspicious/noExplicitAny: a listener knows what it listens to
type Listener = (...details: any[]) => void

export class Listeners {
  private readonly listeners = new Map<string, Set<Listener>>()

  on(event: string, listener: Listener): this {
    const all = this.listeners.get(event)
    if (all) all.add(listener)
    else this.listeners.set(event, new Set([listener]))
    return this
  }

  once(event: string, listener: Listener): this {
    const first = (...details: unknown[]): void => {
      this.off(event, first)
      listener.apply(this, details)
    }
    return this.on(event, first)
  }

  off(event: string, listener: Listener): this {
    this.listeners.get(event)?.delete(listener)
    return this
  }

  protected emit(event: string, ...details: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener.apply(this, details)
  }
}
