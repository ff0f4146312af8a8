// Two connections to Redis, one to publish and one that is subscribed, for as long as both answer. What node-redis does for a
// connection that breaks (it connects again, says its subscriptions again, sends again what waits) is left out: it does not notice
// a server that hangs, it keeps what was published meanwhile without end, and who is told of a reconnection does not know what
// was missed. So a session ends with the first failure, and another begins.
import { latin1Of, utf8Of } from '../core/text.js'
import { every } from '../io/every.js'
import { quietly } from '../io/quietly.js'
import type { Kept } from './adapter.js'
import type { RedisClient, RedisConnection } from './redis-client.js'

export interface SessionOptions {
  /** The name of what this process alone listens to, to hear whether it is heard. */
  readonly echo: string
  /** What all processes listen to. */
  readonly common: string
  /** Sharded pub/sub; undefined to ask whether there is any. */
  readonly sharded: boolean | undefined
  /** Milliseconds without an answer. */
  readonly timeout: number
  /** Something has come. */
  received(name: string, bytes: Uint8Array): void
  /** It is over; called once, if not by `end`. */
  ended(error: unknown): void
}

/** RESP's mark of a string of bytes: what is to come as a Buffer. */
const BYTES = 36
const AS_BYTES = { typeMapping: { [BYTES]: globalThis.Buffer } }

/** Messages of a stream that are read at once. */
const PAGE = 20

type Entry = [id: Uint8Array, fields: Uint8Array[]]

export class RedisSession {
  private readonly options: SessionOptions
  private readonly publisher: RedisConnection
  private readonly subscriber: RedisConnection
  private isOver = false
  private readonly connecting: Promise<unknown>[] = []
  private isSharded = false
  /** When it last answered, and when that was last looked at, on performance.now's clock. */
  private answeredAt = performance.now()
  private lookedAt = this.answeredAt
  private readonly watching: ReturnType<typeof setInterval>
  /** What Redis' clock said when it was last asked, and what it is ahead of performance.now's; milliseconds. */
  private askedAt = 0
  private ahead = 0
  /** All that was published until then, by Redis' clock, has come. */
  heardUntil = 0

  constructor(client: RedisClient, options: SessionOptions) {
    this.options = options
    const overrides = {
      disableOfflineQueue: true,
      socket: { ...client.options?.socket, reconnectStrategy: false },
    }
    this.publisher = client.duplicate(overrides)
    this.subscriber = client.duplicate(overrides)
    for (const connection of this.connections) {
      connection.on('error', (error) => this.fail(error))
    }
    this.watching = every(options.timeout / 4, () => this.look())
  }

  private get connections(): RedisConnection[] {
    return [this.publisher, this.subscriber]
  }

  /** Settles once it can publish and hears itself; then it looks whether it still does. */
  async open(): Promise<void> {
    const { echo, common, sharded } = this.options
    try {
      for (const connection of this.connections) this.connecting.push(connection.connect())
      await Promise.all(this.connecting)
      this.isSharded = sharded ?? (await this.hasShards())
      await this.subscribe([echo, common])
      await this.ping()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  private async hasShards(): Promise<boolean> {
    // A user without the right to ask goes without.
    const asked = this.publisher.sendCommand(['COMMAND', 'INFO', 'SPUBLISH'])
    const [command] = (await asked.catch(() => [])) as unknown[]
    return Array.isArray(command) && command.length > 0
  }

  // Where this process has slept, what Redis said meanwhile is yet to be read.
  private look(): void {
    const { timeout } = this.options
    const now = performance.now()
    if (now - this.lookedAt > timeout / 2) this.answeredAt = now
    this.lookedAt = now
    if (now - this.answeredAt > timeout) this.fail(new Error(`Redis has not answered for ${timeout} ms`))
    else if (this.askedAt > 0) this.ping().catch((error) => this.fail(error))
  }

  /** Asks for Redis' time, and sends it to itself by way of the other connection. */
  private async ping(): Promise<void> {
    const reply = (await this.publisher.sendCommand(['TIME'])) as [string, string]
    this.askedAt = Number(reply[0]) * 1000 + Math.floor(Number(reply[1]) / 1000)
    this.ahead = this.askedAt - performance.now()
    await this.publish(this.options.echo, bufferOf(String(this.askedAt)))
  }

  readonly onMessage = (message: Uint8Array, channel: Uint8Array): void => {
    if (this.isOver) return
    const name = utf8Of(channel)
    if (name !== this.options.echo) return this.options.received(name, message)
    this.answeredAt = performance.now()
    this.heardUntil = Number(latin1Of(message)) || this.heardUntil
  }

  subscribe(names: readonly string[]): Promise<unknown> {
    const { subscriber } = this
    return this.isSharded
      ? subscriber.sSubscribe(names, this.onMessage, true)
      : subscriber.subscribe(names, this.onMessage, true)
  }

  unsubscribe(names: readonly string[]): Promise<unknown> {
    const { subscriber } = this
    return this.isSharded
      ? subscriber.sUnsubscribe(names, this.onMessage, true)
      : subscriber.unsubscribe(names, this.onMessage, true)
  }

  publish(name: string, bytes: Uint8Array): Promise<unknown> {
    return this.publisher.sendCommand([this.isSharded ? 'SPUBLISH' : 'PUBLISH', name, bytes])
  }

  /** Keeps what is published in a stream of its own, of so many messages, for so many milliseconds. */
  keep(name: string, bytes: Uint8Array, history: number): Promise<unknown> {
    return this.publisher.sendCommand(['XADD', name, 'MAXLEN', '~', String(history), '*', 'm', bytes])
  }

  expire(name: string, time: number): Promise<unknown> {
    return this.publisher.sendCommand(['PEXPIRE', name, String(Math.ceil(time))])
  }

  /** The last messages kept since then, by Redis' clock, the oldest first. */
  async kept(name: string, since: number, history: number): Promise<Kept[]> {
    if (history === 0) return []
    const all: Entry[] = []
    for (let end = '+'; all.length < history; end = `(${latin1Of(all[all.length - 1]![0])}`) {
      const count = Math.min(PAGE, history - all.length)
      const command = ['XREVRANGE', name, end, String(since), 'COUNT', String(count)]
      const page = (await this.publisher.sendCommand(command, AS_BYTES)) as Entry[]
      // What takes long to come is an answer, too.
      this.answeredAt = performance.now()
      all.push(...page)
      if (page.length < count) break
    }
    return all.reverse().map(([id, fields]) => {
      return { envelope: fields[1]!, at: Number.parseInt(latin1Of(id), 10) - this.ahead }
    })
  }

  /** Settles when Redis has taken all that it was sent, or after so many milliseconds. */
  async drained(patience: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([this.publish(this.options.echo, bufferOf('')).catch(() => {}), late])
    clearTimeout(timer)
  }

  /** It is of no use any more. */
  fail(error: unknown): void {
    if (this.isOver) return
    this.end()
    this.options.ended(error)
  }

  end(): void {
    this.isOver = true
    clearInterval(this.watching)
    this.destroy()
    // One that is connecting does so all the same, and can only be ended then.
    for (const connecting of this.connecting) connecting.then(() => this.destroy()).catch(() => {})
  }

  private destroy(): void {
    for (const connection of this.connections) quietly(() => connection.destroy())
  }
}

/** As the package's client takes it. */
export function bufferOf(bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
