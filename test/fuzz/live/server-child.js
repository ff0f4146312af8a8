// The server of server.js, in a process of its own: the built package, plain, over TLS, and one that has little patience.
import { setTimeout as sleep } from 'node:timers/promises'
import { asChannel, runServer } from 'httpkit-wasm/server'
import { answer, heldBytes } from './answering.js'
import { answerTo, limits, pieceOf, routeOf, seenOf } from './answers.js'

/** What was logged that no handler of ours has thrown. */
const unexpected = []
const servers = {}

const handlers = {
  echo: async (route, seen, req) => answerTo(route, seen, await req.body?.bytes()),
  later: async (route, seen) => {
    await sleep(route.number % 20)
    return answerTo(route, seen)
  },
  slow: async (route, seen, req) => {
    await sleep(route.number % 20)
    const pieces = []
    for await (const piece of req.body ?? []) {
      pieces.push(piece)
      if (pieces.length % 8 === 1) await sleep(1)
    }
    return answerTo(route, seen, Buffer.concat(pieces))
  },
  pipe: (route, seen, req) => ({ ...answerTo(route, seen), body: req.body ?? '' }),
  stream: (route, seen) => ({ ...answerTo(route, seen), body: pieces(route, seen) }),
  poll: (route, seen, req) =>
    asChannel(req, {
      onOpen(channel) {
        setTimeout(() => channel.send(answerTo(route, seen)), route.number % 30)
      },
    }),
  drip: (route, seen, req) =>
    asChannel(req, {
      onOpen(channel) {
        channel.send({ ...answerTo(route, seen), body: undefined }, false)
        drip(channel, route, seen)
      },
    }),
  throw: () => {
    throw new Error('fuzz: thrown')
  },
  reject: async () => {
    await sleep(2)
    throw new Error('fuzz: rejected')
  },
}

async function* pieces(route, seen) {
  for (let at = 0; at < route.number; at++) {
    if (at % 4 === 1) await sleep(1)
    yield pieceOf(seen, at)
  }
}

async function drip(channel, route, seen) {
  for await (const piece of pieces(route, seen)) channel.send(piece, false)
  channel.close()
}

function handler(req) {
  const route = routeOf(req.uri)
  const handle = handlers[route.name] ?? answerTo
  return handle(route, seenOf(req), req)
}

function connections() {
  return Object.values(servers).reduce((sum, server) => sum + server.stats().connections, 0)
}

function errorLogger(message, error) {
  if (!String(error?.message).startsWith('fuzz: ')) unexpected.push(`${message}: ${error?.stack ?? error}`)
}

async function start(certificate) {
  const options = { ...limits, port: 0, ip: '127.0.0.1', errorLogger }
  servers.plain = await runServer(handler, options)
  const hasty = { headersTimeout: 120, bodyTimeout: 120, keepAliveTimeout: 120 }
  servers.hasty = await runServer(handler, { ...options, ...hasty })
  if (certificate) servers.tls = await runServer(handler, { ...options, tls: certificate })
  return Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port]))
}

answer({
  start,
  stats: () => ({ connections: connections(), inFlight: inFlight(), unexpected }),
  heldBytes,
})

function inFlight() {
  return Object.values(servers).reduce((sum, server) => sum + server.stats().inFlight, 0)
}
