// A worker of examples/cluster.js, for tests: what it answers takes its time, in every way there is.
import { asChannel, runServer } from 'httpkit-wasm'
import { serveUntilTold } from '../../examples/cluster/serve-until-told.js'

const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const me = { 'X-Worker': String(process.pid) }

const routes = {
  '/': () => ({ headers: me, body: 'hello' }),
  '/slow': async () => {
    await soon(20)
    return { headers: me, body: 'slow' }
  },
  '/poll': async () => {
    await soon(500)
    return { headers: me, body: 'polled' }
  },
  '/upload': async (req) => {
    let bytes = 0
    for await (const piece of req.body) bytes += piece.length
    return { headers: me, body: String(bytes) }
  },
  '/download': () => ({ headers: me, body: pieces() }),
  '/echo': (req) => asChannel(req, { onReceive: (channel, message) => void channel.send(message) }),
  '/crash': () => process.exit(7),
}

async function* pieces() {
  for (let line = 0; line < 40; line++) {
    yield '\n'.padStart(1024, `${line} `)
    await soon(10)
  }
}

const server = await runServer((req) => routes[req.uri](req), {
  ip: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  reusePort: process.env.REUSE_PORT === 'true',
})
console.log(`port ${server.port}`)
serveUntilTold(server, { timeout: 10_000 })
