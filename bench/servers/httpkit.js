// This library, built; handlers as its README writes them.

import { runServer } from 'httpkit-wasm'
import { choose, helloText, jsonType, largeText, listening, port, textType } from './answers.js'

const text = { 'Content-Type': textType }
const json = { 'Content-Type': jsonType }

const handler = choose({
  hello: () => ({ headers: text, body: helloText }),
  large: () => ({ headers: text, body: largeText }),
  json: async (request) => ({ headers: json, body: JSON.stringify(await request.body.json()) }),
})

const server = await runServer(handler, { port, ip: '127.0.0.1' })
listening(server.port)
