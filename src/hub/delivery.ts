// One message on its way to the channels of this process. What many of them are sent is made once.
import { encodeUtf8 } from '../core/text.js'
import type { SharedMessage } from '../ring/shared-message.js'
import { eventOf, GAP } from './event-stream.js'
import { pollAnswer } from './poll-answer.js'

export class Delivery {
  readonly shared: SharedMessage
  /** False where some before it never came. */
  readonly isComplete: boolean
  /** What those have seen who have got it, and follow no more than its topic. */
  private readonly cursorOf: () => string
  private readonly made = new Map<string, string | Uint8Array>()

  constructor(shared: SharedMessage, isComplete: boolean, cursorOf: () => string) {
    this.shared = shared
    this.isComplete = isComplete
    this.cursorOf = cursorOf
  }

  get message(): string | Uint8Array {
    return this.shared.message
  }

  get cursor(): string {
    return this.once('cursor', this.cursorOf) as string
  }

  /** As an event of an event stream. */
  eventFor(cursor: string): Uint8Array {
    const make = (): Uint8Array => {
      return encodeUtf8((this.isComplete ? '' : GAP) + eventOf(this.message, cursor))
    }
    return cursor === this.cursor ? (this.once('event', make) as Uint8Array) : make()
  }

  /** As a poll's answer. */
  answerFor(cursor: string): Uint8Array {
    const make = (): Uint8Array => encodeUtf8(pollAnswer([this.message], cursor, this.isComplete))
    return cursor === this.cursor ? (this.once('answer', make) as Uint8Array) : make()
  }

  private once(kind: string, make: () => string | Uint8Array): string | Uint8Array {
    const made = this.made.get(kind) ?? make()
    this.made.set(kind, made)
    return made
  }
}
