// A channel over the platform's own WebSocket, over real sockets.
import { describe, expect, test } from 'vitest'
import { ask, connectPeer, eventually } from '../../support/raw-peer.js'
import { connectRawWebSocket, handshakeRequest } from '../../support/raw-websocket.js'
import { connectWs, type WsPeer } from '../../support/websocket-peers.js'
import { lacks, serveApp } from './serving.js'

const app = serveApp()
const MAX_WS = 2 * 1024 * 1024

let ids = 0
const newId = () => `w${++ids}`
const open = (path: string, protocols: readonly string[] = []): Promise<WsPeer> =>
  connectWs(`ws://127.0.0.1:${app.port}${path}`, { protocols })

describe('a message', () => {
  test.each(['', 'a', 'é ☕ 😀', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_536)])(
    'of text comes and goes',
    async (text) => {
      const peer = await open('/ws')
      peer.socket.send(text)
      expect(await peer.messages.next()).toBe(text)
    },
  )

  test.each([0, 1, 125, 126, 65_535, 65_536, 1024 * 1024])('of %i bytes comes and goes', async (size) => {
    const peer = await open('/ws')
    const bytes = Buffer.alloc(size, 'the quick brown fox ')
    peer.socket.send(bytes)
    expect(bytes.equals((await peer.messages.next()) as Buffer)).toBe(true)
  })

  test('of a megabyte is sent', async () => {
    const peer = await open('/ws')
    peer.socket.send('big 1048576')
    expect(((await peer.messages.next()) as string).length).toBe(1024 * 1024)
    peer.socket.send('bigBytes 1048576')
    expect(((await peer.messages.next()) as Buffer).every((byte) => byte === 7)).toBe(true)
  })

  test('is a string or a Uint8Array to the handler', async () => {
    const id = newId()
    const peer = await open(`/tells?id=${id}`)
    peer.socket.send('text')
    peer.socket.send(Buffer.from([0, 255]))
    await peer.messages.take(2)
    expect((await app.told(id)).slice(1)).toEqual([
      ['text', 'text', 'String'],
      ['bytes', [0, 255], 'Uint8Array'],
    ])
  })

  test('waits for the one before, where that takes its time', async () => {
    const id = newId()
    const peer = await open(`/slowly?id=${id}`)
    for (const message of ['1', '2', '3', '4']) peer.socket.send(message)
    expect(await peer.messages.take(4)).toEqual(['1', '2', '3', '4'])
    expect((await app.told(id)).slice(1)).toEqual(
      ['1', '2', '3', '4'].flatMap((message) => [
        ['begin', message],
        ['end', message],
      ]),
    )
  })

  test('of many comes in order', async () => {
    const peer = await open('/ws')
    const all = Array.from({ length: 1000 }, (_, index) => `${index}`)
    for (const message of all) peer.socket.send(message)
    expect(await peer.messages.take(1000)).toEqual(all)
  })

  test('that was sent before a close is told before it', async () => {
    const id = newId()
    const peer = await open(`/slowly?id=${id}`)
    for (const message of ['1', '2']) peer.socket.send(message)
    peer.socket.close(1000, 'done')
    await eventually(() => app.told(id)).toEqual([
      ['open'],
      ['begin', '1'],
      ['end', '1'],
      ['begin', '2'],
      ['end', '2'],
      ['close', 'normal', 1000, 'done'],
    ])
  })

  test('of as many bytes as maxWs is taken', async () => {
    const peer = await open('/ws')
    peer.socket.send('x'.repeat(MAX_WS))
    expect(((await peer.messages.next()) as string).length).toBe(MAX_WS)
  })

  test('of one byte more ends the WebSocket', async () => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.send('x'.repeat(MAX_WS + 1))
    expect((await peer.closed).code).toSatisfy((code: number) => code === 1009 || code === 1006)
    await eventually(async () => (await app.told(id)).length).toBe(2)
    expect(peer.messages.all).toEqual([])
  })
})

describe('the handshake', () => {
  test('is answered with the sub-protocol and the fields of the handler', async () => {
    const peer = await open('/ws', ['c', 'a', 'b'])
    expect(peer.socket.protocol).toBe('b')
    expect(Buffer.from(String(peer.answer!.headers['x-a']), 'latin1').toString()).toBe('1, é')
  })

  test('is answered without a sub-protocol where none is offered that is spoken', async () => {
    const peer = await connectRawWebSocket(app.port, { path: '/ws' })
    expect(peer.answer.header('sec-websocket-protocol')).toBe(undefined)
  })

  test.each([
    ['of another version', { 'Sec-WebSocket-Version': '8' }],
    ['without a key', { 'Sec-WebSocket-Key': undefined }],
    ['with a bad key', { 'Sec-WebSocket-Key': 'short' }],
  ])('%s is refused', async (_what, headers) => {
    const answer = await ask(app.port, handshakeRequest({ path: '/ws', headers }))
    expect([400, 426]).toContain(answer.status)
    const told = await ask(app.port, handshakeRequest({ path: '/handshake', headers }))
    expect([400, 418, 426]).toContain(told.status)
  })

  test('may be answered with anything else', async () => {
    const answer = await ask(app.port, handshakeRequest({ path: '/status?status=403&body=no' }))
    expect([answer.status, answer.text]).toEqual([403, 'no'])
  })

  test('is not asked for: the channel is one over HTTP', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(`GET /poll?ms=1&id=${id} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect((await peer.response()).text).toBe('late')
  })
})

describe('a close', () => {
  test.each([
    [1000, 'normal'],
    [1001, 'going-away'],
    [1011, 'internal-server-error'],
    [3000, 'unknown'],
    [4999, 'unknown'],
  ])('by the client with %i is told, and answered', async (code, status) => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.close(code, 'why é')
    expect(await peer.closed).toEqual({ code, reason: 'why é' })
    await eventually(() => app.told(id)).toEqual([['open'], ['close', status, code, 'why é']])
  })

  test('by the client without a code is told as 1005', async () => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.close()
    await peer.closed
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'no-status-received', 1005, '']])
  })

  test.each([1000, 1001, 1011, 3000, 4001])('by us with %i is told, and reaches the client', async (code) => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.send(`close ${code} why`)
    expect(await peer.closed).toEqual({ code, reason: 'why' })
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'server-close', code, 'why']])
  })

  test('by us without a code is 1000', async () => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.send('close')
    expect(await peer.closed).toEqual({ code: 1000, reason: '' })
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'server-close', 1000, '']])
  })

  test('without a word is told as 1006', async () => {
    const id = newId()
    const peer = await open(`/ws?id=${id}`)
    peer.socket.send('hello')
    await peer.messages.next()
    peer.socket.terminate()
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'abnormal', 1006, expect.any(String)]])
  })

  test('after a frame that breaks the protocol comes once', async () => {
    const id = newId()
    const peer = await connectRawWebSocket(app.port, { path: `/ws?id=${id}` })
    peer.send({ opcode: 3, payload: new Uint8Array() })
    await eventually(async () => (await app.told(id)).map(([what]) => what)).toEqual(['open', 'close'])
  })
})

describe.skipIf(lacks('pings'))('pings', () => {
  test('are answered, and told', async () => {
    const id = newId()
    const peer = await open(`/tells?id=${id}`)
    peer.socket.ping(Buffer.from([1, 2]))
    expect(await peer.pongs.next()).toBe('\x01\x02')
    peer.socket.pong(Buffer.from([3]))
    peer.socket.send('x')
    await peer.messages.next()
    expect((await app.told(id)).slice(1, 3)).toEqual([
      ['ping', 1, 2],
      ['pong', 3],
    ])
  })

  test('are sent as a heartbeat, and a client that is silent is lost', async () => {
    const id = newId()
    const peer = await connectWs(`ws://127.0.0.1:${app.port}/ws?heartbeat=20&id=${id}`, { autoPong: false })
    await peer.pings.next()
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'abnormal', 1006, '']])
    await peer.closed
  })
})

test('a platform answers pings by itself', async () => {
  const peer = await open('/ws')
  peer.socket.ping('are you there')
  expect(await peer.pongs.next()).toBe('are you there')
})

test.skipIf(lacks('meeting'))('broadcast reaches all twenty', async () => {
  const room = newId()
  const peers = await Promise.all(Array.from({ length: 20 }, () => open(`/room?room=${room}`)))
  for (const peer of peers) expect(await peer.messages.next()).toBe('welcome')
  peers[0]!.socket.send('to all')
  peers[1]!.socket.send(Buffer.from([1, 2, 3]))
  for (const peer of peers) {
    const messages = await peer.messages.take(2)
    expect(messages).toHaveLength(2)
    expect(messages).toContainEqual('to all')
    expect(messages).toContainEqual(Buffer.from([1, 2, 3]))
  }
})

test.skipIf(lacks('websocket bufferedAmount'))(
  'a client that does not read is cut off at maxBuffered, and told as lost',
  async () => {
    const id = newId()
    const peer = await open(`/ws-flood?id=${id}`)
    peer.socket.pause()
    peer.socket.send('go')
    const told = async () => (await app.told(id)).slice(1)
    await eventually(told).toEqual([
      ['buffered', expect.any(Number)],
      ['close', 'abnormal', 1006, ''],
    ])
  },
)

describe('Ring’s listener', () => {
  test('is told, and sends', async () => {
    const id = newId()
    const peer = await open(`/ring?id=${id}`, ['b'])
    expect([await peer.messages.next(), peer.socket.protocol]).toEqual(['open', 'b'])
    await eventually(() => app.told(id)).toEqual([['left']])
    peer.socket.send('hello')
    expect(await peer.messages.next()).toBe('hello')
    peer.socket.close(4000, 'bye')
    await eventually(() => app.told(id)).toEqual([['left'], ['close', 4000, 'bye']])
  })

  test('closes', async () => {
    const id = newId()
    const peer = await open(`/ring?id=${id}`)
    peer.socket.send('close 4001 done')
    expect(await peer.closed).toEqual({ code: 4001, reason: 'done' })
    await eventually(() => app.told(id)).toContainEqual(['close', 4001, 'done'])
  })

  test('for a plain request is 400', async () => {
    expect((await fetch(`${app.url}/ring?id=x`)).status).toBe(400)
  })
})
