// One of the workers of ../cluster.js: a server as any other, on a port that all of them share.

import { runServer } from 'httpkit-wasm'
import { serveUntilTold } from './serve-until-told.js'

const port = Number(process.env.PORT || 8090)

const server = await runServer(
  () => ({ headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `Worker ${process.pid}\n` }),
  { port },
)
serveUntilTold(server)
