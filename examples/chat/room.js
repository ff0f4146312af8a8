// The room: a topic of a hub, whose other subscribers may be in other processes. Who is in it has a channel here, whatever
// carries it, and is sent news: what was said, and who is there. Who comes back says what the last news were, and is sent what
// there was since, by whichever process.

import { asChannel } from 'httpkit-wasm'
import { createHub } from 'httpkit-wasm/hub'

export const maxText = 1000 // characters
const maxPresent = 100 // names
const maxChannels = 500
const heartbeat = 10_000 // ms between pings; a socket silent for two of them is gone
const patience = 25_000 // ms that a poll waits for news
const grace = 3000 // ms that a name outlives its channel: polls come again, lost sockets reconnect

const topic = 'chat'
const here = String(globalThis.process?.pid ?? 1)

const guests = new Map() // channel → a function that sends it news
const seats = new Map() // name → how many channels keep it here, and its subscriber
let hub
let surroundings = {} // who is there, in which process, and how the hub is: part of all news
let version = 0 // of them; the first is the clock's, so that a restarted server's are higher

/** Without this, the room is one of this process alone. */
export function useHub(given) {
  hub = given
  hub.on('presence', lookAround).on('status', lookAround)
  lookAround()
  return hub
}

// Made at the first request: in workerd, nothing is before.
const openHub = () => hub ?? useHub(createHub())

export function isFull(name) {
  const names = namesOf(presence())
  return guests.size >= maxChannels || (names.length >= maxPresent && !names.includes(name))
}

/**
 * Sends the news since `after`, or else the next: all that come to a WebSocket, one answer to a poll.
 *
 * @param after the `last` of earlier news, '0' for all that is remembered, undefined for what comes from now on
 */
export function join(req, name, after) {
  openHub()
  const [knownVersion, cursor = ''] = after?.split('~') ?? []
  return asChannel(req, {
    heartbeat,
    onOpen(channel) {
      let seen = after === undefined ? hub.cursor(topic) : cursor
      const news = (messages, isComplete = true) => newsOf(messages, seen, isComplete)
      // A poll is sent its head at once and its body, with its end, when there is news.
      if (!channel.websocket) channel.send({ headers: jsonHeaders, body: '' }, false)
      enter(name)
      const isOld = after !== undefined && knownVersion !== String(version)
      guests.set(channel, () => channel.send(news([])))
      hub.subscribe(channel, topic, {
        after: after && cursor,
        as(messages, now, isComplete) {
          seen = now
          return news(messages, isComplete)
        },
        wait: isOld ? 0 : patience,
      })
      if (isOld && channel.websocket) channel.send(news([]))
    },
    onReceive(channel, text) {
      if (!say(name, text)) channel.close(1009, `At most ${maxText} characters, please`)
    },
    onClose(channel) {
      guests.delete(channel)
      setTimeout(leave, grace, name).unref()
    },
  })
}

/** @returns false for what is no text, or too long */
export function say(name, text) {
  if (typeof text !== 'string' || text.length > maxText) return false
  if (text.trim() !== '') openHub().publish(topic, JSON.stringify({ at: Date.now(), name, text }))
  return true
}

// A name is kept present by a subscriber of its own, which hears nothing: it stays while channels come and go.
function enter(name) {
  const seat = seats.get(name) ?? { count: 0, subscriber: { isOpen: true, send: () => true } }
  seats.set(name, seat)
  if (++seat.count > 1) return
  hub.subscribe(seat.subscriber, topic, { presence: { name, process: here } })
  lookAround()
}

function leave(name) {
  const seat = seats.get(name)
  if (--seat.count > 0) return
  seats.delete(name)
  hub.unsubscribe(seat.subscriber)
  lookAround()
}

const presence = () => openHub().presence(topic)
const namesOf = (present) => [...new Set(present.map(({ name }) => name))]

/** Tells everybody, where who is there, or the hub, is not as it was. It ends the polls; they come again. */
function lookAround() {
  const present = presence()
  const processes = {}
  for (const { name, process } of present) (processes[process] ??= []).push(name)
  const now = { here, hub: hub.status, present: namesOf(present), processes }
  if (JSON.stringify(now) === JSON.stringify(surroundings)) return
  surroundings = now
  version = version === 0 ? Date.now() : version + 1
  for (const tell of [...guests.values()]) tell()
}

function newsOf(said, cursor, isComplete) {
  const messages = said.map((message) => JSON.parse(message))
  return `${JSON.stringify({ last: `${version}~${cursor}`, ...surroundings, messages, isComplete })}\n`
}

const jsonHeaders = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
}
