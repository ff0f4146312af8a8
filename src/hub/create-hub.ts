// Topics over channels of every kind. What is published is sent to the channels of this process first, and at once; then an
// adapter, where there is one, takes it to the others. So whatever becomes of the adapter's server, channels of one process hear
// each other. Each message has a name, its writer and a number, by which all that matters is known: what a channel has seen and
// what it has not, what came twice, and what never came.
import { asError } from '../io/as-error.js'
import { every } from '../io/every.js'
import { Listeners } from '../io/listeners.js'
import type { Adapter, AdapterHost, Kept } from './adapter.js'
import type {
  Hub,
  HubEvents,
  HubOptions,
  HubStats,
  HubStatus,
  PublishOptions,
  SubscribeOptions,
  Subscriber,
} from './contract.js'
import { clockOf, readCursor, type Section, type Sections, secondsNow, type Vector } from './cursor.js'
import { Member, type MemberHost } from './member.js'
import { Roster, type RosterHost } from './roster.js'
import { demandPresence, demandTopic, type HubSettings, settingsOf } from './settings.js'
import type { Subscription } from './subscription.js'
import { type Counters, Topic, type TopicHost } from './topic.js'
import { Turns } from './turns.js'
import { newProcess } from './writer.js'

/**
 * Makes a hub: topics that channels subscribe to.
 *
 * @throws RangeError for an option out of its range
 */
export function createHub(options: HubOptions = {}): Hub {
  return new TopicHub(settingsOf(options), options.adapter)
}

/** Seconds in which a message that a client has seen comes here; by the clocks of two machines. */
const IN_FLIGHT_SECONDS = 10
/** Milliseconds for which a topic without subscribers still hears of other processes, at most: a poller may come back. */
const LINGER_MS = 30_000

class TopicHub extends Listeners implements Hub, TopicHost, MemberHost<Topic>, AdapterHost, RosterHost {
  status: HubStatus
  readonly settings: HubSettings
  readonly adapter: Adapter | undefined
  readonly counters: Counters = {
    published: 0,
    delivered: 0,
    received: 0,
    missed: 0,
    duplicates: 0,
    malformed: 0,
  }
  readonly turns = new Turns()
  readonly tell: ((text: string) => void) | undefined
  private readonly known = new Map<string, Topic>()
  private readonly members = new Map<Subscriber, Member<Topic>>()
  private readonly roster: Roster
  private readonly watched = new WeakSet<Subscriber>()
  private subscriptions = 0
  private made = 0
  private name = ''
  private writers = 0
  private sweeping: ReturnType<typeof setInterval> | undefined = undefined

  constructor(settings: HubSettings, adapter: Adapter | undefined) {
    super()
    this.settings = settings
    this.adapter = adapter
    this.tell = adapter && ((text) => adapter.tell(text))
    this.status = adapter ? 'connecting' : 'local'
    this.roster = new Roster(this)
    adapter?.open(this)
  }

  // workerd has no chance before there is a request.
  get process(): string {
    return (this.name ||= newProcess())
  }

  newWriter(): string {
    return this.process + (this.writers++).toString(36)
  }

  get history(): number {
    return this.settings.history
  }

  get historyTime(): number {
    return this.settings.historyTime
  }

  get memberTimeout(): number {
    return this.settings.memberTimeout
  }

  subscribe(channel: Subscriber, topic: string | readonly string[], options: SubscribeOptions = {}): boolean {
    const names = new Set(typeof topic === 'object' ? topic : [topic])
    for (const name of names) demandTopic(name)
    const presence = options.presence === undefined ? undefined : demandPresence(options.presence)
    if (this.status === 'closed' || !channel.isOpen) return false
    const after = options.after ?? undefined
    const sections = after === undefined ? undefined : readCursor(after, this.maxCursor)
    const known = this.members.get(channel)
    const member = known ?? new Member(channel, options, carriedOf(sections, this.settings), this)
    this.demandRoom(member, names)
    if (known === undefined) this.enter(member)
    try {
      for (const name of names) this.put(member, name, presence, after, sections)
    } catch (error) {
      if (known === undefined) this.leave(member)
      throw error
    }
    if (known === undefined) member.begin()
    member.settle()
    return true
  }

  /** Characters of a cursor: those that are made here are shorter, whatever a channel is subscribed to. */
  private get maxCursor(): number {
    return Math.max(16 * 1024, 256 * this.settings.maxTopicsPerChannel)
  }

  private put(
    member: Member<Topic>,
    name: string,
    presence: unknown,
    after: string | undefined,
    sections: Sections | undefined,
  ): void {
    const held = member.subscriptions.get(this.known.get(name)!)
    if (held === undefined) this.add(member, this.topicOf(name), presence, after, sections)
    else if (presence !== undefined) this.roster.present(name, held.id, presence)
  }

  private demandRoom(member: Member<Topic>, names: Set<string>): void {
    const { maxTopicsPerChannel } = this.settings
    let count = member.subscriptions.size
    for (const name of names) if (!member.subscriptions.has(this.known.get(name)!)) count++
    if (count > maxTopicsPerChannel) {
      throw new RangeError(`a channel may subscribe to ${maxTopicsPerChannel} topics`)
    }
  }

  private enter(member: Member<Topic>): void {
    const { channel } = member
    this.members.set(channel, member)
    if (this.watched.has(channel)) return
    this.watched.add(channel)
    channel.closed?.then(() => this.unsubscribe(channel))
  }

  private add(
    member: Member<Topic>,
    topic: Topic,
    presence: unknown,
    after: string | undefined,
    sections: Sections | undefined,
  ): void {
    const section = sections?.get(topic.digest)
    const seen = after === '' ? new Map() : section && new Map(section.vector)
    const isLost = after !== undefined && sections === undefined
    const subscription: Subscription<Topic> = {
      member,
      topic,
      id: this.made++,
      since: sinceOf(seen, section),
      placedAt: section?.at ?? 0,
      isPartial: section?.isPartial === true,
      lacksSince: lacksSince(section),
      from: topic.accepted,
      after: seen,
      isFresh: section !== undefined && secondsNow() - section.at < IN_FLIGHT_SECONDS,
      isWaiting: seen !== undefined || isLost,
      isLost,
    }
    member.add(subscription)
    topic.subscriptions.set(member.channel, subscription)
    this.subscriptions++
    this.roster.join(topic.name, subscription.id, presence)
    this.follow(topic)
  }

  private follow(topic: Topic): void {
    topic.usedAt = performance.now()
    if (topic.isFollowed || this.adapter === undefined) return
    topic.follow()
    // Who asks for what it missed waits for the first attempt to connect.
    if (this.status === 'connecting') topic.fallBehind()
    this.adapter.follow(topic.name)
  }

  private topicOf(name: string): Topic {
    const known = this.known.get(name)
    if (known !== undefined) return known
    if (this.known.size >= this.settings.maxTopics) this.makeRoom()
    const topic = new Topic(name, this)
    this.known.set(name, topic)
    this.sweepAtTimes()
    return topic
  }

  // Those in use go to the end, so that they are not looked at each time.
  private makeRoom(): void {
    let left = this.known.size
    for (const [name, topic] of this.known) {
      if (left-- === 0) break
      this.known.delete(name)
      if (topic.subscriptions.size === 0) return this.unfollow(topic)
      this.known.set(name, topic)
    }
    throw new RangeError(`all ${this.settings.maxTopics} topics have subscribers`)
  }

  private unfollow(topic: Topic): void {
    if (!topic.isFollowed) return
    topic.unfollow()
    this.adapter?.unfollow(topic.name)
  }

  private sweepAtTimes(): void {
    if (this.sweeping !== undefined) return
    this.sweeping = every(Math.min(5000, this.settings.historyTime / 4), () => this.sweep())
  }

  private sweep(): void {
    const now = performance.now()
    const { historyTime } = this.settings
    for (const topic of this.known.values()) {
      if (topic.subscriptions.size > 0) topic.usedAt = now
      topic.forget(now - historyTime)
      if (now - topic.usedAt > Math.min(LINGER_MS, historyTime / 2)) this.unfollow(topic)
      if (now - topic.usedAt > historyTime) {
        this.unfollow(topic)
        this.known.delete(topic.name)
      }
    }
    if (this.known.size > 0) return
    clearInterval(this.sweeping)
    this.sweeping = undefined
  }

  unsubscribe(channel: Subscriber, topic?: string): boolean {
    const member = this.members.get(channel)
    if (member === undefined) return false
    if (topic === undefined) {
      this.leave(member)
      return true
    }
    const subscription = member.subscriptions.get(this.known.get(topic)!)
    if (subscription === undefined) return false
    this.remove(member, subscription)
    if (member.subscriptions.size === 0) this.leave(member)
    return true
  }

  /** It is in no topic any more. */
  leave(member: Member<Topic>): void {
    member.end()
    for (const subscription of member.subscriptions.values()) this.remove(member, subscription)
    if (this.members.get(member.channel) === member) this.members.delete(member.channel)
  }

  private remove(member: Member<Topic>, { topic, id }: Subscription<Topic>): void {
    member.subscriptions.delete(topic)
    if (!topic.subscriptions.delete(member.channel)) return
    topic.usedAt = performance.now()
    this.subscriptions--
    this.roster.leave(topic.name, id)
  }

  publish(topic: string, message: string | Uint8Array, { except }: PublishOptions = {}): number {
    demandTopic(topic)
    const isBytes = message instanceof Uint8Array
    if (!isBytes && typeof message !== 'string') throw new TypeError('a message is a string or a Uint8Array')
    if (this.status === 'closed') return 0
    // It is remembered: what becomes of the bytes given is no matter of ours.
    return this.topicOf(topic).publish(isBytes ? new Uint8Array(message) : message, setOf(except))
  }

  cursor(topic: string): string {
    demandTopic(topic)
    const held = this.topicOf(topic)
    this.follow(held)
    return held.cursor
  }

  count(topic: string): number {
    return this.roster.count(topic)
  }

  presence(topic: string): unknown[] {
    return this.roster.presence(topic)
  }

  topics(): string[] {
    return this.roster.topics()
  }

  stats(): HubStats {
    return {
      topics: this.known.size,
      subscribers: this.subscriptions,
      ...this.counters,
      lost: this.adapter?.lost ?? 0,
      unacknowledged: this.adapter?.unacknowledged ?? 0,
      processes: this.roster.processes,
    }
  }

  isOwn(writer: string): boolean {
    return writer.startsWith(this.process)
  }

  linked(): void {
    this.roster.linked()
    this.turn('connected')
  }

  unlinked(): void {
    for (const topic of [...this.known.values()]) topic.comeApart()
    this.turn('disconnected')
  }

  private turn(status: HubStatus): void {
    if (this.status === status || this.status === 'closed') return
    this.status = status
    this.emit('status', status)
  }

  behind(topic: string): void {
    this.known.get(topic)?.fallBehind()
  }

  caughtUp(topic: string, kept: readonly Kept[]): void {
    this.known.get(topic)?.caughtUp(kept)
  }

  received(topic: string, envelope: Uint8Array): void {
    this.known.get(topic)?.received(envelope)
  }

  told(text: string): void {
    this.roster.told(text)
  }

  changed(topic: string): void {
    this.emit('presence', topic)
  }

  malformed(): void {
    this.counters.malformed++
  }

  failed(error: unknown): void {
    this.emit('error', asError(error))
  }

  override on<Event extends keyof HubEvents>(
    event: Event,
    listener: (...details: HubEvents[Event]) => void,
  ): this {
    return super.on(event, listener)
  }

  // A listener that fails takes nothing else with it.
  protected override call(event: string, listener: () => void): void {
    try {
      listener()
    } catch (error) {
      if (event !== 'error') this.failed(error)
    }
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (status: HubStatus): void => {
        if (status !== 'local' && status !== 'connected' && status !== 'closed') return
        this.off('status', look)
        if (status === 'closed') reject(new Error('the hub is closed'))
        else resolve()
      }
      this.on('status', look)
      look(this.status)
    })
  }

  async close(): Promise<void> {
    if (this.status === 'closed') return
    for (const member of [...this.members.values()]) this.leave(member)
    this.roster.close()
    clearInterval(this.sweeping)
    this.known.clear()
    this.turn('closed')
    await this.adapter?.close()
  }
}

/** From when on messages are for a subscription. */
function sinceOf(seen: Vector | undefined, section: Section | undefined): number {
  if (seen === undefined) return performance.now()
  return section?.isPartial ? clockOf(section.at) : Number.NEGATIVE_INFINITY
}

/** From when on messages of writers whom a cursor does not name may have been missed. */
function lacksSince(section: Section | undefined): number {
  if (section === undefined) return Number.NEGATIVE_INFINITY
  return clockOf(section.at) - (section.isPartial ? 0 : IN_FLIGHT_SECONDS * 1000)
}

function setOf(except: PublishOptions['except']): ReadonlySet<Subscriber> | undefined {
  if (except === undefined) return undefined
  return new Set(Symbol.iterator in except ? except : [except])
}

/** What a client's cursor says of topics it may not ask for here; as many as it could. */
function carriedOf(sections: Sections | undefined, { maxTopicsPerChannel }: HubSettings): Sections {
  return new Map([...(sections ?? [])].slice(0, maxTopicsPerChannel))
}
