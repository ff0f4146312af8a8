// This library's hub, built: all are subscribed to one topic, and what one sends is published to it.

import { asChannel, runServer } from 'httpkit-wasm'
import { createHub, redisAdapter } from 'httpkit-wasm/hub'
import { listening, port } from '../answers.js'
import { isShared, newClient } from './redis.js'

const hub = createHub(isShared ? { adapter: redisAdapter(newClient()) } : {})
await hub.ready()

const handlers = {
  onOpen: (channel) => hub.subscribe(channel, 'everyone'),
  onReceive: (_channel, message) => hub.publish('everyone', message),
}

const server = await runServer((request) => asChannel(request, handlers), { port, ip: '127.0.0.1' })
listening(server.port)
