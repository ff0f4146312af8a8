// The bounds of a WebSocket: a message's size (maxWs), what waits for a peer that does not read (maxBuffered), and what
// waits for a handler that takes its time.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/raw-peer.js'
import { binary, continuation, ping, type RawFrame, text } from '../support/raw-websocket.js'
import { deferred, stableFor, until } from '../support/waiting.js'
import { serveChannels, serveListeners } from '../support/websocket-log.js'

const megabyte = 1024 * 1024
const xs = (count: number): Buffer => Buffer.alloc(count, 'x')

describe('maxWs', () => {
  const maxWs = 1000
  const tooBig: readonly unknown[] = ['close', 'message-too-big', 1009, expect.stringMatching(/./)]

  const fitting: [string, RawFrame[]][] = [
    ['a text', [text(xs(1000))]],
    ['a binary', [binary(xs(1000))]],
    ['a text of 1000 bytes in 500 characters', [text('ö'.repeat(500))]],
    ['two fragments', [text(xs(500), { fin: false }), continuation(xs(500))]],
    [
      'a thousand fragments',
      Array.from(
        { length: 1000 },
        (_, at): RawFrame => (at === 0 ? text('x', { fin: false }) : continuation('x', { fin: at === 999 })),
      ),
    ],
    [
      'fragments with pings between them',
      [
        binary(xs(999), { fin: false }),
        ping(xs(125)),
        continuation('x', { fin: false }),
        ping(xs(125)),
        continuation(),
      ],
    ],
    ['one after another', [text(xs(1000)), binary(xs(1000)), text(xs(1000))]],
  ]
  it.each(fitting)('lets pass a message of just so many bytes: %s', async (_what, frames) => {
    const { open } = await serveChannels({}, { maxWs })
    const { peer, log, channel } = await open()
    peer.send(...frames)
    const wanted = frames.filter(({ fin = true, opcode }) => fin && opcode < 8).length
    await until(() => log.filter(([what]) => what === 'message').length === wanted)
    for (const [what, message] of log) {
      if (what === 'message') expect(Buffer.byteLength(message as string | Buffer)).toBe(1000)
    }
    expect(channel.isOpen).toBe(true)
  })

  const exceeding: [string, RawFrame[]][] = [
    ['a text', [text(xs(1001))]],
    ['a binary', [binary(xs(1001))]],
    ['a text of 501 characters in 1002 bytes', [text('ö'.repeat(501))]],
    ['two fragments', [text(xs(500), { fin: false }), continuation(xs(501))]],
    ['a first fragment', [binary(xs(1001), { fin: false })]],
    ['a last byte', [binary(xs(1000), { fin: false }), continuation('', { fin: false }), continuation('x')]],
    ['a declared length, of a frame of which nothing else has come', [text('', { length: 1001 })]],
    ['a declared length of 2 ** 31', [binary('', { length: 2 ** 31 })]],
    ['a declared length of 2 ** 32', [binary('', { length: 2 ** 32 })]],
    ['a declared length of 2 ** 63 - 1', [binary('', { length: 2n ** 63n - 1n })]],
    [
      'the declared length of a fragment',
      [text(xs(999), { fin: false }), continuation('', { length: 2, fin: false })],
    ],
    [
      'lengths whose sum is past 2 ** 53',
      [text('x', { fin: false }), continuation('', { length: 2n ** 63n - 1n })],
    ],
  ]
  it.each(exceeding)('closes with 1009 past it: %s', async (_what, frames) => {
    const { open } = await serveChannels({}, { maxWs })
    const { peer, log } = await open()
    expect((await peer.send(...frames).closeFrame()).code).toBe(1009)
    await eventually(() => log).toEqual([['open'], tooBig])
  })

  it('is 4 MiB unless told otherwise', async () => {
    const { open } = await serveChannels()
    const [fits, exceeds] = [await open(), await open()]
    fits.peer.send(binary(xs(4 * megabyte)))
    await until(() => fits.log.length === 2)
    expect((await exceeds.peer.send(binary('', { length: 4 * megabyte + 1 })).closeFrame()).code).toBe(1009)
  })

  it.each([[-1], [Number.NaN], ['10']])('of %j is refused at once', async (value) => {
    await expect(serveChannels({}, { maxWs: value as number })).rejects.toThrow(RangeError)
  })

  it('takes no memory for what is only declared', async () => {
    const { open } = await serveChannels({}, { maxWs: 64 * megabyte })
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 20; count++) {
      const { peer, log } = await open()
      peer.send(binary('only this', { length: 60 * megabyte }), binary())
      await peer.send().tcp.flushed()
      expect(log).toEqual([['open']])
    }
    await sleep(50)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * megabyte)
  })
})

describe('maxBuffered', () => {
  it('cuts the connection of a peer that does not read: 1006, a warning and an event', async () => {
    const maxBuffered = 2 * megabyte
    const { open, server } = await serveChannels({}, { maxBuffered })
    const { peer, channel, log } = await open()
    peer.tcp.pause()
    let sent = 0
    while (channel.send(xs(100_000))) {
      expect(channel.bufferedAmount).toBeLessThanOrEqual(maxBuffered)
      if (++sent % 10 === 0) await sleep(1)
      expect(sent).toBeLessThan(1000)
    }
    await eventually(() => log).toEqual([['open'], ['close', 'abnormal', 1006, '']])
    expect([channel.isOpen, channel.send('x'), channel.bufferedAmount]).toEqual([false, false, 0])
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
    expect(server.events).toContain('httpkit.server.channel.overflow')
    expect(server.warnings).toHaveLength(1)
  })

  it('tells a listener 1006, and fail of every send that did not arrive', async () => {
    const { open } = await serveListeners({}, { maxBuffered: megabyte })
    const { peer, socket, log } = await open()
    peer.tcp.pause()
    const told = { succeeded: 0, failed: 0 }
    let sent = 0
    while (socket.isOpen && sent < 1000) {
      sent++
      socket.send(
        xs(100_000),
        () => void told.succeeded++,
        () => void told.failed++,
      ) // prettier-ignore
      if (sent % 10 === 0) await sleep(1)
    }
    await until(() => told.succeeded + told.failed === sent)
    expect(told.failed).toBeGreaterThan(0)
    await eventually(() => log).toEqual([['open'], ['close', 1006, '']])
  })

  it('does not touch a peer that reads, however much it is sent', async () => {
    const { open } = await serveChannels({}, { maxBuffered: megabyte })
    const { peer, channel } = await open()
    const piece = xs(500_000)
    for (let count = 0; count < 40; count++) {
      expect(channel.send(piece)).toBe(true)
      expect((await peer.message()).payload.length).toBe(piece.length)
    }
  })

  it('bounds what echoes take of a peer that sends and does not read', async () => {
    const maxBuffered = megabyte
    const { open, server } = await serveChannels(
      { onReceive: (channel, message) => void channel.send(message) },
      { maxBuffered },
    )
    const [bad, good] = [await open(), await open()]
    bad.peer.tcp.pause()
    for (let count = 0; count < 400; count++) bad.peer.send(binary(xs(60_000)))
    await stableFor(200, () => server.stats().bytesIn)
    expect(bad.channel.bufferedAmount).toBeLessThanOrEqual(maxBuffered + 70_000)
    expect((await good.peer.send(text('good')).message()).payload.toString()).toBe('good')
  })
})

describe('a peer that pings and does not read', () => {
  it('is bounded by maxBuffered too, and costs nobody else', async () => {
    const maxBuffered = megabyte
    const { open, server } = await serveChannels({}, { maxBuffered })
    const [bad, good] = [await open(), await open()]
    bad.peer.tcp.pause()
    const pings = Buffer.concat(
      Array.from({ length: 8000 }, () => bad.peer.encode(ping(xs(125), { maskingKey: [1, 2, 3, 4] }))),
    )
    for (let count = 0; count < 30; count++) bad.peer.sendRaw(pings)
    await stableFor(200, () => server.stats().bytesIn)
    expect(bad.channel.bufferedAmount).toBeLessThanOrEqual(maxBuffered + 100_000)
    expect((await good.peer.send(ping('good')).pong()).toString()).toBe('good')
  })
})

describe('a handler that takes its time', () => {
  /** A peer sends `count` frames while the handler of the first is busy; settles when no more of them are read. */
  async function flood(count: number, frame: (index: number) => RawFrame) {
    const busy = deferred()
    const seen: (string | Uint8Array)[] = []
    const { open, server } = await serveChannels({
      onReceive(_channel, message) {
        seen.push(message)
        if (seen.length === 1) return busy.promise
      },
    })
    const session = await open()
    const { peer } = session
    const before = server.stats().bytesIn
    let all = 0
    for (let at = 0; at < count; at += 100) {
      const bytes = Buffer.concat(
        Array.from({ length: Math.min(100, count - at) }, (_, index) => peer.encode(frame(at + index))),
      )
      all += bytes.length
      peer.sendRaw(bytes)
    }
    const taken = (await stableFor(200, () => server.stats().bytesIn)) - before
    return { ...session, open, server, busy, seen, all, taken }
  }

  const floods: [string, number, (index: number) => RawFrame][] = [
    ['large', 200, (index) => binary(Buffer.alloc(100_000, index))],
    ['middling', 10_000, (index) => text(String(index).padEnd(2000, '.'))],
    ['tiny', 600_000, (index) => text(String(index), { maskingKey: [1, 2, 3, 4] })],
  ]

  it.each(floods)(
    'makes its peer wait, with all but a bounded part of %s messages; then none is lost',
    async (_what, count, frame) => {
      const { peer, seen, busy, all, taken, server } = await flood(count, frame)
      expect(seen).toHaveLength(1)
      expect(taken).toBeLessThan(2 * megabyte)
      expect(taken).toBeLessThan(all)
      busy.resolve()
      await until(() => seen.length === count, 15_000)
      for (const index of [0, 1, 2, count >> 1, count - 2, count - 1]) {
        expect(Buffer.from(seen[index]!)).toEqual(
          frame(index).payload instanceof Uint8Array
            ? frame(index).payload
            : Buffer.from(frame(index).payload!),
        )
      }
      expect(server.errors).toEqual([])
      expect((await peer.send(ping('still there')).pong()).toString()).toBe('still there')
    },
  )

  it('does not make others wait', async () => {
    const { open, seen, busy } = await flood(200, floods[0]![2])
    const other = await open()
    expect((await other.peer.send(text('other'), ping('p')).pong()).toString()).toBe('p')
    expect(other.log).toContainEqual(['message', 'other'])
    busy.resolve()
    await until(() => seen.length === 201, 15_000)
  })

  it('holds also where it is onOpen that takes its time', async () => {
    const busy = deferred()
    const { open, server } = await serveChannels({ onOpen: () => busy.promise })
    const { peer, log } = await open()
    for (let count = 0; count < 200; count++) peer.send(binary(xs(100_000)))
    const taken = await stableFor(200, () => server.stats().bytesIn)
    expect(taken).toBeLessThan(2 * megabyte)
    expect(log).toHaveLength(1)
    busy.resolve()
    await until(() => log.length === 201, 15_000)
  })

  it('does not keep a message of maxWs from arriving', async () => {
    const busy = deferred()
    const { open } = await serveChannels({ onReceive: () => busy.promise }, { maxWs: 8 * megabyte })
    const { peer, log } = await open()
    peer.send(text('first'), binary(xs(8 * megabyte)), text('last'))
    await sleep(100)
    busy.resolve()
    await until(() => log.length === 4)
    expect((log[2]![1] as Buffer).length).toBe(8 * megabyte)
  })
})
