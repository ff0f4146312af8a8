// A server process of the hub's tests: one room over WebSockets, event streams and long polls, joined with others through Redis.
//
//   node hub-process.mjs NAME SOCKET [sharded|plain]      prints `listening PORT`; each status of its hub as `status …`
//
// A WebSocket says what is to be published. GET /room?as=…&after=… subscribes; GET /stats tells of the hub; GET
// /publish?n=… publishes that many messages.
import { createHub, redisAdapter } from 'httpkit-wasm/hub'
import { asChannel, runServer } from 'httpkit-wasm/server'
import { createClient } from 'redis'

const [name, path, kind] = process.argv.slice(2)
const adapter = redisAdapter(createClient({ socket: { path } }), {
  timeout: 1500,
  ...(kind && { sharded: kind === 'sharded' }),
})
const hub = createHub({ adapter, memberTimeout: 1600, history: 2000 })
hub.on('status', (status) => console.log(`status ${status}`))
await hub.ready()

let sent = 0

/** Publishes the next, and says how many it has published. */
function publish() {
  hub.publish('room', `${name}:${sent++}`)
}

const server = await runServer(
  (req) => {
    const asked = new URLSearchParams(req.queryString)
    switch (req.uri) {
      case '/stats':
        return json({
          status: hub.status,
          count: hub.count('room'),
          presence: hub.presence('room'),
          sent,
          ...hub.stats(),
        })
      case '/publish':
        for (let count = Number(asked.get('n')); count > 0; count--) publish()
        return json({ sent })
      default:
        return asChannel(req, {
          onOpen(channel) {
            hub.subscribe(channel, 'room', {
              as: asked.get('as') ?? undefined,
              after: asked.get('after') ?? req.headers['last-event-id'],
              presence: asked.get('who') ?? undefined,
              wait: 2000,
            })
          },
          onReceive: publish,
        })
    }
  },
  { port: 0, ip: '127.0.0.1' },
)
console.log(`listening ${server.port}`)

function json(value) {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }
}
