// Topics over channels of every kind. What is published is sent to the channels of this process first, and at once; then an
// adapter, where there is one, takes it to the others. So whatever becomes of the adapter's server, channels of one process hear
// each other. Each message has a name, its writer and a number, by which all that matters is known: what a channel has seen and
// what it has not, what came twice, and what never came.
import { asError } from '../io/as-error.js'
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
import { readCursor, type Sections } from './cursor.js'
import { Member, type MemberHost } from './member.js'
import { placeOf } from './place.js'
import { Roster, type RosterHost } from './roster.js'
import { demandPresence, demandTopic, type HubSettings, settingsOf } from './settings.js'
import type { Subscription } from './subscription.js'
import type { Counters, Topic } from './topic.js'
import { Topics, type TopicsHost } from './topics.js'
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

class TopicHub extends Listeners implements Hub, TopicsHost, MemberHost<Topic>, AdapterHost, RosterHost {
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
  private readonly known = new Topics(this)
  private readonly members = new Map<Subscriber, Member<Topic>>()
  private readonly roster: Roster
  private readonly watched = new WeakSet<Subscriber>()
  private subscriptions = 0
  private made = 0
  private name = ''
  private writers = 0

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
    const held = member.subscriptions.get(this.known.find(name)!)
    if (held === undefined) this.add(member, this.known.get(name), presence, after, sections)
    else if (presence !== undefined) this.roster.present(name, held.id, presence)
  }

  private demandRoom(member: Member<Topic>, names: Set<string>): void {
    const { maxTopicsPerChannel } = this.settings
    let count = member.subscriptions.size
    for (const name of names) if (!member.subscriptions.has(this.known.find(name)!)) count++
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
    const { place, seen } = placeOf(topic.log.digest, after, sections)
    const subscription: Subscription<Topic> = {
      member,
      topic,
      id: this.made++,
      place,
      from: topic.accepted,
      after: seen,
      isWaiting: seen !== undefined || place.isLost,
    }
    member.add(subscription)
    topic.subscriptions.set(member.channel, subscription)
    this.subscriptions++
    this.roster.join(topic.name, subscription.id, presence)
    this.known.follow(topic)
  }

  unsubscribe(channel: Subscriber, topic?: string): boolean {
    const member = this.members.get(channel)
    if (member === undefined) return false
    if (topic === undefined) {
      this.leave(member)
      return true
    }
    const subscription = member.subscriptions.get(this.known.find(topic)!)
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
    return this.known.get(topic).publish(isBytes ? new Uint8Array(message) : message, setOf(except))
  }

  cursor(topic: string): string {
    demandTopic(topic)
    const held = this.known.get(topic)
    this.known.follow(held)
    return held.log.cursor
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
    this.known.comeApart()
    this.turn('disconnected')
  }

  private turn(status: HubStatus): void {
    if (this.status === status || this.status === 'closed') return
    this.status = status
    this.emit('status', status)
  }

  behind(topic: string): void {
    this.known.find(topic)?.fallBehind()
  }

  caughtUp(topic: string, kept: readonly Kept[]): void {
    this.known.find(topic)?.caughtUp(kept)
  }

  received(topic: string, envelope: Uint8Array): void {
    this.known.find(topic)?.received(envelope)
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
    this.known.clear()
    this.turn('closed')
    await this.adapter?.close()
  }
}

function setOf(except: PublishOptions['except']): ReadonlySet<Subscriber> | undefined {
  if (except === undefined) return undefined
  return new Set(Symbol.iterator in except ? except : [except])
}

/** What a client's cursor says of topics it may not ask for here; as many as it could. */
function carriedOf(sections: Sections | undefined, { maxTopicsPerChannel }: HubSettings): Sections {
  return new Map([...(sections ?? [])].slice(0, maxTopicsPerChannel))
}
