// What this process knows of a topic's messages: whose have come, how far, and which of them it holds; and since when it hears of
// other processes. From that follow the cursors that clients get, what a client has missed, and what never came.
import { clockOf, digestOf, secondsNow, type Vector, writeSection } from './cursor.js'
import type { Envelope } from './envelope.js'
import { History, type Remembered } from './history.js'
import type { Place } from './place.js'
import { Seen } from './seen.js'
import type { HubSettings } from './settings.js'
import type { Subscription } from './subscription.js'

/** Whether messages of other processes come: not; they do, and those before them are being read; they do. */
export type Link = 'alone' | 'behind' | 'level'

/** Milliseconds by which a message seems younger when it is read again than when it came: the clocks are two. */
const CLOCK_MS = 100

/** Writers, beside those of remembered messages, with whom it is time to forget some. */
const MANY_WRITERS = 128

/** Seconds by which cursors may be late, so that they are not written anew for each that asks. */
const LATE_SECONDS = 3

/** Milliseconds of what is kept that are surely read, where nobody asked before. */
const READ_BACK_MS = 10_000

export class TopicLog {
  readonly digest: string
  private readonly settings: HubSettings
  /** There are other processes to hear of. */
  private readonly isShared: boolean
  private readonly seen = new Seen()
  private readonly history: History
  private linkNow: Link = 'alone'
  /** Since when it is level, on performance.now's clock. */
  private levelSince = Number.POSITIVE_INFINITY
  /** Since when it is followed, in seconds since 1970. */
  private followedAt = secondsNow()
  /** Since when all that is published should have come, on performance.now's clock; Infinity where it is not followed. */
  private keptSince = Number.POSITIVE_INFINITY
  /** As heardUntil was last asked. */
  private heard = secondsNow()
  /** The cursor, as long as it says what is so. */
  private written = ''

  constructor(name: string, settings: HubSettings, isShared: boolean) {
    this.digest = digestOf(name)
    this.settings = settings
    this.isShared = isShared
    this.history = new History(settings.history, settings.historyBytes)
  }

  add(entry: Remembered): void {
    const { seen, settings } = this
    seen.note(entry.writer, entry.number, entry.at)
    this.written = ''
    const oldest = performance.now() - settings.historyTime
    if (entry.at > oldest) this.history.push(entry)
    if (seen.size > settings.history + MANY_WRITERS) this.forget(oldest)
  }

  /** Forgets what is older. */
  forget(before: number): void {
    this.history.forget(before)
    // Others may remember a little longer, and would think that who does not name a writer has not seen his last.
    const since = before - this.settings.historyTime / 4
    if (this.seen.forget(since, this.history.writers)) this.written = ''
  }

  // Other processes

  get link(): Link {
    return this.linkNow
  }

  set link(link: Link) {
    if (this.isLevel) this.hear()
    if (link === 'level') this.levelSince = performance.now()
    this.linkNow = link
  }

  private get isLevel(): boolean {
    return this.linkNow === 'level' || !this.isShared
  }

  private hear(): void {
    this.heard = secondsNow()
    this.written = ''
  }

  follow(): void {
    this.followedAt = secondsNow()
  }

  unfollow(): void {
    this.keptSince = Number.POSITIVE_INFINITY
  }

  /** All that is published from then on should come. */
  keepFrom(at: number): void {
    this.keptSince = Math.min(this.keptSince, at)
  }

  has({ writer, number }: Envelope): boolean {
    return number <= this.seen.lastOf(writer)
  }

  /** Its writer is new here, or it has come long ago and he is forgotten. */
  isForgotten({ writer }: Envelope, at: number): boolean {
    return this.seen.lastOf(writer) === 0 && at <= this.seen.forgottenUntil + CLOCK_MS
  }

  /** How many before it should have come and have not; of a writer that is new here, only that there are some. */
  gapBefore({ writer, number, pause }: Envelope, at: number): number {
    const { keptSince, seen } = this
    const last = seen.lastOf(writer)
    const heardAll = Math.max(keptSince, seen.forgottenUntil + CLOCK_MS)
    if (last === 0) return number > 1 && at - pause > heardAll ? 1 : 0
    return keptSince === Number.POSITIVE_INFINITY ? 0 : number - last - 1
  }

  // Cursors

  /** What others wrote before has yet to be heard. */
  private get isPartial(): boolean {
    return this.isShared && this.keptSince === Number.POSITIVE_INFINITY
  }

  /** What who has got all that came here has seen, as text. */
  get cursor(): string {
    if (this.isPartial) return writeSection(this.digest, this.seen, this.followedAt, true)
    const at = this.heardUntil
    return (this.written ||= writeSection(this.digest, this.seen, at))
  }

  /** Until when all had come that others wrote, in seconds since 1970. */
  get heardUntil(): number {
    const late = this.written === '' ? 1 : LATE_SECONDS
    if (this.isLevel && secondsNow() - this.heard >= late) this.hear()
    return this.heard
  }

  /** The same for one who may have seen more, or is yet to be given what came before. */
  cursorOf(subscription: Subscription): string {
    const { after, isWaiting, place } = subscription
    if (after === undefined) return this.cursor
    if (isWaiting) return writeSection(this.digest, after, place.at, place.isPartial)
    subscription.after = this.lackingOf(after)
    if (subscription.after === undefined) return this.cursor
    const seen = new Map([...this.seen, ...subscription.after])
    const at = this.isPartial ? place.at : Math.max(place.at, this.heardUntil)
    return writeSection(this.digest, seen, at, this.isPartial && place.isPartial)
  }

  // Where others have yet to be heard, who has seen more than they know here is one of his own, and stays so.
  private lackingOf(after: Vector): Vector | undefined {
    return this.seen.lackingOf(after) ?? (this.isPartial ? new Map() : undefined)
  }

  // What a client has missed

  /** What a subscription has not seen, and whether that is all. From now on it has seen it. */
  catchUp(subscription: Subscription): { missed: Remembered[]; isComplete: boolean } {
    const { after, place } = subscription
    if (after === undefined) return { missed: [], isComplete: !place.isLost }
    const missed = this.history.since(after).filter(({ at }) => at >= place.since)
    const unknown = this.unknownOf(place, after)
    const isComplete = unknown.length === 0 && this.reachesBackTo(after, missed, place)
    // Of other processes, what its client has seen may be on its way here for all that, and must not come again.
    if (!this.isShared) for (const writer of unknown) after.delete(writer)
    subscription.after = this.lackingOf(after)
    return { missed, isComplete }
  }

  // A writer who is not known here may have written more, that is forgotten; unless we are still to hear of him, or would have.
  private unknownOf({ isFresh, at }: Place, after: Vector): string[] {
    if (this.isShared) {
      const heardFrom = this.levelSince - Math.min(READ_BACK_MS, this.settings.historyTime)
      if (isFresh || this.linkNow !== 'level' || clockOf(at) > heardFrom) return []
    }
    return [...after.keys()].filter((writer) => this.seen.lastOf(writer) === 0)
  }

  private reachesBackTo(after: Vector, missed: readonly Remembered[], { lacksSince }: Place): boolean {
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
}
