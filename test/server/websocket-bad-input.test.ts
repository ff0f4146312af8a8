// What a peer must not send (RFC 6455 §5, §7.4, §8.1): the code it is told, and that it costs its own connection only.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CloseStatus } from '../../src/server.js'
import { eventually } from '../support/raw-peer.js'
import {
  binary,
  close,
  continuation,
  ping,
  pong,
  type RawFrame,
  type RawWebSocket,
  text,
} from '../support/raw-websocket.js'
import { until } from '../support/waiting.js'
import { serveChannels, serveListeners } from '../support/websocket-log.js'

// What would have ended the process.
const fatal: unknown[] = []
const onFatal = (error: unknown): void => void fatal.push(error)

beforeAll(() => {
  process.on('uncaughtException', onFatal).on('unhandledRejection', onFatal)
})

afterAll(() => {
  process.off('uncaughtException', onFatal).off('unhandledRejection', onFatal)
})

/** Random numbers below 256 that are the same in every run. */
let state = 20260
const randomByte = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state >>> 24
}
const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, randomByte))

const begun = text('a', { fin: false })
const closeBytes = (...bytes: number[]): RawFrame => ({ opcode: 8, payload: Buffer.from(bytes) })
const badText = Buffer.from([0x61, 0xff])

const violations: [what: string, frames: RawFrame[], code: number][] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv): [string, RawFrame[], number] => [
    `RSV ${rsv}`,
    [text('x', { rsv })],
    1002,
  ]),
  ['an RSV bit in a continuation', [begun, continuation('x', { rsv: 4 })], 1002],
  ['an RSV bit in a ping', [ping('x', { rsv: 4 })], 1002],
  ['an RSV bit in a Close', [close(1000, '', { rsv: 2 })], 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, RawFrame[], number] => [
    `opcode ${opcode}`,
    [{ opcode }],
    1002,
  ]),
  ['an unmasked text', [text('x', { masked: false })], 1002],
  ['an unmasked empty text', [text('', { masked: false })], 1002],
  ['an unmasked ping', [ping('x', { masked: false })], 1002],
  ['an unmasked Close', [close(1000, '', { masked: false })], 1002],
  ['a fragmented ping', [ping('x', { fin: false })], 1002],
  ['a fragmented pong', [pong('x', { fin: false })], 1002],
  ['a fragmented Close', [close(1000, '', { fin: false })], 1002],
  ['a ping of 126 bytes', [ping('x'.repeat(126))], 1002],
  ['a pong of 126 bytes', [pong('x'.repeat(126))], 1002],
  ['a Close of 126 bytes', [close(1000, 'x'.repeat(124))], 1002],
  ['a ping of 2 ** 40 bytes', [ping('', { length: 2 ** 40 })], 1002],
  ['a stray continuation', [continuation('x')], 1002],
  ['a stray first fragment of nothing', [continuation('x', { fin: false })], 1002],
  ['a continuation after a whole message', [text('x'), continuation('y')], 1002],
  ['a text within a text', [begun, text('b')], 1002],
  ['a binary within a text', [begun, binary('b', { fin: false })], 1002],
  ['125 bytes with a length of 2', [text('x'.repeat(125), { lengthSize: 2 })], 1002],
  ['no bytes with a length of 2', [text('', { lengthSize: 2 })], 1002],
  ['65535 bytes with a length of 8', [binary(Buffer.alloc(65535), { lengthSize: 8 })], 1002],
  ['a byte with a length of 8', [text('x', { lengthSize: 8 })], 1002],
  ['a length whose top bit is set', [text('', { length: 2n ** 63n })], 1002],
  ['a length of all bits', [text('', { length: 2n ** 64n - 1n })], 1002],
  ['a Close of one byte', [closeBytes(3)], 1002],
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map(
    (code): [string, RawFrame[], number] => [`a Close of ${code}`, [close(code)], 1002],
  ),
  ['a Close whose reason is no UTF-8', [close(1000, badText)], 1007],
  ['a Close whose reason breaks off', [close(1000, Buffer.from('ö').subarray(0, 1))], 1007],
  ['a text that is no UTF-8', [text(badText)], 1007],
  ['a text that breaks off', [text(Buffer.from('🎈').subarray(0, 3))], 1007],
  ['an overlong form', [text(Buffer.from([0xc0, 0xaf]))], 1007],
  ['a surrogate', [text(Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  ['a code point past U+10FFFF', [text(Buffer.from([0xf4, 0x90, 0x80, 0x80]))], 1007],
  [
    'fragments that are no UTF-8 together',
    [text(Buffer.from([0xc3]), { fin: false }), continuation('x')],
    1007,
  ],
  ['a fragmented text that breaks off', [begun, continuation(Buffer.from([0xe2, 0x82]))], 1007],
  ['a message over maxWs', [binary(Buffer.alloc(5000))], 1009],
]

const statusOf: Record<number, CloseStatus> = {
  1002: 'protocol-error',
  1007: 'invalid-payload-data',
  1009: 'message-too-big',
}

const options = { maxWs: 4000 }
/** A frame that declares up to 65535 bytes is read before it is too big. */
const roomy = { maxWs: 70_000 }

async function expectEcho(peer: RawWebSocket, word: string): Promise<void> {
  expect((await peer.send(text(word)).message()).payload.toString()).toBe(word)
}

describe('a peer that breaks the rules', () => {
  it.each(violations)('is told so, and the connection ended: %s', async (what, frames, code) => {
    const { open, server } = await serveChannels(
      { onReceive: (channel, message) => void channel.send(message) },
      what.startsWith('65535') ? roomy : options,
    )
    const [bad, good] = [await open(), await open()]
    const before = frames[1]?.opcode === 0 && frames[0]!.fin !== false ? 1 : 0
    bad.peer.send(text('first'), ...frames, text('late'))
    expect((await bad.peer.message()).payload.toString()).toBe('first')
    for (let count = 0; count < before; count++) await bad.peer.message()
    expect((await bad.peer.closeFrame()).code).toBe(code)
    await bad.peer.closed()
    bad.peer.tcp.destroy()
    expect(bad.log.at(-1)).toEqual(['close', statusOf[code], code, expect.stringMatching(/./)])
    expect(bad.log).toHaveLength(3 + before)
    expect(bad.channel.isOpen).toBe(false)
    await expectEcho(good.peer, 'unharmed')
    await eventually(() => server.stats()).toMatchObject({ connections: 1, websockets: 1 })
    expect(server.errors).toEqual([])
    expect(fatal).toEqual([])
  })

  it.each([violations[0]!, violations.at(-5)!, violations.at(-1)!])(
    'gives a listener the code and the error’s text: %s',
    async (_what, frames, code) => {
      const { open } = await serveListeners({}, options)
      const { peer, log } = await open()
      expect((await peer.send(...frames).closeFrame()).code).toBe(code)
      await eventually(() => log.at(-1)).toEqual(['close', code, expect.stringMatching(/./)])
    },
  )

  it.each([1, 2, 5])('is found out when its bytes come %i at a time, too', async (chop) => {
    const { open } = await serveChannels({}, options)
    for (const [what, frames, code] of violations.filter(([name]) => !/bytes|maxWs/.test(name))) {
      const { peer } = await open()
      await peer.sendInChops(chop, ...frames)
      expect([what, (await peer.closeFrame()).code]).toEqual([what, code])
    }
  })

  it('is told as soon as the fault is there: a bad header’s payload is not waited for', async () => {
    const { open } = await serveChannels()
    const headers: [RawFrame, number][] = [
      [text('', { length: 1000, rsv: 4 }), 1002],
      [{ opcode: 3, length: 1000 }, 1002],
      [text('', { length: 1000, masked: false }), 1002],
      [ping('', { length: 1000 }), 1002],
      [continuation('', { length: 1000 }), 1002],
      [binary('', { length: 100_000_000 }), 1009],
    ]
    for (const [frame, code] of headers) {
      const { peer } = await open()
      expect((await peer.send(frame).closeFrame()).code).toBe(code)
    }
  })

  it('is told of bad UTF-8 at the first bad byte, long before the message ends', async () => {
    const { open } = await serveChannels()
    const whole = await open()
    const fragmented = await open()
    whole.peer.send(text(Buffer.concat([Buffer.from('fine so far'), badText]), { length: 100_000 }))
    fragmented.peer.send(
      text('fine ', { fin: false }),
      continuation(badText, { fin: false, length: 100_000 }),
    )
    for (const { peer } of [whole, fragmented]) expect((await peer.closeFrame()).code).toBe(1007)
  })

  it('is a warning and an event, which say what was wrong', async () => {
    const { open, server } = await serveChannels()
    await (await open()).peer.send({ opcode: 3 }).closeFrame()
    expect(server.warnings).toHaveLength(1)
    expect(server.warnings[0]!.message).toMatch(/opcode/)
    expect(server.events).toContain('httpkit.server.ws.decode.error')
  })

  it('has what came before its fault handled first, also where that takes its time', async () => {
    const { open } = await serveChannels({
      async onReceive(channel, message) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        channel.send(message)
      },
    })
    const { peer, log } = await open()
    peer.send(text('1'), text('2'), { opcode: 3 }, text('3'))
    const error = ['close', 'protocol-error', 1002, expect.any(String)]
    await eventually(() => log).toEqual([['open'], ['message', '1'], ['message', '2'], error])
  })

  it('is read on for a while, so that its Close frame arrives (RFC 6455 §7.1.1)', async () => {
    const { open, server } = await serveChannels()
    const { peer } = await open()
    peer.send({ opcode: 3 })
    for (let count = 0; count < 40; count++) peer.sendRaw(Buffer.alloc(50_000, 0x81))
    expect((await peer.closeFrame()).code).toBe(1002)
    await eventually(() => server.stats().connections).toBe(0)
  })
})

describe('garbage', () => {
  it('costs its own connection only, in 300 random forms', async () => {
    const { open, server } = await serveChannels({
      onReceive: (channel, message) => void channel.send(message),
    })
    const good = await open()
    for (let round = 0; round < 30; round++) {
      const sessions = await Promise.all(Array.from({ length: 10 }, () => openLater()))
      for (const peer of sessions) peer.sendRaw(garbage(peer, round))
      await expectEcho(good.peer, `round ${round}`)
      for (const [index, peer] of sessions.entries()) {
        if (index % 3 === 0) peer.tcp.reset()
        else peer.tcp.finish()
        await peer.tcp.closed()
        peer.tcp.destroy()
      }
    }
    await eventually(() => server.stats()).toMatchObject({ connections: 1, websockets: 1 })
    await expectEcho(good.peer, 'unharmed')
    expect(server.events.filter((name) => name.endsWith('loop.error'))).toEqual([])
    expect([server.errors, fatal]).toEqual([[], []])

    async function openLater(): Promise<RawWebSocket> {
      return (await open()).peer
    }
  })

  /** Random bytes, or frames with some of their bytes changed. */
  function garbage(peer: RawWebSocket, seed: number): Buffer {
    if (seed % 3 === 0) return randomBytes(1 + ((seed * 97) % 3000))
    const frames = [
      text('größe'),
      binary(randomBytes(300)),
      begun,
      ping('p'),
      continuation('b'),
      close(1000, 'x'),
    ]
    const bytes = Buffer.concat(frames.map((frame) => peer.encode(frame)))
    for (const [index, byte] of randomBytes(1 + (seed % 5)).entries())
      bytes[(byte * 3 + index) % bytes.length]! ^= byte | 1
    return bytes.subarray(0, seed % 2 === 0 ? bytes.length : bytes.length - (seed % 40))
  }

  it('of silence, half a frame, and leaving keeps nobody else waiting', async () => {
    const { open, server } = await serveChannels({
      onReceive: (channel, message) => void channel.send(message),
    })
    const [silent, half, leaving, good] = [await open(), await open(), await open(), await open()]
    half.peer.sendRaw(half.peer.encode(text('x'.repeat(1000))).subarray(0, 500))
    leaving.peer.sendRaw(leaving.peer.encode(text('x'.repeat(1000))).subarray(0, 500)).tcp.reset()
    for (let count = 0; count < 20; count++) await expectEcho(good.peer, `echo ${count}`)
    await until(() => server.stats().websockets === 3)
    await expectEcho(silent.peer, 'silent no more')
    half.peer.sendRaw(Buffer.alloc(0))
    expect(half.channel.isOpen).toBe(true)
  })
})
