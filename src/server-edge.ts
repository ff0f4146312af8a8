// httpkit-wasm/server where there are no sockets to listen on: what handlers import from it.

export { runServer, secWebSocketAccept, websocketHandshakeCheck } from './edge/no-server.js'
export { file } from './io/file-body.js'
export { asChannel } from './ring/as-channel.js'
export { broadcast } from './ring/broadcast.js'
export { newWorker, QueueFullError } from './ring/worker.js'
