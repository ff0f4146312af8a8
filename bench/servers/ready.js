// Serves the clients that are measured what the null server does not: a JSON answer with ten header fields, and 256 MiB.
// The bytes are ready. Requests have no body and are not pipelined, so the end of a read tells the end of a request.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { downloadBlock, downloadSize, fields, fieldsHeaders } from '../client-inputs.js'
import { jsonType, listening, port, scenario } from './answers.js'

const json = Buffer.from(JSON.stringify(fields))
const fieldsAnswer = Buffer.concat([headOf(jsonType, json.length, fieldsHeaders), json])
const downloadHead = headOf('application/octet-stream', downloadSize)

const answers = {
  fields: (socket) => socket.write(fieldsAnswer),
  download: async (socket) => {
    socket.write(downloadHead)
    for (let sent = 0; sent < downloadSize; sent += downloadBlock.length) {
      if (!socket.write(downloadBlock)) await once(socket, 'drain')
    }
  },
}
const answer = answers[scenario] ?? answers.fields

function headOf(type, length, headers = []) {
  const all = [
    ['Content-Type', type],
    ['Content-Length', length],
    ['Date', new Date().toUTCString()],
    ...headers,
  ]
  return Buffer.from(`HTTP/1.1 200 OK\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
}

const lineFeed = 10
const endsRequest = (bytes) => bytes.at(-1) === lineFeed && bytes.at(-3) === lineFeed

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', ignore)
  socket.on('data', (bytes) => {
    if (endsRequest(bytes)) answer(socket)?.catch?.(ignore)
  })
})
server.listen(port, '127.0.0.1', 4096, () => listening(server.address().port))

function ignore() {}
