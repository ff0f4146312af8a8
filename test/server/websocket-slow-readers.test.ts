// Frames leave from memory that all connections share. Whoever reads slowly, or behind TLS, keeps a part of it for a while;
// nobody is ever sent what lies there for somebody else.

import { describe, expect, it } from 'vitest'
import { asChannel, type Channel } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { eventually, serve } from '../support/raw-peer.js'
import { connectRawWebSocket } from '../support/raw-websocket.js'

const peers = 20
const rounds = 60

// Of a size that fits the shared memory, and no two alike: who it is for, which one it is, and filling of its own.
function messageFor(peer: number, round: number): string {
  const size = 1000 + ((peer * 7919 + round * 104_729) % 14_000)
  return `${peer}:${round}:`.padEnd(size, String.fromCharCode(97 + (peer % 26)))
}

describe.each([
  ['TCP', false],
  ['TLS', true],
])('over %s', (_name, isSecure) => {
  it.skipIf(isSecure && !hasOpenssl)(
    'each of twenty peers that read nothing for a while gets its own messages, whole and in order',
    async () => {
      const channels = new Map<number, Channel>()
      const server = await serve(
        (req) => asChannel(req, { onOpen: (channel) => void channels.set(Number(req.queryString), channel) }),
        { ...(isSecure && { tls: makeCertificate() }), maxBuffered: 64 * 1024 * 1024 },
      )
      const connected = await Promise.all(
        Array.from({ length: peers }, (_, peer) =>
          connectRawWebSocket(
            isSecure ? { port: server.port, tls: { rejectUnauthorized: false } } : server.port,
            { path: `/?${peer}` },
          ),
        ),
      )
      await eventually(() => channels.size).toBe(peers)
      for (const { tcp } of connected) tcp.pause()

      // More than the sockets take at once; some rounds in one tick, some in turns of their own.
      const clog = Buffer.alloc(4 * 1024 * 1024, '.')
      for (const channel of channels.values()) channel.send(clog)
      for (let round = 0; round < rounds; round++) {
        for (const [peer, channel] of channels) expect(channel.send(messageFor(peer, round))).toBe(true)
        if (round % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      }

      await Promise.all(
        connected.map(async (one, peer) => {
          one.tcp.resume()
          expect((await one.frame()).payload.equals(clog)).toBe(true)
          for (let round = 0; round < rounds; round++) {
            expect((await one.frame()).payload.toString('latin1')).toBe(messageFor(peer, round))
          }
        }),
      )
      for (const channel of channels.values()) await channel.drained()
      expect([...channels.values()].map(({ bufferedAmount }) => bufferedAmount)).toEqual(Array(peers).fill(0))
    },
  )
})
