// How often a server of this process has written to its sockets, as they themselves see it: a peer cannot tell, for the
// kernel joins what is written in quick succession.
//
//   const writes = countWrites()            sockets accepted from now on, until the test ends
//   writes.count  writes.counts             of all; one by one, in the order in which they were accepted
//   writes.reset()
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Writes {
  readonly count: number
  readonly counts: readonly number[]
  reset(): void
}

const channel = 'net.server.socket'

export function countWrites(): Writes {
  let counts: number[] = []
  const onAccepted = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    const index = counts.push(0) - 1
    for (const hook of ['_write', '_writev'] as const) {
      const write = socket[hook] as (...args: unknown[]) => void
      socket[hook] = (...args: unknown[]): void => {
        counts[index]!++
        write.apply(socket, args)
      }
    }
  }
  subscribe(channel, onAccepted)
  onTestFinished(() => void unsubscribe(channel, onAccepted))
  return {
    get count() {
      return counts.reduce((sum, count) => sum + count, 0)
    },
    get counts() {
      return counts
    },
    reset() {
      counts = counts.map(() => 0)
    },
  }
}
