// The WebSockets of websocket.js, in a process of its own: the built package's server and client, which send back what they get.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWebSocket } from 'httpkit-wasm/client'
import { asChannel, broadcast, runServer } from 'httpkit-wasm/server'
import { answer, heldBytes } from './answering.js'
import { maxMessage } from './frame-grammar.js'

const unexpected = []
const servers = {}
/** Everyone who is sent the broadcasts. */
const hub = new Set()
/** What has come of each session, by its name. */
const logs = new Map()

function errorLogger(message, error) {
  unexpected.push(`${message}: ${error?.stack ?? error}`)
}

/** Handlers that send everything back, and note it. @param isSlow they take their time */
function echoing(name, isSlow, joins) {
  const log = { opened: 0, received: [], afterClose: 0, closes: [] }
  logs.set(name, log)
  return {
    onOpen(channel) {
      log.opened++
      if (joins) hub.add(channel)
    },
    onReceive(channel, message) {
      log.received.push(createHash('sha256').update(message).digest('base64url'))
      if (log.closes.length > 0) log.afterClose++
      if (!isSlow) return void channel.send(message)
      return sleep(1).then(() => void channel.send(message))
    },
    onClose(channel, status, code) {
      hub.delete(channel)
      log.closes.push([status, code])
    },
  }
}

function handler(req) {
  const { searchParams } = new URL(`http://x/?${req.queryString ?? ''}`)
  const name = searchParams.get('name')
  return asChannel(req, echoing(name, searchParams.has('slow'), searchParams.has('hub')))
}

async function start() {
  // Peers that break a rule are warned of.
  const warnLogger = () => {}
  const options = { port: 0, ip: '127.0.0.1', maxWs: maxMessage, errorLogger, warnLogger }
  servers.plain = await runServer(handler, options)
  servers.deflate = await runServer(handler, { ...options, compression: { threshold: 100 } })
  return Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port]))
}

async function open(url, name, isSlow, compression) {
  try {
    await openWebSocket(url, echoing(name, isSlow, false), { maxWs: maxMessage, compression, errorLogger })
    return 'open'
  } catch (error) {
    return error.code ?? String(error.stack)
  }
}

function take(name) {
  return logs.get(name)
}

answer({
  start,
  open,
  broadcast: (message) => broadcast(hub, message),
  log: take,
  forget: (name) => logs.delete(name),
  stats: () => ({ ...total(), hub: hub.size, unexpected }),
  heldBytes,
})

function total() {
  const stats = Object.values(servers).map((server) => server.stats())
  return {
    connections: stats.reduce((sum, { connections }) => sum + connections, 0),
    websockets: stats.reduce((sum, { websockets }) => sum + websockets, 0),
  }
}
