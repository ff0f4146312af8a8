// The server of websocket-many.test.ts, in a process of its own so that its memory can be told: the built package, or
// ws where its one argument is 'ws'. Started with --expose-gc.
//
// It sends { port }, and answers
//   'memory'      { websockets, rss }: bytes
//   'broadcast'   { reached, ms }
//   'stop'        { endings }: how often each way to close was told, 'status code reason' to a count
import { asChannel, broadcast, runServer } from 'httpkit-wasm/server'
import { WebSocketServer } from 'ws'

const channels = new Set()
const endings = {}

async function startOurs() {
  const handlers = {
    onOpen: (channel) => void channels.add(channel),
    onClose(channel, status, code, reason) {
      channels.delete(channel)
      const ending = `${status} ${code} ${reason}`
      endings[ending] = (endings[ending] ?? 0) + 1
    },
  }
  return runServer((req) => asChannel(req, handlers), { ip: '127.0.0.1', port: 0 })
}

async function startWs() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096 })
  server.on('connection', (socket) => channels.add(socket))
  await new Promise((resolve) => server.once('listening', resolve))
  return server.address()
}

const server = await (process.argv[2] === 'ws' ? startWs() : startOurs())
process.send({ port: server.port })

async function memory() {
  // What is garbage after one turn is free after some more.
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { websockets: channels.size, rss: process.memoryUsage.rss() }
}

function broadcastToAll() {
  const start = performance.now()
  const reached = broadcast(channels, 'news for everybody')
  return { reached, ms: performance.now() - start }
}

async function stop() {
  await server.stop()
  return { endings }
}

const answers = { memory, broadcast: broadcastToAll, stop }
process.on('message', async (name) => process.send(await answers[name]()))
process.on('disconnect', () => process.exit())
