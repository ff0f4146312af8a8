// What asChannel's callbacks are told on a WebSocket: in which order, and what a message is.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { asChannel } from '../../src/server.js'
import { eventually, serve } from '../support/raw-peer.js'
import {
  binary,
  close,
  connectRawWebSocket,
  connectWithFrames,
  continuation,
  Opcode,
  ping,
  text,
  textOf,
} from '../support/raw-websocket.js'
import { deferred, until } from '../support/waiting.js'
import { serveChannels } from '../support/websocket-log.js'

describe('the order of callbacks', () => {
  it('is init, onOpen, messages, onClose', async () => {
    const calls: string[] = []
    const server = await serve((req) =>
      asChannel(req, {
        init: () => void calls.push('init'),
        onOpen: () => void calls.push('open'),
        onReceive: (_channel, message) => void calls.push(`message ${message}`),
        onClose: (_channel, status) => void calls.push(`close ${status}`),
      }),
    )
    await connectWithFrames(server.port, text('1'), text('2'), close(1000))
    await eventually(() => calls).toEqual(['init', 'open', 'message 1', 'message 2', 'close normal'])
  })

  it('makes messages wait for what onOpen returns', async () => {
    const opened = deferred()
    const { open } = await serveChannels({ onOpen: () => opened.promise })
    const { peer, log } = await open()
    await peer.send(text('first'), text('second')).tcp.flushed()
    await sleep(30)
    expect(log).toEqual([['open']])
    opened.resolve()
    await eventually(() => log).toEqual([['open'], ['message', 'first'], ['message', 'second']])
  })

  it('goes on where onOpen throws or rejects, which is logged', async () => {
    const failures: (() => void | Promise<void>)[] = [
      () => {
        throw new Error('thrown')
      },
      () => Promise.reject(new Error('rejected')),
    ]
    const { server, open } = await serveChannels({ onOpen: () => failures.shift()!() })
    for (const [index, message] of ['thrown', 'rejected'].entries()) {
      const { peer, log, channel } = await open()
      peer.send(text('hello'))
      await eventually(() => log).toEqual([['open'], ['message', 'hello']])
      expect(channel.isOpen).toBe(true)
      expect(server.errors[index]!.error).toMatchObject({ message })
    }
    expect(server.errors).toHaveLength(2)
  })

  it('has one message at a time, the next waiting for the promise of the one before', async () => {
    const log: string[] = []
    const { open } = await serveChannels({
      async onReceive(_channel, message) {
        log.push(`${message} begins`)
        await sleep(Math.random() * 3)
        log.push(`${message} ends`)
      },
    })
    const { peer } = await open()
    const names = Array.from({ length: 40 }, (_, index) => `m${index}`)
    for (const name of names.slice(0, 20)) peer.send(text(name))
    peer.send(...names.slice(20).map((name) => text(name)))
    await until(() => log.length === 80)
    expect(log).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('mixes messages whose handler returns a promise with those whose does not', async () => {
    const done: string[] = []
    const { open } = await serveChannels({
      onReceive(_channel, message) {
        if (String(message).startsWith('slow')) return sleep(5).then(() => void done.push(String(message)))
        done.push(String(message))
      },
    })
    const { peer } = await open()
    const names = ['a', 'slow b', 'c', 'd', 'slow e', 'slow f', 'g']
    peer.send(...names.map((name) => text(name)))
    await eventually(() => done).toEqual(names)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('oh')
      },
    ], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('oh'))],
  ])('goes on after onReceive %s, which is logged', async (_how, fail) => {
    const { server, open } = await serveChannels({
      onReceive(channel, message) {
        if (message === 'bad') return fail()
        channel.send(message)
      },
    })
    const { peer, channel } = await open()
    peer.send(text('bad'), text('good'), text('bad'), text('better'))
    expect([textOf(await peer.message()), textOf(await peer.message())]).toEqual(['good', 'better'])
    expect(server.errors.map(({ error }) => (error as Error).message)).toEqual(['oh', 'oh'])
    expect(channel.isOpen).toBe(true)
  })
})

describe('a message', () => {
  const long = 'größe 🎈 '.repeat(20_000)
  const texts = [
    '',
    'a',
    'größe',
    '🎈',
    '\ufeffwith a mark',
    'nul \0 inside',
    'x'.repeat(125),
    'x'.repeat(126),
  ]
  const sizes = [0, 1, 125, 126, 127, 65535, 65536, 65537, 1_000_000]

  it('of text is a string, to the letter', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    for (const one of [...texts, long]) peer.send(text(one))
    await until(() => log.length === texts.length + 2)
    expect(log.slice(1).map(([, message]) => message)).toEqual([...texts, long])
  })

  it.each(sizes)('of %i bytes is a Uint8Array, and comes back the same', async (size) => {
    const kinds: unknown[] = []
    const { open } = await serveChannels({
      onReceive(channel, message) {
        kinds.push(message.constructor)
        channel.send(message)
      },
    })
    const { peer } = await open()
    const bytes = randomBytes(size)
    const echoed = await peer.send(binary(bytes)).message()
    expect(echoed.opcode).toBe(Opcode.binary)
    expect(echoed.payload.equals(bytes)).toBe(true)
    expect([Uint8Array, Buffer]).toContain(kinds[0])
  })

  it('is its receiver’s to keep: later ones do not change it', async () => {
    const kept: Uint8Array[] = []
    const { open } = await serveChannels({
      onReceive: (_channel, message) => void kept.push(message as Uint8Array),
    })
    const { peer } = await open()
    const sent = [5, 100, 70_000, 3].map((size) => randomBytes(size))
    for (const bytes of sent) await peer.send(binary(bytes), binary(bytes)).tcp.flushed()
    await until(() => kept.length === 8)
    expect(kept.map((bytes) => Buffer.from(bytes))).toEqual(sent.flatMap((bytes) => [bytes, bytes]))
  })

  it('is joined of its fragments, with a code point split between them and pings in their midst', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    const [start, end] = [Buffer.from('grö').subarray(0, 3), Buffer.from('ö').subarray(1)]
    const fragments = [
      text(start, { fin: false }),
      ping('p'),
      continuation('', { fin: false }),
      continuation(end),
    ]
    peer.send(...fragments, binary('a', { fin: false }), continuation('b', { fin: false }), continuation())
    expect((await peer.pong()).toString()).toBe('p')
    await until(() => log.length === 4)
    expect(log).toContainEqual(['message', 'grö'])
    expect(log.at(-1)).toEqual(['message', Buffer.from('ab')])
  })

  it('may have empty fragments at its beginning, in its middle and at its end', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    const empty = continuation('', { fin: false })
    peer.send(text('', { fin: false }), empty, continuation('x', { fin: false }), empty, continuation('y'))
    peer.send(binary('', { fin: false }), empty, continuation())
    await eventually(() => log).toEqual([['open'], ['message', 'xy'], ['message', Buffer.from('')]])
  })

  it.each([1, 2, 7])('is the same where its bytes come %i at a time', async (bytes) => {
    const { open } = await serveChannels({ onReceive: (channel, message) => void channel.send(message) })
    const { peer } = await open()
    const fragmented = [text('Hel', { fin: false }), ping('!'), continuation('lo größe')]
    await peer.sendInChops(bytes, ...fragmented, text('x'.repeat(200)), binary(Buffer.alloc(300, 7)))
    expect((await peer.pong()).toString()).toBe('!')
    expect(textOf(await peer.message())).toBe('Hello größe')
    expect(textOf(await peer.message())).toBe('x'.repeat(200))
    expect((await peer.message()).payload.equals(Buffer.alloc(300, 7))).toBe(true)
  })

  it('is dropped where there is no onReceive', async () => {
    const server = await serve((req) => asChannel(req, {}))
    const peer = await connectRawWebSocket(server.port)
    peer.send(text('one'), binary('two'), ping('three'))
    expect((await peer.pong()).toString()).toBe('three')
  })
})
