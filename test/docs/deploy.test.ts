// The configurations on docs/deploy.md, in front of a server: what they are there for has to come through them.
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeClient, openWebSocket } from '../../src/client.js'
import { asChannel, type Channel, type HttpServer, type RingRequest, runServer } from '../../src/server.js'
import { type Front, freePort, fronts } from '../support/docs-fronts.js'
import type { Program } from '../support/programs.js'
import { stableFor, until } from '../support/waiting.js'

/** Bytes: more than sockets and front ends hold. */
const BIG = 128 * 1024 * 1024
const text = { as: 'text' } as const

describe.each(fronts)('$name', (front) => {
  const missing = front.isThere ? '' : ' (its program is missing)'
  describe.skipIf(!front.isThere)(`in front of a server${missing}`, () => tests(front))
})

const textOf = ({ value }: { value?: Uint8Array | undefined }): string => new TextDecoder().decode(value)

/** Where a request comes from: each connection has a port of its own. */
function portOf({ asyncChannel }: RingRequest): number | undefined {
  return (asyncChannel as unknown as { outlet: { socket: Socket } }).outlet.socket.remotePort
}

function tests(front: Front): void {
  const streaming: Channel[] = []
  const pieces: number[] = []
  const ports = new Set<number | undefined>()
  const client = makeClient({ bindAddress: '127.0.0.2' })
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-front-'))
  let server: HttpServer
  let program: Program
  let url: string
  let made = 0

  function* big(): Generator<Uint8Array> {
    const piece = new Uint8Array(64 * 1024)
    for (made = 0; made < BIG; made += piece.length) yield piece
  }

  beforeAll(async () => {
    const isForwarded = front.tells === 'X-Forwarded-For'
    server = await runServer(
      async (req) => {
        if (req.uri === '/echo')
          return asChannel(req, { onReceive: (channel, message) => void channel.send(message) })
        if (req.uri === '/big') return { body: big() }
        if (req.uri === '/stream')
          return asChannel(req, { onOpen: (channel) => void streaming.push(channel) })
        ports.add(portOf(req))
        for await (const piece of req.body ?? []) pieces.push(piece.length)
        return { headers: { 'Content-Type': 'text/plain' }, body: req.remoteAddr }
      },
      {
        ip: '127.0.0.1',
        port: 0,
        legacyUnsafeRemoteAddr: isForwarded,
        proxyProtocol: isForwarded ? 'disable' : 'enable',
        errorLogger: () => {},
      },
    )
    const port = await freePort()
    program = await front.start(folder, port, server.port)
    url = `http://127.0.0.1:${port}`
  })

  afterAll(async () => {
    await client.close()
    program?.child.kill()
    await program?.exit
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it("tells the client's address, and believes no client that says another", async () => {
    const forged = { headers: { 'X-Forwarded-For': '192.0.2.7' }, ...text }
    expect((await client.get(url, forged)).body).toBe('127.0.0.2')
  })

  // Behind a front that passes TCP on, the connection is the client's own.
  it('keeps its connection for the next request', async () => {
    ports.clear()
    for (let count = 0; count < 5; count++) expect((await client.get(url, text)).status).toBe(200)
    expect(ports.size).toBe(1)
  })

  it('passes on WebSockets', async () => {
    const heard: unknown[] = []
    const channel = await openWebSocket(`${url}/echo`, {
      onReceive: (_channel, message) => void heard.push(message),
    })
    channel.send('over there')
    await until(() => heard.length === 1)
    expect(heard).toEqual(['over there'])
    channel.close()
    await channel.closed
  })

  it('passes on what is streamed as it comes', async () => {
    const answer = client.get(`${url}/stream`, { as: 'stream' })
    await until(() => streaming.length === 1)
    streaming[0]!.send({ headers: { 'Content-Type': 'text/event-stream' }, body: 'first' }, false)
    const reader = ((await answer).body as ReadableStream<Uint8Array>).getReader()
    expect(textOf(await reader.read())).toBe('first')
    streaming[0]!.send('second', false)
    expect(textOf(await reader.read())).toBe('second')
    streaming[0]!.send('third')
    expect(textOf(await reader.read())).toBe('third')
    expect((await reader.read()).done).toBe(true)
  })

  it('passes on what is uploaded as it comes', async () => {
    let goOn = (): void => {}
    const more = new Promise<void>((resolve) => (goOn = resolve))
    pieces.length = 0
    const body = (async function* () {
      yield 'a'.repeat(1000)
      await more
      yield 'b'
    })()
    const answer = client.post(url, { body, ...text })
    await until(() => pieces.length > 0)
    goOn()
    expect((await answer).status).toBe(200)
    expect(pieces.reduce((sum, length) => sum + length)).toBe(1001)
  })

  it('lets the server wait for a client that does not read', async () => {
    const { body } = await client.get(`${url}/big`, { as: 'stream' })
    await until(() => made > 0)
    expect(await stableFor(300, () => made)).toBeLessThan(BIG / 2)
    await (body as ReadableStream).cancel()
  })

  it('tells that a client has left, which waits for its answer', async () => {
    streaming.length = 0
    const leaving = new AbortController()
    const answer = client.get(`${url}/stream`, { signal: leaving.signal })
    await until(() => streaming.length === 1)
    leaving.abort()
    await streaming[0]!.closed
    expect((await answer).error?.code).toBe('ERR_ABORTED')
  })

  // Last: it ends the server.
  it('answers what is in flight while the server stops', async () => {
    streaming.length = 0
    const answer = client.get(`${url}/stream`, text)
    await until(() => streaming.length === 1)
    const stopped = server.stop({ timeout: 5000 })
    streaming[0]!.send('still here')
    expect((await answer).body).toBe('still here')
    await stopped
  })
}
