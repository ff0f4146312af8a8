// A request's channel as a thread has it: it tells whether anybody still waits for the answer, also while the handler computes, for it
// looks at memory that both sides share. To send is for the event loop, which has the sockets.
import type { RequestChannel } from '../ring/as-channel.js'

export class ThreadChannel implements RequestChannel {
  readonly websocket = false
  readonly bufferedAmount = 0
  private readonly over: Int32Array

  /** @param over 1 from when the answer is complete, or its client gone */
  constructor(over: Int32Array) {
    this.over = over
  }

  get isOpen(): boolean {
    return Atomics.load(this.over, 0) === 0
  }

  get closed(): Promise<void> {
    const { value } = (Atomics as unknown as SharedMemory).waitAsync(this.over, 0, 0)
    return Promise.resolve(value).then(() => {})
  }

  send = refuse
  close = refuse
  drained = refuse
  watch = refuse
  upgrade = refuse
}

/** Of ES2024, and in every Node that is supported. */
interface SharedMemory {
  waitAsync(at: Int32Array, index: number, value: number): { value: unknown }
}

function refuse(): never {
  throw new TypeError(NO_CHANNELS)
}

/** Why a handler may not answer so. */
export const NO_CHANNELS =
  'channels and WebSockets stay with the event loop: answer them there, and hand threads what is to be computed'
