// What `stats()` says, number by number. The four since the start only grow; the others come and go.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asChannel, type Channel, file, type RingResponse } from '../../src/server.js'
import { temporaryFolder } from '../support/programs.js'
import { connectPeer, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`

/** Counts what reaches a peer and what it sends. */
function metered(peer: RawPeer) {
  const meter = { received: 0, sent: 0 }
  peer.socket.on('data', (bytes: Buffer) => {
    meter.received += bytes.length
  })
  const send = peer.send.bind(peer)
  peer.send = (data) => {
    meter.sent += data.length
    return send(data)
  }
  return meter
}

describe('stats()', () => {
  it('is all zeros before the first connection', async () => {
    const server = await serve(() => ({}))
    expect(server.stats()).toEqual({
      connections: 0,
      websockets: 0,
      inFlight: 0,
      queued: 0,
      served: 0,
      rejected: 0,
      bytesIn: 0,
      bytesOut: 0,
    })
  })

  it('gives numbers that do not change afterwards', async () => {
    const server = await serve(() => ({}))
    const before = server.stats()
    const peer = await connectPeer(server.port)
    await peer.send(get()).response()
    expect(before).toMatchObject({ connections: 0, served: 0, bytesIn: 0 })
    expect(server.stats()).toMatchObject({ connections: 1, served: 1 })
  })
})

describe('connections', () => {
  it('counts the open ones, busy or idle', async () => {
    const server = await serve(({ uri }) => (uri === '/wait' ? new Promise(() => {}) : {}))
    const silent = await connectPeer(server.port)
    const idle = await connectPeer(server.port)
    await idle.send(get()).response()
    const busy = await connectPeer(server.port)
    busy.send(get('/wait'))
    await until(() => server.stats().connections === 3)
    silent.destroy()
    await until(() => server.stats().connections === 2)
    busy.reset()
    await until(() => server.stats().connections === 1)
    idle.destroy()
    await until(() => server.stats().connections === 0)
  })

  it('counts one that the server has closed only until it is gone', async () => {
    const server = await serve(() => ({}))
    const peer = await connectPeer(server.port)
    await peer.send(get('/', 'Connection: close\r\n')).response()
    await peer.ended()
    peer.destroy()
    await until(() => server.stats().connections === 0)
  })
})

describe('inFlight', () => {
  it('counts requests until their answers are complete', async () => {
    const answer = deferred<RingResponse>()
    const next = deferred<string>()
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      yield await next.promise
    }
    const server = await serve(() => answer.promise)
    const peer = await connectPeer(server.port)
    peer.send(get())
    await until(() => server.stats().inFlight === 1)
    answer.resolve({ body: body() })
    await until(() => peer.unread.includes('first'))
    expect(server.stats().inFlight).toBe(1)
    next.resolve('last')
    await peer.response()
    expect(server.stats().inFlight).toBe(0)
  })

  it('counts one request of a connection at a time, however many are pipelined', async () => {
    const channels: Channel[] = []
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channels.push(channel) }))
    const peer = await connectPeer(server.port)
    peer.send(get() + get() + get())
    for (let done = 0; done < 3; done++) {
      await until(() => channels.length === done + 1)
      expect(server.stats().inFlight).toBe(1)
      channels[done]!.send('')
    }
    await peer.responses(3)
    expect(server.stats().inFlight).toBe(0)
  })

  it('no longer counts a request whose client has left', async () => {
    const server = await serve(() => new Promise(() => {}))
    const peer = await connectPeer(server.port)
    peer.send(get())
    await until(() => server.stats().inFlight === 1)
    peer.reset()
    await until(() => server.stats().inFlight === 0)
  })

  it('is 0 again after a stop, also one from within onClose or a logger', async () => {
    for (const from of ['onClose', 'eventLogger', 'errorLogger']) {
      const stop = () => void server.stop()
      const server: TestServer = await serve(
        (req) => {
          if (from === 'errorLogger') throw new Error('thrown')
          return asChannel(req, {
            onOpen: (ch) => void ch.send('x'),
            ...(from === 'onClose' && { onClose: stop }),
          })
        },
        from === 'onClose' ? {} : { [from]: stop },
      )
      const peer = await connectPeer(server.port)
      peer.send(get())
      await server.join()
      expect(server.stats(), from).toMatchObject({ inFlight: 0, connections: 0 })
    }
  })

  it('is 0 again after refusals', async () => {
    const server = await serve(() => ({}))
    for (const bytes of [
      'garbage\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n',
    ]) {
      const peer = await connectPeer(server.port)
      await peer.send(bytes).response()
      await peer.ended()
      expect(server.stats().inFlight).toBe(0)
    }
  })
})

describe('queued', () => {
  it('counts requests that wait for a handler call to end', async () => {
    const end = deferred<RingResponse>()
    const server = await serve(() => end.promise, { thread: 2 })
    const peers: RawPeer[] = []
    for (let count = 1; count <= 5; count++) {
      peers.push((await connectPeer(server.port)).send(get()))
      await until(() => server.stats().inFlight === count)
    }
    expect(server.stats()).toMatchObject({ inFlight: 5, queued: 3 })
    end.resolve({})
    for (const peer of peers) await peer.response()
    expect(server.stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })
})

describe('served', () => {
  it('counts what the handler answered, whatever the status', async () => {
    const server = await serve((req) => {
      if (req.uri === '/channel') return asChannel(req, { onOpen: (channel) => void channel.send('x') })
      if (req.uri === '/close') return asChannel(req, { onOpen: (channel) => void channel.close() })
      return { status: Number(req.uri.slice(1)) }
    })
    const peer = await connectPeer(server.port)
    for (const [index, path] of ['/200', '/304', '/404', '/503', '/channel', '/close'].entries()) {
      await peer.send(get(path)).response()
      expect(server.stats()).toMatchObject({ served: index + 1, rejected: 0 })
    }
  })
})

describe('rejected', () => {
  const refusals: [string, number, string][] = [
    ['a malformed request', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['a method with lower-case letters', 501, 'get / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a long request-line', 414, get(`/${'x'.repeat(9000)}`)],
    ['a long field', 431, get('/', `X: ${'x'.repeat(9000)}\r\n`)],
    ['a long body', 413, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'],
    ['an unknown expectation', 417, get('/', 'Expect: tea\r\n')],
  ]
  it.each(refusals)('counts %s', async (_what, status, bytes) => {
    const server = await serve(() => ({}))
    const peer = await connectPeer(server.port)
    expect((await peer.send(bytes).response()).status).toBe(status)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1 })
  })

  it('counts a head that is too slow', async () => {
    const server = await serve(() => ({}), { headersTimeout: 100 })
    const peer = await connectPeer(server.port)
    expect((await peer.send('GET / HT').response()).status).toBe(408)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1 })
  })

  it('counts a body that turns out malformed, once', async () => {
    const server = await serve(async (req) => ({ body: await req.body!.text() }))
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    await until(() => server.stats().inFlight === 1)
    expect((await peer.send('nonsense\r\n').response()).status).toBe(400)
    await peer.ended()
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1, inFlight: 0 })
  })

  it('counts a request for which there is no room', async () => {
    const server = await serve(() => new Promise(() => {}), { thread: 1, queueSize: 0 })
    const busy = await connectPeer(server.port)
    busy.send(get())
    await until(() => server.stats().inFlight === 1)
    const peer = await connectPeer(server.port)
    expect((await peer.send(get()).response()).status).toBe(503)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1, inFlight: 1, queued: 0 })
  })

  it('counts a connection over maxConnections', async () => {
    const server = await serve(() => ({}), { maxConnections: 1 })
    await (await connectPeer(server.port)).send(get()).response()
    const over = await connectPeer(server.port)
    await over.closed()
    await until(() => server.stats().rejected === 1)
    expect(server.stats()).toMatchObject({ connections: 1, served: 1, rejected: 1 })
  })

  it('counts nothing for clients that just leave', async () => {
    const server = await serve(() => ({}))
    for (const bytes of ['', 'GET / HT', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Le']) {
      const peer = await connectPeer(server.port)
      await peer.send(bytes).flushed()
      peer.destroy()
    }
    await until(() => server.stats().bytesIn > 0 && server.stats().connections === 0)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 0, inFlight: 0 })
  })
})

describe('bytesIn and bytesOut', () => {
  const path = (): string => {
    const name = join(temporaryFolder(), 'file.bin')
    writeFileSync(name, Buffer.alloc(300_000, 'f'))
    return name
  }
  const bodies: [string, () => NonNullable<RingResponse['body']> | undefined][] = [
    ['no body', () => undefined],
    ['a string', () => 'hello'],
    ['a string beyond ASCII', () => 'größer — 🎈'.repeat(100)],
    ['a long string beyond ASCII', () => '🎈'.repeat(100_000)],
    ['bytes', () => Buffer.alloc(10)],
    ['many bytes', () => Buffer.alloc(3_000_000)],
    ['pieces', () => ['one', Buffer.alloc(100_000), 'größer']],
    ['a file', () => file(path())],
  ]
  it.each(bodies)('count every byte of requests and of answers with %s', async (_what, body) => {
    const made = body()
    const server = await serve(() => (made === undefined ? {} : { body: made }))
    const peer = await connectPeer(server.port)
    const meter = metered(peer)
    await peer.send(get('/', `Cookie: ${'c'.repeat(500)}\r\n`)).response()
    expect(server.stats()).toMatchObject({ bytesIn: meter.sent, bytesOut: meter.received })
  })

  it('count uploads, 100 Continue and chunked framing', async () => {
    const server = await serve(async (req) => ({ body: String((await req.body!.bytes()).length) }))
    const peer = await connectPeer(server.port)
    const meter = metered(peer)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 500000\r\n\r\n')
    expect((await peer.response()).status).toBe(100)
    expect((await peer.send(Buffer.alloc(500_000)).response()).text).toBe('500000')
    peer.send(
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n',
    )
    expect((await peer.response()).text).toBe('5')
    expect(server.stats()).toMatchObject({ bytesIn: meter.sent, bytesOut: meter.received })
  })

  it('count refusals, and what comes after them', async () => {
    const server = await serve(() => ({}))
    const peer = await connectPeer(server.port)
    const meter = metered(peer)
    await peer.send('garbage\r\n\r\n').response()
    await peer.ended()
    await peer.send('more garbage').flushed()
    await until(() => server.stats().bytesIn === meter.sent)
    expect(server.stats().bytesOut).toBe(meter.received)
  })

  it('add up over all connections', async () => {
    const server = await serve(({ uri }) => ({ body: uri }))
    const meters: { sent: number; received: number }[] = []
    for (let count = 0; count < 5; count++) {
      const peer = await connectPeer(server.port)
      meters.push(metered(peer))
      await peer.send(get(`/${'x'.repeat(count)}`).repeat(count)).responses(count)
      peer.destroy()
    }
    const sum = (key: 'sent' | 'received') => meters.reduce((total, meter) => total + meter[key], 0)
    await until(() => server.stats().connections === 0)
    expect(server.stats()).toMatchObject({ served: 10, bytesIn: sum('sent'), bytesOut: sum('received') })
  })
})
