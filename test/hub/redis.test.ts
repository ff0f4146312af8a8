// Hubs joined through a real Redis, which is cut off, hangs, and dies.

import { createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  createHub,
  type Hub,
  type HubOptions,
  type RedisAdapterOptions,
  redisAdapter,
} from '../../src/hub.js'
import { HttpListener, Listener } from '../support/hub-link.js'
import { SlowLine } from '../support/hub-slow-line.js'
import { hasRedis, RedisServer } from '../support/redis-server.js'
import { until } from '../support/waiting.js'

/** Milliseconds without an answer after which Redis is taken for hung here. */
const TIMEOUT = 800

describe.skipIf(!hasRedis)(
  `hubs joined through Redis${hasRedis ? '' : ' (skipped: no redis-server here)'}`,
  () => {
    let redis: RedisServer
    let isDown = false
    beforeAll(async () => {
      redis = await RedisServer.start()
    })
    afterAll(() => redis.stop())
    afterEach(async () => {
      redis.resume()
      if (isDown) await redis.begin()
      isDown = false
      await redis.say('FLUSHALL')
    })

    function open(
      adapter: RedisAdapterOptions = {},
      options: HubOptions = {},
      client = redis.client(),
    ): Hub & { statuses: string[] } {
      const joined = redisAdapter(client, { timeout: TIMEOUT, ...adapter })
      const hub = createHub({ adapter: joined, memberTimeout: 1000, ...options })
      onTestFinished(() => hub.close())
      const statuses: string[] = []
      hub.on('status', (status) => statuses.push(status))
      return Object.assign(hub, { statuses })
    }

    /** Hubs that know of each other. */
    async function opened(count: number, adapter?: RedisAdapterOptions, options?: HubOptions) {
      const hubs = Array.from({ length: count }, () => open(adapter, options))
      for (const hub of hubs) await hub.ready()
      await until(() => hubs.every((hub) => hub.stats().processes === count))
      return hubs
    }

    /** Listeners, one for each hub, whose topic is followed. */
    async function listening(hubs: Hub[], topic = 'room'): Promise<Listener[]> {
      const listeners = hubs.map((hub) => {
        const listener = new Listener()
        hub.subscribe(listener, topic, { presence: 'x' })
        return listener
      })
      const probe = async (): Promise<void> => {
        await until(() => hubs.every((hub) => hub.count(topic) >= hubs.length))
        const word = `probe ${Math.random()}`
        hubs[0]!.publish(topic, word)
        await until(() => listeners.every(({ got }) => got.includes(word)))
      }
      await probe()
      for (const hub of hubs.slice(1)) {
        hub.publish(topic, 'probe')
      }
      await until(() => listeners.every(({ got }) => got.length === hubs.length))
      for (const { got } of listeners) got.length = 0
      return listeners
    }

    describe.each([
      ['sharded', true],
      ['plain', false],
      ['as the server has it', undefined],
    ])('pub/sub %s', (_name, sharded) => {
      it('carries text and bytes to all processes, each in its order, and back to none', async () => {
        const hubs = await opened(3, sharded === undefined ? {} : { sharded })
        const listeners = await listening(hubs)
        const words = Array.from({ length: 50 }, (_, index) => `größe ${index}`)
        for (const word of words)
          for (const [index, hub] of hubs.entries()) hub.publish('room', `${index} ${word}`)
        hubs[0]!.publish('room', Buffer.from([0, 255, 10]))
        hubs[0]!.publish('room', '')
        await until(() => listeners.every(({ got }) => got.length === 152))
        for (const { got } of listeners) {
          for (const index of hubs.keys()) {
            expect(got.filter((word) => String(word).startsWith(`${index} `))).toEqual(
              words.map((word) => `${index} ${word}`),
            )
          }
          expect(
            got.filter((word) => typeof word !== 'string').map((word) => [...(word as Uint8Array)]),
          ).toEqual([[0, 255, 10]])
        }
        const commands = String(await redis.say('INFO', 'commandstats'))
        expect(commands.includes(sharded === false ? 'cmdstat_publish:' : 'cmdstat_spublish:')).toBe(true)
        for (const hub of hubs) expect(hub.stats()).toMatchObject({ lost: 0, missed: 0, unacknowledged: 0 })
      })
    })

    it('keeps those apart who have another prefix', async () => {
      const [one] = await opened(1, { prefix: 'one:' })
      const [two] = await opened(1, { prefix: 'two:' })
      const [[first], [second]] = [await listening([one!]), await listening([two!])]
      one!.publish('room', 'a')
      two!.publish('room', 'b')
      await until(() => one!.stats().unacknowledged + two!.stats().unacknowledged === 0)
      await Promise.all([redis.say('PING'), redis.say('PING')])
      expect([first!.got, second!.got, one!.stats().processes]).toEqual([['a'], ['b'], 1])
    })

    it('serves cursors of one process in any other, also in one that has come later', async () => {
      const [first, second] = await opened(2)
      const listeners = await listening([first!, second!])
      const place = first!.cursor('room')
      for (let index = 0; index < 10; index++) (index % 2 ? first! : second!).publish('room', String(index))
      await until(() => listeners.every(({ got }) => got.length === 10))
      const third = open()
      const answers = [second!, third].map((hub) => {
        const channel = new HttpListener()
        hub.subscribe(channel, 'room', { after: place })
        return channel
      })
      for (const channel of answers) {
        await channel.closed
        expect(channel.answer.complete).toBe(true)
        expect(channel.answer.messages.toSorted()).toEqual(
          Array.from({ length: 10 }, (_, index) => String(index)),
        )
        const again = new HttpListener()
        first!.subscribe(again, 'room', { after: channel.answer.id, wait: 0 })
        await again.closed
        expect(again.answer).toMatchObject({ messages: [], complete: true })
      }
    })

    it('says where what was kept does not reach back far enough', async () => {
      const [hub] = await opened(1, {}, { history: 5 })
      const place = hub!.cursor('room')
      // Redis cuts off streams a hundred messages at a time.
      for (let index = 0; index < 250; index++) hub!.publish('room', String(index))
      const late = open({}, { history: 5 })
      await late.ready()
      const channel = new HttpListener()
      late.subscribe(channel, 'room', { after: place })
      await channel.closed
      expect(channel.answer).toMatchObject({ messages: ['245', '246', '247', '248', '249'], complete: false })
      expect(Number(await redis.say('XLEN', 'httpkit:topic:room'))).toBeLessThan(150)
      expect(Number(await redis.say('PTTL', 'httpkit:topic:room'))).toBeGreaterThan(0)
    })

    it('follows no topic that nobody here has asked for', async () => {
      const [hub] = await opened(1, { sharded: false })
      const [listener] = await listening([hub!], 'mine')
      hub!.publish('others', 'x')
      expect(await redis.say('PUBSUB', 'CHANNELS', 'httpkit:topic:*')).toEqual(['httpkit:topic:mine'])
      expect(listener!.got).toEqual([])
    })

    it('brings what was published while connections were cut, once, and says so', async () => {
      const hubs = await opened(3)
      const listeners = await listening(hubs)
      let sent = 0
      const publishing = setInterval(() => {
        for (const [index, hub] of hubs.entries()) hub.publish('room', `${index}:${sent}`)
        sent++
      }, 2)
      for (let cuts = 0; cuts < 3; cuts++) {
        const before = hubs.map(({ statuses }) => statuses.length)
        await redis.cut()
        await until(() => hubs.every(({ statuses }, index) => statuses.length >= before[index]! + 2))
      }
      clearInterval(publishing)
      await Promise.all(hubs.map((hub) => hub.ready()))
      for (const hub of hubs) hub.publish('room', 'last')
      await until(() => listeners.every(({ got }) => got.filter((word) => word === 'last').length === 3))
      await until(() => hubs.every((hub) => hub.stats().unacknowledged === 0))
      for (const [index, listener] of listeners.entries()) {
        const got = listener.got.filter((word) => word !== 'last') as string[]
        expect(new Set(got).size).toBe(got.length)
        for (const writer of hubs.keys()) {
          const numbers = got
            .filter((word) => word.startsWith(`${writer}:`))
            .map((word) => Number(word.slice(2)))
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
          // What this hub did not get of that one is what it knows to have missed, and that one knows to have lost.
          if (writer === index) expect(numbers.length).toBe(sent)
        }
        const others = got.length - sent
        const lost = hubs.reduce((sum, hub, at) => sum + (at === index ? 0 : hub.stats().lost), 0)
        expect(others + hubs[index]!.stats().missed).toBe(2 * sent)
        expect(hubs[index]!.stats().missed).toBeLessThanOrEqual(lost)
        expect(hubs[index]!.statuses.slice(0, 3)).toEqual(['connected', 'disconnected', 'connected'])
      }
    })

    it('goes on in each process while Redis hangs, counts what it could not take, and comes together again', async () => {
      const hubs = await opened(2)
      const [first, second] = hubs as [Hub & { statuses: string[] }, Hub & { statuses: string[] }]
      const [here, there] = (await listening(hubs)) as [Listener, Listener]
      redis.hang()
      expect(first.publish('room', 'a')).toBe(1)
      await until(() => first.status === 'disconnected' && second.status === 'disconnected')
      await until(() => first.count('room') === 1 && first.presence('room').length === 1)
      expect(first.publish('room', 'b')).toBe(1)
      expect(here.got).toEqual(['a', 'b'])
      expect(first.stats()).toMatchObject({ lost: 2, unacknowledged: 0, processes: 1 })
      redis.resume()
      await Promise.all([first.ready(), second.ready()])
      await until(() => first.count('room') === 2 && second.presence('room').length === 2)
      first.publish('room', 'c')
      await until(() => there.got.includes('c'))
      // Redis may have been handed the first before it was given up.
      expect(there.got.filter((word) => word !== 'a')).toEqual(['c'])
      expect(second.stats().missed + there.got.length).toBe(3)
    })

    it('goes on while Redis is dead, and follows its topics in another', async () => {
      const hubs = await opened(2)
      const [first, second] = hubs as [Hub & { statuses: string[] }, Hub & { statuses: string[] }]
      const [here, there] = (await listening(hubs)) as [Listener, Listener]
      const errors: Error[] = []
      first.on('error', (error) => errors.push(error))
      isDown = true
      await redis.kill()
      await until(() => first.status === 'disconnected' && second.status === 'disconnected')
      expect(first.publish('room', 'a')).toBe(1)
      const place = second.cursor('room')
      second.publish('room', 'b')
      const channel = new HttpListener()
      second.subscribe(channel, 'room', { after: place })
      expect(channel.answer).toMatchObject({ messages: ['b'], complete: true })
      await until(() => errors.length > 1)
      await redis.begin()
      isDown = false
      await Promise.all([first.ready(), second.ready()])
      first.publish('room', 'c')
      second.publish('room', 'd')
      await until(() => here.got.length === 3 && there.got.length === 3)
      expect([here.got.toSorted(), there.got.toSorted()]).toEqual([
        ['a', 'c', 'd'],
        ['b', 'c', 'd'],
      ])
      expect([first.stats(), second.stats()]).toMatchObject([
        { lost: 1, missed: 1 },
        { lost: 1, missed: 1 },
      ])
    })

    it('is there before Redis is, and finds it', async () => {
      isDown = true
      await redis.kill()
      const hub = open({ retryDelay: () => 10 })
      const listener = new Listener()
      hub.subscribe(listener, 'room')
      expect([hub.status, hub.publish('room', 'a')]).toEqual(['connecting', 1])
      await until(() => hub.status === 'disconnected')
      await redis.begin()
      isDown = false
      await hub.ready()
      expect(hub.statuses).toEqual(['disconnected', 'connected'])
      const [other] = await opened(1).catch(() => [open()])
      await other!.ready()
      other!.publish('room', 'b')
      await until(() => listener.got.length === 2)
      expect(listener.got).toEqual(['a', 'b'])
    })

    it('bounds what Redis has yet to confirm', async () => {
      const [hub] = await opened(1, { maxUnacknowledged: 10, maxUnacknowledgedBytes: 4000 })
      await listening([hub!])
      await until(() => hub!.stats().unacknowledged === 0)
      redis.hang()
      for (let index = 0; index < 15; index++) hub!.publish('room', 'x')
      expect(hub!.stats()).toMatchObject({ unacknowledged: 10, lost: 5 })
      redis.resume()
      await until(() => hub!.stats().unacknowledged === 0)
      redis.hang()
      for (let index = 0; index < 3; index++) hub!.publish('room', 'x'.repeat(1900))
      expect(hub!.stats()).toMatchObject({ unacknowledged: 2, lost: 6 })
      redis.resume()
      await until(() => hub!.stats().unacknowledged === 0)
      expect(hub!.stats()).toMatchObject({ published: 19, lost: 6 })
    })

    it('counts what it cannot read, and says what Redis refuses', async () => {
      const [hub] = await opened(1, { sharded: false })
      const [listener] = await listening([hub!])
      const errors: string[] = []
      hub!.on('error', ({ message }) => errors.push(message))
      for (const bad of ['', 'x', '1tshort:1:0\n', `1t${'a'.repeat(12)}:0:0\n`, `1t${'a'.repeat(12)}:1:0`]) {
        await redis.say('PUBLISH', 'httpkit:topic:room', bad)
      }
      for (const bad of [
        '',
        '{',
        '{}',
        '[]',
        'null',
        '{"kind":"change","from":"aaaaaaaaaa","version":1,"changes":[7]}',
      ]) {
        await redis.say('PUBLISH', 'httpkit:members', bad)
      }
      await until(() => hub!.stats().malformed === 11)
      await redis.say('PUBLISH', 'httpkit:topic:room', `1t${'a'.repeat(12)}:1:0\nfine`)
      await until(() => listener!.got.length === 1)
      expect([listener!.got, hub!.status]).toEqual([['fine'], 'connected'])
      await redis.say('SET', 'httpkit:topic:wrong', 'no stream')
      const wrong = new Listener()
      hub!.subscribe(wrong, 'wrong', { after: '' })
      await until(() => errors.length > 0)
      expect(errors[0]).toMatch(/WRONGTYPE/)
      await redis.say('PUBLISH', 'httpkit:topic:wrong', `1t${'b'.repeat(12)}:1:0\nlive`)
      await until(() => wrong.got.length === 1)
    })

    it('tells what a user of few rights is refused, and that it is lost', async () => {
      const rights = ['~*', '+@all', '-command', 'resetchannels', '&httpkit:members', '&httpkit:echo*']
      await redis.say('ACL', 'SETUSER', 'limited', 'on', '>secret', ...rights)
      const hub = open({}, {}, redis.client({ username: 'limited', password: 'secret' }))
      const error = new Promise<Error>((resolve) => {
        hub.once('error', resolve)
      })
      await hub.ready()
      hub.publish('room', 'a')
      expect((await error).message).toMatch(/NOPERM/)
      await until(() => hub.stats().lost === 1)
      expect(hub.status).toBe('connected')
    })

    it('takes a Redis that is no master any more for lost', async () => {
      const [hub] = await opened(1)
      const errors: string[] = []
      hub!.on('error', ({ message }) => errors.push(message))
      try {
        await redis.say('REPLICAOF', '127.0.0.1', '1')
        hub!.publish('room', 'a')
        await until(() => hub!.statuses.includes('disconnected'))
        expect(errors[0]).toMatch(/READONLY/)
      } finally {
        await redis.say('REPLICAOF', 'NO', 'ONE')
      }
      await hub!.ready()
    })

    it('follows a topic that is asked for again before it has been left', async () => {
      const [here, there] = await opened(2, {}, { maxTopics: 2 })
      const [, listener] = await listening([here!, there!], 'a')
      there!.cursor('b')
      there!.unsubscribe(listener!)
      // A third takes a's place, and a then takes b's.
      there!.cursor('c')
      there!.subscribe(listener!, 'a')
      // With a thousand they are no longer waited for.
      const say = (): unknown => here!.publish('a', 'x')
      await until(() => say() !== undefined && listener!.got.includes('x'), 1500)
    })

    it('leaves no connection where it is closed before it is there', async () => {
      const before = await redis.connections()
      const hubs = [open(), open()]
      await Promise.all(hubs.map((hub) => hub.close()))
      // Redis has seen theirs by the time it has answered others that came after.
      for (let index = 0; index < 5; index++) await redis.say('PING')
      await expect.poll(() => redis.connections()).toBe(before)
    })

    it('reads what is kept over a slow line, which is no hung one', async () => {
      const words = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(8000)}`)
      const [here] = await opened(1)
      for (const word of words) here!.publish('room', word)
      await until(() => here!.stats().unacknowledged === 0)
      const line = await SlowLine.to(redis.path, 500_000)
      onTestFinished(() => line.close())
      const hub = open({ timeout: 600 }, {}, redis.client({ socket: { path: line.path, tls: false } }))
      await hub.ready()
      const listener = new Listener()
      hub.subscribe(listener, 'room', { after: '' })
      await until(() => listener.got.length === 100)
      expect(listener.got).toEqual(words)
    })

    it('goes on trying where it cannot be told how long to wait', async () => {
      const socket = { path: `${redis.path}.none`, tls: false } as const
      const retryDelay = (): number => {
        throw new Error('mine')
      }
      const hub = open({ retryDelay }, {}, redis.client({ socket }))
      const errors: string[] = []
      hub.on('error', ({ message }) => errors.push(message))
      await until(() => errors.filter((message) => message === 'mine').length === 2)
      expect(hub.status).toBe('disconnected')
    })

    it('forgets a process at once when it closes', async () => {
      const [first, second, third] = await opened(3)
      await listening([first!, second!, third!])
      await third!.close()
      await until(() => first!.count('room') === 2 && second!.count('room') === 2, 300)
      expect([first!.stats().processes, third!.status]).toEqual([2, 'closed'])
    })

    it('takes a client of the package, and nothing else', () => {
      expect(() => redisAdapter({} as never)).toThrow(/npm install redis/)
      expect(() => redisAdapter(createCluster({ rootNodes: [] }) as never)).toThrow(/createClient/)
      expect(() => redisAdapter(redis.client(), { timeout: 0 })).toThrow(RangeError)
      const adapter = redisAdapter(redis.client())
      const hub = createHub({ adapter })
      onTestFinished(() => hub.close())
      expect(() => createHub({ adapter })).toThrow('one hub')
    })
  },
)
