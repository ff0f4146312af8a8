// TLS below HTTP: what the handler sees of it, bodies and half-closes through it, and peers that cannot speak it.

import { createHash, randomBytes } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  asChannel,
  type Handler,
  type HttpServer,
  type RingRequest,
  type RingResponse,
  runServer,
  type ServerOptions,
} from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { connectPeer, RawPeer } from '../support/raw-peer.js'
import { deferred, stableFor, until } from '../support/waiting.js'

const certificate = hasOpenssl ? makeCertificate() : { key: '', cert: '' }
const trusting = { ca: certificate.cert, servername: 'localhost' }
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const pieceSize = 256 * 1024

// Stopped when the test ends, but not waited for: where a stop hangs, its own tests say so.
async function serveTls(handler: Handler, options: ServerOptions = {}): Promise<HttpServer> {
  const common = { ip: '127.0.0.1', port: 0, tls: certificate }
  const server = await runServer(handler, { ...common, ...options })
  onTestFinished(() => void server.stop())
  return server
}

const connectSecurely = (port: number): Promise<RawPeer> => connectPeer({ port, tls: trusting })

/** Stops the server, and says how far that is after `patienceMs` at most. */
async function stopping(
  server: HttpServer,
  patienceMs: number,
  options?: { timeout: number },
): Promise<string> {
  const stopped = server.stop(options).then(() => 'stopped')
  const patience = new Promise<string>((resolve) => setTimeout(resolve, patienceMs, 'still stopping'))
  return Promise.race([stopped, patience])
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(!hasOpenssl)(`tls${hasOpenssl ? '' : ' (skipped: no openssl here)'}`, () => {
  it('serves requests over an encrypted connection, one after another', async () => {
    const requests: RingRequest[] = []
    const server = await serveTls((req) => {
      requests.push(req)
      return { body: req.uri }
    })
    const peer = await connectSecurely(server.port)
    expect((peer.socket as TLSSocket).authorized).toBe(true)
    expect((await peer.send(get('/1')).response()).text).toBe('/1')
    const answers = await peer.send(get('/2') + get('/3')).responses(2)
    expect(answers.map(({ text }) => text)).toEqual(['/2', '/3'])
    expect(requests.map(({ uri }) => uri)).toEqual(['/1', '/2', '/3'])
  })

  it('ends an answer that only its connection ends, and that cannot be completed, with no more than the failure in the log', async () => {
    const logged: string[] = []
    const body = (async function* () {
      yield 'begin'
      throw new Error('no more')
    })()
    const server = await serveTls(() => ({ body }), { errorLogger: (message) => void logged.push(message) })
    const peer = await connectSecurely(server.port)
    peer.send('GET / HTTP/1.0\r\n\r\n')
    await peer.closed()
    expect(logged).toEqual(['httpkit-wasm: a handler failed'])
    expect(server.stats().connections).toBe(0)
  })

  it('says https as the scheme, and 443 as the port of a Host that names none', async () => {
    const requests: RingRequest[] = []
    const server = await serveTls((req) => {
      requests.push(req)
      return {}
    })
    const peer = await connectSecurely(server.port)
    await peer.send(get('/')).response()
    await peer.send(`GET / HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`).response()
    expect(requests[0]).toMatchObject({ scheme: 'https', serverName: 'localhost', serverPort: 443 })
    expect(requests[0]).toMatchObject({ remoteAddr: '127.0.0.1' })
    expect(requests[1]).toMatchObject({ scheme: 'https', serverPort: server.port })
  })

  it('answers a client of node:https that checks the certificate', async () => {
    const server = await serveTls(async (req) => ({
      headers: { 'X-Scheme': req.scheme },
      body: await req.body!.text(),
    }))
    const body = await new Promise<string>((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: server.port,
        ca: certificate.cert,
        method: 'POST',
        family: 4,
      }
      const sent = httpsRequest(options, (res) => {
        let text = String(res.headers['x-scheme'])
        res.setEncoding('utf8')
        res.on('data', (piece: string) => (text += ` ${piece}`))
        res.on('end', () => resolve(text))
      })
      sent.on('error', reject).end('hello')
    })
    expect(body).toBe('https hello')
  })

  it('agrees on http/1.1 with a client that asks for protocols (RFC 7301)', async () => {
    const server = await serveTls(() => ({}))
    const tls = { ...trusting, ALPNProtocols: ['h2', 'http/1.1'] }
    const peer = await connectPeer({ port: server.port, tls })
    expect((peer.socket as TLSSocket).alpnProtocol).toBe('http/1.1')
    expect((await peer.send(get('/')).response()).status).toBe(200)
  })

  it('takes an upload of 24 MiB whole', async () => {
    const server = await serveTls(async (req) => ({ body: hashOf(await req.body!.bytes()) }), {
      maxBody: 32 * 1024 * 1024,
    })
    const body = randomBytes(24 * 1024 * 1024)
    const peer = await connectSecurely(server.port)
    peer.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`).send(body)
    expect((await peer.response()).text).toBe(hashOf(body))
  })

  it('sends a download of 24 MiB whole, from one body or from pieces', async () => {
    const body = randomBytes(24 * 1024 * 1024)
    function* pieces() {
      for (let at = 0; at < body.length; at += pieceSize) yield body.subarray(at, at + pieceSize)
    }
    const server = await serveTls(({ uri }) => ({ body: uri === '/whole' ? body : pieces() }))
    const peer = await connectSecurely(server.port)
    expect(hashOf((await peer.send(get('/whole')).response()).body)).toBe(hashOf(body))
    expect(hashOf((await peer.send(get('/pieces')).response()).body)).toBe(hashOf(body))
  })

  it('streams a body back while it is still coming', async () => {
    const server = await serveTls((req) => ({ body: req.body! }), { maxBody: 64 * 1024 * 1024 })
    const peer = await connectSecurely(server.port)
    const body = randomBytes(16 * 1024 * 1024)
    peer.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`)
    peer.send(body.subarray(0, pieceSize))
    await until(() => peer.unread.length > pieceSize)
    peer.send(body.subarray(pieceSize))
    expect(hashOf((await peer.response()).body)).toBe(hashOf(body))
  })

  it('slows a body down for a client that stops reading', async () => {
    let made = 0
    function* endless() {
      for (; made < 2000; made++) yield Buffer.alloc(pieceSize, 'x')
    }
    const server = await serveTls(() => ({ body: endless() }))
    const peer = await connectSecurely(server.port)
    peer.pause().send(get('/'))
    await until(() => made > 0)
    expect((await stableFor(200, () => made)) * pieceSize).toBeLessThan(64 * 1024 * 1024)
    peer.destroy()
    await until(() => server.stats().inFlight === 0)
  })

  it('answers a client that has ended its side after the request', async () => {
    const end = deferred<RingResponse>()
    const server = await serveTls(() => end.promise)
    const peer = await connectSecurely(server.port)
    const finished = new Promise((resolve) => peer.socket.once('finish', resolve))
    peer.send(get('/')).finish()
    await finished
    await until(() => server.stats().inFlight === 1)
    end.resolve({ body: 'x'.repeat(1_000_000) })
    expect((await peer.response()).body.length).toBe(1_000_000)
    await peer.ended()
  })

  it('takes a body whole whose client ends its side right after it, while the handler reads slowly', async () => {
    const server = await serveTls((req) => ({ body: req.body! }), { maxBody: 64 * 1024 * 1024 })
    const peer = await connectSecurely(server.port)
    const body = randomBytes(8 * 1024 * 1024)
    peer.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`).send(body).finish()
    expect(hashOf((await peer.response()).body)).toBe(hashOf(body))
  })

  it('tells a channel that its client has left', async () => {
    const closed = deferred<string>()
    const server = await serveTls((req) => asChannel(req, { onClose: (_, status) => closed.resolve(status) }))
    const peer = await connectSecurely(server.port)
    peer.send(get('/'))
    await until(() => server.stats().inFlight === 1)
    peer.destroy()
    expect(await closed.promise).toBe('client-close')
    await until(() => server.stats().connections === 0)
  })

  it('rejects runServer where the certificate is none', async () => {
    const starting = runServer(() => ({}), {
      ip: '127.0.0.1',
      port: 0,
      tls: { key: 'no key', cert: 'no cert' },
    })
    await expect(starting.then((server) => server.stop())).rejects.toThrow()
  })

  it('cuts its connections when the server stops', async () => {
    const server = await serveTls(() => new Promise(() => {}))
    const busy = await connectSecurely(server.port)
    const idle = await connectSecurely(server.port)
    busy.send(get('/'))
    await until(() => server.stats().inFlight === 1)
    expect(await stopping(server, 1000)).toBe('stopped')
    await busy.closed()
    await idle.closed()
  })
})

describe.skipIf(!hasOpenssl)('a peer that does not get through the handshake', () => {
  const garbage: [string, string | Uint8Array][] = [
    ['random bytes', Buffer.from('8f1c03a4b5d6e7f80910aabbccddeeff'.repeat(64), 'hex')],
    ['a request in the clear', get('/')],
    ['a record with a nonsense length', Buffer.from('160301ffff0100', 'hex')],
    ['zeros', Buffer.alloc(20_000)],
  ]
  it.each(garbage)('costs its own connection only, sending %s', async (_what, bytes) => {
    let calls = 0
    const server = await serveTls(() => ({ body: String(++calls) }))
    const good = await connectSecurely(server.port)
    expect((await good.send(get('/')).response()).text).toBe('1')
    const bad = await connectPeer(server.port)
    bad.send(bytes)
    await bad.closed()
    expect((await good.send(get('/')).response()).text).toBe('2')
    const next = await connectSecurely(server.port)
    expect((await next.send(get('/')).response()).text).toBe('3')
  })

  it('costs its own connection only, leaving in the middle of it', async () => {
    const server = await serveTls(() => ({ body: 'fine' }))
    const hello = await clientHello()
    for (let length = 0; length < hello.length; length += 40) {
      const peer = await connectPeer(server.port)
      await peer.send(hello.subarray(0, length)).flushed()
      if (length % 80 === 0) peer.reset()
      else peer.destroy()
    }
    const peer = await connectSecurely(server.port)
    expect((await peer.send(get('/')).response()).text).toBe('fine')
  })

  it('is let go when it leaves in the middle of it', async () => {
    const server = await serveTls(() => ({}), { maxConnections: 1 })
    const leaving = await connectPeer(server.port)
    await leaving.send((await clientHello()).subarray(0, 100)).flushed()
    leaving.finish()
    await leaving.closed()
    leaving.destroy()
    const peer = await connectSecurely(server.port)
    expect((await peer.send(get('/')).response()).status).toBe(200)
  })

  it('costs its own connection only, when it trusts somebody else', async () => {
    const server = await serveTls(() => ({ body: 'fine' }))
    const wary = { port: server.port, tls: { servername: 'localhost' } }
    await expect(connectPeer(wary)).rejects.toThrow(/self.signed/i)
    const peer = await connectSecurely(server.port)
    expect((await peer.send(get('/')).response()).text).toBe('fine')
  })

  it('does not hold up a stop, neither before its first byte nor in the middle', async () => {
    const server = await serveTls(() => ({}))
    const silent = await connectPeer(server.port)
    const halfway = await connectPeer(server.port)
    await halfway.send((await clientHello()).subarray(0, 100)).flushed()
    const good = await connectSecurely(server.port)
    await good.send(get('/')).response()
    expect(await stopping(server, 2000)).toBe('stopped')
    expect(await silent.closed()).toBeDefined()
    expect(await halfway.closed()).toBeDefined()
  })

  it('does not hold up a graceful stop for its whole timeout', async () => {
    const server = await serveTls(() => ({}))
    const silent = await connectPeer(server.port)
    const good = await connectSecurely(server.port)
    await good.send(get('/')).response()
    good.destroy()
    expect(await stopping(server, 5000, { timeout: 10_000 })).toBe('stopped')
    expect(await silent.closed()).toBeDefined()
  })
})

describe.skipIf(!hasOpenssl)('a PROXY header before the handshake', () => {
  const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n'

  /** A relay that puts bytes of its own before, or in front of, what the client sends first. */
  async function relay(port: number, begin: (upstream: Socket, first: Buffer) => void | Promise<void>) {
    const server = createServer((client) => {
      const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
      client.once('data', async (first) => {
        client.pause()
        await begin(upstream, first)
        client.pipe(upstream)
      })
      upstream.pipe(client)
      upstream.on('error', () => client.destroy())
      client.on('error', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
      client.on('close', () => upstream.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return (server.address() as { port: number }).port
  }

  function tellAddress(req: RingRequest): RingResponse {
    const { 'x-forwarded-for': client, 'x-forwarded-port': port, 'x-forwarded-proto': proto } = req.headers
    return { body: [req.scheme, req.remoteAddr, client, port, proto].join(' ') }
  }

  const told = 'https 192.0.2.7 192.0.2.7 443 https'

  it('is read in the clear, and what follows it is the handshake', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const tcp = await connectPeer(server.port)
    await tcp.send(header).flushed()
    const secure = await overSocket(tcp.socket)
    expect((await secure.send(get('/')).response()).text).toBe(told)
    expect((await secure.send(get('/')).response()).text).toBe(told)
  })

  it('may come in one packet with the first bytes of the handshake', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const port = await relay(server.port, (upstream, first) => {
      upstream.write(Buffer.concat([Buffer.from(header), first]))
    })
    const secure = await connectSecurely(port)
    expect((await secure.send(get('/')).response()).text).toBe(told)
  })

  it('may come byte by byte, and its last byte with the handshake', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const port = await relay(server.port, async (upstream, first) => {
      const bytes = Buffer.from(header)
      for (let at = 0; at < bytes.length - 1; at++) {
        await new Promise((resolve) => upstream.write(bytes.subarray(at, at + 1), resolve))
        await new Promise((resolve) => setImmediate(resolve))
      }
      upstream.write(Buffer.concat([bytes.subarray(-1), first]))
    })
    const secure = await connectSecurely(port)
    expect((await secure.send(get('/')).response()).text).toBe(told)
  })

  it('keeps bodies whole both ways', async () => {
    const server = await serveTls((req) => ({ body: req.body! }), {
      proxyProtocol: 'enable',
      maxBody: 64 * 1024 * 1024,
    })
    const tcp = await connectPeer(server.port)
    const secure = await overSocket(tcp.send(header).socket)
    const body = randomBytes(8 * 1024 * 1024)
    secure.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`).send(body)
    expect(hashOf((await secure.response()).body)).toBe(hashOf(body))
  })

  it('may be missing where it is optional', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'optional' })
    const peer = await connectSecurely(server.port)
    expect((await peer.send(get('/')).response()).text).toBe('https 127.0.0.1   ')
  })

  it.each([
    ['is missing where it must be there', ''],
    ['is malformed', 'PROXY TCP4 192.0.2.300 198.51.100.1 51234 443\r\n'],
  ])('costs its own connection only, when it %s', async (_how, bytes) => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const bad = await connectPeer(server.port)
    bad.send(bytes).send(await clientHello())
    await bad.closed()
    const tcp = await connectPeer(server.port)
    const secure = await overSocket(tcp.send(header).socket)
    expect((await secure.send(get('/')).response()).text).toBe(told)
  })

  it('is followed by a garbled handshake at the cost of its own connection only', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const bad = await connectPeer(server.port)
    bad.send(header).send(Buffer.alloc(5000, 'x'))
    await bad.closed()
    const tcp = await connectPeer(server.port)
    const secure = await overSocket(tcp.send(header).socket)
    expect((await secure.send(get('/')).response()).text).toBe(told)
  })

  it('is followed by a silent peer that does not hold up a stop', async () => {
    const server = await serveTls(tellAddress, { proxyProtocol: 'enable' })
    const silent = await connectPeer(server.port)
    await silent.send(header).flushed()
    const tcp = await connectPeer(server.port)
    const secure = await overSocket(tcp.send(header).socket)
    await secure.send(get('/')).response()
    expect(await stopping(server, 1000)).toBe('stopped')
  })
})

/** A TLS client on a connection that is there already. */
async function overSocket(socket: Socket): Promise<RawPeer> {
  for (const event of ['data', 'end', 'error', 'close']) socket.removeAllListeners(event)
  socket.pause()
  const secure = connectTls({ ...trusting, ...{ socket, allowHalfOpen: true } })
  await new Promise<void>((resolve, reject) => {
    secure.once('error', reject).once('secureConnect', () => {
      secure.off('error', reject)
      resolve()
    })
  })
  const peer = new RawPeer(secure)
  onTestFinished(() => peer.destroy())
  return peer
}

/** What a TLS client sends first. */
async function clientHello(): Promise<Buffer> {
  const first = deferred<Buffer>()
  const server = createServer((socket) => {
    socket.once('data', first.resolve).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = connectTls({ port, host: '127.0.0.1', ...trusting }).on('error', () => {})
  const bytes = await first.promise
  client.destroy()
  server.close()
  return bytes
}
