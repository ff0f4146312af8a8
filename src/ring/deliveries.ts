// What a peer sent, handed on one thing at a time and in order: where the receiver returns a promise, or is still at work,
// what follows waits.
import { isThenable } from '../io/thenable.js'

export interface Receiver<Item> {
  /** Called with one item at a time. It may return a promise to be waited for, which never rejects. */
  receive(item: Item): unknown
  /** Nothing waits any more. */
  onCaughtUp(): void
}

/** Bytes that may wait before no more is read. */
const MAX_WAITING = 64 * 1024
/** What an item counts beyond its bytes. */
const ITEM_SIZE = 64

export class Deliveries<Item> {
  /** True while an item is being handled. */
  isBusy = false
  private readonly receiver: Receiver<Item>
  private waiting: { item: Item; size: number }[] | undefined = undefined
  /** Bytes of what waits. */
  waitingBytes = 0

  constructor(receiver: Receiver<Item>) {
    this.receiver = receiver
  }

  /** True when no more is to be read before some of what waits has been handled. */
  get isFull(): boolean {
    return this.waitingBytes >= MAX_WAITING
  }

  /** @param size bytes of the item */
  deliver(item: Item, size: number): void {
    if (this.isBusy) return this.keep(item, size)
    this.handOn(item)
    if (this.waiting !== undefined) this.catchUp()
  }

  private keep(item: Item, size: number): void {
    this.waiting ??= []
    this.waiting.push({ item, size })
    this.waitingBytes += size + ITEM_SIZE
  }

  /** Forgets what waits. */
  clear(): void {
    this.waiting = undefined
    this.waitingBytes = 0
  }

  private handOn(item: Item): void {
    this.isBusy = true
    const outcome = this.receiver.receive(item)
    if (isThenable(outcome)) outcome.then(() => this.goOn())
    else this.isBusy = false
  }

  private goOn(): void {
    this.isBusy = false
    this.catchUp()
  }

  private catchUp(): void {
    while (!this.isBusy && this.waiting !== undefined && this.waiting.length > 0) {
      const { item, size } = this.waiting.shift()!
      this.waitingBytes -= size + ITEM_SIZE
      this.handOn(item)
    }
    if (this.isBusy) return
    this.waiting = undefined
    this.receiver.onCaughtUp()
  }
}
