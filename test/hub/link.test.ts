// Hubs joined by a link that the test has in its hands: what comes late, twice, in the wrong order, or never.
import { describe, expect, it } from 'vitest'
import type { Hub } from '../../src/hub.js'
import { Bus, HttpListener, type LinkEnd, Listener } from '../support/hub-link.js'
import { until } from '../support/waiting.js'

/** So many hubs, linked. */
function linked(count: number, options = {}): { bus: Bus; hubs: Hub[]; links: LinkEnd[] } {
  const bus = new Bus()
  const all = Array.from({ length: count }, () => bus.hub(options))
  for (const { link } of all) link.up()
  return { bus, hubs: all.map(({ hub }) => hub), links: all.map(({ link }) => link) }
}

function listenAt(hub: Hub, after?: string): Listener {
  const listener = new Listener()
  hub.subscribe(listener, 'room', { after })
  return listener
}

function pollAt(hub: Hub, after?: string): HttpListener {
  const channel = new HttpListener()
  hub.subscribe(channel, 'room', { after })
  return channel
}

/** Two hubs, and a client that has got a message here which is still on its way there, where somebody listens. */
function outrun(): { bus: Bus; here: Hub; there: Hub; first: HttpListener } {
  const { bus, hubs } = linked(2)
  const [here, there] = hubs as [Hub, Hub]
  listenAt(there)
  const first = pollAt(here)
  bus.isHeld = true
  here.publish('room', 'a')
  return { bus, here, there, first }
}

/** The cursor as if it were of long ago. */
function old(cursor: string): string {
  return cursor.replace(/-[0-9a-z]+/, '-1')
}

/** Long enough for every clock to have moved; workerd's stands still while code runs. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

/** Settles when it has told of what has changed. */
function told(hub: Hub): Promise<void> {
  return new Promise((resolve) => {
    hub.once('presence', () => resolve())
  })
}

describe('messages of another process', () => {
  it('wait until those before them have been read, and come once', async () => {
    const { hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    here.publish('room', 'long ago')
    await aWhile()
    links[1]!.holdsReads = true
    const listener = listenAt(there)
    const late = pollAt(there, '')
    here.publish('room', 'a')
    here.publish('room', 'b')
    there.publish('room', 'own')
    expect([listener.got, late.sent.length]).toEqual([['own'], 0])
    links[1]!.answerReads()
    expect(listener.got).toEqual(['own', 'a', 'b'])
    expect(late.answer).toMatchObject({ messages: ['own', 'long ago', 'a', 'b'], complete: true })
    there.publish('room', 'own too')
    expect(listener.got).toEqual(['own', 'a', 'b', 'own too'])
    expect(there.stats()).toMatchObject({ received: 3, duplicates: 0, missed: 0 })
  })

  it('are not waited for longer than a thousand have come', () => {
    const { hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    links[1]!.holdsReads = true
    const listener = listenAt(there)
    for (let index = 0; index < 1000; index++) here.publish('room', String(index))
    expect(listener.got).toEqual([])
    here.publish('room', '1000')
    expect(listener.got.length).toBe(1001)
    links[1]!.answerReads()
    expect([listener.got.length, there.stats().duplicates]).toEqual([1001, 0])
  })

  it('are dropped where they come again, and looked for where one is missing', () => {
    const { bus, hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    const listener = listenAt(there)
    here.publish('room', 'a')
    const [first] = bus.kept.get('room')!
    links[1]!.host.received('room', first!.envelope)
    expect(there.stats()).toMatchObject({ duplicates: 1, missed: 0 })
    // Kept, and not delivered.
    links[1]!.followed.delete('room')
    here.publish('room', 'b')
    links[1]!.followed.add('room')
    here.publish('room', 'c')
    expect(listener.got).toEqual(['a', 'b', 'c'])
    // Neither.
    links[0]!.isUp = false
    here.publish('room', 'd')
    links[0]!.isUp = true
    here.publish('room', 'e')
    expect(listener.got).toEqual(['a', 'b', 'c', 'e'])
    expect([here.stats().lost, there.stats()]).toMatchObject([1, { missed: 1, received: 4, duplicates: 1 }])
  })

  it('are not asked for while nobody is there, and not missed', async () => {
    const { hubs, links } = linked(2, { historyTime: 400, history: 5 })
    const [here, there] = hubs as [Hub, Hub]
    const first = listenAt(there)
    here.publish('room', 'a')
    there.unsubscribe(first)
    await until(() => !links[1]!.followed.has('room'))
    for (let index = 0; index < 10; index++) here.publish('room', String(index))
    await aWhile()
    const second = listenAt(there)
    here.publish('room', 'b')
    expect([first.got, second.got, there.stats().missed]).toEqual([['a'], ['b'], 0])
  })

  it('that were published while the link was cut are brought when it is back, to those who were there', () => {
    const { hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    const listener = listenAt(there)
    links[1]!.cut()
    here.publish('room', 'a')
    there.publish('room', 'own')
    expect([there.status, there.stats().lost, listener.got]).toEqual(['disconnected', 1, ['own']])
    const polled = pollAt(there, there.cursor('room'))
    expect(polled.isOpen).toBe(true)
    links[1]!.up()
    here.publish('room', 'b')
    expect(listener.got).toEqual(['own', 'a', 'b'])
    expect([polled.answer.messages, there.status]).toEqual([['a'], 'connected'])
    expect(pollAt(there, polled.answer.id).answer.messages).toEqual(['b'])
  })

  it('are not waited for where the link is cut while they are being read', () => {
    const { hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    const place = there.cursor('room')
    there.publish('room', 'own')
    links[0]!.holdsReads = true
    const polled = pollAt(here, place)
    here.publish('room', 'mine')
    expect(polled.isOpen).toBe(true)
    links[0]!.cut()
    expect(polled.answer.messages).toEqual(['mine'])
    links[0]!.holdsReads = false
    links[0]!.up()
    expect(pollAt(here, polled.answer.id).answer.messages).toEqual(['own'])
  })
})

describe('a cursor', () => {
  it('means the same in a process that is behind, and nothing is sent again when it catches up', () => {
    const { hubs, links } = linked(2)
    const [here, there] = hubs as [Hub, Hub]
    listenAt(here)
    for (const word of ['a', 'b']) here.publish('room', word)
    const place = here.cursor('room')
    links[1]!.cut()
    const [listener, polled] = [listenAt(there, place), pollAt(there, place)]
    there.publish('room', 'own')
    here.publish('room', 'c')
    expect(polled.answer).toMatchObject({ messages: ['own'], complete: true })
    links[1]!.up()
    expect(listener.got).toEqual(['own', 'c'])
    expect(pollAt(there, polled.answer.id).answer).toMatchObject({ messages: ['c'], complete: true })
    expect(pollAt(here, polled.answer.id).answer).toMatchObject({ messages: ['c'], complete: true })
    // What the other has written while it was cut off never came here, and might have been more.
    expect(pollAt(here, old(polled.answer.id)).answer).toMatchObject({ messages: ['c'], complete: false })
  })

  it('may be ahead of a process: what its client has seen is not sent it again when it comes there', () => {
    const { bus, here, there, first } = outrun()
    const [second, events] = [pollAt(there, first.answer.id), new HttpListener()]
    there.subscribe(events, 'room', { as: 'event-stream', after: first.answer.id })
    bus.release()
    expect([second.isOpen, events.bodies.join('').includes('data:')]).toEqual([true, false])
    there.publish('room', 'b')
    expect([first, second].map(({ answer }) => [answer.messages, answer.complete])).toEqual([
      [['a'], true],
      [['b'], true],
    ])
    expect(events.bodies.at(-1)).toBe(`data: b\nid: ${there.cursor('room')}\n\n`)
    const third = pollAt(here, second.answer.id)
    expect(third.isOpen).toBe(true)
  })

  it('may be old and ahead of a process, and nothing is sent again for all that', () => {
    const { bus, here, there, first } = outrun()
    const listener = listenAt(there, old(first.answer.id))
    bus.release()
    here.publish('room', 'b')
    expect(listener.got).toEqual(['b'])
  })

  it('is of now also in a process that has yet to hear what others have said, and loses nothing there', async () => {
    const { bus, hubs } = linked(1, { history: 5 })
    const [here] = hubs as [Hub]
    const askAt = (hub: Hub, after?: string): HttpListener['answer'] => {
      const channel = new HttpListener()
      hub.subscribe(channel, 'room', { after, wait: 0 })
      return channel.answer
    }
    const empty = here.cursor('room')
    for (let index = 0; index < 3; index++) here.publish('room', `long ago ${index}`)
    const whole = here.cursor('room')
    const cut = bus.hub({ history: 5 })
    cut.link.cut()
    const partial = askAt(cut.hub).id
    here.publish('room', 'before')
    // Cursors know seconds.
    await new Promise((resolve) => setTimeout(resolve, 2100))
    const late = bus.hub({ history: 5 })
    late.link.cut()
    const still = [cut.hub, late.hub].flatMap((one) =>
      [empty, whole, partial].map((cursor) => askAt(one, cursor).id),
    )
    const { hub, link } = bus.hub({ history: 5 })
    link.holdsReads = true
    link.up()
    const [place, asked] = [hub.cursor('room'), askAt(hub).id]
    here.publish('room', 'a')
    link.answerReads()
    cut.link.up()
    for (const one of [hub, here, cut.hub]) {
      for (const cursor of [place, asked]) {
        expect(askAt(one, cursor)).toMatchObject({ messages: ['a'], complete: true })
      }
      for (const cursor of [empty, whole, partial, ...still]) {
        expect(askAt(one, cursor).messages.slice(-2)).toEqual(['before', 'a'])
      }
    }
    for (let index = 0; index < 5; index++) here.publish('room', String(index))
    for (const one of [hub, here]) {
      expect(askAt(one, place)).toMatchObject({ messages: ['0', '1', '2', '3', '4'], complete: false })
    }
  })

  it('of a process that nobody knows any more says so once', () => {
    const gone = linked(1)
    gone.hubs[0]!.publish('room', 'a')
    const { hubs } = linked(1)
    const first = pollAt(hubs[0]!, old(gone.hubs[0]!.cursor('room')))
    expect(first.answer).toMatchObject({ messages: [], complete: false })
    const second = pollAt(hubs[0]!, first.answer.id)
    expect(second.isOpen).toBe(true)
    hubs[0]!.publish('room', 'b')
    expect(second.answer).toMatchObject({ messages: ['b'], complete: true })
  })

  it('stays short, however many processes have come and gone', async () => {
    const bus = new Bus()
    const { hub, link } = bus.hub({ historyTime: 100 })
    link.up()
    const listener = listenAt(hub)
    for (let index = 0; index < 200; index++) {
      const other = bus.hub()
      other.link.up()
      other.hub.publish('room', String(index))
      await other.hub.close()
    }
    expect(listener.got.length).toBe(200)
    await until(() => hub.cursor('room').length < 200)
  })
})

describe('count and presence', () => {
  it('are those of all processes, and follow what changes', async () => {
    const { hubs } = linked(3)
    const listeners = hubs.map((hub, index) => {
      const listener = new Listener()
      hub.subscribe(listener, 'room', { presence: { index } })
      return listener
    })
    hubs[0]!.subscribe(new Listener(), 'room')
    await until(() => hubs.every((hub) => hub.count('room') === 4))
    const indices = (hub: Hub): unknown[] =>
      hub
        .presence('room')
        .map((presence) => (presence as { index: number }).index)
        .toSorted()
    expect(hubs.map(indices)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ])
    hubs[1]!.unsubscribe(listeners[1]!)
    hubs[2]!.subscribe(listeners[2]!, 'room', { presence: { index: 7 } })
    await until(() => hubs.every((hub) => hub.count('room') === 3))
    await until(() => indices(hubs[0]!).includes(7))
    expect(hubs.map(indices)).toEqual([
      [0, 7],
      [0, 7],
      [0, 7],
    ])
  })

  it('are told whole to who comes new, however many they are', async () => {
    const { bus, hubs } = linked(1)
    for (let index = 0; index < 1200; index++) {
      hubs[0]!.subscribe(new Listener(), `topic ${index % 3}`, { presence: index })
    }
    await told(hubs[0]!)
    const { hub, link } = bus.hub()
    listenAt(hub)
    await told(hub)
    link.up()
    // Long before anybody shows a sign of life.
    await until(() => hub.count('topic 2') === 400 && hubs[0]!.count('room') === 1, 1500)
    const all = [0, 1, 2].flatMap((index) => hub.presence(`topic ${index}`) as number[])
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1200 }, (_, index) => index))
    expect(hub.topics().toSorted()).toEqual(['room', 'topic 0', 'topic 1', 'topic 2'])
  })

  it('come right where a change was not heard', async () => {
    const { hubs, links } = linked(2, { memberTimeout: 400 })
    const [here, there] = hubs as [Hub, Hub]
    await until(() => there.stats().processes === 2)
    links[1]!.isUp = false
    const listener = listenAt(here)
    await told(here)
    links[1]!.isUp = true
    expect(there.count('room')).toBe(0)
    await until(() => there.count('room') === 1)
    here.unsubscribe(listener)
    await until(() => there.count('room') === 0)
  })

  it('believe nobody who says too much', () => {
    const { hubs, links } = linked(1)
    const say = (told: object): void => links[0]!.host.told(JSON.stringify({ from: 'aliarsname', ...told }))
    const malformed = (): number => hubs[0]!.stats().malformed
    say({ kind: 'whole', version: 0, isFirst: true, isLast: true, changes: [['room', 1, [[1, 'x']], []]] })
    expect([hubs[0]!.count('room'), malformed()]).toEqual([1, 0])
    say({ kind: 'change', version: 1, changes: [['x'.repeat(257), 1, [], []]] })
    say({ kind: 'change', version: 1, changes: [['room', 1, [[1, 'x'.repeat(1100)]], []]] })
    say({ kind: 'change', version: 1, changes: [['room', 1, [[1]], []]] })
    expect([hubs[0]!.count('room'), malformed()]).toEqual([1, 3])
    for (let version = 1; malformed() === 3 && version < 10; version++) {
      const come = Array.from({ length: 100_000 }, (_, index) => [version * 100_000 + index, 0])
      say({ kind: 'change', version, changes: [['room', 1, come, []]] })
    }
    expect([hubs[0]!.count('room'), malformed(), hubs[0]!.stats().processes]).toEqual([0, 4, 1])
  })

  it('forget a process that is silent, within the time, and one that says farewell at once', async () => {
    const { hubs, links } = linked(3, { memberTimeout: 300 })
    const [here, silent, polite] = hubs as [Hub, Hub, Hub]
    for (const hub of hubs) listenAt(hub)
    await until(() => here.count('room') === 3)
    const changed: string[] = []
    here.on('presence', (topic) => changed.push(topic))
    await polite.close()
    expect(here.count('room')).toBe(2)
    links[1]!.isUp = false
    const start = performance.now()
    await until(() => here.count('room') === 1)
    expect(performance.now() - start).toBeGreaterThan(100)
    expect(here.stats().processes).toBe(1)
    await until(() => silent.count('room') === 1)
    expect(new Set(changed)).toEqual(new Set(['room']))
    links[1]!.up()
    await until(() => here.count('room') === 2 && silent.count('room') === 2)
  })
})
