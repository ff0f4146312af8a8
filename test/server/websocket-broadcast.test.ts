// broadcast: one message to many channels, of whatever kind.

import { describe, expect, it } from 'vitest'
import {
  asChannel,
  broadcast,
  type Channel,
  type ServerOptions,
  type WebSocketListener,
  type WebSocketSocket,
} from '../../src/server.js'
import { connectDeflating } from '../support/deflate-peer.js'
import { connectPeer, eventually, type RawPeer, serve } from '../support/raw-peer.js'
import { connectRawWebSocket, Opcode, type RawWebSocket, text } from '../support/raw-websocket.js'
import { until } from '../support/waiting.js'

/** A server whose every channel is a member until it is closed: WebSockets, long polls, and streams at /stream. */
async function serveMembers(options: ServerOptions = {}) {
  const members = new Set<Channel>()
  const server = await serve(
    (req) =>
      asChannel(req, {
        onOpen(channel) {
          members.add(channel)
          if (req.uri === '/stream')
            channel.send({ headers: { 'Content-Type': 'text/plain' }, body: 'begin ' }, false)
        },
        onClose: (channel) => void members.delete(channel),
      }),
    options,
  )
  const grown = async <Peer>(connect: () => Promise<Peer>): Promise<Peer> => {
    const before = members.size
    const peer = await connect()
    await until(() => members.size > before)
    return peer
  }
  const join = (): Promise<RawWebSocket> => grown(() => connectRawWebSocket(server.port))
  const ask = (path: string): Promise<RawPeer> =>
    grown(async () => (await connectPeer(server.port)).send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`))
  return { server, members, join, grown, poll: () => ask('/poll'), stream: () => ask('/stream') }
}

describe('broadcast', () => {
  it.each<[string, string | Uint8Array, number]>([
    ['text', 'größe', Opcode.text],
    ['no text', '', Opcode.text],
    ['bytes', Buffer.from([0, 255, 1]), Opcode.binary],
    ['much text', 'ö'.repeat(100_000), Opcode.text],
    ['many bytes', Buffer.alloc(200_000, 'x'), Opcode.binary],
  ])('sends %s to every WebSocket, and says how many that were', async (_what, message, opcode) => {
    const { members, join } = await serveMembers()
    const peers: RawWebSocket[] = []
    for (let count = 0; count < 5; count++) peers.push(await join())
    expect(broadcast(members, message)).toBe(5)
    for (const peer of peers) {
      const got = await peer.message()
      expect([got.opcode, got.frames, got.payload.equals(Buffer.from(message))]).toEqual([opcode, 1, true])
    }
    expect(members.size).toBe(5)
  })

  it('keeps its place among what else is sent', async () => {
    const { members, join } = await serveMembers()
    const peers = [await join(), await join()]
    const words: string[] = []
    for (let round = 0; round < 20; round++) {
      for (const channel of members) channel.send(`own ${round}`)
      broadcast(members, `all ${round}`)
      words.push(`own ${round}`, `all ${round}`)
    }
    for (const peer of peers) {
      for (const word of words) expect((await peer.message()).payload.toString()).toBe(word)
    }
  })

  it('takes any iterable, also an empty one', async () => {
    const { members, join } = await serveMembers()
    const peers = [await join(), await join()]
    function* generated(): Generator<Channel> {
      yield* members
    }
    const named = new Map([...members].map((channel, index) => [index, channel]))
    expect([broadcast([], 'x'), broadcast(new Set<Channel>(), 'x')]).toEqual([0, 0])
    expect(broadcast([...members], 'array')).toBe(2)
    expect(broadcast(generated(), 'generator')).toBe(2)
    expect(broadcast(named.values(), 'map')).toBe(2)
    for (const peer of peers) {
      for (const word of ['array', 'generator', 'map'])
        expect((await peer.message()).payload.toString()).toBe(word)
    }
  })

  it('reaches the sockets of Ring listeners too', async () => {
    const sockets = new Set<WebSocketSocket>()
    const listener: WebSocketListener = {
      onOpen: (socket) => void sockets.add(socket),
      onClose: (socket) => void sockets.delete(socket),
    }
    const server = await serve(() => ({ listener }))
    const peers = [await connectRawWebSocket(server.port), await connectRawWebSocket(server.port)]
    await until(() => sockets.size === 2)
    const [first] = sockets
    first!.send('before')
    expect(broadcast(sockets, 'all')).toBe(2)
    first!.send('after')
    for (const word of ['before', 'all', 'after'])
      expect((await peers[0]!.message()).payload.toString()).toBe(word)
    expect((await peers[1]!.message()).payload.toString()).toBe('all')
    first!.close()
    expect(broadcast([...sockets, first!], 'rest')).toBe(1)
    expect((await peers[1]!.message()).payload.toString()).toBe('rest')
  })

  it('does not count channels that are closed', async () => {
    const { members, join, poll } = await serveMembers()
    const peers = [await join(), await join(), await join()]
    const polling = await poll()
    const all = [...members]
    all[0]!.close()
    peers[1]!.tcp.reset()
    all[3]!.send('answered')
    await until(() => all.filter(({ isOpen }) => isOpen).length === 1)
    expect(broadcast(all, 'hello')).toBe(1)
    expect((await peers[2]!.message()).payload.toString()).toBe('hello')
    expect((await polling.response()).text).toBe('answered')
  })

  it('answers long polls, ends streams, and leaves WebSockets open, as their sends do', async () => {
    const { members, join, poll, stream } = await serveMembers()
    const [socket, polling, streaming] = [await join(), await poll(), await stream()]
    expect(broadcast(members, 'news')).toBe(3)
    expect((await socket.message()).payload.toString()).toBe('news')
    const answer = await polling.response()
    expect([answer.status, answer.framing, answer.text]).toEqual([200, 'length', 'news'])
    expect((await streaming.response()).text).toBe('begin news')
    expect([...members].map(({ websocket }) => websocket)).toEqual([true])
    expect(broadcast(members, 'more')).toBe(1)
  })

  it('leaves all open where told to', async () => {
    const { members, join, poll, stream } = await serveMembers()
    const [socket, polling, streaming] = [await join(), await poll(), await stream()]
    expect(broadcast(members, 'one ', false)).toBe(3)
    expect(broadcast(members, 'two', false)).toBe(3)
    for (const member of [...members]) member.close()
    expect((await polling.response()).text).toBe('one two')
    expect((await streaming.response()).text).toBe('begin one two')
    expect((await socket.message()).payload.toString()).toBe('one ')
    expect((await socket.message()).payload.toString()).toBe('two')
    expect((await socket.closeFrame()).code).toBe(1000)
  })

  it('closes all where told to', async () => {
    const { members, join, poll } = await serveMembers()
    const [socket, polling] = [await join(), await poll()]
    expect(broadcast(members, Buffer.from('last'), true)).toBe(2)
    expect((await socket.message()).payload.toString()).toBe('last')
    expect((await socket.closeFrame()).code).toBe(1000)
    expect((await polling.response()).text).toBe('last')
    expect([members.size, broadcast(members, 'x')]).toEqual([0, 0])
  })

  it('does not count, nor wait for, a member that reads too slowly', async () => {
    const { server, members, join } = await serveMembers({ maxBuffered: 1024 * 1024 })
    const [slow, quick] = [await join(), await join()]
    slow.tcp.pause()
    const piece = Buffer.alloc(200_000, 'x')
    let counted = 2
    for (let sent = 0; sent < 500 && counted === 2; sent++) {
      counted = broadcast([...members], piece)
      expect((await quick.message()).payload.length).toBe(piece.length)
    }
    expect(counted).toBe(1)
    expect(broadcast(members, 'still here')).toBe(1)
    expect((await quick.message()).payload.toString()).toBe('still here')
    await eventually(() => server.stats()).toMatchObject({ connections: 1, websockets: 1 })
  })

  it('reaches those that compress, each with its own context, and those that do not', async () => {
    const { server, members, join, grown, poll } = await serveMembers({ compression: { threshold: 100 } })
    const plain = await join()
    const offers = [
      'permessage-deflate',
      'permessage-deflate; server_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
      'permessage-deflate; server_max_window_bits=10',
    ]
    const peers = []
    for (const offer of offers) peers.push(await grown(() => connectDeflating(server.port, offer)))
    const polling = await poll()
    const long = Array.from({ length: 50 }, (_, index) => `line ${index * 7919}`).join('\n')
    const [first, ...rest] = [...members].filter(({ websocket }) => websocket)
    for (const [index, member] of rest.entries()) member.send(`own to ${index} ${long}`)
    expect(broadcast(members, long)).toBe(6)
    expect(broadcast(members, 'short')).toBe(5)
    first!.send('own')
    for (const member of rest) member.send(long)
    expect((await polling.response()).text).toBe(long)
    for (const word of [long, 'short', 'own']) expect((await plain.message()).payload.toString()).toBe(word)
    for (const [index, peer] of peers.entries()) {
      for (const word of [`own to ${index} ${long}`, long, 'short', long]) {
        const { payload, isCompressed } = await peer.message()
        expect([payload.toString(), isCompressed]).toEqual([word, word !== 'short'])
      }
    }
  })

  it('may be told from within a callback of a member, also of one that ends', async () => {
    const members = new Set<Channel>()
    const server = await serve((req) =>
      asChannel(req, {
        onOpen: (channel) => void members.add(channel),
        onReceive: (_channel, message) => void broadcast(members, message),
        onClose(channel) {
          members.delete(channel)
          broadcast(members, 'one has left')
        },
      }),
    )
    const peers = [await connectRawWebSocket(server.port), await connectRawWebSocket(server.port)]
    await until(() => members.size === 2)
    peers[0]!.send(text('hello'))
    for (const peer of peers) expect((await peer.message()).payload.toString()).toBe('hello')
    peers[0]!.tcp.reset()
    expect((await peers[1]!.message()).payload.toString()).toBe('one has left')
  })
})
