// Three server processes joined through Redis, with clients of every kind at each, while processes, connections and Redis itself
// are killed, cut, and made to hang. Every message says who published it and the how-manieth it is; every client writes down what it got.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ensureBuilt } from '../support/built.js'
import { EventStream, poll } from '../support/hub-clients.js'
import { launch, type Program } from '../support/programs.js'
import { hasRedis, RedisServer } from '../support/redis-server.js'
import { until } from '../support/waiting.js'

const program = fileURLToPath(new URL('../support/hub-process.mjs', import.meta.url))

interface Stats {
  status: string
  count: number
  presence: string[]
  sent: number
  lost: number
  missed: number
  duplicates: number
  malformed: number
  received: number
  processes: number
}

/** One of the servers; the same name is another process once it has been killed and begun anew. */
class Server {
  readonly name: string
  port = 0
  private program: Program | undefined = undefined

  constructor(name: string) {
    this.name = name
  }

  async begin(redis: RedisServer, kind: string): Promise<void> {
    this.program = launch(process.execPath, [program, this.name, redis.path, kind])
    const [, port] = await this.program.prints(/listening (\d+)/)
    this.port = Number(port)
  }

  get statuses(): string[] {
    return Array.from(this.program!.stdout.matchAll(/^status (\w+)$/gm), ([, status]) => status!)
  }

  async ask<Answer>(path: string): Promise<Answer> {
    return (await (await fetch(`http://127.0.0.1:${this.port}${path}`)).json()) as Answer
  }

  stats(): Promise<Stats> {
    return this.ask('/stats')
  }

  publish(count: number): Promise<{ sent: number }> {
    return this.ask(`/publish?n=${count}`)
  }

  async kill(): Promise<void> {
    this.program?.child.kill('SIGKILL')
    await this.program?.exit
  }
}

/** A client and all it got; it comes back by itself, to another server if its own is gone. */
abstract class Client {
  readonly got: string[] = []
  /** It was told that it missed some. */
  gaps = 0
  protected isOver = false
  protected readonly servers: readonly Server[]
  at: number

  constructor(servers: readonly Server[], at: number) {
    this.servers = servers
    this.at = at
  }

  protected url(query: string): string {
    return `http://127.0.0.1:${this.servers[this.at]!.port}/room?${query}`
  }

  abstract stop(): void
}

class Poller extends Client {
  private readonly abort = new AbortController()
  id: string | undefined = undefined

  /** From server to server, one poll each. */
  async run(): Promise<void> {
    while (!this.isOver) {
      const after = this.id === undefined ? '' : `after=${this.id}`
      try {
        const { id, messages, complete } = await poll(this.url(after), this.abort.signal)
        this.id = id
        this.got.push(...(messages as string[]))
        if (!complete) this.gaps++
      } catch {}
      this.at = (this.at + 1) % this.servers.length
    }
  }

  stop(): void {
    this.isOver = true
    this.abort.abort()
  }
}

class Streamer extends Client {
  private stream: EventStream | undefined = undefined
  private id = ''

  async run(): Promise<void> {
    while (!this.isOver) {
      try {
        const headers = this.id === '' ? {} : { 'Last-Event-ID': this.id }
        this.stream = await EventStream.open(this.url('as=event-stream'), headers)
        for (;;) {
          const { event, data } = await this.stream.next()
          if (event === 'gap') this.gaps++
          else this.got.push(data)
        }
      } catch {}
      this.id = this.stream?.lastId || this.id
      this.at = (this.at + 1) % this.servers.length
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  get isPlaced(): boolean {
    return this.stream !== undefined && this.stream.lastId !== ''
  }

  stop(): void {
    this.isOver = true
    this.stream?.close()
  }
}

class Talker extends Client {
  readonly socket: WebSocket

  constructor(servers: readonly Server[], at: number) {
    super(servers, at)
    this.socket = new WebSocket(this.url(`who=${servers[at]!.name}`).replace('http', 'ws'))
    this.socket.on('message', (data) => this.got.push(data.toString())).on('error', () => {})
  }

  stop(): void {
    this.socket.terminate()
  }
}

/** What a client got of one publisher, by number, in the order it came. */
function numbersOf(client: Client, name: string): number[] {
  return client.got
    .filter((word) => word.startsWith(`${name}:`))
    .map((word) => Number(word.slice(name.length + 1)))
}

/** Nothing twice, and what one has published in its order. */
function expectInOrder(clients: readonly Client[], names: readonly string[]): void {
  for (const client of clients) {
    expect(new Set(client.got).size).toBe(client.got.length)
    for (const name of names) {
      const numbers = numbersOf(client, name)
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  }
}

describe.skipIf(!hasRedis).each([
  ['sharded', 'sharded'],
  ['plain', 'plain'],
])(`three processes over %s pub/sub${hasRedis ? '' : ' (skipped: no redis-server here)'}`, (_name, kind) => {
  let redis: RedisServer
  const servers = ['a', 'b', 'c'].map((name) => new Server(name))
  const [a, b, c] = servers as [Server, Server, Server]
  let talkers: Talker[] = []
  const pollers: Poller[] = []
  const streamers: Streamer[] = []
  const clients = (): Client[] => [...talkers, ...pollers, ...streamers]
  beforeAll(async () => {
    ensureBuilt()
    redis = await RedisServer.start()
    await Promise.all(servers.map((server) => server.begin(redis, kind)))
  })
  afterAll(async () => {
    for (const client of clients()) client.stop()
    await Promise.all(servers.map((server) => server.kill()))
    await redis.stop()
  })

  const statsOf = (): Promise<Stats[]> => Promise.all(servers.map((server) => server.stats()))
  const eventually = (read: () => Promise<unknown>) => expect.poll(read, { interval: 20, timeout: 8000 })
  const reconnected = async (rounds: number[]): Promise<void> => {
    const gone = (server: Server, at: number): boolean => server.statuses.length >= rounds[at]! + 2
    await until(() => servers.every(gone), 8000)
    await eventually(async () => (await statsOf()).map(({ status }) => status)).toEqual(
      servers.map(() => 'connected'),
    )
  }
  const rounds = (): number[] => servers.map(({ statuses }) => statuses.length)
  /** All publish so many; resolves once all clients have all of them. */
  const publishToAll = async (count: number): Promise<void> => {
    const sent = await Promise.all(servers.map((server) => server.publish(count)))
    const hasAll = (client: Client): boolean =>
      servers.every(({ name }, at) => {
        const numbers = new Set(numbersOf(client, name))
        return Array.from({ length: count }, (_, back) => sent[at]!.sent - 1 - back).every((n) =>
          numbers.has(n),
        )
      })
    await until(() => clients().every(hasAll), 10_000)
  }

  it('reaches clients of every kind at each of them', async () => {
    for (const at of servers.keys()) {
      talkers.push(new Talker(servers, at))
      pollers.push(new Poller(servers, at))
      streamers.push(new Streamer(servers, at))
    }
    for (const client of [...pollers, ...streamers]) client.run()
    // All have their place once they are counted, and a first message has given pollers a cursor.
    await eventually(async () => (await statsOf()).map(({ count }) => count)).toEqual([9, 9, 9])
    await a.publish(1)
    await until(() => clients().every(({ got }) => got.length === 1))
    await publishToAll(200)
    expectInOrder(clients(), ['a', 'b', 'c'])
    for (const { got, gaps } of clients()) expect([got.length, gaps]).toEqual([601, 0])
    expect((await statsOf()).map(({ lost, missed }) => [lost, missed])).toEqual(servers.map(() => [0, 0]))
  })

  it('goes on where one of them is killed, and takes it back when it is begun anew', async () => {
    const publishing = setInterval(() => void a.publish(1).catch(() => {}), 5)
    await b.kill()
    talkers = talkers.filter((talker) => talker !== talkers[1])
    for (const server of [a, c]) {
      await eventually(async () => (await server.stats()).presence.toSorted()).toEqual(['a', 'c'])
      expect((await server.stats()).processes).toBe(2)
    }
    await b.begin(redis, kind)
    const again = new Talker(servers, 1)
    talkers.push(again)
    await eventually(async () => (await statsOf()).map(({ presence }) => presence.toSorted())).toEqual(
      servers.map(() => ['a', 'b', 'c']),
    )
    clearInterval(publishing)
    const { sent } = await a.publish(1)
    await until(() => clients().every((client) => numbersOf(client, 'a').at(-1) === sent - 1))
    // Who polls, or reads events, has got all; whoever it came back to.
    for (const client of [...pollers, ...streamers]) {
      expect(numbersOf(client, 'a')).toEqual(Array.from({ length: sent }, (_, index) => index))
      expect(client.gaps).toBe(0)
    }
    // It counts from 0 again.
    again.got.length = 0
    for (const client of clients()) {
      const others = client.got.filter((word) => !word.startsWith('b:'))
      client.got.splice(0, client.got.length, ...others)
    }
    await publishToAll(20)
    expectInOrder(clients(), ['a', 'b', 'c'])
  })

  it('brings all that was published while their connections were cut', async () => {
    const before = rounds()
    const publishing = setInterval(() => void Promise.all([a.publish(1), c.publish(1)]).catch(() => {}), 2)
    await redis.cut()
    await reconnected(before)
    clearInterval(publishing)
    await publishToAll(20)
    expectInOrder(clients(), ['a', 'b', 'c'])
    // What others did not get, and no more, the publisher has counted as lost.
    const stats = await statsOf()
    expect(stats[0]!.missed).toBeLessThanOrEqual(stats[1]!.lost + stats[2]!.lost)
    expect(stats[1]!.missed).toBeLessThanOrEqual(stats[0]!.lost + stats[2]!.lost)
    expect(stats.map(({ malformed }) => malformed)).toEqual([0, 0, 0])
  })

  it.each(['hangs', 'is killed'])(
    'delivers to its own clients while Redis %s, and to all again after',
    async (what) => {
      const before = rounds()
      if (what === 'hangs') redis.hang()
      else await redis.kill()
      const lost = (await a.stats()).lost
      await Promise.all(servers.map((server) => server.publish(5)))
      const sent = (await statsOf()).map((stats) => stats.sent)
      const own = (talker: Talker): Server =>
        servers.find(
          ({ name }) =>
            talker.socket !== undefined && talker.at === servers.findIndex((one) => one.name === name),
        )!
      await until(() =>
        talkers.every(
          (talker) => numbersOf(talker, own(talker).name).at(-1) === sent[servers.indexOf(own(talker))]! - 1,
        ),
      )
      await until(() => servers.every(({ statuses }) => statuses.at(-1) === 'disconnected'), 5000)
      await eventually(async () =>
        (await statsOf()).map(({ lost, processes }) => [lost > 0, processes]),
      ).toEqual(servers.map(() => [true, 1]))
      expect((await a.stats()).lost).toBeGreaterThanOrEqual(lost + 5)
      if (what === 'hangs') redis.resume()
      else await redis.begin()
      await reconnected(before)
      await eventually(async () => (await statsOf()).map(({ presence }) => presence.toSorted())).toEqual(
        servers.map(() => ['a', 'b', 'c']),
      )
      await publishToAll(20)
      expectInOrder(clients(), ['a', 'b', 'c'])
    },
  )
})
