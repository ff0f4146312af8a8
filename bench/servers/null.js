// The floor: what a server on node:net cannot go below. Every socket reads into one shared window over wasm memory and
// gets a constant answer; nothing is parsed. Requests are counted by their length, which a connection's first one
// teaches (the load sends the same bytes again and again), so 16 pipelined requests get 16 answers in one write.

import { createServer } from 'node:net'
import { requests } from '../inputs.js'
import { choose, helloText, jsonType, largeText, listening, port, textType } from './answers.js'

const memory = new WebAssembly.Memory({ initial: 2 })
const window = Buffer.from(memory.buffer, 0, 65536)

const answer = choose({
  hello: response(textType, helloText),
  large: response(textType, largeText),
  json: response(jsonType, requests.json.body),
})
const answers = Array.from({ length: 65 }, (_, count) => answer.repeat(count))

function response(type, text) {
  const head = `Content-Type: ${type}\r\nContent-Length: ${text.length}\r\nDate: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 200 OK\r\n${head}Server: null\r\n\r\n${text}`
}

function onRead(received) {
  if (this.requestLength === 0) this.requestLength = lengthOfFirst(window.subarray(0, received))
  const bytes = this.bytesPending + received
  const complete = Math.floor(bytes / this.requestLength)
  this.bytesPending = bytes - complete * this.requestLength
  if (complete > 0) this.write(answers[complete], 'latin1')
}

function lengthOfFirst(bytes) {
  const head = bytes.latin1Slice(0, bytes.indexOf('\r\n\r\n') + 4)
  return head.length + Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1] ?? 0)
}

// Node's own slots for a static read buffer; net.createServer has no public option for it.
function readIntoWindow(socket) {
  const slots = Object.getOwnPropertySymbols(socket)
  const slot = (name) => slots.find((symbol) => symbol.description === name)
  socket[slot('kBuffer')] = window
  socket[slot('kBufferCb')] = onRead
  socket[slot('kBufferGen')] = null
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
