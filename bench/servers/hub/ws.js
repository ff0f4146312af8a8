// ws, and by hand what a hub is made of: a loop over all clients, or one behind a subscription to Redis.

import WebSocket, { WebSocketServer } from 'ws'
import { listening, port } from '../answers.js'
import { connectedClients, isShared } from './redis.js'

const asText = { binary: false }
const asBuffer = true

const server = new WebSocketServer({ port, host: '127.0.0.1' })
const publish = isShared ? await publishThroughRedis() : sendToAll

server.on('connection', (socket) => {
  socket.on('error', console.error)
  socket.on('message', publish)
})
if (server.address()) listening(server.address().port)
else server.on('listening', () => listening(server.address().port))

async function publishThroughRedis() {
  const [publisher, subscriber] = await connectedClients(2)
  await subscriber.subscribe('everyone', sendToAll, asBuffer)
  return (message) => publisher.publish('everyone', message)
}

function sendToAll(message) {
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(message, asText)
  }
}
