// The load of the hub benchmark, a process of its own: on messages it opens connections, spread over the servers' processes,
// and checks that one message reaches all of them, byte by byte; has messages published as fast as all get them; or some
// each second, timing each until each client has it, by one clock; and closes.

import { exchangeOf, openingOf } from '../hub-inputs.js'
import { Loop } from './loop.js'
import { openMany } from './websocket-client.js'

// While the last of the clients are still reading, the server has the next one to do.
const messagesUnderWay = 2
const patienceMs = 30_000

let clients = []
let senders = []
let exchange
let loop

const commands = { open, run, delays, close }

process.on('message', async ({ command, ...options }) => {
  try {
    process.send((await commands[command](options)) ?? {})
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function open({ ports, competitor, size, connections }) {
  exchange = exchangeOf(competitor, size)
  senders = []
  clients = []
  // One first of each process: they are the ones that publish, in turn.
  for (const port of ports) senders.push(...(await openMany(1, () => ({ port, ...openingOf(competitor) }))))
  const others = await openMany(connections - senders.length, (i) => {
    return { port: ports[i % ports.length], ...openingOf(competitor) }
  })
  clients = [...senders, ...others]
  loop = new Loop(clients, { ...exchange, senders })
  await loop.verify()
}

async function run({ seconds }) {
  const started = performance.now()
  setTimeout(() => loop.end(), seconds * 1000)
  await loop.run(messagesUnderWay)
  const took = (performance.now() - started) / 1000
  loop.check()
  return { answered: loop.bursts * clients.length, seconds: took }
}

/** @returns ms from the sender's write to the having of the message, the median and that which 99 of 100 stay below */
async function delays({ seconds, perSecond }) {
  const messages = Math.ceil(seconds * perSecond)
  const sent = []
  const delays = new Float64Array(messages * clients.length)
  let received = 0
  const haveAll = new Promise((resolve, reject) => {
    setTimeout(reject, seconds * 1000 + patienceMs, new Error('somebody has not got a message')).unref()
    for (const client of clients) {
      let bytes = 0
      let next = 0
      client.onFailure = reject
      client.onBytes = (length) => {
        for (bytes += length; bytes >= exchange.answer.length; bytes -= exchange.answer.length) {
          delays[received++] = performance.now() - sent[next++]
        }
        if (received === delays.length) resolve()
      }
    }
  })
  for (let message = 0; message < messages; message++) {
    sent.push(performance.now())
    senders[message % senders.length].write(exchange.burst)
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond))
  }
  await haveAll
  const took = (performance.now() - sent[0]) / 1000
  delays.sort()
  const below = (part) => delays[Math.floor(delays.length * part)]
  return { answered: delays.length, seconds: took, p50: below(0.5), p99: below(0.99) }
}

async function close() {
  await Promise.all(clients.map((client) => client.close()))
}
