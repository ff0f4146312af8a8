// This library, built: an echo, or a broadcast of what one sends to all.

import { asChannel, broadcast, runServer } from 'httpkit-wasm'
import { listening, port, scenario } from '../answers.js'

const everyone = new Set()

const handlers = {
  echo: { onReceive: (channel, message) => channel.send(message) },
  broadcast: {
    onOpen: (channel) => everyone.add(channel),
    onReceive: (_channel, message) => broadcast(everyone, message),
    onClose: (channel) => everyone.delete(channel),
  },
}[scenario]

const server = await runServer((request) => asChannel(request, handlers), { port, ip: '127.0.0.1' })
listening(server.port)
