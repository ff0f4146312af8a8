// Bun.serve with a fetch handler; run by bun.

import { choose, helloText, largeText, listening, port, textType } from './answers.js'

const headers = { 'Content-Type': textType }

const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  idleTimeout: 75,
  fetch: choose({
    hello: () => new Response(helloText, { headers }),
    large: () => new Response(largeText, { headers }),
    json: async (request) => Response.json(await request.json()),
  }),
})
listening(server.port)
