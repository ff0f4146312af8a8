// Whatever is published, cut, held back and read late, in any order: nothing comes twice, each writer's messages come in their
// order, and a client that goes from process to process has all that was not lost, or has been told that it has not.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Hub } from '../../src/hub.js'
import { Bus, HttpListener, type LinkEnd, Listener } from '../support/hub-link.js'

const HUBS = 3

type Action = [kind: string, at: number]
const action = fc.tuple(
  fc.constantFrom(
    'publish',
    'publish',
    'publish',
    'poll',
    'poll',
    'poll other',
    'hold',
    'release',
    'cut',
    'up',
    'late',
    'read',
  ),
  fc.nat(HUBS - 1),
) as fc.Arbitrary<Action>

/** A client that polls, wherever it is told to, and notes what it got. */
class Poller {
  readonly got: string[] = []
  isTold = false
  private id: string
  private channel: HttpListener | undefined = undefined

  constructor(cursor: string) {
    this.id = cursor
  }

  /** Takes its answer, if it has come; else asks, unless it waits for one. */
  poll(hub: Hub, wait: number): void {
    if (this.channel !== undefined && !this.take()) return
    this.channel = new HttpListener()
    hub.subscribe(this.channel, 'room', { after: this.id, wait })
    this.take()
  }

  private take(): boolean {
    if (this.channel?.isOpen !== false) return false
    const { id, messages, complete } = this.channel.answer
    this.channel = undefined
    this.id = id
    this.got.push(...(messages as string[]))
    if (!complete) this.isTold = true
    return true
  }

  /** Goes, before it is answered. */
  leave(): void {
    if (!this.take()) this.channel?.close()
    this.channel = undefined
  }
}

class World {
  readonly bus = new Bus()
  readonly hubs: Hub[] = []
  readonly links: LinkEnd[] = []
  readonly listeners: Listener[] = []
  readonly pollers: Poller[] = []
  /** By hub, the last that it published while it was linked. */
  readonly reached = new Map<number, number>()
  private readonly sent = Array.from({ length: HUBS }, () => 0)

  constructor(history: number) {
    for (let at = 0; at < HUBS; at++) {
      const { hub, link } = this.bus.hub({ history })
      const listener = new Listener()
      // The second poller begins where nobody else has been heard yet.
      if (at === 1) this.pollers.push(new Poller(hub.cursor('room')))
      link.up()
      if (at === 0) this.pollers.push(new Poller(hub.cursor('room')))
      hub.subscribe(listener, 'room')
      this.hubs.push(hub)
      this.links.push(link)
      this.listeners.push(listener)
    }
  }

  act([kind, at]: Action): void {
    const link = this.links[at]!
    if (kind === 'publish') this.publish(at)
    else if (kind === 'poll') this.pollers[0]!.poll(this.hubs[at]!, 0)
    else if (kind === 'poll other') this.pollers[1]!.poll(this.hubs[at]!, 1000)
    else if (kind === 'hold') this.bus.isHeld = true
    else if (kind === 'release') this.bus.release()
    else if (kind === 'cut' && link.isUp) link.cut()
    else if (kind === 'up' && !link.isUp) link.up()
    else if (kind === 'late') link.holdsReads = true
    else if (kind === 'read') link.answerReads()
  }

  private publish(at: number): void {
    const number = ++this.sent[at]!
    if (this.links[at]!.isUp) this.reached.set(at, number)
    this.hubs[at]!.publish('room', `${at}:${number}`)
  }

  /** All is well again, everybody has said one thing more, and the pollers have been everywhere. */
  settle(): void {
    this.bus.release()
    for (const link of this.links) {
      link.answerReads()
      if (!link.isUp) link.up()
    }
    for (const at of this.hubs.keys()) this.publish(at)
    for (const poller of this.pollers) {
      poller.leave()
      for (const hub of [...this.hubs, ...this.hubs]) {
        poller.poll(hub, 0)
        poller.leave()
      }
    }
  }
}

function numbersOf(got: readonly unknown[], at: number): number[] {
  return got.flatMap((word) => (String(word).startsWith(`${at}:`) ? [Number(String(word).slice(2))] : []))
}

it.each([1000, 3])(
  'nothing comes twice, or out of order, or is missing without a word (%i remembered)',
  async (history) => {
    const check = async (actions: Action[]): Promise<void> => {
      const world = new World(history)
      for (const one of actions) world.act(one)
      world.settle()
      for (const { got } of [...world.listeners, ...world.pollers]) {
        for (const at of world.hubs.keys()) {
          const numbers = numbersOf(got, at)
          expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
        }
      }
      for (const { got } of world.pollers.filter(({ isTold }) => !isTold)) {
        for (const at of world.hubs.keys()) {
          const numbers = numbersOf(got, at)
          expect(numbers).toEqual(numbers.map((_, index) => index + 1))
          expect(numbers.at(-1)).toBe(world.reached.get(at))
        }
      }
      for (const hub of world.hubs) await hub.close()
    }
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), check), { numRuns: 300 })
  },
)
