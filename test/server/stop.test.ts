// The end of a server: at once, or after the requests in flight have been answered; and what its peers see of either.

import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asChannel, type Channel, type HttpServer, type RingResponse, runServer } from '../../src/server.js'
import { connectPeer, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { type Deferred, deferred, stableFor, timeOf, until } from '../support/waiting.js'

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A server whose /slow is answered when the test says so, and everything else at once. */
async function serveSlowly(): Promise<{ server: TestServer; slow: Deferred<RingResponse> }> {
  const slow = deferred<RingResponse>()
  const server = await serve(({ uri }) => (uri === '/slow' ? slow.promise : { body: uri }))
  return { server, slow }
}

async function busyPeer(server: HttpServer, path = '/slow'): Promise<RawPeer> {
  const before = server.stats().inFlight
  const peer = (await connectPeer(server.port)).send(get(path))
  await until(() => server.stats().inFlight === before + 1)
  return peer
}

async function idlePeer(server: HttpServer): Promise<RawPeer> {
  const peer = await connectPeer(server.port)
  const answer = await peer.send(get('/before')).response()
  expect(answer.header('connection')).toBeUndefined()
  return peer
}

/** As most clients do: our side closes when the server's has. */
async function leavesWhenEnded(peer: RawPeer): Promise<void> {
  await peer.ended()
  peer.destroy()
}

async function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
    onTestFinished(() => void socket.destroy())
  })
}

describe('stop()', () => {
  it('cuts every connection at once: busy, idle, and silent ones', async () => {
    const { server } = await serveSlowly()
    const peers = [await busyPeer(server), await idlePeer(server), await connectPeer(server.port)]
    expect(await timeOf(server.stop())).toBeLessThan(500)
    expect(server.status).toBe('stopped')
    for (const peer of peers) await peer.closed()
    expect(server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
  })

  it('cuts an answer that is under way, and ends its source', async () => {
    const ended = deferred()
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]() {
        const values = ['first']
        return {
          next: () =>
            values.length > 0 ? Promise.resolve({ value: values.shift()! }) : new Promise(() => {}),
          async return() {
            ended.resolve()
            return { done: true, value: undefined }
          },
        }
      },
    }
    const server = await serve(() => ({ body: source }))
    const peer = await busyPeer(server)
    await until(() => peer.unread.includes('first'))
    await server.stop()
    expect((await peer.cutResponse()).text).toBe('first')
    await ended.promise
  })

  it('destroys the stream that an answer under way is read from', async () => {
    const stream = new Readable({ read() {} })
    stream.push('first')
    const server = await serve(() => ({ body: stream }))
    const peer = await busyPeer(server)
    await until(() => peer.unread.includes('first'))
    await server.stop()
    await until(() => stream.destroyed)
  })

  it('has the listening socket refuse new connections', async () => {
    const { server } = await serveSlowly()
    expect(await isRefused(server.port)).toBe(false)
    const { port } = server
    await server.stop()
    expect(await isRefused(port)).toBe(true)
  })

  it('tells the body of an upload that is under way', async () => {
    const failed = deferred<Error>()
    const server = await serve(async (req) => {
      await req.body!.bytes().catch(failed.resolve)
      return {}
    })
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello')
    await until(() => server.stats().inFlight === 1)
    await server.stop()
    expect(await failed.promise).toBeInstanceOf(Error)
  })

  it('is idempotent', async () => {
    const { server } = await serveSlowly()
    await busyPeer(server)
    await Promise.all([server.stop(), server.stop(), server.stop({ timeout: 5000 })])
    await server.stop()
    await server.stop({ timeout: 5000 })
    expect(server.status).toBe('stopped')
  })

  it('leaves no timer behind that keeps the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    const before = await stableFor(300, timers)
    const { server } = await serveSlowly()
    await busyPeer(server)
    void server.stop({ timeout: 60_000 })
    await server.stop()
    await server.stop({ timeout: 60_000 })
    await until(() => timers() <= before, 2000)
  })
})

describe('stop({ timeout })', () => {
  it('lets a request in flight end, says close in its answer, and does not wait any longer', async () => {
    const { server, slow } = await serveSlowly()
    const peer = await busyPeer(server)
    const stopped = timeOf(server.stop({ timeout: 15_000 }))
    expect(server.status).toBe('stopping')
    slow.resolve({ body: 'the answer' })
    const answer = await peer.response()
    expect(answer.text).toBe('the answer')
    expect(answer.header('connection')).toBe('close')
    await leavesWhenEnded(peer)
    expect(await stopped).toBeLessThan(3000)
    expect(server.status).toBe('stopped')
  })

  it('lets an answer that streams come to its end', async () => {
    const gate = deferred()
    async function* lines(): AsyncGenerator<string> {
      yield 'one '
      await gate.promise
      yield 'two '
      yield 'three'
    }
    const server = await serve(() => ({ body: lines() }))
    const peer = await busyPeer(server)
    await until(() => peer.unread.includes('one '))
    const stopped = timeOf(server.stop({ timeout: 15_000 }))
    await new Promise((resolve) => setTimeout(resolve, 500))
    gate.resolve()
    expect((await peer.response()).text).toBe('one two three')
    await leavesWhenEnded(peer)
    expect(await stopped).toBeLessThan(3000)
  })

  it('lets an upload come to its end and be answered', async () => {
    const server = await serve(async (req) => ({ body: await req.body!.text() }))
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello')
    await until(() => server.stats().inFlight === 1)
    const stopped = server.stop({ timeout: 15_000 })
    await new Promise((resolve) => setTimeout(resolve, 500))
    peer.send('world')
    expect((await peer.response()).text).toBe('helloworld')
    await leavesWhenEnded(peer)
    await stopped
  })

  it('lets a long poll be answered', async () => {
    const channels: Channel[] = []
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channels.push(channel) }))
    const peer = await busyPeer(server)
    const stopped = server.stop({ timeout: 15_000 })
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(channels[0]!.send('at last')).toBe(true)
    expect((await peer.response()).text).toBe('at last')
    await leavesWhenEnded(peer)
    await stopped
  })

  it('runs the handler calls that wait for a place', async () => {
    const first = deferred<RingResponse>()
    const server = await serve(({ uri }) => (uri === '/slow' ? first.promise : { body: uri }), { thread: 1 })
    const running = await busyPeer(server)
    const queued = await busyPeer(server, '/queued')
    const stopped = server.stop({ timeout: 15_000 })
    first.resolve({ body: 'slow' })
    expect((await running.response()).text).toBe('slow')
    expect((await queued.response()).text).toBe('/queued')
    await Promise.all([leavesWhenEnded(running), leavesWhenEnded(queued)])
    await stopped
  })

  it('answers the next request of an idle connection with Connection: close', async () => {
    const { server, slow } = await serveSlowly()
    const idle = await idlePeer(server)
    const busy = await busyPeer(server)
    const stopped = server.stop({ timeout: 15_000 })
    const answer = await idle.send(get('/next')).response()
    expect(answer.text).toBe('/next')
    expect(answer.header('connection')).toBe('close')
    await leavesWhenEnded(idle)
    slow.resolve({})
    await busy.response()
    await leavesWhenEnded(busy)
    await stopped
  })

  it('answers the next request of an idle connection also where nothing is in flight', async () => {
    const { server } = await serveSlowly()
    const idle = await idlePeer(server)
    const stopped = server.stop({ timeout: 15_000 })
    const answer = await idle.send(get('/next')).response()
    expect([answer.text, answer.header('connection')]).toEqual(['/next', 'close'])
    await leavesWhenEnded(idle)
    await stopped
  })

  it('answers only the first of the requests that an idle connection pipelines', async () => {
    const { server } = await serveSlowly()
    const idle = await idlePeer(server)
    const stopped = server.stop({ timeout: 15_000 })
    const answers = await idle.send(get('/1') + get('/2') + get('/3')).responsesUntilEnd()
    expect(answers.map(({ text }) => text)).toEqual(['/1'])
    idle.destroy()
    await stopped
  })

  it('serves a request whose head had begun to come', async () => {
    const { server } = await serveSlowly()
    const peer = await idlePeer(server)
    await peer.send('GET /half HTTP/1.1\r\nHo').flushed()
    await until(() => server.stats().bytesIn > get('/before').length)
    const stopped = server.stop({ timeout: 15_000 })
    await new Promise((resolve) => setTimeout(resolve, 600))
    const answer = await peer.send('st: x\r\n\r\n').response()
    expect([answer.text, answer.header('connection')]).toEqual(['/half', 'close'])
    await leavesWhenEnded(peer)
    await stopped
  })

  it('closes idle connections soon, with no reset, and does not take the whole timeout', async () => {
    const { server } = await serveSlowly()
    const peers = await Promise.all([idlePeer(server), idlePeer(server), connectPeer(server.port)])
    const stopped = timeOf(server.stop({ timeout: 15_000 }))
    await Promise.all(peers.map(leavesWhenEnded))
    expect(await stopped).toBeLessThan(2000)
    expect(server.status).toBe('stopped')
  })

  it('closes a connection that became idle again, soon', async () => {
    const gate = deferred()
    async function* lines(): AsyncGenerator<string> {
      yield 'one '
      await gate.promise
      yield 'two'
    }
    // Its head said nothing of a close: it left before the stop.
    const server = await serve(({ uri }) => (uri === '/' ? { body: lines() } : { body: uri }))
    const peer = await busyPeer(server, '/')
    await until(() => peer.unread.includes('one '))
    const stopped = timeOf(server.stop({ timeout: 15_000 }))
    gate.resolve()
    expect((await peer.response()).header('connection')).toBeUndefined()
    await leavesWhenEnded(peer)
    expect(await stopped).toBeLessThan(2000)
  })

  it('does not take the whole timeout for a peer that keeps its side open', async () => {
    const { server } = await serveSlowly()
    const peer = await idlePeer(server)
    const stopped = timeOf(server.stop({ timeout: 15_000 }))
    await peer.ended()
    expect(await stopped).toBeLessThan(8000)
  })

  it('cuts what is still in flight when the timeout has passed', async () => {
    const statuses: string[] = []
    const server = await serve((req) => {
      if (req.uri === '/channel')
        return asChannel(req, { onClose: (_, status) => void statuses.push(status) })
      return new Promise(() => {})
    })
    const peer = await busyPeer(server, '/slow')
    const poller = await busyPeer(server, '/channel')
    const took = await timeOf(server.stop({ timeout: 300 }))
    expect(took).toBeGreaterThan(250)
    expect(took).toBeLessThan(2000)
    await peer.closed()
    await poller.closed()
    expect(statuses).toEqual(['server-close'])
  })

  it('has the listening socket refuse new connections meanwhile', async () => {
    const { server, slow } = await serveSlowly()
    const { port } = server
    const peer = await busyPeer(server)
    const stopped = server.stop({ timeout: 15_000 })
    expect(await isRefused(port)).toBe(true)
    slow.resolve({})
    await peer.response()
    await leavesWhenEnded(peer)
    await stopped
  })

  it('is at once where the timeout is 0', async () => {
    const { server } = await serveSlowly()
    const peer = await busyPeer(server)
    expect(await timeOf(server.stop({ timeout: 0 }))).toBeLessThan(500)
    await peer.closed()
  })

  it.each([
    ['Infinity', Number.POSITIVE_INFINITY],
    ['more than a timer can hold', 2 ** 31],
  ])('waits as long as it takes, and no longer, where the timeout is %s', async (_what, timeout) => {
    const { server, slow } = await serveSlowly()
    const idle = await idlePeer(server)
    const busy = await busyPeer(server)
    const stopped = timeOf(server.stop({ timeout }))
    await new Promise((resolve) => setTimeout(resolve, 500))
    slow.resolve({ body: 'the answer' })
    expect((await busy.response()).text).toBe('the answer')
    await Promise.all([leavesWhenEnded(busy), leavesWhenEnded(idle)])
    expect(await stopped).toBeLessThan(3000)
  })

  it('is over soon where nobody is connected', async () => {
    const { server } = await serveSlowly()
    expect(await timeOf(server.stop({ timeout: 15_000 }))).toBeLessThan(1000)
  })
})

describe('a second stop', () => {
  it('at once hastens one that waits', async () => {
    const { server } = await serveSlowly()
    const peer = await busyPeer(server)
    const first = server.stop({ timeout: 15_000 })
    expect(await timeOf(server.stop())).toBeLessThan(500)
    await first
    await peer.closed()
  })

  it('with a shorter timeout hastens one that waits', async () => {
    const { server } = await serveSlowly()
    const peer = await busyPeer(server)
    const first = timeOf(server.stop({ timeout: 15_000 }))
    await server.stop({ timeout: 200 })
    expect(await first).toBeLessThan(2000)
    await peer.closed()
  })

  it('with a longer timeout does not prolong one that waits', async () => {
    const { server } = await serveSlowly()
    const peer = await busyPeer(server)
    const first = timeOf(server.stop({ timeout: 300 }))
    void server.stop({ timeout: 6000 })
    expect(await first).toBeLessThan(3000)
    await peer.closed()
  })
})

describe('stop within a handler', () => {
  it('lets the handler answer, where it does not wait for it', async () => {
    const stopped = deferred<Promise<void>>()
    const server: TestServer = await serve(() => {
      stopped.resolve(server.stop({ timeout: 15_000 }))
      return { body: 'good bye' }
    })
    const peer = await connectPeer(server.port)
    const answer = await peer.send(get()).response()
    expect([answer.text, answer.header('connection')]).toEqual(['good bye', 'close'])
    await leavesWhenEnded(peer)
    await stopped.promise
    expect(server.status).toBe('stopped')
  })

  it('cuts the handler’s own connection, where it is at once', async () => {
    const server: TestServer = await serve(async () => {
      await server.stop()
      return { body: 'too late' }
    })
    const peer = await connectPeer(server.port)
    peer.send(get())
    await peer.closed()
    await server.join()
    expect(server.errors).toEqual([])
  })

  it('comes to its end, where the handler waits for it', async () => {
    const server: TestServer = await serve(async () => {
      await server.stop({ timeout: 300 })
      return { body: 'too late' }
    })
    const peer = await connectPeer(server.port)
    peer.send(get())
    await peer.closed()
    await server.join()
    expect(server.status).toBe('stopped')
  })

  it('at once in the middle of pipelined requests runs none of the others', async () => {
    const calls: string[] = []
    const server: TestServer = await serve(({ uri }) => {
      calls.push(uri)
      if (uri === '/stop') void server.stop()
      return { body: uri }
    })
    const peer = await connectPeer(server.port)
    peer.send(get('/1') + get('/stop') + get('/2') + get('/3'))
    await peer.closed()
    await server.join()
    expect(calls).toEqual(['/1', '/stop'])
  })
})

describe('status and join', () => {
  it('say running, stopping and stopped, and settle at the last', async () => {
    const { server, slow } = await serveSlowly()
    const seen: string[] = []
    const joined = server.join().then(() => void seen.push(`joined: ${server.status}`))
    const peer = await busyPeer(server)
    expect(server.status).toBe('running')
    const stopped = server.stop({ timeout: 15_000 })
    expect(server.status).toBe('stopping')
    expect(seen).toEqual([])
    slow.resolve({})
    await peer.response()
    expect(server.status).toBe('stopping')
    await leavesWhenEnded(peer)
    await stopped
    await joined
    expect(server.status).toBe('stopped')
    expect(seen).toEqual(['joined: stopped'])
    await server.join()
  })

  it('have join settle with nothing, also when asked afterwards', async () => {
    const { server } = await serveSlowly()
    const joined = server.join()
    expect(await server.stop()).toBeUndefined()
    expect(await joined).toBeUndefined()
    expect(await server.join()).toBeUndefined()
  })
})

describe('Symbol.asyncDispose', () => {
  it('stops the server at once', async () => {
    const { server } = await serveSlowly()
    const peer = await busyPeer(server)
    expect(await timeOf(Promise.resolve(server[Symbol.asyncDispose]()))).toBeLessThan(500)
    expect(server.status).toBe('stopped')
    await peer.closed()
  })
})

describe('the channels of a server that stops', () => {
  it('get onClose with server-close, once, whether they have sent anything or not', async () => {
    const onClose = vi.fn()
    const server = await serve((req) =>
      asChannel(req, {
        onOpen(channel) {
          if (req.uri === '/streaming') channel.send('first', false)
        },
        onClose: (_channel, status, code, reason) => onClose(req.uri, status, code, reason),
      }),
    )
    const peers = [await busyPeer(server, '/polling'), await busyPeer(server, '/streaming')]
    await server.stop()
    for (const peer of peers) await peer.closed()
    expect(onClose.mock.calls).toEqual([
      ['/polling', 'server-close', undefined, ''],
      ['/streaming', 'server-close', undefined, ''],
    ])
  })

  it('may close the others in onClose', async () => {
    const channels = new Set<Channel>()
    const closes: Channel[] = []
    const server = await serve((req) =>
      asChannel(req, {
        onOpen: (channel) => void channels.add(channel),
        onClose(channel) {
          closes.push(channel)
          channels.delete(channel)
          for (const other of channels) other.close()
        },
      }),
    )
    for (let count = 0; count < 5; count++) await busyPeer(server, '/')
    await server.stop()
    expect(new Set(closes).size).toBe(5)
    expect(closes.length).toBe(5)
  })

  it('refuse to send afterwards', async () => {
    const channels: Channel[] = []
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channels.push(channel) }))
    await busyPeer(server)
    await server.stop()
    expect(channels[0]!.isOpen).toBe(false)
    expect(channels[0]!.send('too late')).toBe(false)
    expect(channels[0]!.close()).toBe(false)
    await channels[0]!.drained()
  })
})

describe('a server that has stopped', () => {
  it('leaves its port to the next', async () => {
    const { server } = await serveSlowly()
    const { port } = server
    await server.stop()
    const next = await runServer(() => ({ body: 'next' }), { ip: '127.0.0.1', port })
    onTestFinished(() => next.stop())
    const peer = await connectPeer(port)
    expect((await peer.send(get()).response()).text).toBe('next')
  })
})
