// WebSockets opened in workerd, with ws as the server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOpenssl, makeCertificate } from '../../support/certificate.js'
import { startForwardProxy } from '../../support/forward-proxy.js'
import { listen, record } from '../../support/recording-server.js'
import { scriptedServer } from '../../support/scripted-server.js'
import { serveWs } from '../../support/websocket-peers.js'
import { startWorkerd, type Workerd } from './workerd.js'

const trusted = hasOpenssl ? makeCertificate() : undefined

let workerd: Workerd

beforeAll(async () => {
  workerd = await startWorkerd({ authority: trusted?.cert })
})

afterAll(() => workerd.stop())

describe('a WebSocket', () => {
  it('takes text and bytes there and back, in order, and closes', async () => {
    const { url } = await serveWs()
    const messages = [
      'hello',
      '',
      'grün €',
      { $bytes: 'a\0ÿ' },
      'x'.repeat(70_000),
      { $bytes: 'y'.repeat(1_000_000) },
    ]
    expect(await workerd.ask('webSocket', { url, messages, close: [1000, 'done'] })).toEqual([
      ...['open', 'hello', '', 'grün €', '3 bytes', 'x'.repeat(70_000), '1000000 bytes'],
      'client-close 1000 done',
    ])
  })

  it('takes many messages at once', async () => {
    const { url } = await serveWs()
    expect(await workerd.ask('manyMessages', { url, count: 5000, text: 'number ' })).toEqual({
      received: 5000,
      log: ['open', 'client-close 1000 '],
    })
  })

  it('is told of pings, and of what the server closes with', async () => {
    const { url, peers } = await serveWs()
    const log = workerd.ask('webSocket', { url })
    const peer = await peers.next()
    peer.socket.ping('are you there')
    expect(await peer.pongs.next()).toBe('are you there')
    peer.socket.close(4001, 'bye')
    expect(await log).toEqual(['open', 'ping are you there', 'unknown 4001 bye'])
    expect(await peer.closed).toMatchObject({ code: 4001 })
  })

  it('that is cut off has ended abnormally', async () => {
    const { url, peers } = await serveWs()
    const log = workerd.ask('webSocket', { url })
    const peer = await peers.next()
    peer.socket.terminate()
    expect(await log).toEqual(['open', 'abnormal 1006 '])
  })

  it('whose server is silent for two heartbeats has ended abnormally', async () => {
    const server = await scriptedServer({}, async (connection) => {
      const head = await connection.head()
      const { secWebSocketAccept } = await import('../../../src/server.js')
      const accept = secWebSocketAccept(head.header('sec-websocket-key')!)
      connection.send(
        `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      await connection.closed()
    })
    const url = server.url().replace('http:', 'ws:')
    expect(await workerd.ask('webSocket', { url, options: { heartbeat: 40 } })).toEqual([
      'open',
      'abnormal 1006 ',
    ])
  })

  it('offers sub-protocols, and no compression, which workerd has none for', async () => {
    const { url, peers } = await serveWs({
      perMessageDeflate: true,
      handleProtocols: (offered) => [...offered].at(-1)!,
    })
    const options = { protocol: ['a', 'b'], compression: true, headers: { 'x-own': '1' } }
    const log = workerd.ask('webSocket', { url, options, messages: ['x'.repeat(5000)], close: [] })
    const { request, socket } = await peers.next()
    expect(request!.headers).toMatchObject({ 'sec-websocket-protocol': 'a, b', 'x-own': '1' })
    expect(request!.headers['sec-websocket-extensions']).toBe(undefined)
    expect(socket.protocol).toBe('b')
    expect((await log).length).toBe(3)
  })

  it('is ERR_WEBSOCKET_REFUSED, with the status, by a server that speaks none', async () => {
    const { url } = await record(() => ({ status: 404 }))
    expect(await workerd.ask('webSocket', { url: url.replace('http:', 'ws:') })).toMatchObject([
      { code: 'ERR_WEBSOCKET_REFUSED', status: 404 },
    ])
  })

  it('is ERR_PROTOCOL by one that has not understood', async () => {
    const { url } = await record(() => ({
      raw: 'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    }))
    expect(await workerd.ask('webSocket', { url: url.replace('http:', 'ws:') })).toMatchObject([
      { code: 'ERR_PROTOCOL', message: expect.stringContaining('Sec-WebSocket-Accept') },
    ])
  })

  it('is ERR_TIMEOUT_CONNECT where no answer comes', async () => {
    const url = (await listen(() => {})).replace('http:', 'ws:')
    expect(await workerd.ask('webSocket', { url, options: { connectTimeout: 50 } })).toMatchObject([
      { code: 'ERR_TIMEOUT_CONNECT' },
    ])
  })

  it('goes through a tunnel', async () => {
    const { url } = await serveWs()
    const proxy = await startForwardProxy()
    const options = { proxyUrl: proxy.url }
    const log = await workerd.ask('webSocket', { url, options, messages: ['hello'], close: [] })
    expect(log).toEqual(['open', 'hello', 'client-close 1000 '])
    expect(proxy.asked[0]!.method).toBe('CONNECT')
  })

  it.skipIf(trusted === undefined)('is secured by TLS', async () => {
    const { url } = await serveWs({ tls: trusted! })
    expect(await workerd.ask('webSocket', { url, messages: ['hello'], close: [] })).toEqual([
      ...['open', 'hello', 'client-close 1000 '],
    ])
  })

  it('of one event is not disturbed by those of others', async () => {
    const { url } = await serveWs()
    const messages = Array.from({ length: 20 }, (_, index) => `message ${index}`)
    const events = Array.from({ length: 30 }, () => workerd.ask('webSocket', { url, messages, close: [] }))
    for (const log of await Promise.all(events))
      expect(log).toEqual(['open', ...messages, 'client-close 1000 '])
  })
})
