// The floor: what a server on node:net cannot go below. Every socket reads into one shared window over wasm memory and
// gets a constant answer; nothing is parsed. Requests are counted by their length, which the end of a connection's first
// head tells (the load sends the same bytes again and again), so 16 pipelined requests get 16 answers in one write.

import { createServer } from 'node:net'
import { requests } from '../inputs.js'
import { choose, helloText, jsonType, largeText, listening, port, scenario, textType } from './answers.js'

const memory = new WebAssembly.Memory({ initial: 2 })
const window = Buffer.from(memory.buffer, 0, 65536)

const answer = choose({
  hello: response(textType, helloText),
  large: response(textType, largeText),
  json: response(jsonType, requests.json.body),
})
const answers = []
const bodyLength = scenario === 'json' ? requests.json.body.length : 0

function response(type, text) {
  const head = `Content-Type: ${type}\r\nContent-Length: ${text.length}\r\nDate: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 200 OK\r\n${head}Server: null\r\n\r\n${text}`
}

function onRead(received) {
  if (this.requestLength === 0) this.requestLength = window.indexOf('\r\n\r\n') + 4 + bodyLength
  const bytes = this.bytesPending + received
  const complete = Math.floor(bytes / this.requestLength)
  this.bytesPending = bytes - complete * this.requestLength
  if (complete > 0) this.write((answers[complete] ??= answer.repeat(complete)), 'latin1')
}

// Node's own slots for a static read buffer; net.createServer has no public option for it.
let slots
function readIntoWindow(socket) {
  slots ??= Object.fromEntries(
    Object.getOwnPropertySymbols(socket).map((symbol) => [symbol.description, symbol]),
  )
  socket[slots.kBuffer] = window
  socket[slots.kBufferCb] = onRead
  socket[slots.kBufferGen] = null
  socket._handle.useUserBuffer(window)
  socket.resume()
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.requestLength = 0
  socket.bytesPending = 0
  socket.on('error', ignore)
  readIntoWindow(socket)
})
server.listen(port, '127.0.0.1', 4096, () => listening(server.address().port))

function ignore() {}
