// How often a server of this process has written to its sockets, as they themselves see it: a peer cannot tell, for the
// kernel joins what is written in quick succession.
//
//   const writes = countWrites()            sockets accepted from now on, until the test ends
//   writes.count  writes.counts             of all; one by one, in the order in which they were accepted
//   writes.reset()
import { Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Writes {
  readonly count: number
  readonly counts: readonly number[]
  reset(): void
}

export function countWrites(): Writes {
  let counts: number[] = []
  const onAccepted = (socket: Socket): void => {
    const index = counts.push(0) - 1
    // Bun's _writev joins its pieces and calls _write.
    let isInWrite = false
    for (const hook of ['_write', '_writev'] as const) {
      const write = socket[hook] as (...args: unknown[]) => void
      socket[hook] = (...args: unknown[]): void => {
        if (!isInWrite) counts[index]!++
        isInWrite = true
        write.apply(socket, args)
        isInWrite = false
      }
    }
  }
  onTestFinished(tellAccepted(onAccepted))
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

// Whichever server it is. node:diagnostics_channel would tell, but Bun 1.4.5 says nothing there.
function tellAccepted(onAccepted: (socket: Socket) => void): () => void {
  const emit = Server.prototype.emit
  Server.prototype.emit = function (this: Server, event: string, ...args: unknown[]) {
    if (event === 'connection') onAccepted(args[0] as Socket)
    return (emit as (...all: unknown[]) => boolean).call(this, event, ...args)
  } as typeof emit
  return () => {
    Server.prototype.emit = emit
  }
}
