// Requests that ask for a WebSocket, behind fetch: what is no handshake is refused, and what is one is answered, if only by
// saying that the platform has no WebSockets. What comes after it on those that have is told in runtimes/over-http.
import { describe, expect, test } from 'vitest'
import { asChannel, type Handler, toFetch } from '../../src/edge.js'
import { behindFetch, requestOf } from '../support/behind-fetch.js'

const handshake = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

const channelHandler: Handler = (req) => asChannel(req, {})
const ringHandler: Handler = () => ({ listener: {} })

type Asked = Omit<RequestInit, 'headers'> & { headers: Record<string, string | undefined> }

const wrong: [name: string, init: Asked, status: number][] = [
  ['without a version', { headers: { ...handshake, 'sec-websocket-version': undefined } }, 400],
  ['of an old version', { headers: { ...handshake, 'sec-websocket-version': '8' } }, 426],
  ['of two versions', { headers: { ...handshake, 'sec-websocket-version': '13, 13' } }, 426],
  ['without a key', { headers: { ...handshake, 'sec-websocket-key': undefined } }, 400],
  ['with a short key', { headers: { ...handshake, 'sec-websocket-key': 'dGhlIHNhbXBsZQ==' } }, 400],
  [
    'with a key that is no base64',
    { headers: { ...handshake, 'sec-websocket-key': '?GhlIHNhbXBsZSBub25jZQ==' } },
    400,
  ],
  ['without Connection', { headers: { ...handshake, connection: undefined } }, 400],
  ['with another Connection', { headers: { ...handshake, connection: 'keep-alive' } }, 400],
  ['by POST', { method: 'POST', headers: handshake }, 400],
  ['by POST with a body', { method: 'POST', body: 'x', headers: handshake }, 400],
  ['by HEAD', { method: 'HEAD', headers: handshake }, 400],
  ['with malformed extensions', { headers: { ...handshake, 'sec-websocket-extensions': 'a;;' } }, 400],
]

const withoutUndefined = ({ headers, ...init }: Asked): RequestInit => ({
  ...init,
  headers: Object.entries(headers).filter(([, value]) => value !== undefined) as [string, string][],
})

describe.each([
  ['a channel', channelHandler],
  ['a listener', ringHandler],
])('a handshake for %s', (_what, handler) => {
  test.each(wrong)('%s is refused, and not logged', async (_name, init, status) => {
    const { fetch, errors } = behindFetch(handler)
    const response = await fetch('/', withoutUndefined(init))
    expect([response.status, errors]).toEqual([status, []])
    expect(response.headers.get('sec-websocket-version')).toBe(status === 426 ? '13' : null)
    const text = status === 426 ? 'the WebSocket version spoken here is 13\n' : 'not a WebSocket handshake\n'
    expect(await response.text()).toBe(init.method === 'HEAD' ? '' : text)
  })
})

describe('a bad handshake', () => {
  const bad = { headers: { ...handshake, 'sec-websocket-version': '8' } }

  test('is for onHandshakeError to answer, which is told of the end, too', async () => {
    const log: string[] = []
    const { fetch } = behindFetch((req) =>
      asChannel(req, {
        init: (channel) => void log.push(`init ${channel.websocket}`),
        onOpen: () => void log.push('open'),
        onHandshakeError: (channel) => void channel.send({ status: 418, body: 'no' }),
        onClose: (_channel, status, code) => void log.push(`close ${status} ${code}`),
      }),
    )
    const response = await fetch('/', bad)
    expect([response.status, await response.text(), log]).toEqual([
      418,
      'no',
      ['init false', 'close server-close undefined'],
    ])
  })

  test('may be answered later by onHandshakeError', async () => {
    const { fetch } = behindFetch((req) =>
      asChannel(req, {
        onHandshakeError: (channel) => void setTimeout(() => channel.send({ status: 418, body: 'late' }), 1),
      }),
    )
    expect((await fetch('/', bad)).status).toBe(418)
  })

  test('is a failure where onHandshakeError fails', async () => {
    const { fetch, errors } = behindFetch((req) =>
      asChannel(req, {
        onHandshakeError() {
          throw new Error('no')
        },
      }),
    )
    expect([(await fetch('/', bad)).status, errors]).toMatchObject([500, [{ error: { message: 'no' } }]])
  })
})

test.each([undefined, ['chat']])('a listener for a plain request is 400', async (protocol) => {
  const { fetch, errors } = behindFetch(() => ({ listener: {}, ...(protocol && { protocol }) }))
  const response = await fetch()
  expect([response.status, await response.text(), errors]).toEqual([400, 'not a WebSocket handshake\n', []])
})

test('a handler may answer a handshake with anything', async () => {
  const { fetch } = behindFetch(() => ({ status: 403, body: 'not you' }))
  const response = await fetch('/', { headers: handshake })
  expect([response.status, await response.text()]).toEqual([403, 'not you'])
})

test.each(['Connection', 'Upgrade', 'Sec-WebSocket-Accept', 'sec-websocket-protocol', 'Content-Length'])(
  'the field %s of a handshake’s answer is not the handler’s to set',
  async (name) => {
    const { fetch, errors } = behindFetch((req) => asChannel(req, { headers: { [name]: 'x' } }))
    expect((await fetch('/', { headers: handshake })).status).toBe(500)
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining(name) } }])
  },
)

describe('the platform’s own way', () => {
  const bunLike = (upgrades: boolean) => {
    const asked: { headers: Headers; data: unknown }[] = []
    return {
      asked,
      server: {
        requestIP: () => null,
        upgrade(_request: Request, options: { headers: Headers; data: unknown }) {
          asked.push(options)
          return upgrades
        },
      },
    }
  }

  test.skipIf('Deno' in globalThis || 'WebSocketPair' in globalThis).each([
    ['a channel', channelHandler],
    ['a listener', ringHandler],
  ])(
    'is missing where there is none: %s is answered with 500, and the log says why',
    async (_what, handler) => {
      const { fetch, errors } = behindFetch(handler)
      expect((await fetch('/', { headers: handshake })).status).toBe(500)
      expect(errors).toMatchObject([
        { error: { message: expect.stringMatching(/^no WebSockets .* in this runtime/) } },
      ])
    },
  )

  test('is Bun’s where the platform is one: it answers by itself', async () => {
    const { asked, server } = bunLike(true)
    const fetch = toFetch((req) => asChannel(req, { protocol: ['b', 'a'], headers: { 'X-A': ['1', '2'] } }))
    const request = requestOf('/', { headers: { ...handshake, 'sec-websocket-protocol': 'c, a , b' } })
    expect(await fetch(request, server)).toBe(undefined)
    const { headers } = asked[0]!
    expect([headers.get('sec-websocket-protocol'), headers.get('x-a'), asked.length]).toEqual([
      'b',
      '1, 2',
      1,
    ])
  })

  test('that refuses is a failure', async () => {
    const { server } = bunLike(false)
    const messages: unknown[] = []
    const fetch = toFetch(channelHandler, { errorLogger: (_message, error) => void messages.push(error) })
    const response = await fetch(requestOf('/', { headers: handshake }), server)
    expect([response.status, messages]).toMatchObject([500, [{ message: 'Bun did not upgrade the request' }]])
  })

  test('is not gone for where the request has been answered', async () => {
    const { asked, server } = bunLike(true)
    const fetch = toFetch((req) => {
      req.asyncChannel.send({ status: 403 })
      return req.uri === '/ring' ? { listener: {} } : asChannel(req, {})
    })
    for (const path of ['/ring', '/channel']) {
      expect((await fetch(requestOf(path, { headers: handshake }), server)).status).toBe(403)
    }
    expect(asked).toEqual([])
  })
})

describe('the HTTP channel of a request that became a WebSocket', () => {
  test('is closed', async () => {
    const log: unknown[] = []
    const fetch = toFetch((req) => {
      const http = req.asyncChannel
      const response = asChannel(req, {})
      log.push(
        http.isOpen,
        http === req.asyncChannel,
        req.asyncChannel.websocket,
        req.asyncChannel === response.body,
      )
      void http.closed.then(() => log.push('closed'))
      return response
    })
    await fetch(requestOf('/', { headers: handshake }), { requestIP: () => null, upgrade: () => true })
    await expect.poll(() => log).toEqual([false, false, true, true, 'closed'])
  })
})

// Over a WebSocket that is told to open, receive and close as Bun's are.
describe('a channel over a platform’s socket', () => {
  interface Sent {
    sent: unknown[]
    closed: [code: number | undefined, reason: string | undefined][]
  }

  async function connected(handler: Handler, options = {}) {
    const errors: unknown[] = []
    const fetch = toFetch(handler, { errorLogger: (_message, error) => void errors.push(error), ...options })
    let data: unknown
    const server = {
      requestIP: () => null,
      upgrade(_request: Request, given: { data: unknown }) {
        data = given.data
        return true
      },
    }
    await fetch(requestOf('/', { headers: handshake }), server)
    const log: Sent = { sent: [], closed: [] }
    const amounts = { buffered: 0 }
    const socket = {
      data,
      send: (message: unknown) => log.sent.push(message),
      close: (code?: number, reason?: string) => void log.closed.push([code, reason]),
      ping: (bytes?: Uint8Array) => log.sent.push(['ping', bytes?.length]),
      pong: (bytes?: Uint8Array) => log.sent.push(['pong', bytes?.length]),
      getBufferedAmount: () => amounts.buffered,
    }
    return { socket, handlers: fetch.websocket, log, errors, amounts }
  }

  const turn = () => new Promise((resolve) => setTimeout(resolve))

  test('keeps its worker until its last callback', async () => {
    const promises: Promise<unknown>[] = []
    let data: unknown
    const upgrade = (_request: Request, given: { data: unknown }) => {
      data = given.data
      return true
    }
    const context = { waitUntil: (promise: Promise<unknown>) => void promises.push(promise) }
    const told: string[] = []
    const fetch = toFetch((req) =>
      asChannel(req, {
        onReceive: () => new Promise((resolve) => setTimeout(resolve, 5)),
        onClose: () => void told.push('close'),
      }),
    )
    await fetch(requestOf('/', { headers: handshake }), { requestIP: () => null, upgrade }, context)
    const over = Promise.all(promises).then(() => told.push('over'))
    const owner = data as {
      onOpen(socket: object): void
      onMessage(text: string): void
      onClose(...end: unknown[]): void
    }
    owner.onOpen({ bufferedAmount: 0, close() {} })
    owner.onMessage('x')
    owner.onClose(1000, '')
    await over
    expect(told).toEqual(['close', 'over'])
  })

  test('is told all in order, one at a time', async () => {
    const told: unknown[] = []
    let goOn!: () => void
    const { socket, handlers, errors } = await connected((req) =>
      asChannel(req, {
        onOpen: async () => {
          told.push('open')
          await new Promise<void>((resolve) => (goOn = resolve))
        },
        onReceive: async (_channel, message) => {
          told.push(message)
          await turn()
          told.push(`${message} done`)
        },
        onPing: (_channel, bytes) => void told.push(['ping', ...bytes]),
        onPong: (_channel, bytes) => void told.push(['pong', ...bytes]),
        onClose: (_channel, ...all) => void told.push(all),
      }),
    )
    handlers.open(socket)
    handlers.message(socket, 'a')
    handlers.ping(socket, Uint8Array.of(1))
    handlers.message(socket, 'b')
    handlers.pong(socket, Uint8Array.of(2))
    handlers.close(socket, 1001, 'bye')
    await turn()
    expect(told).toEqual(['open'])
    goOn()
    await expect
      .poll(() => told)
      .toEqual(['open', 'a', 'a done', ['ping', 1], 'b', 'b done', ['pong', 2], ['going-away', 1001, 'bye']])
    expect(errors).toEqual([])
  })

  test.each([
    [1000, 'normal'],
    [1001, 'going-away'],
    [1005, 'no-status-received'],
    [1006, 'abnormal'],
    [1009, 'message-too-big'],
    [3000, 'unknown'],
    [4999, 'unknown'],
  ])('is told of a close with %i as %s, once', async (code, status) => {
    const told: unknown[] = []
    const { socket, handlers } = await connected((req) =>
      asChannel(req, { onClose: (channel, ...all) => void told.push([...all, channel.isOpen]) }),
    )
    handlers.open(socket)
    handlers.close(socket, code, 'why')
    handlers.close(socket, code, 'why')
    expect(told).toEqual([[status, code, 'why', false]])
  })

  test('that closes is told so at once, and of nothing after', async () => {
    const told: unknown[] = []
    const { socket, handlers, log } = await connected((req) =>
      asChannel(req, {
        onReceive(channel, message) {
          told.push(
            message,
            channel.close(4001, 'enough'),
            channel.close(),
            channel.isOpen,
            channel.send('x'),
          )
        },
        onClose: (_channel, ...all) => void told.push(all),
      }),
    )
    handlers.open(socket)
    handlers.message(socket, 'a')
    handlers.message(socket, 'b')
    handlers.close(socket, 4001, 'enough')
    expect(told).toEqual(['a', true, false, false, false, ['server-close', 4001, 'enough']])
    expect(log).toEqual({ sent: [], closed: [[4001, 'enough']] })
  })

  test.each([
    [999, ''],
    [1004, ''],
    [1005, ''],
    [1006, ''],
    [1015, ''],
    [5000, ''],
    [1000, 'x'.repeat(124)],
    [1000, 'é'.repeat(62)],
  ])('cannot be closed with %i %s', async (code, reason) => {
    const { socket, handlers, log, errors } = await connected((req) =>
      asChannel(req, { onOpen: (channel) => void channel.close(code, reason) }),
    )
    handlers.open(socket)
    expect([log.closed, errors]).toMatchObject([[], [{ name: 'RangeError' }]])
  })

  test('sends text, bytes, and the body of a map', async () => {
    const { socket, handlers, log } = await connected((req) =>
      asChannel(req, {
        onOpen(channel) {
          channel.send('text')
          channel.send(Uint8Array.of(1))
          channel.send({ status: 500, body: 'body' })
          channel.send({})
          channel.send('last', true)
          channel.send('never')
        },
      }),
    )
    handlers.open(socket)
    expect(log).toEqual({ sent: ['text', Uint8Array.of(1), 'body', 'last'], closed: [[1000, '']] })
  })

  test('refuses a message over maxWs, of text by its bytes', async () => {
    const texts: unknown[] = []
    const told: unknown[] = []
    const handler: Handler = (req) =>
      asChannel(req, {
        onReceive: (_channel, message) => void texts.push(message.length),
        onClose: (_channel, ...all) => void told.push(all),
      })
    for (const [message, fits] of [
      ['x'.repeat(10), true],
      ['x'.repeat(11), false],
      ['é'.repeat(5), true],
      ['é'.repeat(6), false],
      [new Uint8Array(10), true],
      [new Uint8Array(11), false],
    ] as const) {
      const { socket, handlers, log } = await connected(handler, { maxWs: 10 })
      handlers.open(socket)
      handlers.message(socket, message)
      expect(log.closed).toEqual(fits ? [] : [[1009, 'the message is too big']])
    }
    expect(texts).toEqual([10, 5, 10])
    expect(told).toEqual(Array(3).fill(['message-too-big', 1009, 'the message is too big']))
  })

  test('is closed where more than maxBuffered waits for its handler', async () => {
    const told: unknown[] = []
    const { socket, handlers, log } = await connected(
      (req) =>
        asChannel(req, {
          onReceive: () => new Promise<void>((resolve) => setTimeout(resolve, 5)),
          onClose: (_channel, status, code) => void told.push([status, code]),
        }),
      { maxBuffered: 1000 },
    )
    handlers.open(socket)
    for (let count = 0; count < 20; count++) handlers.message(socket, 'x'.repeat(100))
    expect(log.closed).toEqual([[1008, 'too many messages wait']])
    await expect.poll(() => told).toEqual([['policy-violation', 1008]])
  })

  test('is lost where its peer does not read', async () => {
    const told: unknown[] = []
    const { socket, handlers, log, amounts } = await connected(
      (req) =>
        asChannel(req, {
          onReceive(channel) {
            amounts.buffered = 1000
            told.push(channel.send('fits'))
            amounts.buffered = 1001
            told.push(channel.bufferedAmount, channel.send('x'), channel.bufferedAmount)
          },
          onClose: (_channel, status, code) => void told.push([status, code]),
        }),
      { maxBuffered: 1000 },
    )
    handlers.open(socket)
    handlers.message(socket, 'go')
    expect(told).toEqual([true, 1001, false, 0, ['abnormal', 1006]])
    expect(log.closed).toEqual([[1008, '']])
  })

  test('has drained when its socket has', async () => {
    let channel: { drained(): Promise<void> } | undefined
    const { socket, handlers, amounts } = await connected((req) =>
      asChannel(req, { onOpen: (opened) => void (channel = opened) }),
    )
    handlers.open(socket)
    amounts.buffered = 5
    let hasDrained = false
    const drained = channel!.drained().then(() => (hasDrained = true))
    await turn()
    expect(hasDrained).toBe(false)
    amounts.buffered = 0
    await drained
  })

  test.each(['onOpen', 'onReceive', 'onPing', 'onPong', 'onClose'] as const)(
    '%s that throws is logged, and the rest is told',
    async (name) => {
      const told: string[] = []
      const note = (what: string) => () => {
        told.push(what)
        if (what === name) throw new Error(what)
      }
      const { socket, handlers, errors } = await connected((req) =>
        asChannel(req, {
          onOpen: note('onOpen'),
          onReceive: note('onReceive'),
          onPing: note('onPing'),
          onPong: note('onPong'),
          onClose: note('onClose'),
        }),
      )
      handlers.open(socket)
      handlers.ping(socket, new Uint8Array())
      handlers.pong(socket, new Uint8Array())
      handlers.message(socket, 'x')
      handlers.close(socket, 1000, '')
      expect(told).toEqual(['onOpen', 'onPing', 'onPong', 'onReceive', 'onClose'])
      expect(errors).toMatchObject([{ message: name }])
    },
  )

  test('pings for its heartbeat, and is lost when nothing answers', async () => {
    const told: unknown[] = []
    const { socket, handlers, log } = await connected((req) =>
      asChannel(req, { heartbeat: 5, onClose: (_channel, ...all) => void told.push(all) }),
    )
    let pings = 0
    socket.ping = () => {
      expect(told).toEqual([])
      if (++pings <= 6) handlers.pong(socket, new Uint8Array())
      return 0
    }
    handlers.open(socket)
    await expect.poll(() => told, { timeout: 5000 }).toEqual([['abnormal', 1006, '']])
    // Two that nobody answered.
    expect([pings, log.closed]).toEqual([8, [[1008, '']]])
  })

  test('of Ring’s is told and sends the same way', async () => {
    const told: unknown[] = []
    const { socket, handlers, log } = await connected(() => ({
      listener: {
        onOpen: (one) => one.send('hi', () => told.push('has left')),
        onMessage(one, message) {
          told.push(message)
          one.ping()
          one.pong(Uint8Array.of(1, 2))
          if (message === 'fail') throw new Error('fail')
          if (message === 'bye') one.close(4000, 'done')
        },
        onError: (_one, error) => void told.push(error.message),
        onClose: (_one, ...all) => void told.push(all),
      },
    }))
    handlers.open(socket)
    await turn()
    handlers.message(socket, 'fail')
    handlers.message(socket, 'bye')
    handlers.message(socket, 'unheard')
    expect(told).toEqual(['has left', 'fail', 'fail', 'bye', [4000, 'done']])
    const controls = [
      ['ping', 0],
      ['pong', 2],
    ]
    expect(log).toEqual({ sent: ['hi', ...controls, ...controls], closed: [[4000, 'done']] })
  })

  test('of Ring’s says what has failed to leave', async () => {
    const told: unknown[] = []
    const { socket, handlers } = await connected(() => ({
      listener: {
        onOpen(one) {
          one.close()
          one.send(
            'late',
            () => told.push('left'),
            (error) => told.push(error.message),
          )
        },
      },
    }))
    handlers.open(socket)
    await turn()
    expect(told).toEqual(['the WebSocket is closed'])
  })

  test('that fails before it is open is told of its end alone', async () => {
    const told: unknown[] = []
    const { socket, handlers, errors } = await connected((req) =>
      asChannel(req, {
        onOpen: () => void told.push('open'),
        onClose: (channel, status, code) => void told.push([status, code, channel.isOpen, channel.send('x')]),
      }),
    )
    handlers.close(socket, 1006, '')
    expect([told, errors]).toEqual([[['abnormal', 1006, false, false]], []])
  })
})
