// Many processes joined through Redis. Each message is appended to its topic's stream, which is short and expires, and published:
// those who listen get it, and who comes late, or again, first listens and then reads the stream, so that nothing falls
// between. While Redis is away, what is published here is counted as lost for the others, and another session is tried, each later
// than the one before.
import { between } from '../core/between.js'
import { utf8Of } from '../core/text.js'
import { MAX_DELAY_MS } from '../io/timer-wheel.js'
import type { Adapter, AdapterHost, Kept } from './adapter.js'
import type { RedisClient } from './redis-client.js'
import { bufferOf, RedisSession } from './redis-session.js'
import { newProcess } from './writer.js'

/** How hubs are joined through Redis. */
export interface RedisAdapterOptions {
  /** What all names of channels and streams begin with (default 'httpkit:'). Hubs with the same one are one hub. */
  prefix?: string
  /** Sharded pub/sub (SSUBSCRIBE, SPUBLISH; Redis 7): the same for all processes (default what the server has). */
  sharded?: boolean
  /** Milliseconds without an answer after which Redis is taken for hung, and connected to anew (default 5000). */
  timeout?: number
  /** Messages that Redis may have yet to confirm; further ones are counted as lost (default 10000). */
  maxUnacknowledged?: number
  /** Bytes of them (default 16 MiB). */
  maxUnacknowledgedBytes?: number
  /**
   * Milliseconds before an attempt to connect again (default 50, doubled each time up to 2000, and some at random).
   *
   * @param attempt counts from 1 since the last connection
   */
  retryDelay?(attempt: number): number
}

/**
 * Joins hubs through Redis, as `createHub`'s adapter.
 *
 * @param client what `createClient` of the `redis` package returns, connected or not; it is duplicated, twice, and stays yours
 * @throws TypeError for another client, a cluster's among them; RangeError for an option out of its range
 */
export function redisAdapter(client: RedisClient, options: RedisAdapterOptions = {}): Adapter {
  if (typeof client?.duplicate !== 'function' || 'slots' in client) {
    throw new TypeError(
      'redisAdapter takes what createClient of the redis package returns: npm install redis',
    )
  }
  return new RedisAdapter(client, options)
}

/** Topics that are subscribed to, and read, at once. */
const BATCH = 64
/** Milliseconds by which streams are read from before what is known to have come: what is kept is published a little later. */
const OVERLAP_MS = 1000
/** Milliseconds for which closing waits for Redis. */
const FAREWELL_MS = 1000

/** How far a topic has come. */
interface Place {
  /** All that was published until then, by Redis' clock, has come. */
  since: number
  /** This session has read what was before it. */
  isRead: boolean
}

class RedisAdapter implements Adapter {
  lost = 0
  unacknowledged = 0
  private readonly client: RedisClient
  private readonly options: RedisAdapterOptions
  private readonly prefix: string
  private readonly timeout: number
  private readonly maxUnacknowledged: number
  private readonly maxUnacknowledgedBytes: number
  private unacknowledgedBytes = 0
  private host!: AdapterHost
  private session: RedisSession | undefined = undefined
  /** It can publish. */
  private isOpen = false
  private isClosed = false
  private attempts = 0
  private retrying: ReturnType<typeof setTimeout> | undefined = undefined
  /** Topics that are to be followed, those that this session follows, and those of which that is to change. */
  private readonly wanted = new Map<string, Place>()
  private readonly followed = new Set<string>()
  private readonly changing = new Set<string>()
  private isFollowing = false
  /** Until when streams need not be told again to expire, on performance.now's clock. */
  private readonly expiring = new Map<string, number>()

  constructor(client: RedisClient, options: RedisAdapterOptions) {
    this.client = client
    this.options = options
    this.prefix = options.prefix ?? 'httpkit:'
    this.timeout = between(options.timeout, 'timeout', 100, MAX_DELAY_MS, 5000)
    const unbounded = Number.POSITIVE_INFINITY
    this.maxUnacknowledged = between(options.maxUnacknowledged, 'maxUnacknowledged', 1, unbounded, 10_000)
    this.maxUnacknowledgedBytes = between(
      options.maxUnacknowledgedBytes,
      'maxUnacknowledgedBytes',
      1,
      unbounded,
      16 * 1024 * 1024,
    )
  }

  open(host: AdapterHost): void {
    if (this.host !== undefined) throw new Error('an adapter is of one hub')
    this.host = host
    this.connect()
  }

  private get common(): string {
    return `${this.prefix}members`
  }

  private nameOf(topic: string): string {
    return `${this.prefix}topic:${topic}`
  }

  private connect(): void {
    const session = new RedisSession(this.client, {
      echo: `${this.prefix}echo:${newProcess()}`,
      common: this.common,
      sharded: this.options.sharded,
      timeout: this.timeout,
      received: (name, bytes) => this.received(name, bytes),
      ended: (error) => this.ended(session, error),
    })
    this.session = session
    session.open().then(
      () => this.opened(session),
      () => {},
    )
  }

  private async opened(session: RedisSession): Promise<void> {
    if (session !== this.session) return
    this.isOpen = true
    await this.followWanted()
    if (session !== this.session) return
    this.attempts = 0
    this.host.linked()
  }

  private ended(session: RedisSession, error: unknown): void {
    if (session !== this.session || this.isClosed) return
    this.session = undefined
    this.isOpen = false
    this.lookBack(session.heardUntil)
    this.attempts++
    this.retrying = setTimeout(() => this.connect(), this.delay)
    this.host.unlinked()
    this.host.failed(error)
  }

  // The next session goes on from there.
  private lookBack(heardUntil: number): void {
    this.followed.clear()
    this.expiring.clear()
    for (const [topic, place] of this.wanted) {
      this.changing.add(topic)
      if (place.isRead) place.since = Math.max(0, heardUntil - OVERLAP_MS)
      place.isRead = false
    }
  }

  private get delay(): number {
    try {
      const delay = this.options.retryDelay?.(this.attempts)
      if (delay !== undefined) return delay
    } catch (error) {
      this.host.failed(error)
    }
    return Math.min(2000, 50 * 2 ** (this.attempts - 1)) * (1 + Math.random() / 4)
  }

  private received(name: string, bytes: Uint8Array): void {
    if (name === this.common) this.host.told(utf8Of(bytes))
    else this.host.received(name.slice(this.nameOf('').length), bytes)
  }

  publish(topic: string, envelope: Uint8Array): void {
    const { session } = this
    const bytes = envelope.length
    if (session === undefined || !this.isOpen || !this.hasRoom(bytes)) {
      this.lost++
      return
    }
    const name = this.nameOf(topic)
    const buffer = bufferOf(envelope)
    this.unacknowledged++
    this.unacknowledgedBytes += bytes
    const done = (isLost: number): void => {
      this.unacknowledged--
      this.unacknowledgedBytes -= bytes
      this.lost += isLost
    }
    this.keep(session, name, buffer)
    session.publish(name, buffer).then(
      () => done(0),
      (error) => {
        done(1)
        this.refused(session, error)
      },
    )
  }

  private hasRoom(bytes: number): boolean {
    return (
      this.unacknowledged < this.maxUnacknowledged &&
      this.unacknowledgedBytes + bytes <= this.maxUnacknowledgedBytes
    )
  }

  private keep(session: RedisSession, name: string, buffer: Uint8Array): void {
    const { history, historyTime } = this.host
    if (history === 0) return
    const failed = (error: unknown): void => this.refused(session, error)
    session.keep(name, buffer, history).catch(failed)
    const now = performance.now()
    if ((this.expiring.get(name) ?? 0) > now) return
    if (this.expiring.size >= 10_000) this.expiring.clear()
    this.expiring.set(name, now + historyTime / 4)
    session.expire(name, historyTime * 1.25).catch(failed)
  }

  // While the session lives, it is Redis that says no: no memory, no right to.
  private refused(session: RedisSession, error: unknown): void {
    if (session !== this.session) return
    // What was a master is none any more: whoever listens there hears nothing of the others.
    if (String(error).includes('READONLY')) session.fail(error)
    else this.host.failed(error)
  }

  tell(text: string): void {
    const { session } = this
    if (session === undefined || !this.isOpen) return
    session.publish(this.common, bufferOf(text)).catch((error) => this.refused(session, error))
  }

  follow(topic: string): void {
    this.wanted.set(topic, { since: 0, isRead: false })
    if (this.isOpen) this.host.behind(topic)
    this.change(topic)
  }

  unfollow(topic: string): void {
    this.wanted.delete(topic)
    this.change(topic)
  }

  private change(topic: string): void {
    this.changing.add(topic)
    if (this.isOpen) this.followWanted()
  }

  reread(topic: string): void {
    if (this.session !== undefined && this.isOpen) this.read(this.session, topic, 0)
  }

  // One change at a time: what is wanted may change while Redis answers.
  private async followWanted(): Promise<void> {
    const { session } = this
    if (this.isFollowing || session === undefined) return
    this.isFollowing = true
    try {
      while (session === this.session && this.changing.size > 0) await this.followSome(session)
    } catch (error) {
      session.fail(error)
    } finally {
      this.isFollowing = false
    }
    if (this.isOpen && session !== this.session) await this.followWanted()
  }

  private async followSome(session: RedisSession): Promise<void> {
    // All that ask in one turn are answered together.
    await undefined
    const topics = [...this.changing].slice(0, BATCH)
    for (const topic of topics) this.changing.delete(topic)
    await this.leave(
      session,
      topics.filter((topic) => this.followed.has(topic) && !this.wanted.has(topic)),
    )
    await this.join(
      session,
      // Who has left and come back meanwhile is followed still, and has yet to be read.
      topics.filter((topic) => this.wanted.get(topic)?.isRead === false),
    )
  }

  private async leave(session: RedisSession, topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    for (const topic of topics) this.followed.delete(topic)
    await session.unsubscribe(topics.map((topic) => this.nameOf(topic)))
  }

  private async join(session: RedisSession, topics: readonly string[]): Promise<void> {
    if (topics.length === 0 || session !== this.session) return
    for (const topic of topics) {
      this.followed.add(topic)
      this.host.behind(topic)
    }
    await session.subscribe(topics.map((topic) => this.nameOf(topic)))
    await Promise.all(topics.map((topic) => this.read(session, topic, this.wanted.get(topic)?.since ?? 0)))
  }

  private async read(session: RedisSession, topic: string, since: number): Promise<void> {
    let kept: readonly Kept[] = []
    try {
      kept = await session.kept(this.nameOf(topic), since, this.host.history)
    } catch (error) {
      this.refused(session, error)
    }
    if (session !== this.session) return
    const place = this.wanted.get(topic)
    if (place !== undefined) place.isRead = true
    this.host.caughtUp(topic, kept)
  }

  async close(): Promise<void> {
    this.isClosed = true
    clearTimeout(this.retrying)
    const { session, isOpen } = this
    this.isOpen = false
    this.session = undefined
    if (isOpen) await session?.drained(FAREWELL_MS)
    session?.end()
  }
}
