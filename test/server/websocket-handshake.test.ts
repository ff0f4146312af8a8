// What a server refuses of a WebSocket's handshake (RFC 6455 §4.2.1), and that nothing behind it is read: a front end may
// believe that it has opened a tunnel (RFC 9931).

import { describe, expect, it } from 'vitest'
import {
  asChannel,
  type ChannelHandlers,
  type Handler,
  type RingRequest,
  secWebSocketAccept,
  websocketHandshakeCheck,
} from '../../src/server.js'
import { ask, connectPeer, serve } from '../support/raw-peer.js'
import { type HeaderChanges, handshakeRequest, RawWebSocket, text } from '../support/raw-websocket.js'

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** Both ways to say yes to a handshake; what is no handshake at all gets a plain answer from the first. */
const ways: [string, Handler][] = [
  ['asChannel', (req) => (req.websocket ? asChannel(req, {}) : { body: 'plain' })],
  ['a listener', (req) => (req.uri === '/plain' ? { body: 'plain' } : { listener: {} })],
]

const withKey = (key: string): string => handshakeRequest({ headers: { 'Sec-WebSocket-Key': key } })
const without = (name: string): string => handshakeRequest({ headers: { [name]: undefined } })
const withFields = (headers: HeaderChanges): string => handshakeRequest({ headers })
const twice = (line: string): string => handshakeRequest().replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)
const key = 'dGhlIHNhbXBsZSBub25jZQ=='

const bad: [string, string][] = [
  ['a POST', handshakeRequest().replace('GET', 'POST')],
  ['a PUT', handshakeRequest().replace('GET', 'PUT')],
  ['a HEAD', handshakeRequest().replace('GET', 'HEAD')],
  ['an OPTIONS', handshakeRequest().replace('GET', 'OPTIONS')],
  ['no Connection', without('Connection')],
  ['a Connection without upgrade', withFields({ Connection: 'keep-alive' })],
  ['a Connection of upgrades', withFields({ Connection: 'upgrades' })],
  ['no key', without('Sec-WebSocket-Key')],
  ['an empty key', withKey('')],
  ['a key of 15 bytes', withKey(Buffer.alloc(15).toString('base64'))],
  ['a key of 17 bytes', withKey(Buffer.alloc(17).toString('base64'))],
  ['a key of 16 characters', withKey('AAAAAAAAAAAAAAAA')],
  ['a key without its padding', withKey(key.slice(0, -2))],
  ['a key with half of its padding', withKey(key.slice(0, -1))],
  ['a key with a third padding character', withKey(`${key}=`)],
  ['a key whose last character has bits that say nothing', withKey('AAAAAAAAAAAAAAAAAAAAAB==')],
  ['a key of the URL-safe alphabet', withKey('-_AAAAAAAAAAAAAAAAAAAA==')],
  ['a key with a space inside', withKey('dGhlIHNhbXBs ZSBub25jZQ==')],
  ['a key that is no base64', withKey('!!!!!!!!!!!!!!!!!!!!!!==')],
  ['two keys', twice(`Sec-WebSocket-Key: ${key}`)],
  ['two keys in one field', withKey(`${key}, ${key}`)],
  ['no version', without('Sec-WebSocket-Version')],
]

const otherVersions = ['0', '7', '8', '12', '14', '255', '1', '3', '130', '113']

describe.each(ways)('a bad handshake, to %s,', (_way, handler) => {
  it.each(bad)('is refused with 400: %s', async (_what, request) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    const answer = await peer.send(request).response(request.startsWith('HEAD') ? 'HEAD' : 'GET')
    expect(answer.status).toBe(400)
    expect(answer.header('sec-websocket-accept')).toBeUndefined()
    expect(answer.header('upgrade')).toBeUndefined()
    expect(server.stats().websockets).toBe(0)
  })

  it.each(otherVersions)(
    'is refused with 426 and the version spoken here: version %s (§4.4)',
    async (version) => {
      const server = await serve(handler)
      const answer = await ask(server.port, withFields({ 'Sec-WebSocket-Version': version }))
      expect(answer.status).toBe(426)
      expect(answer.header('sec-websocket-version')).toBe('13')
      // RFC 9110 §15.5.22
      expect(answer.header('upgrade')?.toLowerCase()).toBe('websocket')
      expect(answer.header('connection')?.toLowerCase()).toBe('upgrade, close')
    },
  )

  it.each([
    ['Content-Length', 'Content-Length: 5\r\n\r\nhello'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ])('is refused with 400: one with a body (%s), which is no frame', async (_framing, rest) => {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    const request = handshakeRequest().replace('\r\n\r\n', `\r\n${rest}`)
    expect((await peer.send(request).response()).status).toBe(400)
    await peer.ended()
  })

  it.each([
    ['a bad key', withKey('x'), 400],
    ['another version', withFields({ 'Sec-WebSocket-Version': '8' }), 426],
    ['no Connection', without('Connection'), 400],
  ])('ends the connection, and what is behind it is not read: %s', async (_what, request, status) => {
    const server = await serve(handler)
    for (const behind of [get('/plain'), handshakeRequest()]) {
      const peer = await connectPeer(server.port)
      const [answer, ...rest] = await peer.send(get('/plain') + request + behind).responsesUntilEnd()
      expect([answer!.text, rest.map((one) => one.status)]).toEqual(['plain', [status]])
      expect(rest[0]!.header('connection')).toMatch(/(^|, )close$/)
    }
    expect(server.stats()).toMatchObject({ served: 4, websockets: 0 })
  })
})

describe('what asks for no WebSocket', () => {
  const plain: [string, string][] = [
    ['no Upgrade', without('Upgrade')],
    ['an Upgrade to something else', withFields({ Upgrade: 'h2c' })],
    ['an Upgrade to websockets', withFields({ Upgrade: 'websockets' })],
    ['HTTP/1.0 (RFC 9110 §7.8)', handshakeRequest().replace('HTTP/1.1', 'HTTP/1.0')],
  ]

  it.each(plain)('is refused with 400 by a listener: %s', async (_what, request) => {
    const server = await serve(() => ({ listener: {} }))
    expect((await ask(server.port, request)).status).toBe(400)
  })

  it.each(plain)('is a channel over HTTP to asChannel: %s', async (_what, request) => {
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channel.send('polled') }))
    const answer = await ask(server.port, request)
    expect([answer.status, answer.text]).toEqual([200, 'polled'])
  })
})

describe('onHandshakeError', () => {
  const answering: ChannelHandlers = {
    onHandshakeError: (channel) => void channel.send({ status: 418, body: 'not like that' }),
  }

  it('answers a bad handshake in place of the server, and no other callback but init and onClose is called', async () => {
    const calls: string[] = []
    const server = await serve((req) =>
      asChannel(req, {
        init: () => void calls.push('init'),
        onOpen: () => void calls.push('open'),
        onReceive: () => void calls.push('message'),
        onHandshakeError(channel) {
          calls.push('handshake error')
          answering.onHandshakeError!(channel)
        },
        onClose: () => void calls.push('close'),
      }),
    )
    const peer = await connectPeer(server.port)
    const answer = await peer.send(withKey('x')).response()
    expect([answer.status, answer.text]).toEqual([418, 'not like that'])
    expect(calls.filter((name) => name !== 'close')).toEqual(['init', 'handshake error'])
    await peer.ended()
  })

  it('is told of a wrong version too', async () => {
    const server = await serve((req) => asChannel(req, answering))
    expect((await ask(server.port, withFields({ 'Sec-WebSocket-Version': '8' }))).status).toBe(418)
  })

  it('is not called for a good one', async () => {
    const server = await serve((req) => asChannel(req, answering))
    expect((await ask(server.port, handshakeRequest())).status).toBe(101)
  })
})

describe('a handler that answers a good handshake plainly', () => {
  const answers: [string, Handler][] = [
    ['a map', () => ({ status: 403, body: 'no' })],
    ['a promise of a map', async () => ({ status: 403, body: 'no' })],
    [
      'its channel',
      ({ asyncChannel }) => {
        asyncChannel.send({ status: 403, body: 'no' })
        return { body: asyncChannel }
      },
    ],
  ]

  it.each(answers)('refuses it: %s', async (_what, handler) => {
    const server = await serve((req) =>
      req.websocket && req.uri === '/' ? handler(req) : asChannel(req, {}),
    )
    const peer = await connectPeer(server.port)
    peer.send(handshakeRequest() + handshakeRequest({ path: '/chat' }))
    const [answer, ...rest] = await peer.responsesUntilEnd()
    expect([answer!.status, answer!.text, answer!.header('connection')]).toEqual([403, 'no', 'close'])
    expect(rest).toEqual([])
    expect(server.stats()).toMatchObject({ websockets: 0, inFlight: 0 })
  })

  it('refuses it with 500 where it throws', async () => {
    const server = await serve((req) => {
      if (req.websocket) throw new Error('no')
      return {}
    })
    const peer = await connectPeer(server.port)
    peer.send(handshakeRequest() + get())
    expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([500])
  })
})

describe('websocketHandshakeCheck', () => {
  /** What it says of each request that comes. */
  async function checkOf(request: string): Promise<string | undefined> {
    const seen: RingRequest[] = []
    const server = await serve((req) => {
      seen.push(req)
      return {}
    })
    await ask(server.port, request)
    return websocketHandshakeCheck(seen[0]!)
  }

  it('gives the accept value of a good handshake', async () => {
    expect(await checkOf(handshakeRequest())).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(await checkOf(withKey('AAAAAAAAAAAAAAAAAAAAAA=='))).toBe(
      secWebSocketAccept('AAAAAAAAAAAAAAAAAAAAAA=='),
    )
  })

  const refused: [string, string][] = [
    ...bad.filter(([, request]) => !request.startsWith('HEAD')),
    ['another version', withFields({ 'Sec-WebSocket-Version': '8' })],
    ['no Upgrade', without('Upgrade')],
    ['an Upgrade to something else', withFields({ Upgrade: 'h2c' })],
    ['HTTP/1.0', handshakeRequest().replace('HTTP/1.1', 'HTTP/1.0')],
  ]
  it.each(refused)('gives nothing for a bad one: %s', async (_what, request) => {
    expect(await checkOf(request)).toBeUndefined()
  })
})

describe('secWebSocketAccept', () => {
  it('is what RFC 6455 §1.3 computes', () => {
    expect(secWebSocketAccept('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(secWebSocketAccept('x3JJHMbDL1EzLkh9GBhXDw==')).toBe('HSmrc0sMlYUkAGmm5OPpG2HaGWk=')
  })
})

describe('bytes after a good handshake', () => {
  it('are frames, never requests', async () => {
    const uris: string[] = []
    const server = await serve((req) => {
      uris.push(req.uri)
      return asChannel(req, {})
    })
    const peer = await connectPeer(server.port)
    peer.send(handshakeRequest() + get('/smuggled'))
    expect((await peer.response()).status).toBe(101)
    const socket = new RawWebSocket(peer, true, false)
    expect((await socket.closeFrame()).code).toBe(1002)
    await socket.closed()
    expect(uris).toEqual(['/'])
  })

  it('are nothing at all, where the handshake was refused', async () => {
    const server = await serve(({ uri }) => ({ status: 200, body: uri }))
    const peer = await connectPeer(server.port)
    const frame = new RawWebSocket(peer, true, false).encode(text('hello'))
    peer.send(Buffer.concat([Buffer.from(handshakeRequest()), frame]))
    expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([200])
    expect(server.stats().rejected).toBe(0)
  })
})
