// Which connections live on after an answer (RFC 9112 §9.3), and what the answer says of it.
import { describe, expect, test } from 'vitest'
import type { Handler } from '../../src/server.js'
import { connectPeer, eventually, type RawResponse, serve } from '../support/raw-peer.js'

const echo: Handler = (req) => ({ body: req.uri })

/** Sends the head on a connection of its own, with another request behind it; all answers, when the server has closed. */
async function answersTo(head: string, handler: Handler = echo): Promise<RawResponse[]> {
  const server = await serve(handler)
  const peer = await connectPeer(server.port)
  peer.send(`${head}GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  return peer.responsesUntilEnd()
}

const connectionOf = (answers: RawResponse[]) => answers.map((answer) => answer.header('connection'))

describe('HTTP/1.1', () => {
  test('a connection is kept, and the answer says nothing of it', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    for (let index = 0; index < 100; index++) {
      const answer = await peer.send(`GET /${index} HTTP/1.1\r\nHost: x\r\n\r\n`).response()
      expect([answer.text, answer.header('connection')]).toEqual([`/${index}`, undefined])
    }
    expect(server.stats()).toMatchObject({ connections: 1, served: 100, inFlight: 0 })
  })

  test.each([
    ['close'],
    ['Close'],
    ['CLOSE'],
    ['close, te'],
    ['te ,close'],
    ['foo,\tclose\t, bar'],
    ['keep-alive, close'],
    [', close'],
  ])('a connection is closed after its answer where the client says Connection: %s', async (value) => {
    const answers = await answersTo(`GET /a HTTP/1.1\r\nHost: x\r\nConnection: ${value}\r\n\r\n`)
    expect(connectionOf(answers)).toEqual(['close'])
    expect(answers[0]!.text).toBe('/a')
  })

  test('a connection is closed where a second Connection field says close', async () => {
    const head = 'GET /a HTTP/1.1\r\nConnection: te\r\nHost: x\r\nConnection: close\r\n\r\n'
    expect(connectionOf(await answersTo(head))).toEqual(['close'])
  })

  test.each([['keep-alive'], ['closed'], ['disclose'], ['"close"'], [''], ['upgrade']])(
    'a connection is kept where the client says Connection: %s',
    async (value) => {
      const answers = await answersTo(`GET /a HTTP/1.1\r\nHost: x\r\nConnection: ${value}\r\n\r\n`)
      expect(connectionOf(answers)).toEqual([undefined, 'close'])
    },
  )

  test('the close reaches the client as FIN while its own side is still open', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    peer.send('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect((await peer.response()).header('connection')).toBe('close')
    await peer.ended()
    expect(peer.socket.writable).toBe(true)
  })

  test('a connection is kept after an answer in chunks', async () => {
    const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', (req) =>
      req.uri === '/a' ? { body: ['a', 'b'] } : { body: req.uri },
    )
    expect(answers.map(({ framing, text }) => [framing, text])).toEqual([
      ['chunked', 'ab'],
      ['length', '/last'],
    ])
  })

  test('a connection is closed after an answer in chunks to a client that says close', async () => {
    const head = 'GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    const answers = await answersTo(head, () => ({ body: ['a', 'b'] }))
    expect(answers.map(({ framing, text }) => [framing, text])).toEqual([['chunked', 'ab']])
    expect(connectionOf(answers)).toEqual(['close'])
  })

  test('a connection is kept after an error of the handler', async () => {
    const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', (req) => {
      if (req.uri === '/a') throw new Error('on purpose')
      return { body: req.uri }
    })
    expect(answers.map(({ status }) => status)).toEqual([500, 200])
    expect(connectionOf(answers)).toEqual([undefined, 'close'])
  })

  test.each([204, 205, 304])('a connection is kept after a %i', async (status) => {
    const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', (req) =>
      req.uri === '/a' ? { status, body: 'not sent' } : { body: req.uri },
    )
    expect(answers.map((answer) => [answer.status, answer.text])).toEqual([
      [status, ''],
      [200, '/last'],
    ])
  })
})

describe('HTTP/1.0', () => {
  test.each([
    ['nothing', ''],
    ['te', 'Connection: te\r\n'],
    ['keep-alive and close', 'Connection: keep-alive, close\r\n'],
    ['close after keep-alive', 'Connection: keep-alive\r\nConnection: close\r\n'],
    ['Keep-Alive: 300', 'Keep-Alive: 300\r\n'],
  ])('a connection is closed after its answer where the client says %s', async (_, field) => {
    const answers = await answersTo(`GET /a HTTP/1.0\r\n${field}\r\n`)
    expect(connectionOf(answers)).toEqual(['close'])
    expect(answers[0]!.framing).toBe('length')
  })

  test.each([['keep-alive'], ['Keep-Alive'], ['te, keep-alive']])(
    'a connection is kept, and the answer says so, where the client says Connection: %s',
    async (value) => {
      const answers = await answersTo(`GET /a HTTP/1.0\r\nConnection: ${value}\r\n\r\n`)
      expect(connectionOf(answers)).toEqual(['keep-alive', 'close'])
      expect(answers.map(({ text }) => text)).toEqual(['/a', '/last'])
    },
  )

  test('the answer is an HTTP/1.1 one', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    expect(await peer.send('GET /a HTTP/1.0\r\n\r\n').line()).toBe('HTTP/1.1 200 OK')
  })

  test('a client may change to 1.1 on the connection it keeps, and back', async () => {
    const server = await serve((req) => ({ body: req.protocol }))
    const peer = await connectPeer(server.port)
    peer
      .send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      .send('GET /b HTTP/1.1\r\nHost: x\r\n\r\n')
      .send('GET /c HTTP/1.0\r\n\r\n')
    const answers = await peer.responsesUntilEnd()
    expect(answers.map(({ text }) => text)).toEqual(['HTTP/1.0', 'HTTP/1.1', 'HTTP/1.0'])
    expect(connectionOf(answers)).toEqual(['keep-alive', undefined, 'close'])
  })
})

describe('the handler', () => {
  test.each([
    ['close', 'close'],
    ['Close', 'close'],
    ['upgrade, close', 'upgrade, close'],
    [['te', 'close'], 'te, close'],
  ])('closes the connection with Connection: %s', async (value, sent) => {
    const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', (req) => ({
      headers: { connection: value },
      body: req.uri,
    }))
    expect(answers.map(({ text }) => text)).toEqual(['/a'])
    expect(connectionOf(answers)).toEqual([sent])
  })

  test.each(['keep-alive', 'Keep-Alive'])(
    'cannot keep with Connection: %s what the client wants closed',
    async (value) => {
      const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', () => ({
        headers: { Connection: value, 'Keep-Alive': 'timeout=5' },
      }))
      expect(connectionOf(answers)).toEqual(['close'])
      expect(answers[0]!.headerAll('keep-alive')).toEqual([])
    },
  )

  test('closes after a streamed answer, when all of it has been sent', async () => {
    const answers = await answersTo('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', () => ({
      headers: { Connection: 'close' },
      body: ['all ', 'of ', 'it'],
    }))
    expect(answers.map(({ text, framing }) => [text, framing])).toEqual([['all of it', 'chunked']])
    expect(connectionOf(answers)).toEqual(['close'])
  })
})

describe('a client that ends its side', () => {
  test('gets its answer first, where the request came whole', async () => {
    const server = await serve(async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return { body: req.uri }
    })
    const peer = await connectPeer(server.port)
    peer.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n').finish()
    expect((await peer.responsesUntilEnd()).map(({ text }) => text)).toEqual(['/a'])
  })

  test('gets every answer of its pipeline', async () => {
    const server = await serve(async (req) => ({ body: req.uri }))
    const peer = await connectPeer(server.port)
    peer.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n').finish()
    expect((await peer.responsesUntilEnd()).map(({ text }) => text)).toEqual(['/a', '/b'])
  })

  test('is closed on silently, where it stops between two requests', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    await peer.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n').response()
    await peer.finish().ended()
    await eventually(() => server.stats().connections).toBe(0)
  })

  test('is closed on, where it stops within a head', async () => {
    const server = await serve(echo)
    const peer = await connectPeer(server.port)
    peer.send('GET /a HTTP/1.1\r\nHo').finish()
    await peer.closed()
    await eventually(() => server.stats().connections).toBe(0)
    expect(server.stats().served).toBe(0)
  })
})
