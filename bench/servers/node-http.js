// node:http as one writes it by hand: Content-Length stated, body collected from 'data' events.

import { createServer } from 'node:http'
import {
  choose,
  helloText,
  jsonType,
  keepAliveTimeoutMs,
  largeText,
  listening,
  port,
  textType,
} from './answers.js'

function answer(response, type, text) {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

const handler = choose({
  hello: (_request, response) => answer(response, textType, helloText),
  large: (_request, response) => answer(response, textType, largeText),
  json: (request, response) => {
    const pieces = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('end', () => {
      answer(response, jsonType, JSON.stringify(JSON.parse(Buffer.concat(pieces).toString())))
    })
  },
})

const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, handler)
server.listen(port, '127.0.0.1', () => listening(server.address().port))
