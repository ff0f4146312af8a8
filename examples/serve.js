// `npm start`: every example under its path, and at / the page that lists them.

import { runServer } from 'httpkit-wasm'
import * as chat from './chat.js'
import * as counter from './counter.js'
import * as download from './download.js'
import * as echo from './echo.js'
import * as events from './events.js'
import * as hello from './hello.js'
import { indexPage } from './index-page.js'
import * as poll from './poll.js'
import * as upload from './upload.js'

const examples = [hello, echo, counter, poll, events, chat, upload, download]

const routes = new Map(
  examples.flatMap(({ path, paths = [path], handler }) => paths.map((one) => [one, handler])),
)
routes.set('/', indexPage(examples))

function notFound() {
  return {
    status: 404,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'Nothing here. What there is, / lists.\n',
  }
}

const handler = (req) => (routes.get(req.uri) ?? notFound)(req)

const port = Number(process.env.PORT || 8090)
const maxBody = 4 * 1024 ** 3 // 4 GiB, for the upload; the default is 8 MiB
const maxWs = 16 * 1024 // bytes of a WebSocket message, for the chat; the default is 4 MiB

const server = await runServer(handler, { port, maxBody, maxWs, compression: true }).catch((error) => {
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
