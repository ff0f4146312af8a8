// The end of a WebSocket by a Close frame (RFC 6455 §7), from either side. onClose is called once, and last.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/raw-peer.js'
import { close, ping, text } from '../support/raw-websocket.js'
import { deferred, timeOf, until } from '../support/waiting.js'
import { serveChannels, serveListeners } from '../support/websocket-log.js'
import { closeCodes } from '../support/websocket-peers.js'

const closesOf = (log: readonly (readonly unknown[])[]) => log.filter(([what]) => what === 'close')

describe('a peer’s Close', () => {
  const statuses: typeof closeCodes = [...closeCodes, [3999, 'unknown']]

  it.each(statuses)('of %i is echoed, is %s to onClose, and the connection ends', async (code, status) => {
    const { open, server } = await serveChannels()
    const { peer, log, channel } = await open()
    expect(await peer.send(close(code, 'größe')).closeFrame()).toMatchObject({ code })
    expect(await peer.closed()).toBe('fin')
    peer.tcp.finish()
    expect(log).toEqual([['open'], ['close', status, code, 'größe']])
    expect(channel.isOpen).toBe(false)
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it('without a code is answered without one, and is 1005 to onClose', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    expect(await peer.send(close()).closeFrame()).toEqual({ code: undefined, reason: '' })
    expect(await peer.closed()).toBe('fin')
    expect(log).toEqual([['open'], ['close', 'no-status-received', 1005, '']])
  })

  it('may have a reason of 123 bytes', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    const reason = 'ö'.repeat(61)
    expect((await peer.send(close(1000, `${reason}x`)).closeFrame()).code).toBe(1000)
    expect(log.at(-1)).toEqual(['close', 'normal', 1000, `${reason}x`])
  })

  it('is answered after what came before it, also where the peer has ended its side meanwhile', async () => {
    const answered = deferred<void>()
    const { open } = await serveChannels({
      async onReceive(channel, message) {
        await answered.promise
        channel.send(message)
      },
    })
    const { peer, log } = await open()
    peer.send(text('late'), close(1000, 'bye'))
    peer.tcp.finish()
    await eventually(() => log.length).toBe(2)
    await sleep(50)
    answered.resolve()
    expect(await peer.frame()).toMatchObject({ payload: Buffer.from('late') })
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: 'bye' })
    expect(await peer.closed()).toBe('fin')
    expect(log.at(-1)).toEqual(['close', 'normal', 1000, 'bye'])
  })

  it('gives its code and reason to a listener', async () => {
    const { open } = await serveListeners()
    const [one, other] = [await open(), await open()]
    await one.peer.send(close(4000, 'bye')).closeFrame()
    await other.peer.send(close()).closeFrame()
    await eventually(() => [one.log, other.log]).toEqual([
      [['open'], ['close', 4000, 'bye']],
      [['open'], ['close', 1005, '']],
    ])
  })

  it('is answered after the messages before it have been handled, each in its turn', async () => {
    const steps = [deferred(), deferred()]
    const { open } = await serveChannels({
      async onReceive(channel, message) {
        await steps[Number(message)]!.promise
        channel.send(`did ${message}`)
      },
    })
    const { peer, log } = await open()
    peer.send(text('0'), text('1'), close(1000, 'bye'))
    await until(() => log.length === 2)
    await sleep(30)
    expect(peer.tcp.unread.length).toBe(0)
    for (const [index, step] of steps.entries()) {
      step.resolve()
      expect((await peer.message()).payload.toString()).toBe(`did ${index}`)
    }
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: 'bye' })
    await peer.closed()
    expect(log).toEqual([['open'], ['message', '0'], ['message', '1'], ['close', 'normal', 1000, 'bye']])
  })

  it.each([1, 3])(
    'ends what is delivered: nothing after it counts, in the same write or %i bytes at a time',
    async (chop) => {
      const { open } = await serveChannels()
      const [joined, chopped] = [await open(), await open()]
      const frames = [close(1000), text('late'), ping('late'), { opcode: 3 }, close(1001)]
      joined.peer.send(...frames)
      await chopped.peer.sendInChops(chop, ...frames)
      for (const { peer, log } of [joined, chopped]) {
        expect((await peer.closeFrame()).code).toBe(1000)
        await peer.tcp.closed()
        expect(log).toEqual([['open'], ['close', 'normal', 1000, '']])
      }
    },
  )

  it('may come within a fragmented message, which is then lost', async () => {
    const { open } = await serveChannels()
    const { peer, log } = await open()
    peer.send(text('part', { fin: false }), close(1001))
    expect((await peer.closeFrame()).code).toBe(1001)
    expect(log).toEqual([['open'], ['close', 'going-away', 1001, '']])
  })

  it('is answered, and the connection ended, also where the peer goes on sending and does not end it', async () => {
    const { open, server } = await serveChannels()
    const { peer } = await open()
    peer.send(close(1000))
    await peer.closeFrame()
    await peer.closed()
    for (let count = 0; count < 20; count++) peer.sendRaw(Buffer.alloc(100_000))
    await eventually(() => server.stats()).toMatchObject({ websockets: 0, connections: 0 })
  })
})

describe('our close', () => {
  const sendable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]

  it.each(sendable)('sends %i and the reason, and tells onClose the same', async (code) => {
    const { open } = await serveChannels()
    const { peer, channel, log } = await open()
    expect(channel.close(code, 'größe')).toBe(true)
    expect(channel.isOpen).toBe(false)
    expect(await peer.closeFrame()).toEqual({ code, reason: 'größe' })
    expect(await peer.send(close(code)).closed()).toBe('fin')
    expect(log).toEqual([['open'], ['close', 'server-close', code, 'größe']])
  })

  it('is 1000 without a code; a second one returns false', async () => {
    const { open } = await serveChannels()
    const { peer, channel, log } = await open()
    expect([channel.close(), channel.close(), channel.close(4000, 'x')]).toEqual([true, false, false])
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: '' })
    expect(await peer.send(close(1000)).closed()).toBe('fin')
    expect(closesOf(log)).toEqual([['close', 'server-close', 1000, '']])
  })

  const refused: [what: string, code: number, reason: string][] = [
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65535, -1, 1000.5, Number.NaN].map(
      (code): [string, number, string] => [String(code), code, ''],
    ),
    ['a reason of 124 bytes', 1000, 'x'.repeat(124)],
    ['a reason of 62 characters in 124 bytes', 1000, 'ö'.repeat(62)],
  ]
  it.each(refused)('throws a RangeError for %s, and the channel stays open', async (_what, code, reason) => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    expect(() => channel.close(code, reason)).toThrow(RangeError)
    expect(channel.isOpen).toBe(true)
    channel.send('still there')
    expect((await peer.message()).payload.toString()).toBe('still there')
  })

  it('may have a reason of 123 bytes', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    channel.close(1000, `${'ö'.repeat(61)}x`)
    expect((await peer.closeFrame()).reason).toBe(`${'ö'.repeat(61)}x`)
  })

  it('comes after what was sent before', async () => {
    const { open } = await serveChannels()
    const { peer, channel } = await open()
    const bytes = Buffer.alloc(3_000_000, 'x')
    channel.send(bytes)
    channel.send('small')
    channel.close(1000, 'done')
    expect((await peer.message()).payload.equals(bytes)).toBe(true)
    expect((await peer.message()).payload.toString()).toBe('small')
    expect((await peer.closeFrame()).reason).toBe('done')
  })

  it('from within a message’s handler lets it end, and no further message is delivered', async () => {
    const { open } = await serveChannels({
      onReceive(channel, message) {
        if (message === 'end') channel.close(4000, 'told to')
      },
    })
    const { peer, log } = await open()
    peer.send(text('1'), text('end'), text('2'), ping('late'))
    expect((await peer.closeFrame()).code).toBe(4000)
    expect(await peer.send(text('3'), close(1000), text('4')).closed()).toBe('fin')
    expect(log).toEqual([
      ['open'],
      ['message', '1'],
      ['message', 'end'],
      ['close', 'server-close', 4000, 'told to'],
    ])
  })

  it('while a handler’s promise is pending waits with onClose until it has ended', async () => {
    const busy = deferred()
    const order: string[] = []
    const { open } = await serveChannels({
      async onReceive() {
        await busy.promise
        order.push('handler ends')
      },
      onClose: () => void order.push('close'),
    })
    const { peer, channel, log } = await open()
    peer.send(text('1'), text('2'))
    await until(() => log.length === 2)
    channel.close()
    expect((await peer.closeFrame()).code).toBe(1000)
    await sleep(20)
    expect(order).toEqual([])
    busy.resolve()
    await eventually(() => order).toEqual(['handler ends', 'close'])
    expect(log).toEqual([['open'], ['message', '1'], ['close', 'server-close', 1000, '']])
  })

  it('from within onOpen or onClose is no harm', async () => {
    const { open } = await serveChannels({
      onOpen: (channel) => void channel.close(1001),
      onClose: (channel) => void [channel.close(), channel.send('x')],
    })
    const { peer, log } = await open()
    expect((await peer.closeFrame()).code).toBe(1001)
    expect(await peer.send(close(1001)).closed()).toBe('fin')
    expect(log).toEqual([['open'], ['close', 'server-close', 1001, '']])
  })

  it('is not answered by a Close of ours to the peer’s: each side sends one', async () => {
    const { open } = await serveChannels()
    const { peer, channel, log } = await open()
    channel.close(4000)
    peer.send(close(4001))
    expect((await peer.closeFrame()).code).toBe(4000)
    expect(await peer.closed()).toBe('fin')
    expect(closesOf(log)).toHaveLength(1)
  })

  it('gives the peer 2 s to answer, then ends the connection', async () => {
    const { open, server } = await serveChannels()
    const { peer, channel } = await open()
    channel.close()
    await peer.closeFrame()
    expect(server.stats().connections).toBe(1)
    const passed = await timeOf(peer.closed())
    expect(passed).toBeGreaterThan(1500)
    expect(passed).toBeLessThan(3000)
    await eventually(() => server.stats()).toMatchObject({ connections: 0, websockets: 0 })
  })

  it('gives a peer that answers with other frames, or never reads, the same 2 s', async () => {
    const { open, server } = await serveChannels()
    const [chatty, deaf] = [await open(), await open()]
    deaf.peer.tcp.pause()
    deaf.channel.send(Buffer.alloc(12_000_000))
    for (const { channel } of [chatty, deaf]) channel.close()
    const chat = setInterval(() => chatty.peer.send(text('not yet')), 20)
    const passed = await timeOf(until(() => server.stats().connections === 0))
    clearInterval(chat)
    expect(passed).toBeGreaterThan(1500)
    expect(passed).toBeLessThan(3500)
    expect(closesOf(chatty.log)).toEqual([['close', 'server-close', 1000, '']])
    expect(closesOf(deaf.log)).toEqual([['close', 'server-close', 1000, '']])
  })
})
