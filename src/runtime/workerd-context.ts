// Whose code runs, in workerd. A socket, a stream or a timer belongs there to the event (a request to the worker, an alarm …) in
// which it was made, and no other event may touch it; so each has a pool and a wheel of its own. Nobody says which event is
// running, but some things know whether they are its own: a WebSocket of another event throws when it is looked at.
//
// Nor does anybody say when an event has ended. What the last few have made is kept, the one used last first; an event that
// is pushed out has what it needs made anew. In a Durable Object all events are one in this.

export { bound, expectListeners } from './web-context.js'

/** Events whose things are kept: to look at one that is not running takes some 10 µs. */
const MAX_EVENTS = 16

/** A WebSocket's end, which leads nowhere. */
interface Probe {
  readonly readyState: number
}

declare const WebSocketPair: new () => [Probe, Probe]

interface Made<T> {
  readonly probe: Probe
  readonly one: T
}

/** What `make` makes, once in each event. */
export function perEvent<T extends object>(make: () => T): () => T {
  const made: Made<T>[] = []
  return () => {
    const at = made.findIndex(isOfThisEvent)
    const ours = at === -1 ? { probe: newProbe(), one: make() } : made[at]!
    if (at === 0) return ours.one
    if (at > 0) made.splice(at, 1)
    made.unshift(ours)
    if (made.length > MAX_EVENTS) made.pop()
    return ours.one
  }
}

function newProbe(): Probe {
  try {
    return new WebSocketPair()[0]
  } catch (cause) {
    throw new Error('nothing can be requested while a worker is loaded: do it inside a handler', { cause })
  }
}

function isOfThisEvent({ probe }: Made<object>): boolean {
  try {
    return probe.readyState >= 0
  } catch {
    return false
  }
}
