// Deno.serve with Deno.upgradeWebSocket; it has no broadcast of its own. Run by deno.

import { listening, port, scenario } from '../answers.js'

const everyone = new Set()

const onMessage = {
  echo({ data }) {
    this.send(data)
  },
  broadcast({ data }) {
    for (const socket of everyone) socket.send(data)
  },
}[scenario]

Deno.serve({ port, hostname: '127.0.0.1', onListen: (address) => listening(address.port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 })
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => everyone.add(socket)
  socket.onclose = () => everyone.delete(socket)
  socket.onmessage = onMessage
  return response
})
