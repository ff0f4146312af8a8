// A file of 2 GiB goes to the disk through wrapMultipartParams, and is never held: the memory of the server's process is
// watched while it does.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { headOf } from '../support/upload-request.js'
import { noise } from '../support/upload-sources.js'
import { WatchedServer } from '../support/watched-server.js'

const megabyte = 1024 * 1024
const total = 2048 * megabyte

let folder = ''
let server: WatchedServer

beforeAll(async () => {
  ensureBuilt()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'httpkit-big-')))
  server = await WatchedServer.start('upload-big-server.mjs', { TMPDIR: folder })
}, 120_000)

afterAll(async () => {
  await server.end()
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  note: string
  file: { filename: string; size: number; stored: number; sha256: string; tempfile: string }
}

const before = Buffer.from(
  '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n' +
    '--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n',
)
const after = Buffer.from('\r\n--b--\r\n')

/** Uploads so many bytes, no two pieces of them alike; what was told of them, and the hash of what was sent. */
async function upload(bytes: number): Promise<{ told: Told; sha256: string }> {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  const answer = textOf(socket)
  socket.write(headOf(before.length + bytes + after.length, { fields: ['Connection: close'] }))
  socket.write(before)
  const hash = createHash('sha256')
  for (const piece of pieces(bytes)) {
    hash.update(piece)
    if (!socket.write(piece)) await once(socket, 'drain')
  }
  socket.write(after)
  const [head, body] = (await answer).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  return { told: JSON.parse(body!), sha256: hash.digest('hex') }
}

async function textOf(socket: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const piece of socket) text += piece
  return text
}

function* pieces(bytes: number): Generator<Buffer> {
  const pattern = noise(2 * megabyte)
  for (let sent = 0, n = 0; sent < bytes; n++) {
    const start = (n * 4099) % megabyte
    const piece = pattern.subarray(start, start + Math.min(megabyte, bytes - sent))
    yield piece
    sent += piece.length
  }
}

describe('an upload of 2 GiB', () => {
  it('is on the disk whole, is gone with its answer, and grows the server by less than 64 MiB', async () => {
    // What every server grows by with its first uploads, whatever their size.
    for (const bytes of [1, 3_000_000]) await upload(bytes)
    const growth = await server.growthDuring(async () => {
      const { told, sha256 } = await upload(total)
      expect(told).toEqual({
        note: 'hi',
        file: { filename: 'big.bin', size: total, stored: total, sha256, tempfile: expect.any(String) },
      })
      expect(told.file.tempfile.startsWith(folder)).toBe(true)
    })
    await expect.poll(() => readdirSync(folder)).toEqual([])
    expect(growth / megabyte).toBeLessThan(64)
  }, 120_000)
})
