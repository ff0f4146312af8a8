// The topics that this process knows, as long as somebody needs them: subscribers, or who comes back for what is remembered.
import { every } from '../io/every.js'
import type { HubStatus } from './contract.js'
import { Topic, type TopicHost } from './topic.js'

/** Milliseconds for which a topic without subscribers still hears of other processes, at most: a poller may come back. */
const LINGER_MS = 30_000

export interface TopicsHost extends TopicHost {
  readonly status: HubStatus
}

export class Topics {
  private readonly host: TopicsHost
  private readonly known = new Map<string, Topic>()
  private sweeping: ReturnType<typeof setInterval> | undefined = undefined

  constructor(host: TopicsHost) {
    this.host = host
  }

  get size(): number {
    return this.known.size
  }

  find(name: string): Topic | undefined {
    return this.known.get(name)
  }

  /** @throws RangeError where there is no room for one more */
  get(name: string): Topic {
    const known = this.known.get(name)
    if (known !== undefined) return known
    if (this.known.size >= this.host.settings.maxTopics) this.makeRoom()
    const topic = new Topic(name, this.host)
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
    throw new RangeError(`all ${this.host.settings.maxTopics} topics have subscribers`)
  }

  /** Has it hear of other processes. */
  follow(topic: Topic): void {
    const { adapter, status } = this.host
    topic.usedAt = performance.now()
    if (topic.isFollowed || adapter === undefined) return
    topic.follow()
    // Who asks for what it missed waits for the first attempt to connect.
    if (status === 'connecting') topic.fallBehind()
    adapter.follow(topic.name)
  }

  private unfollow(topic: Topic): void {
    if (!topic.isFollowed) return
    topic.unfollow()
    this.host.adapter?.unfollow(topic.name)
  }

  /** The other processes are not reached any more. */
  comeApart(): void {
    for (const topic of [...this.known.values()]) topic.comeApart()
  }

  private sweepAtTimes(): void {
    this.sweeping ??= every(Math.min(5000, this.host.settings.historyTime / 4), () => this.sweep())
  }

  private sweep(): void {
    const now = performance.now()
    const { historyTime } = this.host.settings
    for (const topic of this.known.values()) {
      if (topic.subscriptions.size > 0) topic.usedAt = now
      topic.log.forget(now - historyTime)
      if (now - topic.usedAt > Math.min(LINGER_MS, historyTime / 2)) this.unfollow(topic)
      if (now - topic.usedAt > historyTime) {
        this.unfollow(topic)
        this.known.delete(topic.name)
      }
    }
    if (this.known.size === 0) this.rest()
  }

  private rest(): void {
    clearInterval(this.sweeping)
    this.sweeping = undefined
  }

  clear(): void {
    this.rest()
    this.known.clear()
  }
}
