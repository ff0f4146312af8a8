// Requests sent without waiting for answers (RFC 9112 §9.3.2): answered one after another, in order, with a bounded
// number of bytes waiting.
import { describe, expect, test } from 'vitest'
import type { Handler, RingRequest } from '../../src/server.js'
import { cutsOf, drip, sendPieces } from '../support/drip-feed.js'
import { ask, connectPeer, eventually, type RawResponse, serve } from '../support/raw-peer.js'

const get = (uri: string, ...fields: string[]) =>
  `GET ${uri} HTTP/1.1\r\nHost: x\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
const gets = (count: number) => Array.from({ length: count }, (_, index) => get(`/${index}`))
const uris = (count: number) => Array.from({ length: count }, (_, index) => `/${index}`)
const textsOf = (answers: RawResponse[]) => answers.map(({ text }) => text)

const echo: Handler = (req) => ({ body: req.uri })
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const handlers: [string, Handler][] = [
  ['a sync handler', echo],
  ['an async handler', async (req) => ({ body: req.uri })],
  [
    'a handler that waits',
    async (req) => {
      await turn()
      return { body: req.uri }
    },
  ],
  [
    'a handler that is the slower the earlier the request',
    async (req) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 20 - 2 * Number(req.uri.slice(1)))))
      return { body: req.uri }
    },
  ],
  [
    'a handler that is sync now and then',
    (req) => (Number(req.uri.slice(1)) % 3 ? echo(req) : turn().then(() => echo(req))),
  ],
  ['a handler that streams', (req) => ({ body: req.uri.split('') })],
  [
    'a handler that sends through the channel later',
    (req) => {
      setImmediate(() => req.asyncChannel.send({ body: req.uri }))
      return { body: req.asyncChannel }
    },
  ],
]

describe('answers come in the order of the requests', () => {
  test.each(handlers)('with %s', async (_, handler) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    expect(textsOf(await peer.send(gets(16).join('')).responses(16))).toEqual(uris(16))
    expect(textsOf(await peer.send(gets(16).join('')).responses(16))).toEqual(uris(16))
    expect(server.errors).toEqual([])
  })

  test.each(handlers.slice(0, 3))('with %s, and two requests cut anywhere', async (_, handler) => {
    const server = await serve(handler)
    const bytes = gets(2).join('')
    const peer = await connectPeer(server.port)
    for (const cut of cutsOf(bytes)) {
      await sendPieces(peer, cut)
      expect(textsOf(await peer.responses(2))).toEqual(uris(2))
    }
    await drip(peer, bytes)
    expect(textsOf(await peer.responses(2))).toEqual(uris(2))
  })

  test.each(handlers.slice(0, 3))('with %s, and ten thousand requests in one write', async (_, handler) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    expect(textsOf(await peer.send(gets(10_000).join('')).responses(10_000))).toEqual(uris(10_000))
  })

  test('with bodies in between, read and unread', async () => {
    const server = await serve(async (req) => {
      if (req.uri === '/unread') return { body: 'unread' }
      await turn()
      return { body: `${req.uri} ${(await req.body?.text()) ?? 'none'}` }
    })
    const post = (uri: string, body: string) =>
      `POST ${uri} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const chunked = (uri: string, ...chunks: string[]) =>
      `POST ${uri} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks
        .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
        .join('')}0\r\n\r\n`
    const peer = await connectPeer(server.port)
    peer.send(
      [
        post('/a', get('/smuggled')),
        post('/unread', get('/smuggled')),
        get('/b'),
        chunked('/c', 'one', get('/smuggled')),
        chunked('/unread', get('/smuggled'), 'two'),
        post('/d', 'x'.repeat(10_000)),
        get('/e', 'Connection: close'),
      ].join(''),
    )
    expect(textsOf(await peer.responsesUntilEnd())).toEqual([
      `/a ${get('/smuggled')}`,
      'unread',
      '/b none',
      `/c one${get('/smuggled')}`,
      'unread',
      `/d ${'x'.repeat(10_000)}`,
      '/e none',
    ])
  })

  test('on many connections at once, none of which gets the answers of another', async () => {
    const server = await serve(async (req) => {
      if (req.uri.length % 2) await turn()
      return { body: `${req.headers.who}${req.uri}` }
    })
    const ask = async (who: string) => {
      const peer = await connectPeer(server.port)
      const requests = Array.from({ length: 200 }, (_, index) =>
        get(`/${'p'.repeat(index)}`, `Who: ${who}`),
      ).join('')
      for (let at = 0; at < requests.length; at += 3001) {
        await peer.send(requests.slice(at, at + 3001)).flushed()
        await turn()
      }
      expect(textsOf(await peer.responses(200))).toEqual(
        Array.from({ length: 200 }, (_, index) => `${who}/${'p'.repeat(index)}`),
      )
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(`client${index}`)))
  })
})

describe('a request waits', () => {
  function held(): { handler: Handler; started: string[]; release: () => void } {
    const started: string[] = []
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const handler = async (req: RingRequest) => {
      started.push(req.uri)
      if (req.uri === '/0') await gate
      return { body: req.uri }
    }
    return { handler, started, release }
  }

  test('until the one before it is answered', async () => {
    const { handler, started, release } = held()
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    const bytes = gets(16).join('')
    peer.send(bytes)
    await eventually(() => server.stats().bytesIn).toBe(bytes.length)
    expect(started).toEqual(['/0'])
    expect(server.stats().inFlight).toBe(1)
    expect((await ask(server.port, get('/other'))).text).toBe('/other')
    expect(peer.unread).toHaveLength(0)
    release()
    expect(textsOf(await peer.responses(16))).toEqual(uris(16))
    expect(started.filter((uri) => uri !== '/other')).toEqual(uris(16))
  })

  test('until the end of the streamed answer before it', async () => {
    let end = () => {}
    const started: string[] = []
    const server = await serve((req) => {
      started.push(req.uri)
      if (req.uri !== '/0') return { body: req.uri }
      return {
        body: (async function* () {
          yield 'first'
          await new Promise<void>((resolve) => {
            end = resolve
          })
          yield 'second'
        })(),
      }
    })
    const peer = await connectPeer(server.port)
    peer.send(gets(2).join(''))
    while ((await peer.line()) !== '');
    expect([await peer.line(), await peer.line(), started]).toEqual(['5', 'first', ['/0']])
    end()
    expect([await peer.line(), await peer.line(), await peer.line(), await peer.line()]).toEqual([
      '6',
      'second',
      '0',
      '',
    ])
    expect((await peer.response()).text).toBe('/1')
  })

  test('in no more than a bounded number of bytes; reading goes on when there is room', async () => {
    const { handler, started, release } = held()
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    const count = 4000
    const padding = `X-Padding: ${'p'.repeat(8000)}`
    const bytes = uris(count)
      .map((uri) => get(uri, padding))
      .join('')
    let isSent = false
    void peer
      .send(bytes)
      .flushed()
      .then(() => {
        isSent = true
      })
    // What the server has read stands still, though the client has far more to send.
    let last = -1
    while (server.stats().bytesIn !== last) {
      last = server.stats().bytesIn
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect([isSent, started]).toEqual([false, ['/0']])
    expect(last).toBeLessThan(1024 * 1024)
    release()
    expect(textsOf(await peer.responses(count))).toEqual(uris(count))
    expect(server.stats().bytesIn).toBe(bytes.length)
  })

  // A thousand heads of a few bytes come with one read; they must not be a thousand answers in memory.
  test.each([
    ['large', 5000, 400],
    ['small', 0, 1000],
  ])('while the client reads no answers, then it gets them all: %s requests', async (_, padding, count) => {
    const body = new Uint8Array(256 * 1024)
    const server = await serve((req) => ({ headers: { 'X-Uri': req.uri }, body }))
    const peer = await connectPeer(server.port)
    const fields = padding > 0 ? [`X-Padding: ${'p'.repeat(padding)}`] : []
    peer.pause().send(
      uris(count)
        .map((uri) => get(uri, ...fields))
        .join(''),
    )
    let last = -1
    while (server.stats().bytesOut !== last) {
      last = server.stats().bytesOut
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect(last).toBeLessThan(64 * 1024 * 1024)
    peer.resume()
    for (const uri of uris(count)) {
      const answer = await peer.response()
      expect([answer.header('x-uri'), answer.body.length]).toEqual([uri, body.length])
    }
  })
})

describe('nothing further reaches the handler', () => {
  const bad = [
    'BROKEN',
    'G@T / HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
  ]

  async function seen(
    bytes: string,
    handler: Handler = echo,
  ): Promise<{ calls: string[]; answers: RawResponse[] }> {
    const calls: string[] = []
    const server = await serve((req) => {
      calls.push(req.uri)
      return handler(req)
    })
    const peer = await connectPeer(server.port)
    peer.send(bytes)
    const answers = await peer.responsesUntilEnd()
    peer.send(get('/late'))
    expect(server.stats().inFlight).toBe(0)
    return { calls, answers }
  }

  test.each(handlers)('after a request that says close, with %s', async (_, handler) => {
    const bytes = get('/0') + get('/1', 'Connection: close') + get('/2') + get('/3')
    const { calls, answers } = await seen(bytes, handler)
    expect([calls, textsOf(answers)]).toEqual([
      ['/0', '/1'],
      ['/0', '/1'],
    ])
  })

  test('after an answer that says close', async () => {
    for (const isSync of [true, false]) {
      const { calls, answers } = await seen(gets(4).join(''), (req) => {
        const response = { headers: req.uri === '/1' ? { Connection: 'close' } : {}, body: req.uri }
        return isSync ? response : turn().then(() => response)
      })
      expect([calls, textsOf(answers)]).toEqual([
        ['/0', '/1'],
        ['/0', '/1'],
      ])
    }
  })

  test('after an HTTP/1.0 request that does not say keep-alive', async () => {
    const { calls, answers } = await seen(`GET /0 HTTP/1.0\r\n\r\n${get('/1')}`)
    expect([calls, textsOf(answers)]).toEqual([['/0'], ['/0']])
  })

  test.each(bad)('after a bad request: %j', async (request) => {
    for (const handler of handlers.slice(0, 3)) {
      const { calls, answers } = await seen(
        `${get('/0')}${request}\r\n\r\n${get('/2')}${get('/3')}`,
        handler[1],
      )
      expect(calls).toEqual(['/0'])
      expect(answers.map(({ status }) => status)).toEqual([200, 400])
      expect(answers[1]!.header('connection')).toBe('close')
    }
  })

  test('after a body that is too large', async () => {
    const post = 'POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n'
    const { calls, answers } = await seen(get('/0') + post + get('/2'))
    expect([calls, answers.map(({ status }) => status)]).toEqual([['/0'], [200, 413]])
  })

  test('after an answer that breaks off', async () => {
    const calls: string[] = []
    const server = await serve((req) => {
      calls.push(req.uri)
      return { headers: { 'Content-Length': 5 }, body: ['abc'] }
    })
    const peer = await connectPeer(server.port)
    await peer.send(gets(3).join('')).closed()
    expect(calls).toEqual(['/0'])
    expect(server.stats().inFlight).toBe(0)
  })

  test('of a client whose connection broke meanwhile', async () => {
    let release = () => {}
    const calls: string[] = []
    const server = await serve(async (req) => {
      calls.push(req.uri)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return { body: req.uri }
    })
    const peer = await connectPeer(server.port)
    const bytes = gets(4).join('')
    peer.send(bytes)
    await eventually(() => server.stats().bytesIn).toBe(bytes.length)
    peer.reset()
    await eventually(() => server.stats().connections).toBe(0)
    release()
    await turn()
    await turn()
    expect(calls).toEqual(['/0'])
    expect(server.stats()).toMatchObject({ inFlight: 0, served: 0 })
  })
})

describe('between two requests', () => {
  test('one empty line is read past', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    peer.send(`\r\n${get('/0')}\r\n${get('/1')}\r\n${get('/2', 'Connection: close')}`)
    expect(textsOf(await peer.responsesUntilEnd())).toEqual(uris(3))
  })

  test('two empty lines are refused', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    peer.send(`${get('/0')}\r\n\r\n${get('/1')}`)
    expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([200, 400])
  })
})
