// Bodies of 1 GiB pass through without being held: the memory of the server's process is watched while they do.

import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { WatchedServer } from '../support/watched-server.js'

const megabyte = 1024 * 1024
const total = 1024 * megabyte

let folder = ''
let server: WatchedServer
const sockets = new Set<Socket>()

beforeAll(() => {
  ensureBuilt()
  folder = mkdtempSync(join(tmpdir(), 'httpkit-big-'))
  writeFileSync(join(folder, 'big.bin'), '')
  truncateSync(join(folder, 'big.bin'), total)
}, 120_000)

// Each test has a fresh process: what one has grown by already, it need not grow by again.
beforeEach(async () => {
  server = await WatchedServer.start('big-bodies-server.mjs', { FILE: join(folder, 'big.bin') })
  // What every server grows by with its first requests, whatever their size.
  for (const bytes of [1, 300_000]) await upload(bytes)
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await server.end()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function open(): Socket {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  sockets.add(socket)
  return socket
}

interface Arrived {
  head: string
  /** Bytes behind the head: body and framing. */
  bytes: number
}

/** Asks, and counts what comes until the connection closes. */
async function download(path: string, onBytes: (arrived: Arrived, socket: Socket) => void): Promise<Arrived> {
  const socket = open()
  const arrived: Arrived = { head: '', bytes: 0 }
  socket.on('data', (bytes: Buffer) => {
    if (!arrived.head.includes('\r\n\r\n')) {
      arrived.head += bytes.toString('latin1', 0, 1000)
      arrived.bytes = bytes.length - arrived.head.indexOf('\r\n\r\n') - 4
    } else {
      arrived.bytes += bytes.length
    }
    onBytes(arrived, socket)
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await once(socket, 'end')
  return arrived
}

/** Sends so many bytes as fast as they are taken; settles with the answer. */
async function upload(bytes: number, coding = ''): Promise<string> {
  const socket = open()
  const isChunked = coding === 'chunked'
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
  socket.write(`POST /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framing}\r\n\r\n`)
  const piece = Buffer.alloc(Math.min(bytes, megabyte))
  const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
  let text = ''
  socket.setEncoding('latin1').on('data', (read: string) => {
    text += read
  })
  const ended = once(socket, 'end')
  for (let sent = 0; sent < bytes; sent += piece.length) {
    const data = isChunked ? chunk : piece.subarray(0, bytes - sent)
    if (!socket.write(data)) await once(socket, 'drain')
  }
  if (isChunked) socket.write('0\r\n\r\n')
  await ended
  return text
}

describe('a download of 1 GiB', () => {
  const sources: [string, string][] = [
    ['from a generator', '/pieces'],
    ['of a file', '/file'],
    ['from a stream', '/stream'],
    ['through a channel that waits for drained()', '/channel'],
  ]
  it.each(sources)(
    '%s grows the server by less than 64 MiB, though its reader stops for 2 s',
    async (_from, path) => {
      let isStopped = false
      const growth = await server.growthDuring(async () => {
        const arrived = await download(path, ({ bytes }, socket) => {
          if (isStopped || bytes < 100 * megabyte) return
          isStopped = true
          socket.pause()
          setTimeout(() => socket.resume(), 2000)
        })
        expect(arrived.head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
        if (path === '/file') expect(arrived.bytes).toBe(total)
        // The rest is the framing of 256 KiB chunks or smaller.
        expect(arrived.bytes).toBeGreaterThanOrEqual(total)
        expect(arrived.bytes).toBeLessThan(total * 1.001)
      })
      expect(isStopped).toBe(true)
      expect(growth / megabyte).toBeLessThan(64)
    },
    60_000,
  )

  it('grows the server by less than 64 MiB, when five readers stop at once', async () => {
    const growth = await server.growthDuring(async () => {
      const readers = Array.from({ length: 5 }, () => open())
      for (const socket of readers) {
        socket.pause()
        socket.write('GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n')
      }
      await sleep(1000)
      for (const socket of readers) socket.destroy()
    })
    expect(growth / megabyte).toBeLessThan(64)
  }, 30_000)
})

describe('an upload of 1 GiB', () => {
  it.each([
    ['of a stated length', ''],
    ['in chunks', 'chunked'],
  ])(
    '%s grows the server by less than 64 MiB, though its handler stops for 2 s',
    async (_how, coding) => {
      const growth = await server.growthDuring(async () => {
        const answer = await upload(total, coding)
        expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
        expect(answer.split('\r\n\r\n')[1]).toBe(String(total))
      })
      expect(growth / megabyte).toBeLessThan(64)
    },
    60_000,
  )
})
