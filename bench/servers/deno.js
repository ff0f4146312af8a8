// Deno.serve; run by deno.

import { choose, helloText, largeText, listening, port, textType } from './answers.js'

const headers = { 'Content-Type': textType }

Deno.serve(
  { port, hostname: '127.0.0.1', onListen: (address) => listening(address.port) },
  choose({
    hello: () => new Response(helloText, { headers }),
    large: () => new Response(largeText, { headers }),
    json: async (request) => Response.json(await request.json()),
  }),
)
