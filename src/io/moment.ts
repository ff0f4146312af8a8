/** Something that will have happened once, for those who wait for it, before or after. */
export class Moment {
  private hasCome = false
  private waiting: (() => void)[] | undefined = undefined

  come(): void {
    this.hasCome = true
    for (const resolve of this.waiting ?? []) resolve()
    this.waiting = undefined
  }

  wait(): Promise<void> {
    if (this.hasCome) return Promise.resolve()
    return new Promise((resolve) => {
      this.waiting ??= []
      this.waiting.push(resolve)
    })
  }
}
