// A Unix domain socket instead of an address and a port: the same server behind a file that goes when the server goes.

import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type RingRequest, runServer } from '../../src/server.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, connectPeer, serve } from '../support/raw-peer.js'

const get = 'GET /a?b HTTP/1.1\r\nHost: example.org\r\n\r\n'
const socketPath = (): string => join(temporaryFolder(), 'server.sock')

describe('path', () => {
  it('answers requests that come over the socket file', async () => {
    const requests: RingRequest[] = []
    const path = socketPath()
    await serve(
      async (req) => {
        requests.push(req)
        return { body: `got ${await req.body?.text()}` }
      },
      { path },
    )
    expect(lstatSync(path).isSocket()).toBe(true)
    const peer = await connectPeer(path)
    peer.send(get)
    expect((await peer.response()).text).toBe('got undefined')
    peer.send('POST / HTTP/1.1\r\nHost: example.org:81\r\nContent-Length: 4\r\n\r\nbody')
    expect((await peer.response()).text).toBe('got body')
    expect(requests[0]).toMatchObject({
      uri: '/a',
      queryString: 'b',
      serverName: 'example.org',
      serverPort: 80,
    })
    expect(requests[0]).toMatchObject({ remoteAddr: '', scheme: 'http' })
    expect(requests[1]).toMatchObject({ serverName: 'example.org', serverPort: 81 })
  })

  it('makes the port 0, whatever the option port says', async () => {
    const server = await serve(() => ({}), { path: socketPath(), port: 8090 })
    expect(server.port).toBe(0)
  })

  it('has a name and a port for a request that states none (HTTP/1.0 without Host)', async () => {
    const path = socketPath()
    await serve((req) => ({ body: `${req.serverName} ${req.serverPort}` }), { path })
    expect((await ask(path, 'GET / HTTP/1.0\r\n\r\n')).text).toBe('localhost 0')
  })

  it('streams large bodies both ways', async () => {
    const path = socketPath()
    await serve((req) => ({ body: req.body! }), { path, maxBody: 64 * 1024 * 1024 })
    const peer = await connectPeer(path)
    const piece = Buffer.alloc(1024 * 1024, 'x')
    peer.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${32 * piece.length}\r\n\r\n`)
    for (let sent = 0; sent < 32; sent++) peer.send(piece)
    const { body } = await peer.response()
    expect(body.length).toBe(32 * piece.length)
    expect(body.every((byte) => byte === 0x78)).toBe(true)
  })

  it.each([
    ['at once', undefined],
    ['gracefully', { timeout: 1000 }],
  ])('removes the file when the server stops %s', async (_how, options) => {
    const path = socketPath()
    const server = await serve(() => ({}), { path })
    await ask(path, get)
    expect(existsSync(path)).toBe(true)
    await server.stop(options)
    expect(existsSync(path)).toBe(false)
    await expect(connectPeer(path)).rejects.toThrow(/ENOENT|ECONNREFUSED/)
  })

  it('can be listened on again after a stop', async () => {
    const path = socketPath()
    const first = await serve(() => ({ body: 'first' }), { path })
    await first.stop()
    await serve(() => ({ body: 'second' }), { path })
    expect((await ask(path, get)).text).toBe('second')
  })

  it('has runServer reject with EADDRINUSE where another server listens, and leaves that one alone', async () => {
    const path = socketPath()
    await serve(() => ({ body: 'first' }), { path })
    await expect(runServer(() => ({}), { path })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect((await ask(path, get)).text).toBe('first')
  })

  it('has runServer reject with the socket error where the folder does not exist', async () => {
    const path = join(temporaryFolder(), 'missing', 'server.sock')
    const starting = runServer(() => ({}), { path })
    await expect(starting.then((server) => server.stop())).rejects.toMatchObject({
      syscall: 'listen',
      code: expect.stringMatching(/^E(NOENT|ACCES)$/),
    })
  })
})

describe('port', () => {
  it('has runServer reject with EADDRINUSE where it is taken, and leaves the first server alone', async () => {
    const { port } = await serve(() => ({ body: 'first' }))
    const starting = runServer(() => ({}), { ip: '127.0.0.1', port })
    await expect(starting.then((server) => server.stop())).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect((await ask(port, get)).text).toBe('first')
  })

  it('is a free one where it was 0, a different one for each server', async () => {
    const one = await serve(() => ({}))
    const other = await runServer(() => ({}), { ip: '127.0.0.1', port: 0 })
    onTestFinished(() => other.stop())
    expect(one.port).toBeGreaterThan(0)
    expect(other.port).toBeGreaterThan(0)
    expect(one.port).not.toBe(other.port)
  })
})
