// What a handler adds to the 101: a sub-protocol that the client offered, and header fields of its own.

import { describe, expect, it } from 'vitest'
import { asChannel } from '../../src/server.js'
import { ask, serve } from '../support/raw-peer.js'
import { connectRawWebSocket, type HeaderChanges, handshakeRequest } from '../support/raw-websocket.js'

const withFields = (headers: HeaderChanges): string => handshakeRequest({ headers })

describe('a sub-protocol', () => {
  const cases: [offered: string | undefined, spoken: string | string[], chosen: string | undefined][] = [
    [undefined, 'chat', undefined],
    ['chat', 'chat', 'chat'],
    ['chat', [], undefined],
    ['chat', ['superchat'], undefined],
    ['chat, superchat', ['superchat', 'chat'], 'superchat'],
    ['superchat,chat', ['chat', 'superchat'], 'chat'],
    ['a,b , c', ['x', 'c', 'b'], 'c'],
    ['Chat', ['chat'], undefined],
    ['chats', ['chat'], undefined],
    ['v1.chat-x_y', ['v1.chat-x_y'], 'v1.chat-x_y'],
  ]

  it.each(cases)(
    'is the first spoken of those offered: of %s and %s it is %s',
    async (offered, spoken, chosen) => {
      const protocol = { protocol: spoken }
      const viaChannel = await serve((req) => asChannel(req, protocol))
      const viaListener = await serve(() => ({ listener: {}, ...protocol }))
      const headers = { 'Sec-WebSocket-Protocol': offered }
      for (const { port } of [viaChannel, viaListener]) {
        const { answer } = await connectRawWebSocket(port, { headers })
        expect(answer.header('sec-websocket-protocol')).toBe(chosen)
      }
    },
  )

  it('may be offered in several fields', async () => {
    const server = await serve((req) => asChannel(req, { protocol: ['b'] }))
    const request = withFields({ 'Sec-WebSocket-Protocol': 'a', 'sec-websocket-protocol': 'b' })
    expect((await ask(server.port, request)).header('sec-websocket-protocol')).toBe('b')
  })
})

describe('headers of the 101', () => {
  const headersOf = async (headers: Record<string, string>) => {
    const server = await serve((req) => asChannel(req, { headers, protocol: 'chat' }))
    const answer = await ask(server.port, withFields({ 'Sec-WebSocket-Protocol': 'chat' }))
    return { server, answer }
  }

  it('are what the handler adds', async () => {
    const { answer } = await headersOf({ 'Set-Cookie': 'a=b; HttpOnly', 'X-Room': 'größe' })
    expect(answer.status).toBe(101)
    expect(answer.header('set-cookie')).toBe('a=b; HttpOnly')
    expect(Buffer.from(answer.header('x-room')!, 'latin1').toString()).toBe('größe')
  })

  it.each([
    ['CR LF in a value', { 'X-A': 'a\r\nSec-WebSocket-Protocol: evil' }],
    ['LF in a value', { 'X-A': 'a\nb' }],
    ['NUL in a value', { 'X-A': 'a\0b' }],
    ['CR LF in a name', { 'X-A: b\r\nX-C': 'd' }],
    ['a space in a name', { 'X A': 'b' }],
  ])('cannot split the answer: %s is a 500, and logged', async (_what, headers) => {
    const { server, answer } = await headersOf(headers as Record<string, string>)
    expect(answer.status).toBe(500)
    expect(server.errors).toHaveLength(1)
    expect(server.errors[0]!.error).toBeInstanceOf(TypeError)
    expect(server.stats().websockets).toBe(0)
  })

  it.each([
    'Sec-WebSocket-Accept',
    'sec-websocket-protocol',
    'Sec-WebSocket-Extensions',
    'Upgrade',
    'connection',
    'Content-Length',
    'Transfer-Encoding',
  ])('cannot be those of the handshake itself: %s is a 500, and logged', async (name) => {
    const { server, answer } = await headersOf({ [name]: name === 'Content-Length' ? '5' : 'close' })
    expect(answer.status).toBe(500)
    expect(server.errors[0]!.error).toBeInstanceOf(TypeError)
    expect(server.stats().websockets).toBe(0)
  })
})
