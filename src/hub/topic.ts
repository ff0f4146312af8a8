// One topic in this process: who is subscribed, and how what is published, here or elsewhere, comes to them, in order and once.
import { SharedMessage } from '../ring/shared-message.js'
import type { Adapter, Kept } from './adapter.js'
import type { Subscriber } from './contract.js'
import { Delivery } from './delivery.js'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.js'
import type { Remembered } from './history.js'
import type { HubSettings } from './settings.js'
import type { Source, Subscription } from './subscription.js'
import { TopicLog } from './topic-log.js'
import type { Turns } from './turns.js'

/** Messages that wait while those before them are being read; with more, these are read no further. */
const MAX_WAITING = 1000

/** What topics share. */
export interface TopicHost {
  readonly settings: HubSettings
  readonly adapter: Adapter | undefined
  readonly counters: Counters
  readonly turns: Turns
  /** A name that none has had. */
  newWriter(): string
  isOwn(writer: string): boolean
}

export interface Counters {
  published: number
  delivered: number
  received: number
  missed: number
  duplicates: number
  malformed: number
}

export class Topic implements Source {
  readonly name: string
  readonly log: TopicLog
  readonly subscriptions = new Map<Subscriber, Subscription>()
  isFollowed = false
  /** When it was last needed, on performance.now's clock. */
  usedAt = performance.now()
  /** Messages that have come. */
  accepted = 0
  private readonly host: TopicHost
  private writer = ''
  private number = 0
  private publishedAt = 0
  /** What came while it was behind. */
  private waiting: Envelope[] = []
  /** What is missing is being read once more; what is missing still will never come. */
  private isMending = false

  constructor(name: string, host: TopicHost) {
    this.name = name
    this.host = host
    this.log = new TopicLog(name, host.settings, host.adapter !== undefined)
  }

  // What is published here

  /** @returns the channels it was sent to, or will have been before the outermost call returns */
  publish(message: string | Uint8Array, except: ReadonlySet<Subscriber> | undefined): number {
    const { turns } = this.host
    if (!turns.isBusy) return turns.run(() => this.publishNow(message, except))
    turns.later(() => this.publishNow(message, except))
    let open = 0
    for (const channel of this.subscriptions.keys()) if (channel.isOpen && !except?.has(channel)) open++
    return open
  }

  private publishNow(message: string | Uint8Array, except: ReadonlySet<Subscriber> | undefined): number {
    const { adapter, counters } = this.host
    const shared = new SharedMessage(message)
    const { payload } = shared
    if (this.writer === '') this.writer = this.host.newWriter()
    const { writer } = this
    const number = ++this.number
    counters.published++
    const at = performance.now()
    const pause = number === 1 ? 0 : Math.floor(at - this.publishedAt)
    this.publishedAt = at
    this.usedAt = at
    const entry = { writer, number, pause, message, bytes: payload.length, at }
    const sent = this.accept(entry, shared, true, except)
    adapter?.publish(this.name, writeEnvelope({ writer, number, pause, message, payload }))
    return sent
  }

  // Delivery

  private accept(
    entry: Remembered,
    shared: SharedMessage,
    isComplete: boolean,
    except?: ReadonlySet<Subscriber>,
  ): number {
    this.log.add(entry)
    const index = ++this.accepted
    const delivery = new Delivery(shared, isComplete, () => this.log.cursor)
    let sent = 0
    for (const subscription of this.subscriptions.values()) {
      if (!isFor(subscription, entry, index) || except?.has(subscription.member.channel)) continue
      if (subscription.member.send(delivery)) sent++
    }
    this.host.counters.delivered += sent
    return sent
  }

  /** Gives a subscription what it has not seen; what comes from now on it is sent. */
  catchUp(subscription: Subscription): { missed: Remembered[]; isComplete: boolean } {
    subscription.isWaiting = false
    subscription.from = this.accepted
    return this.log.catchUp(subscription)
  }

  // What is published elsewhere

  /** Somebody here wants to hear of others. */
  follow(): void {
    this.isFollowed = true
    this.log.follow()
  }

  /** Nobody here does. */
  unfollow(): void {
    this.isFollowed = false
    this.log.unfollow()
    this.comeApart()
  }

  get isBehind(): boolean {
    return this.log.link === 'behind'
  }

  /** Messages of other processes come from here on; those before them are being read. */
  fallBehind(): void {
    this.log.link = 'behind'
  }

  /** No messages of other processes come. */
  comeApart(): void {
    this.log.link = 'alone'
    this.host.turns.later(() => this.takeWaiting())
  }

  /** What was missed of other processes. */
  caughtUp(kept: readonly Kept[]): void {
    this.host.turns.later(() => {
      for (const { envelope, at } of kept) {
        const read = this.read(envelope)
        if (read !== undefined && !this.log.isForgotten(read, at)) this.takeNew(read, at)
      }
      if (this.isBehind) this.log.link = 'level'
      this.takeWaiting(performance.now())
    })
  }

  private takeWaiting(keptSince = Number.POSITIVE_INFINITY): void {
    for (const envelope of this.waiting.splice(0)) this.takeNew(envelope, performance.now())
    this.log.keepFrom(keptSince)
    this.isMending = false
    for (const { isWaiting, member } of this.subscriptions.values()) if (isWaiting) member.settle()
  }

  /** A message has come from another process, or this one. */
  received(bytes: Uint8Array): void {
    const envelope = this.read(bytes)
    if (envelope !== undefined) this.host.turns.later(() => this.receive(envelope))
  }

  private read(bytes: Uint8Array): Envelope | undefined {
    const envelope = readEnvelope(bytes, this.isOwn)
    if (envelope === undefined) this.host.counters.malformed++
    return envelope === 'own' ? undefined : envelope
  }

  private readonly isOwn = (writer: string): boolean => this.host.isOwn(writer)

  private receive(envelope: Envelope): void {
    const { log } = this
    if (log.link === 'level' && log.gapBefore(envelope, performance.now()) > 0) this.mend()
    if (log.link !== 'behind') return this.take(envelope, performance.now())
    this.waiting.push(envelope)
    if (this.waiting.length <= MAX_WAITING) return
    log.link = 'level'
    this.takeWaiting()
  }

  // Others may have been told what did not get here: it is looked for where messages are kept.
  private mend(): void {
    if (this.isMending) return
    this.isMending = true
    this.log.link = 'behind'
    this.host.adapter!.reread(this.name)
  }

  /** What is kept and what came meanwhile may be the same. */
  private takeNew(envelope: Envelope, at: number): void {
    if (!this.log.has(envelope)) this.take(envelope, at)
  }

  private take(envelope: Envelope, at: number): void {
    const { writer, number, pause, message, payload } = envelope
    const { counters } = this.host
    if (this.log.has(envelope)) {
      counters.duplicates++
      return
    }
    const missed = this.log.gapBefore(envelope, at)
    counters.missed += missed
    counters.received++
    const entry = { writer, number, pause, message, bytes: payload.length, at }
    this.accept(entry, new SharedMessage(message, payload), missed === 0)
  }
}

function isFor({ isWaiting, from, place, after }: Subscription, entry: Remembered, index: number): boolean {
  if (isWaiting || from >= index || place.since > entry.at) return false
  return after === undefined || entry.number > (after.get(entry.writer) ?? 0)
}
