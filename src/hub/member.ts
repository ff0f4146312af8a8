// One channel in the hub: the topics it is subscribed to, and how it is sent what comes.
import { every } from '../io/every.js'
import type { SubscribeOptions, Subscriber } from './contract.js'
import { joinSections, type Sections, type Vector, writeSection } from './cursor.js'
import type { Delivery } from './delivery.js'
import { fail, type Manner, type Missed, mannerOf, type Reader } from './formats.js'
import type { Remembered } from './history.js'
import { waitOf } from './settings.js'
import type { Receiver, Source, Subscription } from './subscription.js'

export interface MemberHost<Topic extends Source> {
  /** The channel takes no more. */
  leave(member: Member<Topic>): void
  failed(error: unknown): void
  readonly counters: { delivered: number }
}

export class Member<Topic extends Source> implements Reader, Receiver {
  readonly channel: Subscriber
  readonly headers: SubscribeOptions['headers']
  readonly subscriptions = new Map<Topic, Subscription<Topic>>()
  private readonly host: MemberHost<Topic>
  private readonly manner: Manner
  private readonly wait: number
  /** What the client has seen of topics that it does not ask for here. */
  private readonly carried: Sections
  private timer: ReturnType<typeof setInterval> | undefined = undefined
  private isAnswered = false
  private isPlaced = false

  /** @throws TypeError, RangeError for options that this channel cannot have */
  constructor(channel: Subscriber, options: SubscribeOptions, carried: Sections, host: MemberHost<Topic>) {
    this.channel = channel
    this.headers = options.headers
    this.host = host
    this.manner = mannerOf(channel, options.as)
    this.wait = waitOf(options.wait)
    this.carried = carried
  }

  add(subscription: Subscription<Topic>): void {
    this.subscriptions.set(subscription.topic, subscription)
    this.carried.delete(subscription.topic.log.digest)
  }

  /** Sends what an answer begins with. */
  begin(): void {
    try {
      this.manner.begin?.(this)
    } catch (error) {
      this.host.failed(error)
    }
    if (this.isAnswered || this.wait === 0 || !(this.manner.isOnce || this.manner.rest)) return
    this.timer = every(this.wait, () => this.rest())
  }

  /** Nothing has come for a while, or only little. */
  private rest(): void {
    const { rest } = this.manner
    if (rest === undefined) this.giveMissed(this.takeMissed())
    else this.attempt(() => rest(this))
  }

  /** Sends what came before, where none of it is still being read. */
  settle(): void {
    for (const { isWaiting, after, topic } of this.subscriptions.values()) {
      if (isWaiting && after !== undefined && topic.isBehind) return
    }
    const missed = this.takeMissed()
    if (missed.messages.length > 0 || !missed.isComplete || this.wantsPlace) this.giveMissed(missed)
    this.isPlaced = true
  }

  /** It is to know where things stand, also when nothing has come. */
  private get wantsPlace(): boolean {
    return this.manner.isOnce ? this.wait === 0 : this.manner.isPlaced && !this.isPlaced
  }

  private giveMissed(missed: Missed): void {
    const isSent = this.attempt(() => this.manner.sendMany(this, missed))
    if (isSent) this.host.counters.delivered += missed.messages.length
  }

  private takeMissed(): Missed {
    const seenOf = new Map<Topic, Vector>()
    const all: { topic: Topic; entry: Remembered }[] = []
    let isComplete = true
    for (const subscription of this.subscriptions.values()) {
      if (!subscription.isWaiting) continue
      const { topic, after } = subscription
      const seen = new Map(after)
      seenOf.set(topic, seen)
      const caughtUp = topic.catchUp(subscription)
      isComplete &&= caughtUp.isComplete
      for (const entry of caughtUp.missed) {
        if (!seen.has(entry.writer)) seen.set(entry.writer, entry.number - 1)
        all.push({ topic, entry })
      }
    }
    const cursors = (): string[] =>
      all.map(({ topic, entry }) => {
        seenOf.get(topic)!.set(entry.writer, entry.number)
        return this.cursorWith((subscription) => {
          const { topic, place } = subscription
          const seen = seenOf.get(topic)
          if (seen === undefined) return topic.log.cursorOf(subscription)
          const at = place.isPartial ? place.at : Math.max(place.at, topic.log.heardUntil)
          return writeSection(topic.log.digest, seen, at, place.isPartial)
        })
      })
    return { messages: all.map(({ entry }) => entry.message), isComplete, cursors }
  }

  /** Sends a message as it comes. @returns whether the channel has taken it */
  send(delivery: Delivery): boolean {
    return this.attempt(() => this.manner.send(this, delivery))
  }

  // A channel that fails, or a format of the user's that does, is no matter of the others.
  private attempt(send: () => boolean): boolean {
    if (this.isAnswered) return false
    // While it is being answered, nothing that this brings about is for it.
    this.isAnswered = this.manner.isOnce
    let isSent = false
    try {
      isSent = send()
    } catch (error) {
      this.host.failed(error)
      // It asks again from where it was, so that it does not lack what it could not be told.
      if (this.manner.isOnce) fail(this.channel)
    }
    if (this.isAnswered || !this.channel.isOpen) this.host.leave(this)
    return isSent
  }

  cursorAfter(delivery?: Delivery): string {
    if (delivery !== undefined && this.isPlain) return delivery.cursor
    return this.cursorWith((subscription) => subscription.topic.log.cursorOf(subscription))
  }

  private get isPlain(): boolean {
    if (this.subscriptions.size !== 1 || this.carried.size > 0) return false
    for (const { after } of this.subscriptions.values()) return after === undefined
    return true
  }

  private cursorWith(sectionOf: (subscription: Subscription<Topic>) => string): string {
    const own = Array.from(this.subscriptions.values(), sectionOf)
    const others = Array.from(this.carried, ([digest, { vector, at, isPartial }]) => {
      return writeSection(digest, vector, at, isPartial)
    })
    return joinSections([...own, ...others])
  }

  /** It has left. */
  end(): void {
    this.isAnswered = true
    clearInterval(this.timer)
  }
}
