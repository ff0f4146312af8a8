// Lets bytes pass as fast as it is told, or not at all.

import { setTimeout as sleep } from 'node:timers/promises'

const maxCatchUp = 50 // ms that may be made up for: timers come late

export class Gate {
  bytesPerSecond = Number.POSITIVE_INFINITY
  dueAt = 0
  opened = undefined // while it is closed, the promise that it opens
  open = () => {}

  /** @param wish 'pause', 'go on', or a number: bytes a second, 0 for no limit. @returns false for what is none of these */
  set(wish) {
    if (wish === 'pause') {
      this.opened ??= new Promise((resolve) => {
        this.open = resolve
      })
      return true
    }
    if (wish === 'go on') {
      this.open()
      this.opened = undefined
      return true
    }
    if (!/^\d{1,12}$/.test(wish)) return false
    this.bytesPerSecond = Number(wish) || Number.POSITIVE_INFINITY
    return true
  }

  /** Settles when so many bytes may have passed. */
  async passed(bytes) {
    await this.opened
    const now = performance.now()
    this.dueAt = Math.max(this.dueAt, now - maxCatchUp) + (bytes / this.bytesPerSecond) * 1000
    if (this.dueAt > now) await sleep(this.dueAt - now)
  }
}
