// One topic in this process: who is subscribed, what has come, and what is remembered of it. One message is delivered at a
// time: what is published by somebody who is being sent another waits until all have got that one, so that all see one order.
import { SharedMessage } from '../ring/shared-message.js'
import type { Adapter, Kept } from './adapter.js'
import type { Subscriber } from './contract.js'
import { digestOf, secondsNow, type Vector, writeSection } from './cursor.js'
import { Delivery } from './delivery.js'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.js'
import { History, type Remembered } from './history.js'
import { Seen } from './seen.js'
import type { HubSettings } from './settings.js'
import type { Source, Subscription } from './subscription.js'

/** Messages that wait while those before them are being read; with more, these are read no further. */
const MAX_WAITING = 1000

/** What topics share. */
export interface TopicHost {
  readonly settings: HubSettings
  readonly adapter: Adapter | undefined
  readonly counters: Counters
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

/** Whether messages of other processes come: not; they do, and those before them are being read; they do. */
type Link = 'alone' | 'behind' | 'level'

export class Topic implements Source {
  readonly name: string
  readonly digest: string
  readonly subscriptions = new Map<Subscriber, Subscription>()
  isFollowed = false
  /** Since when all that is published should have come, on performance.now's clock; Infinity where it is not followed. */
  private keptSince = Number.POSITIVE_INFINITY
  /** When it was last needed, on performance.now's clock. */
  usedAt = performance.now()
  private link: Link = 'alone'
  /** Messages that have come. */
  accepted = 0
  private readonly host: TopicHost
  private readonly seen = new Seen()
  private readonly history: History
  private written = ''
  /** Since when it is followed, in seconds since 1970. */
  private followedAt = secondsNow()
  /** When the last message came, in seconds since 1970. */
  private changedAt = secondsNow()
  private writer = ''
  private number = 0
  private publishedAt = 0
  private isBusy = false
  private readonly tasks: (() => unknown)[] = []
  /** What came while it was behind. */
  private waiting: Envelope[] = []
  /** What is missing is being read once more; what is missing still will never come. */
  private isMending = false

  constructor(name: string, host: TopicHost) {
    this.name = name
    this.digest = digestOf(name)
    this.host = host
    this.history = new History(host.settings.history, host.settings.historyBytes)
  }

  /** @returns the channels it was sent to, or will have been before the outermost call returns */
  publish(message: string | Uint8Array, except: ReadonlySet<Subscriber> | undefined): number {
    if (!this.isBusy) return this.run(() => this.publishNow(message, except))
    this.tasks.push(() => this.publishNow(message, except))
    let open = 0
    for (const channel of this.subscriptions.keys()) if (channel.isOpen && !except?.has(channel)) open++
    return open
  }

  private run<Result>(task: () => Result): Result {
    this.isBusy = true
    try {
      return task()
    } finally {
      for (let next = this.tasks.shift(); next !== undefined; next = this.tasks.shift()) next()
      this.isBusy = false
    }
  }

  private later(task: () => void): void {
    if (this.isBusy) this.tasks.push(task)
    else this.run(task)
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

  private accept(
    entry: Remembered,
    shared: SharedMessage,
    isComplete: boolean,
    except?: ReadonlySet<Subscriber>,
  ): number {
    const { settings, counters } = this.host
    this.seen.note(entry.writer, entry.number, entry.at)
    this.written = ''
    this.changedAt = secondsNow()
    if (entry.at > performance.now() - settings.historyTime) this.history.push(entry)
    const index = ++this.accepted
    const delivery = new Delivery(shared, isComplete, () => this.cursor)
    let sent = 0
    for (const subscription of this.subscriptions.values()) {
      if (!isFor(subscription, entry, index) || except?.has(subscription.member.channel)) continue
      if (subscription.member.send(delivery)) sent++
    }
    counters.delivered += sent
    return sent
  }

  /** What others wrote before has yet to be heard. */
  private get isPartial(): boolean {
    return this.host.adapter !== undefined && this.keptSince === Number.POSITIVE_INFINITY
  }

  /** What who has got all that came here has seen, as text. */
  get cursor(): string {
    if (this.isPartial) return writeSection(this.digest, this.seen, this.followedAt, true)
    return (this.written ||= writeSection(this.digest, this.seen, this.changedAt))
  }

  /** The same for one who may have seen more, or is yet to be given what came before. */
  cursorOf(subscription: Subscription): string {
    const { after, isWaiting, partialAt } = subscription
    if (after === undefined) return this.cursor
    if (isWaiting) return writeSection(this.digest, after, partialAt ?? secondsNow(), partialAt !== undefined)
    subscription.after = this.lackingOf(after)
    if (subscription.after === undefined) return this.cursor
    const seen = new Map([...this.seen, ...subscription.after])
    const isPartial = partialAt !== undefined && this.isPartial
    return writeSection(this.digest, seen, isPartial ? partialAt : secondsNow(), isPartial)
  }

  // Where others have yet to be heard, who has seen more than they know here is one of his own, and stays so.
  private lackingOf(after: Vector): Vector | undefined {
    return this.seen.lackingOf(after) ?? (this.isPartial ? new Map() : undefined)
  }

  /** Gives a subscription what it has not seen; what comes from now on it is sent. */
  catchUp(subscription: Subscription): { missed: Remembered[]; isComplete: boolean } {
    const { after, isLost, since } = subscription
    subscription.isWaiting = false
    subscription.from = this.accepted
    if (after === undefined) return { missed: [], isComplete: !isLost }
    const missed = this.history.since(after).filter(({ at }) => at >= since)
    const unknown = this.unknownOf(subscription, after)
    const isComplete = unknown.length === 0 && this.reachesBackTo(after, missed, subscription)
    for (const writer of unknown) after.delete(writer)
    subscription.after = this.lackingOf(after)
    return { missed, isComplete }
  }

  // A writer who is not known here may have written more, that is forgotten; unless we are still to hear of him.
  private unknownOf({ isFresh }: Subscription, after: Vector): string[] {
    if (this.host.adapter !== undefined && (isFresh || this.link !== 'level')) return []
    return [...after.keys()].filter((writer) => this.seen.lastOf(writer) === 0)
  }

  private reachesBackTo(
    after: Vector,
    missed: readonly Remembered[],
    { partialAt, since }: Subscription,
  ): boolean {
    const held = new Map<string, number>()
    const first = new Map<string, Remembered>()
    for (const entry of missed) {
      held.set(entry.writer, (held.get(entry.writer) ?? 0) + 1)
      if (!first.has(entry.writer)) first.set(entry.writer, entry)
    }
    for (const [writer, number] of this.seen) {
      const isUnnamed = partialAt !== undefined && !after.has(writer)
      const from = isUnnamed ? this.lastBefore(since, writer, first.get(writer)) : (after.get(writer) ?? 0)
      if (number - from > (held.get(writer) ?? 0)) return false
    }
    return true
  }

  /** The number of the writer's last message before then, as far as it can be told by the first after it that is held. */
  private lastBefore(since: number, writer: string, first: Remembered | undefined): number {
    if (first === undefined) return this.seen.lastAt(writer) < since ? this.seen.lastOf(writer) : 0
    return first.at - first.pause < since ? first.number - 1 : 0
  }

  /** Somebody here wants to hear of others. */
  follow(): void {
    this.isFollowed = true
    this.followedAt = secondsNow()
  }

  /** Nobody here does. */
  unfollow(): void {
    this.isFollowed = false
    this.keptSince = Number.POSITIVE_INFINITY
    this.comeApart()
  }

  get isBehind(): boolean {
    return this.link === 'behind'
  }

  /** Messages of other processes come from here on; those before them are being read. */
  fallBehind(): void {
    this.link = 'behind'
  }

  /** No messages of other processes come. */
  comeApart(): void {
    this.link = 'alone'
    this.later(() => this.takeWaiting())
  }

  /** What was missed of other processes. */
  caughtUp(kept: readonly Kept[]): void {
    this.later(() => {
      for (const { envelope, at } of kept) {
        const read = this.read(envelope)
        if (read !== undefined) this.takeNew(read, at)
      }
      if (this.link === 'behind') this.link = 'level'
      this.takeWaiting()
      this.keptSince = Math.min(this.keptSince, performance.now())
    })
  }

  private takeWaiting(): void {
    for (const envelope of this.waiting.splice(0)) this.takeNew(envelope, performance.now())
    this.isMending = false
    for (const { isWaiting, member } of this.subscriptions.values()) if (isWaiting) member.settle()
  }

  /** A message has come from another process, or this one. */
  received(bytes: Uint8Array): void {
    const envelope = this.read(bytes)
    if (envelope !== undefined) this.later(() => this.receive(envelope))
  }

  private read(bytes: Uint8Array): Envelope | undefined {
    const envelope = readEnvelope(bytes, this.isOwn)
    if (envelope === undefined) this.host.counters.malformed++
    return envelope === 'own' ? undefined : envelope
  }

  private readonly isOwn = (writer: string): boolean => this.host.isOwn(writer)

  private receive(envelope: Envelope): void {
    if (this.link === 'level' && this.gapBefore(envelope, performance.now()) > 0) this.mend()
    if (this.link !== 'behind') return this.take(envelope, performance.now())
    this.waiting.push(envelope)
    if (this.waiting.length <= MAX_WAITING) return
    this.link = 'level'
    this.takeWaiting()
  }

  /** How many before it should have come and have not; of a writer that is new here, only that there are some. */
  private gapBefore({ writer, number, pause }: Envelope, at: number): number {
    const last = this.seen.lastOf(writer)
    if (last === 0) return number > 1 && at - pause > this.keptSince ? 1 : 0
    return this.keptSince === Number.POSITIVE_INFINITY ? 0 : number - last - 1
  }

  // Others may have been told what did not get here: it is looked for where messages are kept.
  private mend(): void {
    if (this.isMending) return
    this.isMending = true
    this.link = 'behind'
    this.host.adapter!.reread(this.name)
  }

  /** What is kept and what came meanwhile may be the same. */
  private takeNew(envelope: Envelope, at: number): void {
    if (envelope.number > this.seen.lastOf(envelope.writer)) this.take(envelope, at)
  }

  private take(envelope: Envelope, at: number): void {
    const { writer, number, pause, message, payload } = envelope
    const { counters } = this.host
    if (number <= this.seen.lastOf(writer)) {
      counters.duplicates++
      return
    }
    const missed = this.gapBefore(envelope, at)
    counters.missed += missed
    counters.received++
    const entry = { writer, number, pause, message, bytes: payload.length, at }
    this.accept(entry, new SharedMessage(message, payload), missed === 0)
  }

  /** Forgets what is older. */
  forget(before: number): void {
    this.history.forget(before)
    if (this.seen.forget(before, (writer) => this.history.has(writer))) this.written = ''
  }
}

function isFor({ isWaiting, from, since, after }: Subscription, entry: Remembered, index: number): boolean {
  if (isWaiting || from >= index || since > entry.at) return false
  return after === undefined || entry.number > (after.get(entry.writer) ?? 0)
}
