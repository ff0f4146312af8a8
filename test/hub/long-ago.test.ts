// What was published long ago, by processes that are gone or silent: it is neither sent again, nor asked for without end. Time is
// the test's own.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Hub } from '../../src/hub.js'
import { Bus, HttpListener, Listener } from '../support/hub-link.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const MINUTE = 60_000

function opened(bus: Bus): Hub {
  const { hub, link } = bus.hub()
  link.up()
  hub.subscribe(new Listener(), 'room')
  return hub
}

function ask(hub: Hub, after: string): HttpListener['answer'] {
  const channel = new HttpListener()
  hub.subscribe(channel, 'room', { after, wait: 0 })
  return channel.answer
}

it('is no matter any more to who polls at processes that remember it, and others that never heard of it', () => {
  const bus = new Bus()
  const early = opened(bus)
  early.publish('room', 'old')
  let { id } = ask(early, early.cursor('room'))
  vi.advanceTimersByTime(20 * MINUTE)
  bus.kept.clear()
  const late = opened(bus)
  const told: boolean[] = []
  for (const hub of [late, early, late, early, late]) {
    const answer = ask(hub, id)
    told.push(answer.complete)
    id = answer.id
    vi.advanceTimersByTime(MINUTE)
  }
  // The first is not known to have been well informed.
  expect(told).toEqual([false, true, true, true, true])
  early.publish('room', 'new')
  expect(ask(late, id)).toMatchObject({ messages: ['new'], complete: true })
  expect(ask(early, id)).toMatchObject({ messages: ['new'], complete: true })
})

it('is not sent twice where its writers are forgotten, and what is kept is read again', () => {
  const bus = new Bus()
  const { hub, link } = bus.hub()
  link.up()
  const listener = new Listener()
  hub.subscribe(listener, 'room')
  const writers = Array.from({ length: 12 }, () => opened(bus))
  for (const writer of writers) writer.publish('room', 'first')
  vi.advanceTimersByTime(20 * MINUTE)
  expect(hub.cursor('room').split('.').length).toBeLessThan(12)
  link.reread('room')
  expect(listener.got.length).toBe(12)
  // Nothing of his is missing.
  writers[0]!.publish('room', 'second')
  expect([listener.got.slice(12), hub.stats().missed]).toEqual([['second'], 0])
})

it('does not make cursors long, whoever writes', () => {
  const bus = new Bus()
  const { hub, link } = bus.hub()
  link.up()
  hub.subscribe(new Listener(), 'room')
  for (let index = 0; index < 1000; index++) {
    link.host.received('room', Buffer.from(`1twriter${String(index).padStart(6, '0')}:1:0\nx`))
  }
  expect([hub.stats().received, hub.cursor('room').split('.').length < 250]).toEqual([1000, true])
})
