// How many connections the servers of this process have accepted, as Node itself tells: whether a client keeps its
// connection cannot be seen any better.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

const channel = 'net.server.socket'

/** Counts from now until the test ends. */
export function acceptedConnections(): { readonly count: number } {
  const accepted = { count: 0 }
  const onAccepted = (): void => {
    accepted.count++
  }
  subscribe(channel, onAccepted)
  onTestFinished(() => void unsubscribe(channel, onAccepted))
  return accepted
}
