// fastify as its own guide writes it; it parses and serialises the JSON itself.

import fastify from 'fastify'
import {
  choose,
  helloText,
  keepAliveTimeoutMs,
  largeText,
  listening,
  port,
  scenario,
  textType,
} from './answers.js'

const app = fastify({ keepAliveTimeout: keepAliveTimeoutMs })

choose({
  hello: () => app.get(`/${scenario}`, (_request, reply) => reply.type(textType).send(helloText)),
  large: () => app.get('/large', (_request, reply) => reply.type(textType).send(largeText)),
  json: () => app.post('/json', (request, reply) => reply.send(request.body)),
})()

await app.listen({ port, host: '127.0.0.1' })
listening(app.server.address().port)
