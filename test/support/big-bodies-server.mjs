// The server of big-bodies.test.ts, in a process of its own so that its memory can be watched: the built package.
//
//   GET /pieces    1 GiB from a generator        GET /file    the file that FILE names        GET /stream    the same, as a stream
//   GET /channel   1 GiB through a channel that waits for drained()
//   POST /count    reads the body piece by piece, with a rest of 2 s after 100 MiB, and answers how many bytes it was
//
// It sends { port }.
import { createReadStream } from 'node:fs'
import { asChannel, file, runServer } from 'httpkit-wasm/server'
import { watchMemory } from './watched-memory.mjs'

const total = 1024 ** 3
const piece = Buffer.alloc(256 * 1024, 'x')

function* pieces() {
  for (let sent = 0; sent < total; sent += piece.length) yield Buffer.from(piece)
}

async function sendAll(channel) {
  for (let sent = 0; sent < total && channel.isOpen; sent += piece.length) {
    channel.send(Buffer.from(piece), false)
    await channel.drained()
  }
  channel.close()
}

async function handler(req) {
  if (req.uri === '/pieces') return { body: pieces() }
  if (req.uri === '/file') return { body: file(process.env.FILE) }
  if (req.uri === '/stream') return { body: createReadStream(process.env.FILE) }
  if (req.uri === '/channel') return asChannel(req, { onOpen: (channel) => void sendAll(channel) })
  let bytes = 0
  let hasPaused = false
  for await (const read of req.body) {
    bytes += read.length
    if (hasPaused || bytes < 100 * 1024 * 1024) continue
    hasPaused = true
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
  return { body: String(bytes) }
}

const server = await runServer(handler, { ip: '127.0.0.1', port: 0, maxBody: 2 * total })
process.send({ port: server.port })
watchMemory()
