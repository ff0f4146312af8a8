// Topics in one process: who is sent what, in which order, and what bounds there are.
import { describe, expect, it } from 'vitest'
import { createHub, type Hub } from '../../src/hub.js'
import { HttpListener, Listener } from '../support/hub-link.js'

function joined(hub: Hub, count: number, topic = 'room'): Listener[] {
  const listeners = Array.from({ length: count }, () => new Listener())
  for (const listener of listeners) hub.subscribe(listener, topic)
  return listeners
}

describe('publish', () => {
  it('reaches all that are subscribed to the topic, once each, and says how many', () => {
    const hub = createHub()
    const [first, second] = joined(hub, 2)
    const [other] = joined(hub, 1, 'other')
    hub.subscribe(first!, ['room', 'other'])
    expect([
      hub.publish('room', 'a'),
      hub.publish('other', Uint8Array.of(255)),
      hub.publish('empty', 'x'),
    ]).toEqual([2, 2, 0])
    expect([first!.got, second!.got, other!.got]).toEqual([
      ['a', new Uint8Array([255])],
      ['a'],
      [new Uint8Array([255])],
    ])
    expect(hub.stats()).toMatchObject({
      published: 3,
      delivered: 4,
      subscribers: 4,
      topics: 3,
      lost: 0,
      missed: 0,
    })
  })

  it('passes over those that are excepted, one or several, of this message alone', () => {
    const hub = createHub()
    const [first, second, third] = joined(hub, 3)
    expect(hub.publish('room', 'a', { except: first! })).toBe(2)
    expect(hub.publish('room', 'b', { except: new Set([first!, third!]) })).toBe(1)
    expect(hub.publish('room', 'c', { except: undefined })).toBe(3)
    expect([first!.got, second!.got, third!.got]).toEqual([['c'], ['a', 'b', 'c'], ['a', 'c']])
  })

  it('keeps what it was given, whatever becomes of the bytes', () => {
    const hub = createHub()
    const bytes = Buffer.from('abc')
    hub.publish('room', bytes)
    bytes.fill(0)
    const late = new Listener()
    hub.subscribe(late, 'room', { after: '' })
    expect(Buffer.from(late.got[0] as Uint8Array).toString()).toBe('abc')
  })

  it('goes on where one of them throws, is closed, or closes meanwhile', () => {
    const hub = createHub()
    const errors: Error[] = []
    hub.on('error', (error) => errors.push(error))
    const [first, throwing, closed, closing, last] = joined(hub, 5)
    throwing!.onSent = () => {
      throw new Error('no')
    }
    closed!.isOpen = false
    closing!.onSent = () => {
      closing!.isOpen = false
    }
    expect(hub.publish('room', 'a')).toBe(3)
    expect(hub.publish('room', 'b')).toBe(2)
    expect([first!.got, closed!.got, closing!.got, last!.got]).toEqual([['a', 'b'], [], ['a'], ['a', 'b']])
    expect(errors.map(({ message }) => message)).toEqual(['no', 'no'])
    expect(hub.count('room')).toBe(3)
  })

  it('is in one order for all, also what is published by who is being sent another', () => {
    const hub = createHub()
    const listeners = joined(hub, 3)
    let reached = 0
    listeners[0]!.onSent = (message) => {
      if (message === 'a') reached = hub.publish('room', 'b')
    }
    listeners[1]!.onSent = (message) => {
      if (message === 'b') hub.publish('room', 'c', { except: listeners[0]! })
    }
    expect(hub.publish('room', 'a')).toBe(3)
    expect(reached).toBe(3)
    expect(listeners.map(({ got }) => got.join(''))).toEqual(['ab', 'abc', 'abc'])
  })

  it('is in one order over all topics, and no cursor says more than has been sent', () => {
    const hub = createHub()
    const [speaker] = joined(hub, 1, 'b')
    speaker!.onSent = () => hub.publish('a', 'of a')
    const poll = new HttpListener()
    hub.subscribe(poll, ['a', 'b'])
    hub.publish('b', 'of b')
    const next = new HttpListener()
    hub.subscribe(next, ['a', 'b'], { after: poll.answer.id, wait: 0 })
    expect([poll.answer.messages, next.answer.messages]).toEqual([['of b'], ['of a']])
  })

  it('does not reach who has left, or come, while it was on its way', () => {
    const hub = createHub()
    const [first, second] = joined(hub, 2)
    const late = new Listener()
    first!.onSent = (message) => {
      if (message !== 'a') return
      hub.unsubscribe(second!)
      hub.subscribe(late, 'room')
    }
    expect(hub.publish('room', 'a')).toBe(1)
    hub.publish('room', 'b')
    expect([first!.got, second!.got, late.got]).toEqual([['a', 'b'], [], ['b']])
  })

  it.each<unknown>([undefined, 7, {}, null, ['a']])('takes text and bytes alone: %j throws', (message) => {
    expect(() => createHub().publish('room', message as string)).toThrow(TypeError)
  })
})

describe('subscribe', () => {
  it('does no more the second time', () => {
    const hub = createHub()
    const [listener] = joined(hub, 1)
    expect(hub.subscribe(listener!, 'room')).toBe(true)
    expect([hub.count('room'), hub.publish('room', 'a')]).toEqual([1, 1])
    expect([hub.unsubscribe(listener!, 'room'), hub.unsubscribe(listener!, 'room')]).toEqual([true, false])
    expect([hub.count('room'), hub.publish('room', 'b')]).toEqual([0, 0])
  })

  it('leaves one topic, or all', () => {
    const hub = createHub()
    const listener = new Listener()
    hub.subscribe(listener, ['a', 'b', 'c'])
    expect(hub.unsubscribe(listener, 'b')).toBe(true)
    expect([hub.count('a'), hub.count('b'), hub.count('c'), hub.topics()]).toEqual([1, 0, 1, ['a', 'c']])
    expect([hub.unsubscribe(listener), hub.unsubscribe(listener)]).toEqual([true, false])
    expect(hub.topics()).toEqual([])
  })

  it('waits for the end of a channel once, however often that comes and goes', () => {
    const hub = createHub()
    let waits = 0
    // biome-ignore lint/suspicious/noThenProperty: it counts who waits
    const closed = { then: () => waits++ } as unknown as Promise<void>
    const channel = Object.assign(new Listener(), { closed })
    for (let index = 0; index < 3; index++) {
      hub.subscribe(channel, 'room')
      hub.unsubscribe(channel)
    }
    expect(waits).toBe(1)
  })

  it('reads its own cursors, however many topics a channel may have, and null as none', () => {
    const hub = createHub({ maxTopicsPerChannel: 1000 })
    const topics = Array.from({ length: 600 }, (_, index) => `topic ${index}`)
    for (const topic of topics) hub.publish(topic, 'one')
    const ask = (after: string | null): HttpListener['answer'] => {
      const channel = new HttpListener()
      hub.subscribe(channel, topics, { after, wait: 0 })
      return channel.answer
    }
    const { id } = ask(null)
    hub.publish('topic 7', 'two')
    expect([ask(null), ask(id)]).toMatchObject([
      { messages: [], complete: true },
      { messages: ['two'], complete: true },
    ])
    expect(hub.stats().delivered).toBe(1)
  })

  it('is not for who is closed, and ends by itself when a channel closes', async () => {
    const hub = createHub()
    const channel = new HttpListener()
    expect(hub.subscribe(channel, 'room', { as: 'stream' })).toBe(true)
    channel.close()
    await channel.closed
    expect([hub.count('room'), hub.stats().subscribers]).toEqual([0, 0])
    expect(hub.subscribe(channel, 'room')).toBe(false)
  })

  it.each<[string, unknown, object, RegExp]>([
    ['an empty topic', '', {}, /not empty/],
    ['a topic that is no text', 7, {}, /string/],
    ['half a character', '\ud800', {}, /not empty/],
    ['a long topic', 'x'.repeat(257), {}, /256/],
    ['too much presence', 'room', { presence: 'x'.repeat(1023) }, /1024/],
    ['presence that JSON cannot say', 'room', { presence: () => {} }, /JSON/],
    ['events on a WebSocket', 'room', { as: 'event-stream' }, /WebSocket/],
    ['a manner that there is not', 'room', { as: 'telegram' }, /telegram/],
    ['a wait below 0', 'room', { wait: -1 }, /wait/],
  ])('refuses %s', (_what, topic, options, message) => {
    const hub = createHub()
    expect(() => hub.subscribe(new Listener(), topic as string, options)).toThrow(message)
    expect(hub.stats()).toMatchObject({ subscribers: 0 })
  })

  it('takes a topic of 256 characters, presence of 1024, and as many topics as a channel may have', () => {
    const hub = createHub({ maxTopicsPerChannel: 3 })
    const listener = new Listener()
    expect(hub.subscribe(listener, ['ö'.repeat(256), 'b'], { presence: 'x'.repeat(1022) })).toBe(true)
    expect(() => hub.subscribe(listener, ['c', 'd'])).toThrow(/3 topics/)
    expect(hub.stats().subscribers).toBe(2)
    expect(hub.subscribe(listener, ['b', 'c'])).toBe(true)
  })
})

describe('what is remembered', () => {
  const everything = (hub: Hub, after = ''): unknown[] => {
    const late = new Listener()
    hub.subscribe(late, 'room', { after })
    hub.unsubscribe(late)
    return late.got
  }

  it('is the last so many messages, and no more bytes than may be', () => {
    const few = createHub({ history: 3 })
    for (const word of ['a', 'b', 'c', 'd']) few.publish('room', word)
    expect(everything(few)).toEqual(['b', 'c', 'd'])
    const small = createHub({ historyBytes: 5 })
    for (const word of ['aa', 'öö', 'c', 'much more']) small.publish('room', word)
    expect(everything(small)).toEqual([])
    for (const word of ['aa', 'öö', 'c']) small.publish('room', word)
    expect(everything(small)).toEqual(['öö', 'c'])
  })

  it('is forgotten in time, and so are topics that nobody uses', async () => {
    const hub = createHub({ historyTime: 100 })
    const [listener] = joined(hub, 1, 'used')
    hub.publish('room', 'a')
    hub.publish('used', 'b')
    const cursor = hub.cursor('room')
    await expect.poll(() => hub.stats().topics, { interval: 10 }).toBe(1)
    expect(everything(hub)).toEqual([])
    hub.publish('used', 'c')
    expect(listener!.got).toEqual(['b', 'c'])
    const channel = new HttpListener()
    hub.subscribe(channel, 'room', { after: cursor })
    expect(channel.answer).toMatchObject({ messages: [], complete: false })
  })

  it('is of so many topics: an idle one goes for a new one, and one that is used does not', () => {
    const hub = createHub({ maxTopics: 2 })
    joined(hub, 1, 'a')
    hub.publish('b', 'x')
    hub.publish('c', 'y')
    expect([hub.stats().topics, everything(hub)]).toEqual([2, []])
    const [, last] = [joined(hub, 1, 'c'), new Listener()]
    expect(() => hub.publish('d', 'z')).toThrow(/2 topics/)
    expect(() => hub.subscribe(last, ['c', 'd'])).toThrow(/2 topics/)
    expect([hub.publish('c', 'fine'), last.got, hub.stats().subscribers]).toEqual([1, [], 2])
  })
})

describe('the hub itself', () => {
  it('is local without an adapter, ready at once, and takes nothing more once it is closed', async () => {
    const hub = createHub()
    const statuses: string[] = []
    hub.on('status', (status) => statuses.push(status))
    const [listener] = joined(hub, 1)
    await hub.ready()
    expect(hub.status).toBe('local')
    await hub.close()
    await hub.close()
    expect([hub.status, statuses]).toEqual(['closed', ['closed']])
    expect([hub.publish('room', 'a'), hub.subscribe(listener!, 'room'), hub.count('room')]).toEqual([
      0,
      false,
      0,
    ])
    expect([listener!.got, listener!.isOpen]).toEqual([[], true])
    await expect(hub.ready()).rejects.toThrow('closed')
  })

  it('tells every listener, though one before has failed, and none that is off', async () => {
    const hub = createHub()
    const told: string[] = []
    const off = (): unknown => told.push('off')
    hub.once('status', off).off('status', off)
    hub.on('status', () => {
      throw new Error('a listener’s own')
    })
    hub.once('status', (status) => told.push(status))
    await hub.close()
    expect(told).toEqual(['closed'])
  })

  it('tells of an event stream that fails while nothing comes', async () => {
    const hub = createHub()
    const error = new Promise<Error>((resolve) => {
      hub.once('error', resolve)
    })
    const stream = new HttpListener()
    hub.subscribe(stream, 'room', { as: 'event-stream', wait: 1 })
    stream.send = () => {
      throw new Error('broken')
    }
    expect((await error).message).toBe('broken')
    hub.unsubscribe(stream)
  })

  it('tells of presence when it changes, what changes together once', async () => {
    const hub = createHub()
    const changed: string[] = []
    hub.on('presence', (topic) => {
      changed.push(`${topic} ${hub.count(topic)}`)
      throw new Error('a listener’s own')
    })
    const errors: string[] = []
    hub.on('error', ({ message }) => errors.push(message))
    const [first, second] = [new Listener(), new Listener()]
    hub.subscribe(first, 'room', { presence: { name: 'Ada' } })
    hub.subscribe(second, ['room', 'other'], { presence: null })
    expect([hub.presence('room'), hub.presence('other'), hub.count('room')]).toEqual([
      [{ name: 'Ada' }, null],
      [null],
      2,
    ])
    await expect.poll(() => changed).toEqual(['room 2', 'other 1'])
    hub.subscribe(first, 'room', { presence: 'Grace' })
    hub.unsubscribe(second)
    expect(hub.presence('room')).toEqual(['Grace'])
    await expect.poll(() => changed.slice(2)).toEqual(['room 1', 'other 0'])
    expect(errors.length).toBe(4)
  })

  it.each([
    { history: -1 },
    { historyTime: 0 },
    { maxTopics: 0 },
    { memberTimeout: 1 },
    { historyBytes: Number.NaN },
  ])('refuses %j', (options) => {
    expect(() => createHub(options)).toThrow(RangeError)
  })
})
