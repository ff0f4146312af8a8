// A bound on connections: those over it are accepted and closed, so that their clients learn of it at once.

import { describe, expect, it } from 'vitest'
import { runServer, type ServerOptions } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { ask, connectPeer, serve } from '../support/raw-peer.js'
import { until } from '../support/waiting.js'

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const overEvent = 'httpkit.server.max-connections'

describe('maxConnections', () => {
  it('has a further connection closed, without an answer, and served as soon as another has left', async () => {
    const server = await serve(() => ({ body: 'fine' }), { maxConnections: 2 })
    const first = await connectPeer(server.port)
    const second = await connectPeer(server.port)
    await first.send(get).response()
    await second.send(get).response()
    const over = await connectPeer(server.port)
    let received = 0
    over.socket.on('data', (bytes: Buffer) => {
      received += bytes.length
    })
    await over.closed()
    expect(received).toBe(0)
    expect((await first.send(get).response()).text).toBe('fine')
    expect((await second.send(get).response()).text).toBe('fine')
    first.destroy()
    await until(() => server.stats().connections === 1)
    const next = await connectPeer(server.port)
    expect((await next.send(get).response()).text).toBe('fine')
  })

  it('has each of them counted and told', async () => {
    const server = await serve(() => ({}), { maxConnections: 1 })
    await (await connectPeer(server.port)).send(get).response()
    for (let count = 1; count <= 3; count++) {
      const over = await connectPeer(server.port)
      await over.closed()
      await until(() => server.stats().rejected === count)
    }
    expect(server.events.filter((name) => name === overEvent).length).toBe(3)
    expect(server.stats().connections).toBe(1)
  })

  it('counts connections that are silent, and those that are being closed', async () => {
    const server = await serve(() => ({}), { maxConnections: 1 })
    const peer = await connectPeer(server.port)
    await until(() => server.stats().connections === 1)
    await (await connectPeer(server.port)).closed()
    await peer.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').response()
    await peer.ended()
    peer.destroy()
    await until(() => server.stats().connections === 0)
    expect((await ask(server.port, get)).status).toBe(200)
  })

  it('holds under a rush', async () => {
    let running = 0
    let most = 0
    const server = await serve(
      async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 50))
        running--
        return { body: 'fine' }
      },
      { maxConnections: 10 },
    )
    const rush = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const peer = await connectPeer(server.port)
        return peer
          .send(get)
          .response()
          .then(({ status }) => status)
          .catch(() => 'closed')
      }),
    )
    expect(rush.filter((outcome) => outcome === 200).length).toBe(10)
    expect(rush.filter((outcome) => outcome === 'closed').length).toBe(90)
    expect(most).toBe(10)
    expect(server.stats()).toMatchObject({ served: 10, rejected: 90 })
  })

  const secure = hasOpenssl ? { tls: makeCertificate() } : undefined
  const kinds: [string, ServerOptions | undefined][] = [
    ['tls', secure],
    ['proxyProtocol', { proxyProtocol: 'enable' }],
    ['tls and proxyProtocol', secure && { ...secure, proxyProtocol: 'enable' }],
  ]
  for (const [what, options] of kinds) {
    it.skipIf(!options)(`holds with ${what}${options ? '' : ' (skipped: no openssl here)'}`, async () => {
      const server = await serve(() => ({}), { maxConnections: 1, ...options })
      const first = await connectPeer(server.port)
      const over = await connectPeer(server.port)
      await over.closed()
      await until(() => server.events.includes(overEvent))
      first.destroy()
    })
  }

  it.each([0, -1, Number.NaN, '10'])('cannot be %o', async (maxConnections) => {
    const options = { ip: '127.0.0.1', port: 0, maxConnections: maxConnections as number }
    await expect(runServer(() => ({}), options).then((server) => server.stop())).rejects.toThrow(RangeError)
  })
})
