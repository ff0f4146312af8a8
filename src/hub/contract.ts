// What users of the hub see.
import type { ResponseHeaders } from '../core/response-head.js'
import type { Recipient } from '../ring/broadcast.js'
import type { RingResponse } from '../ring/contract.js'
import type { Adapter } from './adapter.js'

/** Whatever can be subscribed: channels of every kind, and the sockets of Ring listeners. */
export interface Subscriber extends Recipient {
  /** False for an HTTP channel; what has none is taken for a WebSocket. */
  readonly websocket?: boolean
  /** Settles when it is closed: it leaves by itself. What has none leaves when a message finds it closed. */
  readonly closed?: Promise<void>
}

/** What a channel is sent for messages that have come. `isComplete` is false where some before them are forgotten, or lost. */
export type Format = (
  messages: readonly (string | Uint8Array)[],
  cursor: string,
  isComplete: boolean,
) => string | Uint8Array | RingResponse

/** What a hub remembers, and for how long. */
export interface HubOptions {
  /** What joins the hubs of many processes to one: `redisAdapter(client)` (default none: this process alone). */
  adapter?: Adapter
  /** Messages that each topic remembers, for those who come back (default 100). */
  history?: number
  /** Bytes of them that each topic remembers (default 1 MiB). */
  historyBytes?: number
  /** Milliseconds for which messages, and topics that nobody uses, are remembered (default 300000). */
  historyTime?: number
  /** Topics that are remembered at once (default 10000); for one more, an idle one is forgotten. */
  maxTopics?: number
  /** Topics that one channel may subscribe to (default 100). */
  maxTopicsPerChannel?: number
  /** Milliseconds of silence after which another process's subscribers are counted no more (default 15000). */
  memberTimeout?: number
}

/** How a channel is subscribed. */
export interface SubscribeOptions {
  /**
   * What the client has seen already: a cursor. What came since is sent at once; '' is all that is remembered. null is what
   * `URLSearchParams` says where there is none, as undefined.
   */
  after?: string | null | undefined
  /** Who it is, for `presence`: anything that JSON can say, up to 1 KiB of it. */
  presence?: unknown
  /**
   * How the channel is sent messages.
   *
   * - `'message'`: one by one, as they are (a WebSocket's default)
   * - `'stream'`: the same, as the pieces of an HTTP answer
   * - `'event-stream'`: server-sent events, each with a cursor as its id
   * - `'poll'`: one answer, JSON `{ id, messages, complete }`, and the channel closes (HTTP's default)
   * - a function: what it makes of them is sent; on HTTP it is the whole answer
   */
  as?: 'message' | 'stream' | 'event-stream' | 'poll' | Format | undefined
  /**
   * Milliseconds after which a poll, or a function on HTTP, is answered without messages, and between the comments that keep an
   * event stream open (default 25000). 0: a poll is answered at once.
   */
  wait?: number | undefined
  /** Further fields of an HTTP answer's head. */
  headers?: ResponseHeaders | undefined
}

/** How a message is published. */
export interface PublishOptions {
  /** Who is not sent it: a channel or several. */
  except?: Subscriber | Iterable<Subscriber> | undefined
}

/**
 * - `'local'`: without an adapter
 * - `'connecting'`: not yet connected
 * - `'connected'`: what is published here reaches all processes, and theirs reaches this one
 * - `'disconnected'`: only this process is reached, until it is connected again, which is tried for ever
 * - `'closed'`: by `close`
 */
export type HubStatus = 'local' | 'connecting' | 'connected' | 'disconnected' | 'closed'

/** Numbers since the start, but for those that say "now". */
export interface HubStats {
  /** Topics remembered now. */
  topics: number
  /** Subscriptions in this process now. */
  subscribers: number
  /** Messages published here. */
  published: number
  /** Messages sent to channels of this process, each counted for each channel. */
  delivered: number
  /** Messages of other processes that came. */
  received: number
  /** Messages published here that other processes may not have got: the adapter's server did not confirm them. */
  lost: number
  /** Messages of other processes that are known to have been published, and did not come; there may be more. */
  missed: number
  /** Messages that came again, or too late, and were dropped. */
  duplicates: number
  /** What came through the adapter and could not be read. */
  malformed: number
  /** Messages handed to the adapter's server that it has not confirmed, now. */
  unacknowledged: number
  /** Processes known now, this one included. */
  processes: number
}

/** What a hub tells of, and what its listeners are given. */
export interface HubEvents {
  /** Its status has changed. */
  status: [status: HubStatus]
  /** The count or the presence of a topic has changed, here or elsewhere. */
  presence: [topic: string]
  /** Redis could not be reached or refused something, or what is a user's has failed. */
  error: [error: Error]
}

/** Topics, and who is subscribed to them. */
export interface Hub {
  /** Whether other processes are reached. */
  readonly status: HubStatus
  /**
   * Subscribes a channel to a topic, or several. A channel leaves by itself when it closes. Subscribing again changes nothing
   * but its presence.
   *
   * @param topic 1 to 256 characters
   * @param options.after a cursor: what came since is sent at once
   * @returns false where the channel, or the hub, is closed
   * @throws TypeError, or RangeError, for options that cannot be, or more topics than a channel may have
   */
  subscribe(channel: Subscriber, topic: string | readonly string[], options?: SubscribeOptions): boolean
  /** Unsubscribes it from one topic, or all. @returns whether it was subscribed */
  unsubscribe(channel: Subscriber, topic?: string): boolean
  /**
   * Sends a message to all channels subscribed to the topic: to those of this process at once, to others through the adapter.
   *
   * @returns the channels of this process that it was sent to
   * @throws TypeError for anything but text and bytes, RangeError where there are `maxTopics` with subscribers
   */
  publish(topic: string, message: string | Uint8Array, options?: PublishOptions): number
  /** Where the topic is now: what is published after it can be asked for with `after`. */
  cursor(topic: string): string
  /** Subscribers of the topic in all processes, as far as known. */
  count(topic: string): number
  /** The presence that subscribers of the topic have given, in all processes, as far as known. */
  presence(topic: string): unknown[]
  /** Topics that have subscribers, in any process, as far as known. */
  topics(): string[]
  /** How much there is, and was. */
  stats(): HubStats
  /** Has a listener called for each event. What it throws becomes an `error`. */
  on<Event extends keyof HubEvents>(event: Event, listener: (...details: HubEvents[Event]) => void): this
  /** The same for the next one alone. */
  once<Event extends keyof HubEvents>(event: Event, listener: (...details: HubEvents[Event]) => void): this
  /** Ends that. */
  off<Event extends keyof HubEvents>(event: Event, listener: (...details: HubEvents[Event]) => void): this
  /** Settles once it is connected, at once without an adapter; rejects where it is closed before. */
  ready(): Promise<void>
  /** Leaves all topics and ends the adapter's connections; channels stay open. */
  close(): Promise<void>
}
