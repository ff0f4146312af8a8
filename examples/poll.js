// Long polling: the handler keeps the channel and answers later, when there is something to say. A waiting client
// costs a connection and nothing else. Who polls again too late misses a message; a real chat would number them.

import { asChannel } from 'httpkit-wasm'
import { readText } from './read-text.js'

export const title = 'Long poll'
export const path = '/poll'
export const sentence =
  'GET waits up to 30 seconds for the next message, POST sends one to everybody waiting. Take two terminals.'
export const curl = [
  'curl -i http://localhost:8090/poll',
  `curl -d 'Tea is ready' http://localhost:8090/poll`,
]

const patience = 30_000 // ms
const maxMessage = 64 * 1024 // bytes
const plain = { 'Content-Type': 'text/plain; charset=utf-8' }

const waiting = new Set()

export function handler(req) {
  if (req.requestMethod === 'get') return wait(req)
  if (req.requestMethod === 'post') return publish(req)
  return { status: 405, headers: { ...plain, Allow: 'GET, POST' }, body: 'GET or POST, please\n' }
}

function wait(req) {
  let timer
  return asChannel(req, {
    onOpen(channel) {
      waiting.add(channel)
      timer = setTimeout(() => channel.close(), patience) // closed with nothing sent: a 204
    },
    // Comes once, however it ended: answered, timed out, or the client has left.
    onClose(channel) {
      clearTimeout(timer)
      waiting.delete(channel)
    },
  })
}

async function publish(req) {
  const message = await readText(req.body, maxMessage)
  if (message === undefined)
    return { status: 413, headers: plain, body: `At most ${maxMessage} bytes, please\n` }

  let reached = 0
  for (const channel of waiting) {
    if (channel.send({ headers: plain, body: `${message}\n` })) reached++
  }
  return { headers: plain, body: `Reached ${reached}\n` }
}
