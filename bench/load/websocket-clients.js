// The load of the WebSocket benchmark, a process of its own. On messages it opens the connections of a scenario and
// checks one answer on each, byte by byte; sends for some seconds, counting bytes; and closes.
// A burst is one write of as many frames as are to be in flight. It is sent again when all of its answer has come, so at
// the end everything has been answered and nothing is on its way any more.

import { randomBytes } from 'node:crypto'
import { frameOf, scenarios } from '../websocket-inputs.js'
import { Loop } from './loop.js'
import { openMany } from './websocket-client.js'

let clients = []
let loops = []

const commands = { open, run, close }

process.on('message', async ({ command, ...options }) => {
  try {
    process.send((await commands[command](options)) ?? {})
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function open({ port, scenario }) {
  const { connections } = scenarios[scenario]
  clients = await openMany(connections, () => ({ port }))
  const groups = scenario === 'broadcast' ? [clients] : clients.map((client) => [client])
  loops = groups.map((group) => new Loop(group, burstOf(scenarios[scenario])))
  await Promise.all(loops.map((loop) => loop.verify()))
}

function burstOf({ inFlight, opcode, message }) {
  const payloads = Array.from({ length: inFlight }, (_, i) => message(i))
  return {
    burst: Buffer.concat(payloads.map((payload) => frameOf(opcode, payload, randomBytes(4)))),
    answer: Buffer.concat(payloads.map((payload) => frameOf(opcode, payload))),
  }
}

async function run({ seconds, scenario }) {
  const started = performance.now()
  setTimeout(() => {
    for (const loop of loops) loop.end()
  }, seconds * 1000)
  const { inFlight, bursts: burstsUnderWay = 1, connections } = scenarios[scenario]
  await Promise.all(loops.map((loop) => loop.run(burstsUnderWay)))
  const took = (performance.now() - started) / 1000
  for (const loop of loops) loop.check()
  const bursts = loops.reduce((sum, loop) => sum + loop.bursts, 0)
  const answersEach = inFlight * (connections / loops.length)
  return { answered: bursts * answersEach, seconds: took }
}

async function close() {
  await Promise.all(clients.map((client) => client.close()))
}
