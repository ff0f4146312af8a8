// The raw peer itself: a conformance test is as strict as its reader.
import { expect, it } from 'vitest'
import {
  binary,
  close,
  connectRawWebSocket,
  continuation,
  ping,
  type RawFrame,
  type RawWebSocket,
  serveRawWebSocket,
  text,
} from '../support/raw-websocket.js'

async function pair(): Promise<{ client: RawWebSocket; server: RawWebSocket }> {
  const listening = await serveRawWebSocket()
  const client = await connectRawWebSocket(listening.port)
  return { client, server: await listening.peer() }
}

it('reads what it sends, either way', async () => {
  const { client, server } = await pair()
  const big = Buffer.alloc(65_536, 7)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.send(text('Hél', { fin: false }), ping('x'), continuation('lo'), binary(big))
    expect(await to.frame()).toEqual({ fin: false, rsv: 0, opcode: 1, payload: Buffer.from('Hél') })
    expect(await to.ping()).toEqual(Buffer.from('x'))
    expect((await to.frame()).payload).toEqual(Buffer.from('lo'))
    const { payload, ...rest } = await to.message()
    expect(rest).toEqual({ opcode: 2, rsv: 0, frames: 1 })
    expect(payload.equals(big)).toBe(true)
  }
})

it('reads the closing handshake to the end of TCP', async () => {
  const { client, server } = await pair()
  client.send(close(1000, 'bye'))
  expect(await server.closeFrame()).toEqual({ code: 1000, reason: 'bye' })
  server.send(close()).tcp.finish()
  expect(await client.closeFrame()).toEqual({ code: undefined, reason: '' })
  expect(await client.closed()).toBe('fin')
})

it.each<[string, RawFrame[], RegExp]>([
  ['an unmasked frame of a client', [text('x', { masked: false })], /unmasked/],
  ['a reserved opcode', [{ opcode: 3 }], /reserved opcode/],
  ['RSV1 without deflate', [text('', { rsv: 0b100 })], /RSV bits 4/],
  ['RSV bits of a control frame', [ping('', { rsv: 0b001 })], /RSV bits 1/],
  ['a fragmented control frame', [ping('', { fin: false })], /fragmented control/],
  ['a control frame of 126 bytes', [ping('x'.repeat(126))], /126 bytes/],
  ['a length in two bytes where none is needed', [text('x', { lengthSize: 2 })], /length of 1 in 2 bytes/],
  ['a length in eight bytes where two do', [text('x'.repeat(126), { lengthSize: 8 })], /126 in 8 bytes/],
  ['a stray continuation', [continuation('x')], /stray continuation/],
  ['a message inside a fragmented one', [text('x', { fin: false }), text('y')], /inside a fragmented/],
  ['text that is not UTF-8', [text(Buffer.from([0xff]))], /utf-8|not valid/],
  ['text that ends within a character', [text(Buffer.from([0xc3]))], /utf-8|not valid/],
  ['a Close of one byte', [{ opcode: 8, payload: 'x' }], /Close of one byte/],
  ['a Close of 1005', [close(1005)], /Close of 1005/],
  ['a reason that is not UTF-8', [close(1000, Buffer.from([0xff]))], /utf-8|not valid/],
])('refuses %s', async (_, frames, complaint) => {
  const { client, server } = await pair()
  client.send(...frames)
  const all = async () => {
    for (const _ of frames) await server.frame()
  }
  await expect(all()).rejects.toThrow(complaint)
})

it('refuses a masked frame of a server', async () => {
  const { client, server } = await pair()
  server.send(text('x', { masked: true }))
  await expect(client.frame()).rejects.toThrow('a masked frame')
})

it('refuses a byte after the Close', async () => {
  const { client, server } = await pair()
  server.send(close(1000), ping()).tcp.finish()
  await client.closeFrame()
  await expect(client.closed()).rejects.toThrow('bytes before the end: 8900')
})
