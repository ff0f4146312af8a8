// What Ring's WebSocketSocket sends, and whether it tells the truth of it.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { WebSocketSocket } from '../../src/server.js'
import { eventually } from '../support/raw-peer.js'
import { close, Opcode, pong, textOf } from '../support/raw-websocket.js'
import { until } from '../support/waiting.js'
import { serveListeners } from '../support/websocket-log.js'

describe('socket.send', () => {
  it('sends strings as text and bytes as binary, in order', async () => {
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    const bytes = randomBytes(70_000)
    socket.send('größe')
    socket.send(bytes)
    socket.send('')
    expect([textOf(await peer.message()), (await peer.message()).payload.equals(bytes)]).toEqual([
      'größe',
      true,
    ])
    expect(await peer.message()).toMatchObject({ opcode: Opcode.text, payload: Buffer.from('') })
  })

  it('calls succeed, once and later, when the bytes have left', async () => {
    const calls: string[] = []
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    socket.send(
      'one',
      () => void calls.push('one'),
      () => void calls.push('fail'),
    )
    socket.send('two', () => void calls.push('two'))
    expect(calls).toEqual([])
    await eventually(() => calls).toEqual(['one', 'two'])
    expect([textOf(await peer.message()), textOf(await peer.message())]).toEqual(['one', 'two'])
    await sleep(20)
    expect(calls).toEqual(['one', 'two'])
  })

  it('does not call succeed before the peer takes the bytes', async () => {
    const calls: string[] = []
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    peer.tcp.pause()
    socket.send(
      Buffer.alloc(12_000_000),
      () => void calls.push('succeed'),
      () => void calls.push('fail'),
    )
    await sleep(100)
    expect(calls).toEqual([])
    peer.tcp.resume()
    await eventually(() => calls).toEqual(['succeed'])
  })

  it('calls fail, once, with an Error, where the peer is lost before it took the bytes', async () => {
    const calls: unknown[] = []
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    peer.tcp.pause()
    socket.send(
      Buffer.alloc(12_000_000),
      () => void calls.push('succeed'),
      (error) => void calls.push(error),
    )
    await sleep(20)
    expect(calls).toEqual([])
    peer.tcp.reset()
    await until(() => calls.length > 0)
    await sleep(20)
    expect(calls).toEqual([expect.any(Error)])
  })

  it.each<[string, (socket: WebSocketSocket) => void]>([
    ['we', (socket) => socket.close()],
    ['we, with a code,', (socket) => socket.close(4001, 'x')],
  ])('calls fail with an Error once %s have closed, and later: not within send', async (_who, end) => {
    const { open } = await serveListeners()
    const { socket } = await open()
    end(socket)
    await expectFailure(socket)
  })

  it('calls fail with an Error once the peer has closed, or is lost', async () => {
    const { open } = await serveListeners()
    const [closing, lost] = [await open(), await open()]
    closing.peer.send(close(1000))
    lost.peer.tcp.reset()
    for (const { socket } of [closing, lost]) {
      await until(() => !socket.isOpen)
      await expectFailure(socket)
    }
  })

  async function expectFailure(socket: WebSocketSocket): Promise<void> {
    const calls: unknown[] = []
    expect(socket.isOpen).toBe(false)
    socket.send(
      'x',
      () => void calls.push('succeed'),
      (error) => void calls.push(error),
    )
    await eventually(() => calls).toEqual([expect.any(Error)])
    expect(() => socket.send('without callbacks')).not.toThrow()
  }

  it('outlives callbacks that throw, which are logged', async () => {
    const { open, server } = await serveListeners()
    const { peer, socket } = await open()
    const throwing = (): never => {
      throw new Error('in succeed')
    }
    socket.send('one', throwing)
    socket.send('two')
    expect([textOf(await peer.message()), textOf(await peer.message())]).toEqual(['one', 'two'])
    await eventually(() => server.errors.length).toBe(1)
    expect(socket.isOpen).toBe(true)
  })
})

describe('socket', () => {
  it('pings, and is told of the pong', async () => {
    const { open } = await serveListeners()
    const { peer, socket, log } = await open()
    socket.ping(Buffer.from('are you there'))
    socket.ping()
    const payloads = [await peer.ping(), await peer.ping()]
    expect(payloads.map(String)).toEqual(['are you there', ''])
    peer.send(pong(payloads[0]))
    await eventually(() => log.at(-1)).toEqual(['pong', Buffer.from('are you there')])
  })

  it('pongs unasked', async () => {
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    socket.pong(Buffer.from('a'))
    socket.pong()
    expect([String(await peer.pong()), String(await peer.pong())]).toEqual(['a', ''])
  })

  it('refuses control frames of more than 125 bytes with a RangeError', async () => {
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    expect(() => socket.ping(Buffer.alloc(126))).toThrow(RangeError)
    expect(() => socket.pong(Buffer.alloc(126))).toThrow(RangeError)
    socket.ping(Buffer.alloc(125))
    expect((await peer.ping()).length).toBe(125)
  })

  it('does nothing with pings and pongs once it is closed', async () => {
    const { open } = await serveListeners()
    const { peer, socket } = await open()
    socket.close()
    socket.ping()
    socket.pong()
    await peer.closeFrame()
    expect(await peer.send(close(1000)).closed()).toBe('fin')
  })

  it('closes with 1000, or the code and reason given', async () => {
    const { open } = await serveListeners()
    const [plain, other] = [await open(), await open()]
    plain.socket.close()
    other.socket.close(4321, 'größe')
    expect(await plain.peer.closeFrame()).toMatchObject({ code: 1000 })
    expect(await other.peer.closeFrame()).toEqual({ code: 4321, reason: 'größe' })
    expect(other.socket.isOpen).toBe(false)
    await eventually(() => other.log).toEqual([['open'], ['close', 4321, 'größe']])
    expect(() => other.socket.close()).not.toThrow()
  })

  it.each([[999], [1004], [1005], [1006], [1015], [2000], [2999], [5000], [Number.NaN], [1000.5]])(
    'refuses to close with %d: RangeError, and it stays open',
    async (code) => {
      const { open } = await serveListeners()
      const { peer, socket } = await open()
      expect(() => socket.close(code)).toThrow(RangeError)
      expect(socket.isOpen).toBe(true)
      socket.send('still')
      expect(textOf(await peer.message())).toBe('still')
    },
  )
})
