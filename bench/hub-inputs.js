// What the hub subject sends, and how each competitor has it: in a frame as it is, or as socket.io's packets (Engine.IO 4,
// Socket.IO 5), written here by hand, so that its client costs what the others cost.

import { randomBytes } from 'node:crypto'
import { asciiText, frameOf, opcodes } from './websocket-inputs.js'

/** `processes` share the connections; with more than one, Redis is between them. */
export const scenarios = {
  'one-64': { title: '64 B, one process', processes: 1, size: 64 },
  'one-1k': { title: '1 KiB, one process', processes: 1, size: 1024 },
  'three-64': { title: '64 B, three processes over Redis', processes: 3, size: 64 },
  'three-1k': { title: '1 KiB, three processes over Redis', processes: 3, size: 1024 },
}

const plain = { path: '/', packet: (text) => text }
const socketIo = {
  path: '/socket.io/?EIO=4&transport=websocket',
  packet: (text) => `42["m",${JSON.stringify(`${text}`)}]`,
  newGreeting,
}

/** What a client writes to have a message published, and what everyone is to get. */
export function exchangeOf(competitor, size) {
  const packet = Buffer.from(protocolOf(competitor).packet(asciiText(size)(0)))
  return { burst: masked(packet), answer: frameOf(opcodes.text, packet) }
}

/** How a client is opened. */
export function openingOf(competitor) {
  const { path, newGreeting } = protocolOf(competitor)
  return { path, greet: newGreeting?.() }
}

function protocolOf(competitor) {
  return competitor === 'socket-io' ? socketIo : plain
}

// The server says `0{…}`, is asked for its namespace by `40`, and says `40{…}`: then one is connected.
function newGreeting() {
  let hasAsked = false
  return (client, text) => {
    if (!text.endsWith('}')) return false
    if (!hasAsked) client.write(masked(Buffer.from('40')))
    hasAsked = true
    return text.includes('40{')
  }
}

function masked(payload) {
  return frameOf(opcodes.text, payload, randomBytes(4))
}
