// ws, echoing and broadcasting as its README does. It masks with bufferutil, which lies beside it, unless the environment
// says WS_NO_BUFFER_UTIL.

import WebSocket, { WebSocketServer } from 'ws'
import { listening, port, scenario } from '../answers.js'

const server = new WebSocketServer({ port, host: '127.0.0.1' })

const onMessage = {
  echo(data, isBinary) {
    this.send(data, { binary: isBinary })
  },
  broadcast(data, isBinary) {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary })
    }
  },
}[scenario]

server.on('connection', (socket) => {
  socket.on('error', console.error)
  socket.on('message', onMessage)
})
server.on('listening', () => listening(server.address().port))
