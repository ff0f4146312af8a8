// Messages under permessage-deflate (RFC 7692 §6, §7.2), and what is no such message.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ChannelHandlers } from '../../src/server.js'
import { connectDeflating } from '../support/deflate-peer.js'
import { eventually } from '../support/raw-peer.js'
import { binary, close, continuation, ping, type RawFrame, text } from '../support/raw-websocket.js'
import { deferred, until } from '../support/waiting.js'
import { serveChannels } from '../support/websocket-log.js'

const megabyte = 1024 * 1024
const echo: ChannelHandlers = { onReceive: (channel, message) => void channel.send(message) }
const all = { compression: { threshold: 0 } }

describe('a compressed message', () => {
  const offers = [
    'permessage-deflate',
    'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
    'permessage-deflate; server_max_window_bits=12; client_max_window_bits=8',
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate; client_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10',
  ]
  const once = randomBytes(1500)
  const messages = [
    text('Hello'),
    text(''),
    text('größe 🎈'.repeat(500)),
    binary(once),
    binary(once),
    binary(Buffer.concat([once, Buffer.alloc(40_000, 'far'), once])),
    binary(once),
    binary(randomBytes(100_000)),
    text('x'.repeat(megabyte)),
    text('Hello'),
    binary(''),
    text('Hello'),
  ]

  it.each(offers)('comes and goes, with the context that was agreed on: %s', async (offer) => {
    const { server } = await serveChannels(echo, all)
    const peer = await connectDeflating(server.port, offer)
    for (let round = 0; round < 2; round++) {
      for (const message of messages) peer.send(await peer.deflated(message))
      for (const { opcode, payload } of messages) {
        const echoed = await peer.message()
        expect([echoed.opcode, echoed.isCompressed]).toEqual([opcode, true])
        expect(echoed.payload.equals(Buffer.from(payload!))).toBe(true)
      }
    }
  })

  it.each([
    ['is smaller the second time', 'permessage-deflate', true],
    [
      'is as large the second time, without context takeover',
      'permessage-deflate; server_no_context_takeover',
      false,
    ],
  ])('%s', async (_what, offer, isSmaller) => {
    const { server } = await serveChannels(echo, all)
    const peer = await connectDeflating(server.port, offer)
    peer.send(binary(once), binary(once))
    const sizes = [(await peer.message()).wireBytes, (await peer.message()).wireBytes]
    expect(sizes[0]).toBeGreaterThan(1400)
    if (isSmaller) expect(sizes[1]).toBeLessThan(100)
    else expect(sizes[1]).toBe(sizes[0])
  })

  it('may be in fragments, with pings between them', async () => {
    const { server } = await serveChannels(echo, all)
    const peer = await connectDeflating(server.port)
    const payload = Buffer.from('größe '.repeat(1000))
    const compressed = await peer.compress(payload)
    peer.send(
      text(compressed.subarray(0, 3), { rsv: 4, fin: false }),
      ping('a'),
      continuation(compressed.subarray(3, 4), { fin: false }),
      continuation('', { fin: false }),
      ping('b'),
      continuation(compressed.subarray(4)),
    )
    expect([String(await peer.raw.pong()), String(await peer.raw.pong())]).toEqual(['a', 'b'])
    expect((await peer.message()).payload.equals(payload)).toBe(true)
  })

  it('may come among plain ones', async () => {
    const { server } = await serveChannels(echo, all)
    const peer = await connectDeflating(server.port)
    peer.send(text('plain'), await peer.deflated(text('compressed')), binary('plain too'))
    const echoes = [await peer.message(), await peer.message(), await peer.message()]
    expect(echoes.map(({ payload }) => payload.toString())).toEqual(['plain', 'compressed', 'plain too'])
  })

  // RFC 7692 §7.2.3
  const examples: [string, number[]][] = [
    ['one block (§7.2.3.1)', [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]],
    [
      'a block without compression (§7.2.3.3)',
      [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
    ],
    ['a block marked as the last (§7.2.3.4)', [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]],
    ['two blocks (§7.2.3.5)', [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]],
  ]
  it.each(examples)(
    'is read in every form of the RFC, and one after it that refers to it: %s',
    async (_form, bytes) => {
      const { server, sessions } = await serveChannels({}, all)
      const peer = await connectDeflating(server.port)
      // The second is §7.2.3.2's: "Hello" again, from the window.
      const again = Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00])
      peer.send(text(Buffer.from(bytes), { rsv: 4 }), text(again, { rsv: 4 }))
      await eventually(() => sessions[0]!.log).toEqual([['open'], ['message', 'Hello'], ['message', 'Hello']])
    },
  )

  it('of no bytes is empty, however it is written (§7.2.3.6)', async () => {
    const { server, sessions } = await serveChannels({}, all)
    const peer = await connectDeflating(server.port)
    peer.send(text(Buffer.from([0x00]), { rsv: 4 }), text(Buffer.from([0x02, 0x00]), { rsv: 4 }))
    await eventually(() => sessions[0]!.log).toEqual([['open'], ['message', ''], ['message', '']])
  })

  it('keeps its place among others, small and large', async () => {
    const { server } = await serveChannels(echo, { compression: true })
    const peer = await connectDeflating(server.port)
    const sizes = [10, 3_000_000, 20, 2000, 1_000_000, 0, 100_000, 30, 1024, 4_000_000, 5]
    for (const [index, size] of sizes.entries()) {
      const frame = text(String(index % 10).repeat(size))
      peer.send(index % 3 === 0 ? frame : await peer.deflated(frame))
    }
    for (const [index, size] of sizes.entries()) {
      const { payload, isCompressed } = await peer.message()
      expect([payload.toString() === String(index % 10).repeat(size), isCompressed]).toEqual([
        true,
        size >= 1024,
      ])
    }
  })

  it('leaves before the Close that was asked for after it', async () => {
    const { server, sessions } = await serveChannels({}, { compression: true })
    const peer = await connectDeflating(server.port)
    await until(() => sessions.length === 1)
    const { channel } = sessions[0]!
    const large = randomBytes(megabyte)
    for (const message of [large, 'small', 'z'.repeat(200_000)]) channel.send(message)
    channel.close(4000, 'done')
    expect((await peer.message()).payload.equals(large)).toBe(true)
    expect((await peer.message()).payload.toString()).toBe('small')
    expect((await peer.message()).payload.length).toBe(200_000)
    expect(await peer.raw.closeFrame()).toEqual({ code: 4000, reason: 'done' })
  })
})

describe('the threshold', () => {
  it.each([
    [true, 1024],
    [{}, 1024],
    [{ threshold: 100 }, 100],
  ])('of %j is in bytes: what is smaller goes as it is', async (compression, threshold) => {
    const { server, sessions } = await serveChannels({}, { compression })
    const peer = await connectDeflating(server.port)
    await until(() => sessions.length === 1)
    const below = [Buffer.alloc(threshold - 1), 'x'.repeat(threshold - 1), 'ö'.repeat(threshold / 2 - 1), '']
    const above = [Buffer.alloc(threshold), 'x'.repeat(threshold), 'ö'.repeat(threshold / 2)]
    for (const message of [...below, ...above]) sessions[0]!.channel.send(message)
    for (const message of below) {
      expect(await peer.message()).toMatchObject({
        isCompressed: false,
        wireBytes: Buffer.byteLength(message),
      })
    }
    for (const message of above) {
      const got = await peer.message()
      expect([got.isCompressed, got.payload.equals(Buffer.from(message))]).toEqual([true, true])
    }
  })
})

describe('a compressed message that is none', () => {
  const options = { compression: true, maxWs: megabyte }
  const random = randomBytes(200)
  const hello = Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])
  const deflated = (payload: Uint8Array): Buffer =>
    deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const bad: [string, RawFrame[], number][] = [
    ['a block of a reserved type', [text(Buffer.from([0x07, 0x00]), { rsv: 4 })], 1007],
    [
      'a stored block whose length does not match',
      [binary(Buffer.from([0x00, 0x05, 0x00, 0x00, 0x00]), { rsv: 4 })],
      1007,
    ],
    [
      'a reference to before the beginning',
      [binary(Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00]), { rsv: 4 })],
      1007,
    ],
    ['random bytes', [binary(Buffer.concat([Buffer.from([0xff]), random]), { rsv: 4 })], 1007],
    ['text that is no UTF-8', [text(deflated(Buffer.from([0x61, 0xff])), { rsv: 4 })], 1007],
    ['text that breaks off', [text(deflated(Buffer.from([0xe2, 0x82])), { rsv: 4 })], 1007],
    [
      'RSV1 on a continuation',
      [text(hello.subarray(0, 2), { rsv: 4, fin: false }), continuation(hello.subarray(2), { rsv: 4 })],
      1002,
    ],
    [
      'RSV1 on a continuation of a plain one',
      [text('a', { fin: false }), continuation(hello, { rsv: 4 })],
      1002,
    ],
    ['RSV1 on a ping', [ping('p', { rsv: 4 })], 1002],
    ['RSV1 on a Close', [close(1000, '', { rsv: 4 })], 1002],
    ['RSV2', [text(hello, { rsv: 2 })], 1002],
    ['RSV1 and RSV3', [text(hello, { rsv: 5 })], 1002],
    ['one over maxWs when inflated', [binary(deflated(Buffer.alloc(megabyte + 1)), { rsv: 4 })], 1009],
    ['one far over maxWs on the wire', [binary('', { rsv: 4, length: 2 * megabyte })], 1009],
  ]
  it.each(bad)('is refused: %s', async (_what, frames, code) => {
    const { server, sessions } = await serveChannels({}, options)
    const peer = await connectDeflating(server.port)
    peer.send(...frames, text('late'))
    expect((await peer.raw.closeFrame()).code).toBe(code)
    await peer.raw.tcp.closed()
    const { log } = sessions[0]!
    expect(log.slice(1)).toEqual([['close', expect.any(String), code, expect.stringMatching(/./)]])
    expect(server.errors).toEqual([])
  })

  it('has nothing after it delivered, however much of that has come while a handler was busy', async () => {
    const busy = deferred()
    const { server, sessions } = await serveChannels({ onReceive: () => busy.promise }, options)
    const peer = await connectDeflating(server.port)
    peer.send(
      text('first'),
      text('second'),
      text(Buffer.from([0x07, 0x00]), { rsv: 4 }),
      text('late'),
      text('late'),
    )
    await until(() => sessions[0]?.log.length === 2)
    await sleep(20)
    busy.resolve()
    expect((await peer.raw.closeFrame()).code).toBe(1007)
    await eventually(() => sessions[0]!.log).toEqual([
      ['open'],
      ['message', 'first'],
      ['message', 'second'],
      ['close', 'invalid-payload-data', 1007, expect.any(String)],
    ])
  })

  it.each([
    ['its peer has gone', undefined, 'abnormal', 1006],
    ['a frame behind it breaks a rule', { opcode: 3, payload: '' }, 'protocol-error', 1002],
  ])(
    'has its connection’s end told once, where %s while a handler was busy',
    async (_, frame, status, code) => {
      const busy = deferred()
      const { server, sessions } = await serveChannels({ onReceive: () => busy.promise }, options)
      const peer = await connectDeflating(server.port)
      peer.send(text('first'), text(Buffer.from([0x07, 0x00]), { rsv: 4 }))
      if (frame) peer.send(frame)
      else peer.raw.tcp.finish()
      await until(() => sessions[0]?.log.length === 2)
      await sleep(20)
      busy.resolve()
      await eventually(() => sessions[0]!.log).toEqual([
        ['open'],
        ['message', 'first'],
        ['close', status, code, expect.any(String)],
      ])
    },
  )

  it('may be as long as maxWs, and longer on the wire: what is random does not shrink', async () => {
    const { server, sessions } = await serveChannels({}, options)
    const peer = await connectDeflating(server.port)
    const payload = randomBytes(megabyte)
    const frame = await peer.deflated(binary(payload))
    expect(frame.payload!.length).toBeGreaterThan(megabyte)
    peer.send(frame)
    await until(() => sessions[0]?.log.length === 2)
    expect((sessions[0]!.log[1]![1] as Buffer).equals(payload)).toBe(true)
  })

  it('may be binary that is no UTF-8, and as long as maxWs', async () => {
    const { server, sessions } = await serveChannels({}, options)
    const peer = await connectDeflating(server.port)
    peer.send(binary(deflated(Buffer.alloc(megabyte, 0xff)), { rsv: 4 }))
    await until(() => sessions[0]?.log.length === 2)
    expect((sessions[0]!.log[1]![1] as Buffer).equals(Buffer.alloc(megabyte, 0xff))).toBe(true)
    peer.send(ping('still there'))
    expect(String(await peer.raw.pong())).toBe('still there')
  })

  it.each([
    ['a bomb', 1],
    ['a bomb in fragments', 20],
  ])('takes no more memory than maxWs: %s', async (_what, fragments) => {
    const { server } = await serveChannels({}, options)
    const megabyteOfZeros = deflateRawSync(Buffer.alloc(megabyte), { finishFlush: constants.Z_SYNC_FLUSH })
    const bomb = Buffer.concat(Array<Buffer>(500).fill(megabyteOfZeros)).subarray(0, -4)
    const peer = await connectDeflating(server.port)
    const before = process.resourceUsage().maxRSS
    const size = Math.ceil(bomb.length / fragments)
    for (let at = 0; at < bomb.length; at += size) {
      const payload = bomb.subarray(at, at + size)
      const fin = at + size >= bomb.length
      peer.send(at === 0 ? binary(payload, { rsv: 4, fin }) : continuation(payload, { fin }))
    }
    expect((await peer.raw.closeFrame()).code).toBe(1009)
    const kibibytes = process.resourceUsage().maxRSS - before
    expect(kibibytes).toBeLessThan(40 * 1024)
  })

  it('costs its own connection only', async () => {
    const { server } = await serveChannels(echo, options)
    const [bad, good] = [await connectDeflating(server.port), await connectDeflating(server.port)]
    bad.send(text(Buffer.from([0x07, 0x00]), { rsv: 4 }))
    expect((await bad.raw.closeFrame()).code).toBe(1007)
    good.send(await good.deflated(text('good')))
    expect((await good.message()).payload.toString()).toBe('good')
  })
})
