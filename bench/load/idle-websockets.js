// Clients that hold WebSockets, in one process of their own: on a message opens connections up to a total, from several
// addresses in turn, and keeps them; on another has one of them send a text that the server sends to all.
// Each sends a text when it is opened, and waits until that has come back, unless it is to be silent: to a server that
// would send it to all.

import { randomBytes } from 'node:crypto'
import { asciiText, frameOf, opcodes } from '../websocket-inputs.js'
import { openMany } from './websocket-client.js'

const sources = 8
const timeoutMs = 60_000
const clients = []

process.on('message', async ({ port, total, isSilent, broadcast }) => {
  try {
    process.send(
      broadcast === undefined ? await openUpTo({ port, total, isSilent }) : await sendToAll(broadcast),
    )
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function openUpTo({ port, total, isSilent }) {
  const text = asciiText(64)(0)
  const greet = (client) => client.exchange(masked(text), frameOf(opcodes.text, text))
  const from = clients.length
  const optionsOf = (i) => ({ port, localAddress: `127.0.0.${1 + ((from + i) % sources)}` })
  clients.push(...(await openMany(total - from, optionsOf, isSilent ? undefined : greet)))
  return { alive: clients.filter(({ isOpen }) => isOpen).length }
}

// Each broadcast is another text; what one of them sent twice or left out would stand in the way of the next.
async function sendToAll(number) {
  const text = asciiText(100)(number)
  const started = performance.now()
  let reached = 0
  const answered = clients.map(async (client) => {
    await client.expect(frameOf(opcodes.text, text))
    reached++
  })
  clients[0].write(masked(text))
  await Promise.race([Promise.all(answered), new Promise((resolve) => setTimeout(resolve, timeoutMs))])
  return { reached, ms: performance.now() - started }
}

function masked(payload) {
  return frameOf(opcodes.text, payload, randomBytes(4))
}
