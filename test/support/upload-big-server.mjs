// The server of upload-big.test.ts, in a process of its own so that its memory can be watched: the built package.
//
//   POST /    takes a form with wrapMultipartParams, and answers what it had of files: { size, stored, sha256, tempfile }
//
// It sends { port }.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { wrapMultipartParams } from 'httpkit-wasm/middleware'
import { runServer } from 'httpkit-wasm/server'
import { watchMemory } from './watched-memory.mjs'

async function toldOf({ filename, size, tempfile }) {
  const { size: stored } = await stat(tempfile)
  const hash = createHash('sha256')
  for await (const piece of createReadStream(tempfile, { highWaterMark: 1024 * 1024 })) hash.update(piece)
  return { filename, size, stored, sha256: hash.digest('hex'), tempfile }
}

const handler = wrapMultipartParams(async ({ multipartParams: { note, file } }) => ({
  body: JSON.stringify({ note, file: await toldOf(file) }),
}))

const server = await runServer(handler, { ip: '127.0.0.1', port: 0, maxBody: 4 * 1024 ** 3 })
process.send({ port: server.port })
watchMemory()
