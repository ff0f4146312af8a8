// One topic in this process: who is subscribed, what has come, and what is remembered of it.
import { SharedMessage } from '../ring/shared-message.js'
import type { Adapter, Kept } from './adapter.js'
import type { Subscriber } from './contract.js'
import { clockOf, digestOf, secondsNow, type Vector, writeSection } from './cursor.js'
import { Delivery } from './delivery.js'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.js'
import { History, type Remembered } from './history.js'
import { Seen } from './seen.js'
import type { HubSettings } from './settings.js'
import type { Source, Subscription } from './subscription.js'
import type { Turns } from './turns.js'

/** Messages that wait while those before them are being read; with more, these are read no further. */
const MAX_WAITING = 1000

/** Milliseconds by which a message seems younger when it is read again than when it came: the clocks are two. */
const CLOCK_MS = 100

/** Writers, beside those of remembered messages, with whom it is time to forget some. */
const MANY_WRITERS = 128

/** Seconds by which cursors may be late, so that they are not written anew for each that asks. */
const LATE_SECONDS = 3

/** Milliseconds of what is kept that are surely read, where nobody asked before. */
const READ_BACK_MS = 10_000

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
  /** As heardUntil was last asked. */
  private heard = secondsNow()
  /** Since when it is level, on performance.now's clock. */
  private levelSince = Number.POSITIVE_INFINITY
  private writer = ''
  private number = 0
  private publishedAt = 0
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

  private accept(
    entry: Remembered,
    shared: SharedMessage,
    isComplete: boolean,
    except?: ReadonlySet<Subscriber>,
  ): number {
    const { settings, counters } = this.host
    this.seen.note(entry.writer, entry.number, entry.at)
    this.written = ''
    const oldest = performance.now() - settings.historyTime
    if (entry.at > oldest) this.history.push(entry)
    if (this.seen.size > settings.history + MANY_WRITERS) this.forget(oldest)
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
    const at = this.heardUntil
    return (this.written ||= writeSection(this.digest, this.seen, at))
  }

  get heardUntil(): number {
    const late = this.written === '' ? 1 : LATE_SECONDS
    if (this.isLevel && secondsNow() - this.heard >= late) this.hear()
    return this.heard
  }

  private get isLevel(): boolean {
    return this.link === 'level' || this.host.adapter === undefined
  }

  private hear(): void {
    this.heard = secondsNow()
    this.written = ''
  }

  private turn(link: Link): void {
    if (this.isLevel) this.hear()
    if (link === 'level') this.levelSince = performance.now()
    this.link = link
  }

  /** The same for one who may have seen more, or is yet to be given what came before. */
  cursorOf(subscription: Subscription): string {
    const { after, isWaiting, placedAt } = subscription
    if (after === undefined) return this.cursor
    if (isWaiting) return writeSection(this.digest, after, placedAt, subscription.isPartial)
    subscription.after = this.lackingOf(after)
    if (subscription.after === undefined) return this.cursor
    const seen = new Map([...this.seen, ...subscription.after])
    const at = this.isPartial ? placedAt : Math.max(placedAt, this.heardUntil)
    return writeSection(this.digest, seen, at, this.isPartial && subscription.isPartial)
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
    // Of other processes, what its client has seen may be on its way here for all that, and must not come again.
    if (this.host.adapter === undefined) for (const writer of unknown) after.delete(writer)
    subscription.after = this.lackingOf(after)
    return { missed, isComplete }
  }

  // A writer who is not known here may have written more, that is forgotten; unless we are still to hear of him, or would have.
  private unknownOf({ isFresh, placedAt }: Subscription, after: Vector): string[] {
    const { adapter, settings } = this.host
    if (adapter !== undefined) {
      const heardFrom = this.levelSince - Math.min(READ_BACK_MS, settings.historyTime)
      if (isFresh || this.link !== 'level' || clockOf(placedAt) > heardFrom) return []
    }
    return [...after.keys()].filter((writer) => this.seen.lastOf(writer) === 0)
  }

  private reachesBackTo(after: Vector, missed: readonly Remembered[], { lacksSince }: Subscription): boolean {
    const held = new Map<string, number>()
    const first = new Map<string, Remembered>()
    for (const entry of missed) {
      held.set(entry.writer, (held.get(entry.writer) ?? 0) + 1)
      if (!first.has(entry.writer)) first.set(entry.writer, entry)
    }
    for (const [writer, number] of this.seen) {
      const from = after.get(writer) ?? this.lastBefore(lacksSince, writer, first.get(writer))
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
    this.turn('behind')
  }

  /** No messages of other processes come. */
  comeApart(): void {
    this.turn('alone')
    this.host.turns.later(() => this.takeWaiting())
  }

  /** What was missed of other processes. */
  caughtUp(kept: readonly Kept[]): void {
    this.host.turns.later(() => {
      for (const { envelope, at } of kept) {
        const read = this.read(envelope)
        if (read !== undefined && !this.isForgotten(read, at)) this.takeNew(read, at)
      }
      if (this.link === 'behind') this.turn('level')
      this.takeWaiting(performance.now())
    })
  }

  // Its writer is new here, or it has come long ago and he is forgotten.
  private isForgotten({ writer }: Envelope, at: number): boolean {
    return this.seen.lastOf(writer) === 0 && at <= this.seen.forgottenUntil + CLOCK_MS
  }

  private takeWaiting(keptSince = Number.POSITIVE_INFINITY): void {
    for (const envelope of this.waiting.splice(0)) this.takeNew(envelope, performance.now())
    this.keptSince = Math.min(this.keptSince, keptSince)
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
    if (this.link === 'level' && this.gapBefore(envelope, performance.now()) > 0) this.mend()
    if (this.link !== 'behind') return this.take(envelope, performance.now())
    this.waiting.push(envelope)
    if (this.waiting.length <= MAX_WAITING) return
    this.turn('level')
    this.takeWaiting()
  }

  /** How many before it should have come and have not; of a writer that is new here, only that there are some. */
  private gapBefore({ writer, number, pause }: Envelope, at: number): number {
    const last = this.seen.lastOf(writer)
    const { keptSince, seen } = this
    const heardAll = Math.max(keptSince, seen.forgottenUntil + CLOCK_MS)
    if (last === 0) return number > 1 && at - pause > heardAll ? 1 : 0
    return this.keptSince === Number.POSITIVE_INFINITY ? 0 : number - last - 1
  }

  // Others may have been told what did not get here: it is looked for where messages are kept.
  private mend(): void {
    if (this.isMending) return
    this.isMending = true
    this.turn('behind')
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
    // Others may remember a little longer, and would think that who does not name a writer has not seen his last.
    const since = before - this.host.settings.historyTime / 4
    if (this.seen.forget(since, this.history.writers)) this.written = ''
  }
}

function isFor({ isWaiting, from, since, after }: Subscription, entry: Remembered, index: number): boolean {
  if (isWaiting || from >= index || since > entry.at) return false
  return after === undefined || entry.number > (after.get(entry.writer) ?? 0)
}
