// Bun.serve with its own WebSockets; a broadcast is published to the topic all have subscribed to. Run by bun.

import { listening, port, scenario } from '../answers.js'

const handlers = {
  echo: { message: (socket, message) => socket.send(message) },
  broadcast: {
    open: (socket) => socket.subscribe('everyone'),
    message: (_socket, message) => server.publish('everyone', message),
  },
}[scenario]

const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  fetch(request, server) {
    if (!server.upgrade(request)) return new Response('no WebSocket', { status: 400 })
  },
  websocket: { idleTimeout: 0, ...handlers },
})
listening(server.port)
