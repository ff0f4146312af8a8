// http-kit's channel over HTTP: an answer that comes later, or bit by bit.

import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import {
  asChannel,
  type Channel,
  type ChannelHandlers,
  type CloseStatus,
  file,
  type RingRequest,
  type RingResponse,
  type ServerOptions,
} from '../../src/server.js'
import { ask, connectPeer, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { deferred, stableFor, until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const get10 = 'GET / HTTP/1.0\r\n\r\n'
const head = 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n'
const megabyte = 1024 * 1024

interface Channels {
  server: TestServer
  /** The channels opened so far. */
  channels: Channel[]
  closes: CloseStatus[]
  /** Connects, asks, and settles when the channel is open. */
  open(bytes?: string): Promise<{ peer: RawPeer; channel: Channel }>
}

/** A server that answers every request through its channel, when the test says so. */
async function serveChannels(options: ServerOptions = {}, handlers: ChannelHandlers = {}): Promise<Channels> {
  const channels: Channel[] = []
  const closes: CloseStatus[] = []
  const server = await serve(
    (req) =>
      asChannel(req, {
        ...handlers,
        onOpen(channel) {
          channels.push(channel)
          handlers.onOpen?.(channel)
        },
        onClose(...told) {
          closes.push(told[1])
          handlers.onClose?.(...told)
        },
      }),
    options,
  )
  const open = async (bytes = get()) => {
    const before = channels.length
    const peer = (await connectPeer(server.port)).send(bytes)
    await until(() => channels.length > before)
    return { peer, channel: channels[before]! }
  }
  return { server, channels, closes, open }
}

describe('a long poll', () => {
  it('is answered when the channel sends, ticks later', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.isOpen).toBe(true)
    expect(channel.websocket).toBe(false)
    await sleep(50)
    expect(peer.unread.length).toBe(0)
    expect(channel.send('the answer')).toBe(true)
    const answer = await peer.response()
    expect([answer.status, answer.framing, answer.text]).toEqual([200, 'length', 'the answer'])
    expect(closes).toEqual(['server-close'])
  })

  it('may take longer than every timeout, as often as it likes', async () => {
    const timeouts = { headersTimeout: 100, bodyTimeout: 100, keepAliveTimeout: 100 }
    const { open, channels } = await serveChannels(timeouts)
    const { peer, channel } = await open()
    await sleep(600)
    channel.send('first')
    expect((await peer.response()).text).toBe('first')
    peer.send(get())
    await until(() => channels.length === 2)
    await sleep(600)
    channels[1]!.send('second')
    expect((await peer.response()).text).toBe('second')
  })

  it('may be answered within the handler call, in init or onOpen', async () => {
    const server = await serve((req) => {
      const answer = (channel: Channel) => void channel.send('at once')
      return asChannel(req, req.uri === '/init' ? { init: answer } : { onOpen: answer })
    })
    const peer = await connectPeer(server.port)
    const answers = await peer.send(get('/init') + get('/open') + get('/init')).responses(3)
    expect(answers.map(({ text }) => text)).toEqual(['at once', 'at once', 'at once'])
  })

  it('may be answered through asyncChannel, by a handler that returns it or not', async () => {
    const server = await serve(({ uri, asyncChannel }) => {
      if (uri === '/sent') {
        asyncChannel.send('sent')
        return { body: 'ignored' }
      }
      setTimeout(() => asyncChannel.send('later'), 5)
      return { body: asyncChannel }
    })
    const peer = await connectPeer(server.port)
    const answers = await peer.send(get('/sent') + get('/later') + get('/sent')).responses(3)
    expect(answers.map(({ text }) => text)).toEqual(['sent', 'later', 'sent'])
  })

  it('may come from an async handler', async () => {
    const server = await serve(async (req) => {
      await sleep(5)
      return asChannel(req, { onOpen: (channel) => void setTimeout(() => channel.send('later'), 5) })
    })
    expect((await ask(server.port, get())).text).toBe('later')
  })

  it('leaves its connection usable', async () => {
    const { open, channels } = await serveChannels()
    const { peer } = await open()
    for (let round = 0; round < 5; round++) {
      channels[round]!.send(`answer ${round}`)
      expect((await peer.response()).text).toBe(`answer ${round}`)
      peer.send(get())
      await until(() => channels.length === round + 2)
    }
  })

  it('keeps a pipelined request waiting its turn', async () => {
    const calls: string[] = []
    const channels: Channel[] = []
    const server = await serve((req) => {
      calls.push(req.uri)
      if (req.uri !== '/poll') return { body: req.uri }
      return asChannel(req, { onOpen: (channel) => void channels.push(channel) })
    })
    const peer = await connectPeer(server.port)
    peer.send(get('/poll') + get('/behind') + get('/poll') + get('/last'))
    await until(() => channels.length === 1)
    await sleep(50)
    expect(calls).toEqual(['/poll'])
    expect(peer.unread.length).toBe(0)
    channels[0]!.send('polled')
    const answers = await peer.responses(2)
    expect(answers.map(({ text }) => text)).toEqual(['polled', '/behind'])
    await until(() => channels.length === 2)
    expect(calls).toEqual(['/poll', '/behind', '/poll'])
    channels[1]!.send('polled again')
    expect((await peer.responses(2)).map(({ text }) => text)).toEqual(['polled again', '/last'])
  })

  it('is over when its client leaves, also with a request pipelined behind it', async () => {
    const { open, closes } = await serveChannels()
    const { peer } = await open(get() + get('/behind'))
    peer.destroy()
    await until(() => closes.length === 1)
    expect(closes).toEqual(['client-close'])
  })

  it('reads the body of its request', async () => {
    const server = await serve((req) =>
      asChannel(req, {
        onOpen: async (channel) => void channel.send((await req.body!.text()).toUpperCase()),
      }),
    )
    const peer = await connectPeer(server.port)
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello')
    await until(() => server.stats().inFlight === 1)
    expect((await peer.send('world').response()).text).toBe('HELLOWORLD')
  })
})

describe('a channel that streams', () => {
  it('sends pieces as they are sent, and ends with the one that closes', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.send('one', false)).toBe(true)
    await until(() => peer.unread.includes('one'))
    expect(channel.send(Buffer.from(' two'), false)).toBe(true)
    await until(() => peer.unread.includes(' two'))
    expect(channel.send({ body: ' three' }, false)).toBe(true)
    await until(() => peer.unread.includes(' three'))
    expect(closes).toEqual([])
    expect(channel.send(' four', true)).toBe(true)
    const answer = await peer.response()
    expect([answer.framing, answer.text]).toEqual(['chunked', 'one two three four'])
    expect(closes).toEqual(['server-close'])
  })

  it('ends with close()', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    channel.send('one', false)
    expect(channel.close()).toBe(true)
    expect(channel.isOpen).toBe(false)
    expect((await peer.response()).text).toBe('one')
    expect(closes).toEqual(['server-close'])
    peer.send(get())
    await until(() => closes.length === 1)
  })

  it('sends many pieces of one tick in their order', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    const pieces = Array.from({ length: 1000 }, (_, index) => `${index}: größer\n`)
    for (const [index, piece] of pieces.entries()) {
      channel.send(index % 3 === 0 ? Buffer.from(piece) : piece, false)
    }
    channel.close()
    expect((await peer.response()).text).toBe(pieces.join(''))
  })

  it('sends nothing for an empty piece, which would end a chunked body', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.send('', false)).toBe(true)
    await until(() => peer.unread.includes('\r\n\r\n'))
    expect(channel.send(new Uint8Array(0), false)).toBe(true)
    expect(channel.send({}, false)).toBe(true)
    expect(channel.send({ body: null }, false)).toBe(true)
    channel.send('all')
    const answer = await peer.response()
    expect([answer.text, answer.chunks]).toEqual(['all', [3]])
  })

  it('goes out until close on HTTP/1.0, where it has no length', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    channel.send('one ', false)
    await until(() => peer.unread.includes('one '))
    channel.send('two', false)
    channel.close()
    const answer = await peer.response()
    expect([answer.framing, answer.header('connection'), answer.text]).toEqual(['close', 'close', 'one two'])
    expect(closes).toEqual(['server-close'])
  })

  it('has a length on HTTP/1.0 where its first send is its last', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open(get10)
    channel.send('whole')
    const answer = await peer.response()
    expect([answer.framing, answer.text]).toEqual(['length', 'whole'])
    await peer.ended()
  })

  it('keeps to a Content-Length of its first send', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.send({ headers: { 'Content-Length': 6 }, body: 'one' }, false)
    channel.send('two', true)
    const answer = await peer.response()
    expect([answer.framing, answer.text]).toEqual(['length', 'onetwo'])
  })

  it.each<[string, (channel: Channel) => void]>([
    ['ends short of it, by close()', (channel) => void channel.close()],
    ['ends short of it, by a last send', (channel) => void channel.send('tw')],
    ['runs over it', (channel) => void channel.send('four', false)],
    ['runs over it with its last send', (channel) => void channel.send('four')],
  ])('is cut and told of, where it states a Content-Length and %s', async (_how, end) => {
    const { server, open, closes } = await serveChannels()
    const { peer, channel } = await open()
    channel.send({ headers: { 'Content-Length': 6 }, body: 'one' }, false)
    await until(() => peer.unread.includes('one'))
    const told: unknown[] = []
    try {
      end(channel)
    } catch (error) {
      told.push(error)
    }
    const partial = await peer.cutResponse()
    expect(partial.text.length).toBeLessThan(6)
    expect(channel.isOpen).toBe(false)
    expect(closes).toEqual(['server-close'])
    expect([...told, ...server.errors, ...server.warnings]).toHaveLength(1)
  })

  it('serves server-sent events, each as it happens', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open(get('/events', 'Accept: text/event-stream\r\n'))
    const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }
    channel.send({ status: 200, headers, body: 'retry: 1000\n\n' }, false)
    for (let id = 1; id <= 5; id++) {
      const event = `id: ${id}\nevent: tick\ndata: ${'é'.repeat(id)}\n\n`
      channel.send(event, false)
      await until(() => peer.unread.includes(event))
    }
    peer.destroy()
    await until(() => closes.length === 1)
    expect(closes).toEqual(['client-close'])
    expect(channel.send('data: lost\n\n', false)).toBe(false)
  })
})

describe('the first send', () => {
  it('may carry status, headers and body', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.send({ status: 201, headers: { 'X-Name': ['a', 'b'], ETag: '"1"' }, body: 'made' })
    const answer = await peer.response()
    expect([answer.status, answer.text]).toEqual([201, 'made'])
    expect(answer.headerAll('x-name')).toEqual(['a', 'b'])
    expect(answer.headers.find(([name]) => name === 'ETag')).toEqual(['ETag', '"1"'])
    expect(answer.header('date')).toBeDefined()
    expect(answer.header('server')).toBe('httpkit-wasm')
  })

  it('is the only one to carry status and headers', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.send({ status: 201, headers: { 'X-Name': 'first' }, body: 'one ' }, false)
    channel.send({ status: 500, headers: { 'X-Name': 'second' }, body: 'two' })
    const answer = await peer.response()
    expect([answer.status, answer.header('x-name'), answer.text]).toEqual([201, 'first', 'one two'])
  })

  it.each<[string, string | Buffer, boolean]>([
    ['a text', 'größer', true],
    ['bytes', Buffer.from('größer'), true],
    ['a text that streams', 'größer', false],
  ])('is HTML in UTF-8 by default, where it is %s', async (_what, data, closes) => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.send(data, closes)
    channel.close()
    const answer = await peer.response()
    expect([answer.status, answer.header('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(answer.text).toBe('größer')
  })

  it('says nothing of a type where it is a response map that says nothing', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.send({ headers: { 'X-Name': 'x' }, body: 'plain' })
    expect((await peer.response()).header('content-type')).toBeUndefined()
  })

  const bodies: [string, () => NonNullable<RingResponse['body']>, string][] = [
    ['an array', () => ['one ', 'two'], 'one two'],
    ['a Blob', () => new Blob(['blob'], { type: 'text/plain' }), 'blob'],
    ['a ReadableStream', () => new Blob(['stream']).stream(), 'stream'],
    ['a file', () => file(new URL('../../LICENSE', import.meta.url).pathname), 'MIT'],
    [
      'an async generator',
      async function* () {
        yield 'slow '
        await sleep(20)
        yield 'body'
      },
      'slow body',
    ],
  ]
  it.each(bodies)('may have %s as its body, where it closes', async (_what, body, text) => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    const made = body()
    expect(
      channel.send({ body: (typeof made === 'function' ? (made as () => never)() : made) as never }),
    ).toBe(true)
    expect((await peer.response()).text).toContain(text)
    await until(() => closes.length === 1)
    expect(channel.isOpen).toBe(false)
  })

  it('takes no other send after it, while its body is still on its way', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    const rest = deferred<string>()
    async function* body(): AsyncGenerator<string> {
      yield 'one '
      yield await rest.promise
    }
    expect(channel.send({ body: body() })).toBe(true)
    await until(() => peer.unread.includes('one '))
    expect(channel.send('foreign', false)).toBe(false)
    expect(channel.send('foreign')).toBe(false)
    rest.resolve('two')
    expect((await peer.response()).text).toBe('one two')
    expect(closes).toEqual(['server-close'])
  })

  it('takes no other send after it, while its file is being opened', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    const path = new URL('../../LICENSE', import.meta.url).pathname
    expect(channel.send({ body: file(path) })).toBe(true)
    expect(channel.send('foreign')).toBe(false)
    expect((await peer.response()).text).toContain('MIT')
  })

  it('throws where it cannot be sent, and leaves the channel open for another', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    for (const closes of [true, false]) {
      expect(() => channel.send({ status: 99 }, closes)).toThrow(TypeError)
      expect(() => channel.send({ headers: { 'Bad Name': 'x' } }, closes)).toThrow(TypeError)
      expect(() => channel.send({ headers: { Name: 'a\r\nb' } }, closes)).toThrow(TypeError)
    }
    expect(channel.isOpen).toBe(true)
    channel.send('another')
    expect((await peer.response()).text).toBe('another')
  })

  it.each([true, false])('sends the head alone to HEAD (closing: %s)', async (closing) => {
    const { open, closes, channels } = await serveChannels()
    const { peer, channel } = await open(head)
    expect(channel.send({ headers: { 'X-Name': 'x' }, body: 'not sent' }, closing)).toBe(true)
    const answer = await peer.response('HEAD')
    expect(answer.header('x-name')).toBe('x')
    expect(closes).toEqual(['server-close'])
    expect(channel.isOpen).toBe(false)
    expect(channel.send('more', false)).toBe(false)
    peer.send(get())
    await until(() => channels.length === 2)
    channels[1]!.send('next')
    expect((await peer.response()).text).toBe('next')
  })

  it.each([
    [204, true],
    [204, false],
    [304, true],
    [304, false],
    [205, true],
    [205, false],
  ])('sends no body with %i (closing: %s)', async (status, closing) => {
    const { open, closes, channels } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.send({ status, body: 'not sent' }, closing)).toBe(true)
    const answer = await peer.response()
    expect([answer.status, answer.text]).toEqual([status, ''])
    expect(closes).toEqual(['server-close'])
    expect(channel.send('more', false)).toBe(false)
    peer.send(get())
    await until(() => channels.length === 2)
    channels[1]!.send('next')
    expect((await peer.response()).text).toBe('next')
  })

  it('may say Connection: close, and nothing pipelined behind it is served', async () => {
    const { open, channels } = await serveChannels()
    const { peer, channel } = await open(get() + get('/behind'))
    channel.send({ headers: { Connection: 'close' }, body: 'last' }, false)
    channel.close()
    const answers = await peer.responsesUntilEnd()
    expect(answers.map(({ text }) => text)).toEqual(['last'])
    expect(channels).toHaveLength(1)
  })
})

describe('close()', () => {
  it('answers 204 before anything was sent', async () => {
    const { open, closes } = await serveChannels()
    const { peer, channel } = await open()
    expect(channel.close()).toBe(true)
    const answer = await peer.response()
    expect([answer.status, answer.framing]).toEqual([204, 'none'])
    expect(closes).toEqual(['server-close'])
  })

  it('is true once, and false for a channel that is closed, however it was', async () => {
    const { open } = await serveChannels()
    const closed = await open()
    expect([closed.channel.close(), closed.channel.close(), closed.channel.close()]).toEqual([
      true,
      false,
      false,
    ])
    const answered = await open()
    answered.channel.send('x')
    expect(answered.channel.close()).toBe(false)
    const left = await open()
    left.peer.reset()
    await until(() => !left.channel.isOpen)
    expect(left.channel.close()).toBe(false)
  })

  it('has every later send return false, and nothing of it reaches the next answer', async () => {
    const { open, channels } = await serveChannels()
    const { peer, channel } = await open()
    channel.close()
    await peer.response()
    peer.send(get())
    await until(() => channels.length === 2)
    expect(channel.send('late')).toBe(false)
    expect(channel.send('late', false)).toBe(false)
    expect(channel.send({ status: 500, body: 'late' })).toBe(false)
    channels[1]!.send('second')
    const answer = await peer.response()
    expect([answer.status, answer.text]).toEqual([200, 'second'])
  })
})

describe('the callbacks', () => {
  it('come in the order init, onOpen, onClose, each with the channel', async () => {
    const log: [string, boolean, Channel][] = []
    const seen = (name: string) => (channel: Channel) => void log.push([name, channel.isOpen, channel])
    const server = await serve((req) => {
      const response = asChannel(req, { init: seen('init'), onOpen: seen('open'), onClose: seen('close') })
      log.push(['returned', req.asyncChannel.isOpen, req.asyncChannel])
      return response
    })
    const peer = (await connectPeer(server.port)).send(get())
    await until(() => log.length === 3)
    const [, , channel] = log[0]!
    channel.send('x')
    await peer.response()
    const expected: [string, boolean][] = [
      ['init', true],
      ['open', true],
      ['returned', true],
      ['close', false],
    ]
    expect(log.map(([name, isOpen]) => [name, isOpen])).toEqual(expected)
    for (const [, , seenChannel] of log) expect(seenChannel).toBe(channel)
  })

  it('call onClose within the send or close that ends the answer', async () => {
    const log: string[] = []
    const server = await serve((req) =>
      asChannel(req, {
        onOpen(channel) {
          channel.send('x')
          log.push('sent')
        },
        onClose: () => void log.push('closed'),
      }),
    )
    await ask(server.port, get())
    expect(log).toEqual(['closed', 'sent'])
  })

  const ends: [string, CloseStatus, (peer: RawPeer, channel: Channel, server: TestServer) => unknown][] = [
    ['the last send', 'server-close', (_, channel) => channel.send('x')],
    ['close()', 'server-close', (_, channel) => channel.close()],
    ['a reset of the client', 'client-close', (peer) => peer.reset()],
    ['the client, which leaves', 'client-close', (peer) => peer.destroy()],
    ['the client, which ends its side', 'client-close', (peer) => peer.finish()],
    ['a stop', 'server-close', (_peer, _channel, server) => server.stop()],
    [
      'two sides at once',
      'server-close',
      (peer, channel) => {
        channel.close()
        peer.reset()
      },
    ],
  ]
  for (const isStreaming of [false, true]) {
    it.each(ends)(`call onClose once, after %s (streaming: ${isStreaming})`, async (_what, status, end) => {
      const onClose = vi.fn()
      const { server, open } = await serveChannels({}, { onClose })
      const { peer, channel } = await open()
      if (isStreaming) {
        channel.send('first', false)
        await until(() => peer.unread.includes('first'))
      }
      await end(peer, channel, server)
      await until(() => onClose.mock.calls.length > 0)
      channel.send('x')
      channel.close()
      peer.destroy()
      await until(() => server.stats().connections === 0)
      expect(onClose.mock.calls).toEqual([[channel, status, undefined, '']])
      expect(channel.isOpen).toBe(false)
    })
  }

  it('may send in onClose, which does nothing', async () => {
    const sent: boolean[] = []
    const { open } = await serveChannels(
      {},
      { onClose: (channel) => void sent.push(channel.send('x'), channel.close()) },
    )
    const { peer, channel } = await open(get())
    channel.send('answer')
    expect((await peer.response()).text).toBe('answer')
    expect(sent).toEqual([false, false])
  })

  it('call onClose of a channel whose client has left before it was made', async () => {
    const entered = deferred<RingRequest>()
    const goOn = deferred()
    const onClose = vi.fn()
    const server = await serve(async (req) => {
      entered.resolve(req)
      await goOn.promise
      return asChannel(req, { onClose: (_, status) => onClose(status) })
    })
    const peer = (await connectPeer(server.port)).send(get())
    const req = await entered.promise
    peer.reset()
    await until(() => server.stats().connections === 0)
    goOn.resolve()
    await sleep(20)
    expect(req.asyncChannel.isOpen).toBe(false)
    expect(req.asyncChannel.send('x')).toBe(false)
    expect(onClose.mock.calls).toEqual([['client-close']])
  })
})

describe('a slow reader', () => {
  /** Sends until some of it stays in our memory. */
  async function clog(channel: Channel, most = 60): Promise<number> {
    let sent = 0
    while (sent < most && channel.bufferedAmount < 2 * megabyte && channel.isOpen) {
      channel.send(Buffer.alloc(megabyte, 'x'), false)
      sent++
      await new Promise((resolve) => setImmediate(resolve))
    }
    return sent
  }

  it('is seen in bufferedAmount, and drained() waits for it', async () => {
    const { open } = await serveChannels({ maxBuffered: 64 * megabyte })
    const { peer, channel } = await open()
    expect(channel.bufferedAmount).toBe(0)
    peer.pause()
    const sent = await clog(channel)
    expect(channel.bufferedAmount).toBeGreaterThanOrEqual(2 * megabyte)
    let isDrained = false
    const drained = channel.drained().then(() => {
      isDrained = true
    })
    await sleep(50)
    expect(isDrained).toBe(false)
    peer.resume()
    await drained
    expect(channel.bufferedAmount).toBe(0)
    channel.close()
    expect((await peer.response()).body.length).toBe(sent * megabyte)
  })

  it('gets everything from a sender that waits for drained(), which never holds much', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    let most = 0
    const sending = (async () => {
      for (let sent = 0; sent < 64; sent++) {
        channel.send(Buffer.alloc(megabyte, sent), false)
        most = Math.max(most, channel.bufferedAmount)
        await channel.drained()
      }
      channel.close()
    })()
    const { body } = await peer.response()
    await sending
    expect(body.length).toBe(64 * megabyte)
    for (let index = 0; index < 64; index++) expect(body[index * megabyte + 7]).toBe(index)
    expect(most).toBeLessThan(1.5 * megabyte)
  })

  it('has drained() settle at once where nothing waits, and for a channel that is closed', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    await channel.drained()
    channel.send('x')
    await channel.drained()
    await peer.response()
    peer.destroy()
    await channel.drained()
  })

  it('has drained() settle when it leaves', async () => {
    const { open, closes } = await serveChannels({ maxBuffered: 64 * megabyte })
    const { peer, channel } = await open()
    peer.pause()
    await clog(channel)
    const drained = channel.drained()
    peer.reset()
    await drained
    await until(() => closes.length === 1)
    expect(closes).toEqual(['client-close'])
  })

  it('has its channel closed past maxBuffered, and send says so', async () => {
    const { server, open, closes } = await serveChannels({ maxBuffered: 4 * megabyte })
    const { peer, channel } = await open()
    peer.pause()
    const sends: boolean[] = []
    while (channel.isOpen && sends.length < 100) {
      sends.push(channel.send(Buffer.alloc(megabyte), false))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sends.at(-1)).toBe(false)
    expect(sends.slice(0, -1).every((sent) => sent)).toBe(true)
    expect(closes).toEqual(['server-close'])
    expect(channel.send('more', false)).toBe(false)
    await until(() => server.stats().connections === 0)
    peer.resume()
    await peer.closed()
    expect(server.warnings).toHaveLength(1)
  })

  it('has its memory freed past maxBuffered, also where somebody keeps the channel', async () => {
    const { server, open, channels } = await serveChannels({ maxBuffered: 24 * megabyte })
    const before = await memoryInUse()
    const peers: RawPeer[] = []
    for (let count = 0; count < 4; count++) {
      const { peer, channel } = await open()
      peers.push(peer.pause())
      while (channel.isOpen) {
        channel.send(Buffer.alloc(megabyte, 'x'), false)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    for (const peer of peers) peer.reset()
    await until(() => server.stats().connections === 0)
    const grown = (await memoryInUse()) - before
    expect(channels).toHaveLength(4)
    expect(grown).toBeLessThan(24 * megabyte)
  })

  it('is not cut for what others do not read', async () => {
    const { open } = await serveChannels({ maxBuffered: 2 * megabyte })
    const slow = await open()
    const good = await open()
    slow.peer.pause()
    await clog(slow.channel)
    for (let count = 0; count < 20; count++) {
      good.channel.send(Buffer.alloc(megabyte), false)
      await good.channel.drained()
    }
    good.channel.close()
    expect((await good.peer.response()).body.length).toBe(20 * megabyte)
  })

  it('holds up what is pipelined behind its answer', async () => {
    const { open, channels } = await serveChannels({ maxBuffered: 64 * megabyte })
    const { peer, channel } = await open(get() + get('/behind'))
    peer.pause()
    const sent = await clog(channel)
    channel.close()
    await stableFor(100, () => channels.length)
    expect(channels).toHaveLength(1)
    peer.resume()
    expect((await peer.response()).body.length).toBe(sent * megabyte)
    await until(() => channels.length === 2)
  })
})

describe('the channels of many connections', () => {
  it('do not mix what they send, piece by piece in many ticks', async () => {
    const server = await serve((req) =>
      asChannel(req, {
        onOpen(channel) {
          let count = 0
          const step = () => {
            const piece = `${req.uri}:${count} `
            const isLast = ++count === 200
            channel.send(count % 2 ? piece : Buffer.from(piece), isLast)
            if (isLast) return
            if (count % 3 === 0) setTimeout(step, 1)
            else if (count % 3 === 1) setImmediate(step)
            else queueMicrotask(step)
          }
          step()
        },
      }),
    )
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`)
    const texts = await Promise.all(
      paths.map(async (path) => {
        const peer = await connectPeer(server.port)
        return (await peer.send(get(path)).response()).text
      }),
    )
    for (const [index, path] of paths.entries()) {
      const expected = Array.from({ length: 200 }, (_, count) => `${path}:${count} `).join('')
      expect(texts[index]).toBe(expected)
    }
  })

  it('all get what is sent to all', async () => {
    const { channels, server } = await serveChannels()
    const peers = await Promise.all(
      Array.from({ length: 100 }, async () => (await connectPeer(server.port)).send(get())),
    )
    await until(() => channels.length === 100)
    for (const channel of channels) channel.send('first ', false)
    for (const channel of channels) channel.send('last')
    for (const peer of peers) expect((await peer.response()).text).toBe('first last')
  })
})

/** Bytes in use after a collection: the heap and what lies outside it. */
async function memoryInUse(): Promise<number> {
  const collect = collector()
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  return getHeapStatistics().used_heap_size + process.memoryUsage().external
}

// Bun has none that node's way leads to.
function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(isSync: boolean): void } }
  if (Bun) return () => Bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
