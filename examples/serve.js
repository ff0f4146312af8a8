// `npm start`: every example under its path, and at / the page that lists them.

import { runServer } from 'httpkit-wasm'
import { createHub } from 'httpkit-wasm/hub'
import * as backpressure from './backpressure.js'
import { useHub } from './chat/room.js'
import * as chat from './chat.js'
import * as counter from './counter.js'
import * as download from './download.js'
import * as echo from './echo.js'
import * as events from './events.js'
import * as fuzz from './fuzz.js'
import * as hello from './hello.js'
import { limits } from './limits.js'
import * as live from './live.js'
import * as metrics from './metrics.js'
import * as poll from './poll.js'
import { routes } from './routes.js'
import * as threads from './threads.js'
import * as upload from './upload.js'

// The chat's room is this process's own, or that of all that are told of the same Redis.
const { REDIS_URL } = process.env
const hub = REDIS_URL ? (await import('./redis-hub.js')).redisHub(REDIS_URL) : createHub()
metrics.metrics.watch(useHub(hub))
metrics.metrics.watch(threads.handler)

const showpieces = [chat, backpressure, live, fuzz]
const handler = routes([
  ...showpieces,
  hello,
  echo,
  counter,
  poll,
  events,
  upload,
  download,
  threads,
  metrics,
])
const options = {
  port: Number(process.env.PORT || 8090),
  compression: true,
  metrics: metrics.metrics,
  ...limits,
}

const server = await runServer(handler, options).catch((error) => {
  if (error.code !== 'EADDRINUSE') throw error
  console.error(`Port ${options.port} is taken. Another one: PORT=8091 npm start`)
  process.exit(1)
})
console.log(`The examples are at http://localhost:${server.port}`)

// `on`, not `once`: from a terminal Ctrl-C reaches us twice, the second time passed on by npm.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (server.status === 'running') server.stop({ timeout: 3000 }).then(() => hub.close())
  })
}
