// What holds of a WebSocket between one of our channels and ws, whichever of the two is the server. A test file says
// which is which, and how both are opened; the cases of a section go into a `describe` of its own.
//
//   import * as either from '../support/either-end.js'
//   const end: either.End = { ours: 'server', theirs: 'client', pair }
//   describe('messages', () => either.itTakesMessages(end))       each a few `it`: itTakesMessages, itAnswersPings, itCloses
//   it('…', () => either.expectCutOff(end))                       one test, where the titles differ
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type PerMessageDeflateOptions, WebSocket } from 'ws'
import type { Channel, ChannelHandlers, DeflateOptions, ServerOptions } from '../../src/server.js'
import { deferred, stableFor } from './waiting.js'
import {
  abnormal,
  bytesOf,
  type ChannelLog,
  closeCodes,
  expectMessages,
  expectSame,
  longestReason,
  type Message,
  textOfSize,
  type WsPeer,
} from './websocket-peers.js'

export interface End {
  ours: 'server' | 'client'
  theirs: 'client' | 'server'
  pair(options?: PairOptions): Promise<Pair>
}

export interface PairOptions {
  /** Of our channel; default: it sends back what comes. */
  handlers?: ChannelHandlers
  ours?: Pick<ServerOptions, 'compression' | 'maxBuffered' | 'maxWs'> & { heartbeat?: number }
  theirs?: { autoPong?: boolean; perMessageDeflate?: boolean | PerMessageDeflateOptions }
}

/** Both ends, open. That of ws sends nothing back by itself. */
export interface Pair {
  peer: WsPeer
  log: ChannelLog
  channel: Channel
  /** Settles when the connection is gone. */
  gone(): Promise<unknown>
}

export function itTakesMessages({ theirs, pair }: End): void {
  it('are put together from fragments, with pings in between', async () => {
    const { peer, log } = await pair()
    const text = Buffer.from(textOfSize(1000))
    for (let at = 0; at < text.length; at++) {
      // Characters are cut in the middle: a piece is no text by itself.
      peer.socket.send(text.subarray(at, at + 1), { binary: false, fin: at === text.length - 1 })
      if (at % 100 === 0) peer.socket.ping(`after ${at}`)
    }
    expectSame(await peer.messages.next(), text.toString())
    expectSame(log.messages.all[0]!, text.toString())
    expect(log.messages.all).toHaveLength(1)
    expect(await peer.pongs.take(10)).toEqual(
      Array.from({ length: 10 }, (_, index) => `after ${index * 100}`),
    )
    expect(log.pings.all).toEqual(peer.pongs.all)
  })

  it('of exactly maxWs are taken, and of a byte more closed with 1009', async () => {
    const { peer, log } = await pair({ ours: { maxWs: 1000 } })
    peer.socket.send(bytesOf(1000))
    expectSame(await peer.messages.next(), bytesOf(1000))
    peer.socket.send(bytesOf(1001))
    expect(await peer.closed).toMatchObject({ code: 1009 })
    expect(await log.closed).toMatchObject({ status: 'message-too-big', code: 1009 })
    expect(log.messages.all).toHaveLength(1)
  })

  it(`stay with the ${theirs} while a handler is busy, and none is lost`, async () => {
    const busy = deferred()
    const { peer, log } = await pair({ handlers: { onReceive: () => busy.promise } })
    for (let sent = 0; sent < 64; sent++) peer.socket.send(bytesOf(1_000_000 + sent))
    // Buffers on the way take some of it; but not all of it, however long one waits.
    const left = await stableFor(200, () => peer.socket.bufferedAmount)
    expect(left).toBeGreaterThan(32_000_000)
    busy.resolve()
    const got = await log.messages.take(64)
    expect(got.map(({ length }) => length)).toEqual(Array.from({ length: 64 }, (_, sent) => 1_000_000 + sent))
  })
}

export function itAnswersPings({ theirs, pair }: End): void {
  it(`of the ${theirs} are answered with their payload, and told`, async () => {
    const { peer, log } = await pair()
    const payloads = ['', 'x', 'ping', 'y'.repeat(125)]
    for (const payload of payloads) peer.socket.ping(payload)
    expect(await peer.pongs.take(4)).toEqual(payloads)
    expect(await log.pings.take(4)).toEqual(payloads)
  })
}

export async function expectHeartbeat({ pair }: End): Promise<void> {
  const { peer, log, channel } = await pair({ ours: { heartbeat: 100 } })
  await peer.pings.take(4)
  await log.pongs.take(3)
  expect([channel.isOpen, peer.socket.readyState]).toEqual([true, WebSocket.OPEN])
}

export async function expectEndUnanswered({ pair }: End): Promise<void> {
  const { peer, log } = await pair({ ours: { heartbeat: 20 }, theirs: { autoPong: false } })
  expect(await log.closed).toEqual(abnormal)
  expect(await peer.closed).toMatchObject({ code: 1006 })
}

export async function expectUnaskedPong({ pair }: End): Promise<void> {
  const { peer, log } = await pair()
  peer.socket.pong('unasked')
  expect(await log.pongs.next()).toBe('unasked')
  peer.socket.send('after')
  expect(await peer.messages.next()).toBe('after')
}

export function itCloses({ ours, theirs, pair }: End): void {
  const reason = 'a reason, größer'

  it.each(closeCodes)(
    `of the ${theirs} with %i is told as %s, and answered with the same`,
    async (code, status) => {
      const { peer, log, channel } = await pair()
      peer.socket.send('before')
      peer.socket.close(code, reason)
      expect(await peer.closed).toEqual({ code, reason })
      expect(await log.closed).toEqual({ status, code, reason })
      expect(log.calls).toEqual(['init', 'onOpen', 'onReceive', 'onClose'])
      expect([channel.isOpen, channel.close(), channel.send('after')]).toEqual([false, false, false])
    },
  )

  it(`of the ${theirs} without a code is 1005`, async () => {
    const { peer, log } = await pair()
    peer.socket.close()
    expect(await peer.closed).toEqual({ code: 1005, reason: '' })
    expect(await log.closed).toEqual({ status: 'no-status-received', code: 1005, reason: '' })
  })

  it.each(closeCodes)(`of the ${ours} with %i comes with its reason`, async (code) => {
    const { peer, log, channel, gone } = await pair()
    expect(channel.send('before')).toBe(true)
    expect(channel.close(code, reason)).toBe(true)
    expect([channel.isOpen, channel.close(), channel.send('after')]).toEqual([false, false, false])
    expect(await peer.closed).toEqual({ code, reason })
    expect(await log.closed).toEqual({ status: `${ours}-close`, code, reason })
    expect(peer.messages.all).toEqual(['before'])
    await gone()
  })

  it(`of the ${ours} without a code is 1000`, async () => {
    const { peer, log, channel } = await pair()
    channel.close()
    expect(await peer.closed).toEqual({ code: 1000, reason: '' })
    expect(await log.closed).toEqual({ status: `${ours}-close`, code: 1000, reason: '' })
  })

  it('carries the longest reason both ways', async () => {
    const first = await pair()
    first.channel.close(4000, longestReason)
    expect(await first.peer.closed).toEqual({ code: 4000, reason: longestReason })
    const second = await pair()
    second.peer.socket.close(4000, longestReason)
    expect(await second.log.closed).toMatchObject({ code: 4000, reason: longestReason })
  })

  it(`of the ${ours} comes after everything that was sent before`, async () => {
    const { peer, channel } = await pair()
    const large = Array<Message>(8).fill(bytesOf(1_000_000))
    for (const message of large) channel.send(message)
    channel.send('last', true)
    expect(await peer.closed).toMatchObject({ code: 1000 })
    await expectMessages(peer.messages, [...large, 'last'])
  })

  it(`of the ${ours} comes after what has still to be compressed`, async () => {
    const { peer, channel } = await pair({
      ours: { compression: { threshold: 0 } },
      theirs: { perMessageDeflate: true },
    })
    const messages = [bytesOf(1_000_000), 'short', bytesOf(2_000_000), Buffer.alloc(0), 'x'.repeat(100_000)]
    for (const message of messages) channel.send(message)
    channel.close(4000, 'done')
    expect(await peer.closed).toEqual({ code: 4000, reason: 'done' })
    await expectMessages(peer.messages, messages)
  })

  it(`is 1006 when the ${theirs} terminates`, async () => {
    const { peer, log, channel, gone } = await pair()
    peer.socket.terminate()
    expect(await log.closed).toEqual(abnormal)
    expect([channel.isOpen, channel.send('gone')]).toEqual([false, false])
    await gone()
    expect(log.calls).toEqual(['init', 'onOpen', 'onClose'])
  })
}

/** Where ws does not read for a while. */
export async function expectWaiting({ pair }: End): Promise<void> {
  const { peer, channel } = await pair({ ours: { maxBuffered: 64 * 1024 * 1024 } })
  peer.socket.pause()
  const messages = Array<Message>(20).fill(bytesOf(1_000_000))
  for (const message of messages) channel.send(message)
  expect(channel.bufferedAmount).toBeGreaterThan(1_000_000)
  let isDrained = false
  const drained = channel.drained().then(() => {
    isDrained = true
  })
  await sleep(50)
  expect(isDrained).toBe(false)
  peer.socket.resume()
  await drained
  expect(channel.bufferedAmount).toBe(0)
  await expectMessages(peer.messages, messages)
}

/** Where ws reads too little. */
export async function expectCutOff({ pair }: End): Promise<void> {
  const { peer, log, channel } = await pair({ ours: { maxBuffered: 1_000_000 } })
  peer.socket.pause()
  let sent = 0
  while (channel.send(bytesOf(100_000)) && sent < 1000) {
    sent++
    await new Promise(setImmediate)
  }
  expect(sent).toBeLessThan(1000)
  expect(await log.closed).toEqual(abnormal)
  peer.socket.resume()
  expect(await peer.closed).toMatchObject({ code: 1006 })
}

// permessage-deflate.

/** Ways to set our end. */
export const compressions: DeflateOptions[] = [
  { threshold: 0 },
  { threshold: 0, serverNoContextTakeover: true },
  { threshold: 0, clientNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 10 },
  { threshold: 0, clientMaxWindowBits: 10 },
]

/** All of them at once. */
export const everything = (windowBits: number): DeflateOptions => ({
  threshold: 0,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: windowBits,
  clientMaxWindowBits: windowBits,
  level: 1,
  memLevel: 1,
})

/** Messages that are wrong in the end if either side looks back further than the other remembers. */
export function telling(): Message[] {
  const once = bytesOf(1000)
  const twice = Buffer.concat([once, once])
  const far = Buffer.concat([once, Buffer.alloc(40_000, 'far '), once])
  return [once, twice, once, 'short', '', Buffer.alloc(0), textOfSize(3000), far, once, bytesOf(100_000), far]
}
