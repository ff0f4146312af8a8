// What a hub may hold, and for how long.
import { between } from '../core/between.js'
import { MAX_DELAY_MS } from '../io/timer-wheel.js'
import type { HubOptions } from './contract.js'

/** Characters of a topic's name. */
export const MAX_TOPIC_NAME = 256
/** Characters of one subscriber's presence, as JSON. */
const MAX_PRESENCE = 1024

export interface HubSettings {
  readonly history: number
  readonly historyBytes: number
  readonly historyTime: number
  readonly maxTopics: number
  readonly maxTopicsPerChannel: number
  readonly memberTimeout: number
}

const unbounded = Number.POSITIVE_INFINITY

/** @throws RangeError for one out of its range */
export function settingsOf(options: HubOptions): HubSettings {
  return {
    history: Math.trunc(between(options.history, 'history', 0, 1_000_000, 100)),
    historyBytes: between(options.historyBytes, 'historyBytes', 0, unbounded, 1024 * 1024),
    historyTime: between(options.historyTime, 'historyTime', 100, MAX_DELAY_MS, 300_000),
    maxTopics: between(options.maxTopics, 'maxTopics', 1, unbounded, 10_000),
    maxTopicsPerChannel: between(options.maxTopicsPerChannel, 'maxTopicsPerChannel', 1, unbounded, 100),
    memberTimeout: between(options.memberTimeout, 'memberTimeout', 100, MAX_DELAY_MS, 15_000),
  }
}

/** Milliseconds that a poll waits. @throws RangeError for one out of its range */
export function waitOf(wait: number | undefined): number {
  return between(wait, 'wait', 0, MAX_DELAY_MS, 25_000)
}

/** @throws TypeError for what is no name of a topic, RangeError for one that is too long */
export function demandTopic(name: unknown): asserts name is string {
  // What is not well formed would be the same as other topics once it is UTF-8.
  if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
    throw new TypeError('a topic is a string that is not empty')
  }
  if (name.length > MAX_TOPIC_NAME) throw new RangeError(`a topic has at most ${MAX_TOPIC_NAME} characters`)
}

/** Whether what is said to be presence may be. @throws TypeError, RangeError for what is no JSON */
export function isPresence(value: unknown): boolean {
  return JSON.stringify(value).length <= MAX_PRESENCE
}

/** The value as others will see it. @throws TypeError, RangeError for what is no JSON, or too much of it */
export function demandPresence(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError('presence must be a value of JSON')
  if (text.length > MAX_PRESENCE)
    throw new RangeError(`presence has at most ${MAX_PRESENCE} characters of JSON`)
  return JSON.parse(text)
}
