// One channel in one topic, and what the two know of each other.
import type { Subscriber } from './contract.js'
import type { Vector } from './cursor.js'
import type { Delivery } from './delivery.js'
import type { Remembered } from './history.js'
import type { Place } from './place.js'

/** What a topic knows of a channel. */
export interface Receiver {
  readonly channel: Subscriber
  /** Sends a message as it comes. @returns whether the channel has taken it */
  send(delivery: Delivery): boolean
  /** What came before has been read. */
  settle(): void
}

/** What a channel knows of a topic. */
export interface Source {
  readonly log: SourceLog
  /** Messages of other processes that came before are being read. */
  readonly isBehind: boolean
  /** What it has not seen; what comes from now on it is sent. */
  catchUp(subscription: Subscription): { missed: Remembered[]; isComplete: boolean }
}

export interface SourceLog {
  readonly digest: string
  /** Until when all had come that others wrote, in seconds since 1970. */
  readonly heardUntil: number
  /** What its client has seen once it has got what came here, as text. */
  cursorOf(subscription: Subscription): string
}

export interface Subscription<Topic extends Source = Source> {
  readonly member: Receiver
  readonly topic: Topic
  /** For presence. */
  readonly id: number
  /** Where its client stood. */
  readonly place: Place
  /** How many messages had come when it was last given what it had not seen. */
  from: number
  /** What its client has seen: all of it until it is given the rest, then what is ahead of this process. */
  after: Vector | undefined
  /** It is yet to be given what came before. */
  isWaiting: boolean
}
