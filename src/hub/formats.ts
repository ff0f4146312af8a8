// The ways in which a channel is sent messages.
import { quietly } from '../io/quietly.js'
import { sendTo } from '../ring/broadcast.js'
import type { RingResponse } from '../ring/contract.js'
import { isBody, messageOf, TEXT_TYPE } from '../ring/message.js'
import { SharedMessage } from '../ring/shared-message.js'
import type { Format, SubscribeOptions, Subscriber } from './contract.js'
import type { Delivery } from './delivery.js'
import { COMMENT, EVENT_STREAM_HEADERS, eventOf, GAP, idOf } from './event-stream.js'
import { POLL_HEADERS, pollAnswer } from './poll-answer.js'

/** Whom messages are sent to, and how far they have come. */
export interface Reader {
  readonly channel: Subscriber
  readonly headers: RingResponse['headers']
  /** What the channel has seen once it has got what it is being sent. */
  cursorAfter(delivery?: Delivery): string
}

/** Messages that somebody has not seen. */
export interface Missed {
  readonly messages: readonly (string | Uint8Array)[]
  /** False where some that he has not seen either are forgotten. */
  readonly isComplete: boolean
  /** For each of them, what has been seen by who has got it and those before it. */
  cursors(): string[]
}

export interface Manner {
  /** True where the channel is answered once, and has left then. */
  readonly isOnce: boolean
  /** True where the channel is told its place, also when nothing has come. */
  readonly isPlaced: boolean
  /** The first that is sent, before any message. */
  begin?(reader: Reader): void
  /** What is sent now and then, so that it is seen that the connection lives. */
  rest?(reader: Reader): boolean
  /** A message as it comes. @returns whether the channel has taken it */
  send(reader: Reader, delivery: Delivery): boolean
  /** What has come before; for one that is answered once this is the answer, be there messages or not. */
  sendMany(reader: Reader, missed: Missed): boolean
}

/** @throws TypeError for what this channel cannot be sent */
export function mannerOf(channel: Subscriber, as: SubscribeOptions['as']): Manner {
  const isHttp = channel.websocket === false
  if (typeof as === 'function') return new Formatted(as, isHttp)
  switch (as ?? (isHttp ? 'poll' : 'message')) {
    case 'message':
    case 'stream':
      return isHttp ? stream : bare
    case 'event-stream':
      if (isHttp) return eventStream
      break
    case 'poll':
      if (isHttp) return poll
      break
  }
  throw new TypeError(`a ${isHttp ? 'channel' : 'WebSocket'} cannot be sent messages as ${String(as)}`)
}

const bare: Manner = {
  isOnce: false,
  isPlaced: false,
  send: ({ channel }, { shared }) => sendTo(channel, shared, false),
  sendMany: ({ channel }, { messages }) => messages.every((message) => sendBare(channel, message)),
}

// The sockets of Ring listeners have another `send` than channels; what is shared is sent to both alike.
function sendBare(channel: Subscriber, message: string | Uint8Array): boolean {
  return sendTo(channel, new SharedMessage(message), false)
}

const stream: Manner = {
  ...bare,
  begin({ channel, headers }) {
    post(channel, { headers: { ...TEXT_TYPE, 'Cache-Control': 'no-store', ...headers } }, false)
  },
}

const eventStream: Manner = {
  isOnce: false,
  isPlaced: true,
  begin(reader) {
    const { channel, headers } = reader
    post(channel, { headers: { ...EVENT_STREAM_HEADERS, ...headers }, body: COMMENT }, false)
  },
  send(reader, delivery) {
    return post(reader.channel, delivery.eventFor(reader.cursorAfter(delivery)), false)
  },
  rest({ channel }) {
    return post(channel, COMMENT, false)
  },
  sendMany(reader, { messages, isComplete, cursors }) {
    const ids = cursors()
    const events = messages.map((message, index) => eventOf(message, ids[index]!))
    const all = (isComplete ? '' : GAP) + events.join('') + idOf(reader.cursorAfter())
    return post(reader.channel, all, false)
  },
}

const poll: Manner = {
  isOnce: true,
  isPlaced: false,
  send(reader, delivery) {
    return answer(reader, delivery.answerFor(reader.cursorAfter(delivery)))
  },
  sendMany(reader, { messages, isComplete }) {
    return answer(reader, pollAnswer(messages, reader.cursorAfter(), isComplete))
  },
}

function answer({ channel, headers }: Reader, body: string | Uint8Array): boolean {
  return post(channel, { headers: { ...POLL_HEADERS, ...headers }, body }, true)
}

/** Answers that there is no answer. */
export function fail(channel: Subscriber): void {
  quietly(() => post(channel, { status: 500 }, true))
}

class Formatted implements Manner {
  readonly isOnce: boolean
  readonly isPlaced = false
  private readonly format: Format

  constructor(format: Format, isOnce: boolean) {
    this.format = format
    this.isOnce = isOnce
  }

  send(reader: Reader, delivery: Delivery): boolean {
    return this.post(reader, [delivery.message], reader.cursorAfter(delivery), delivery.isComplete)
  }

  sendMany(reader: Reader, { messages, isComplete }: Missed): boolean {
    if (messages.length === 0 && isComplete && !this.isOnce) return true
    return this.post(reader, messages, reader.cursorAfter(), isComplete)
  }

  private post(
    { channel, headers }: Reader,
    messages: readonly (string | Uint8Array)[],
    cursor: string,
    isComplete: boolean,
  ): boolean {
    const made = this.format(messages, cursor, isComplete)
    if (!this.isOnce) return sendBare(channel, messageOf(made) ?? '')
    return post(channel, headers === undefined ? made : withHeaders(made, headers), true)
  }
}

function withHeaders(
  made: string | Uint8Array | RingResponse,
  headers: RingResponse['headers'],
): RingResponse {
  if (isBody(made)) return { headers: { ...TEXT_TYPE, ...headers }, body: made }
  return { ...made, headers: { ...headers, ...made.headers } }
}

function post(
  channel: Subscriber,
  data: string | Uint8Array | RingResponse,
  closeAfterSend: boolean,
): boolean {
  const send = channel.send as (data: string | Uint8Array | RingResponse, closeAfterSend: boolean) => unknown
  return send.call(channel, data, closeAfterSend) !== false
}
