// `npm start`: every example under its path, and at / the page that lists them.

import { runServer } from 'httpkit-wasm'
import * as chat from './chat.js'
import * as counter from './counter.js'
import * as download from './download.js'
import * as echo from './echo.js'
import * as events from './events.js'
import * as hello from './hello.js'
import { limits } from './limits.js'
import * as poll from './poll.js'
import { routes } from './routes.js'
import * as upload from './upload.js'

const handler = routes([hello, echo, counter, poll, events, chat, upload, download])
const port = Number(process.env.PORT || 8090)

const server = await runServer(handler, { port, ...limits, compression: true }).catch((error) => {
  if (error.code !== 'EADDRINUSE') throw error
  console.error(`Port ${port} is taken. Another one: PORT=8091 npm start`)
  process.exit(1)
})
console.log(`The examples are at http://localhost:${server.port}`)

// `on`, not `once`: from a terminal Ctrl-C reaches us twice, the second time passed on by npm.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (server.status === 'running') server.stop({ timeout: 3000 })
  })
}
