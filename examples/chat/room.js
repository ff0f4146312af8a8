// The room: who is in it has a channel, whatever carries it, and is sent news: what was said, and who is there. Every
// change has a number. Who comes back names the last one it knows of and is sent what it missed.

import { asChannel, broadcast } from 'httpkit-wasm'

export const maxText = 1000 // characters
const maxHistory = 100 // messages
const maxPresent = 100 // names
const maxChannels = 500
const heartbeat = 10_000 // ms between pings; a socket silent for two of them is gone
const patience = 25_000 // ms that a poll waits for news
const grace = 3000 // ms that a name outlives its channel: polls come again, lost sockets reconnect

const channels = new Set()
const present = new Map() // name → how many channels keep it here
const history = []
let last = 0 // number of the last change; the first is the clock's, so that a restarted server's are higher

export function isFull(name) {
  return channels.size >= maxChannels || (present.size >= maxPresent && !present.has(name))
}

/**
 * Sends the news since change number `after`, or else the next: all that come to a WebSocket, one answer to a poll.
 *
 * @param after undefined: since now
 */
export function join(req, name, after) {
  let timer
  return asChannel(req, {
    heartbeat,
    onOpen(channel) {
      // A poll is sent its head at once and its body, with its end, when there is news.
      if (!channel.websocket) channel.send({ headers: jsonHeaders, body: '' }, false)
      enter(name)
      channels.add(channel)
      if (after < last) channel.send(newsSince(after))
      else if (!channel.websocket) timer = setTimeout(() => channel.send(newsSince(last)), patience)
    },
    onReceive(channel, text) {
      if (!say(name, text)) channel.close(1009, `At most ${maxText} characters, please`)
    },
    onClose(channel) {
      clearTimeout(timer)
      channels.delete(channel)
      setTimeout(leave, grace, name).unref()
    },
  })
}

/** @returns false for what is no text, or too long */
export function say(name, text) {
  if (typeof text !== 'string' || text.length > maxText) return false
  if (text.trim() !== '') change({ name, text })
  return true
}

function enter(name) {
  const count = present.get(name) ?? 0
  present.set(name, count + 1)
  if (count === 0) change()
}

function leave(name) {
  const count = present.get(name) - 1
  if (count > 0) return present.set(name, count)
  present.delete(name)
  change()
}

function change(message) {
  last = last === 0 ? Date.now() : last + 1
  if (message) history.push({ id: last, at: Date.now(), ...message })
  if (history.length > maxHistory) history.shift()
  broadcast(channels, newsSince(last - 1)) // ends the polls; they come again
}

function newsSince(after) {
  const messages = history.filter(({ id }) => id > after)
  return `${JSON.stringify({ last, present: [...present.keys()], messages })}\n`
}

const jsonHeaders = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
}
