// socket.io with rooms, over its own memory or its Redis adapter (the plain one, first in its README). No pings: the others
// send none either.

import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import { listening, port } from '../answers.js'
import { connectedClients, isShared } from './redis.js'

const anHour = 3_600_000

const server = createServer()
const adapter = isShared ? { adapter: createAdapter(...(await connectedClients(2))) } : {}
const io = new Server(server, {
  transports: ['websocket'],
  serveClient: false,
  pingInterval: anHour,
  ...adapter,
})

io.on('connection', (socket) => {
  socket.join('everyone')
  socket.on('m', (message) => io.to('everyone').emit('m', message))
})
server.listen(port, '127.0.0.1', () => listening(server.address().port))
