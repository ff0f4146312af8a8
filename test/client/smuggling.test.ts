// What a server can do to a client that reads answers one after another, and what a caller cannot have it send: the rows of
// test/fuzz/differences/smuggling/client.js over sockets. After each answer the client asks once more, and has its own answer.
import { describe, expect, it } from 'vitest'
import { HttpKitError, makeClient, type RequestOptions } from '../../src/client.js'
import { ProtocolError } from '../../src/core.js'
import { type Answer, answerFamilies, requestFamilies } from '../fuzz/differences/smuggling.js'
import { sendPieces } from '../support/drip-feed.js'
import { eventually } from '../support/raw-peer.js'
import { cutEvery } from '../support/replay.js'
import { answering, ok, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

const ways: [string, (bytes: Buffer) => Uint8Array[]][] = [
  ['whole', (bytes) => [bytes]],
  ['byte by byte', (bytes) => cutEvery(bytes, 1)],
]

/** The first request has the payload; every other one the number of its connection. */
function poisoning({ bytes, later }: Answer, cut: (bytes: Buffer) => Uint8Array[]): Promise<ScriptedServer> {
  return scriptedServer({}, async (connection) => {
    await connection.request()
    if (connection.index === 0) {
      await sendPieces(connection, cut(bytesOf(bytes))).catch(() => {})
      if (later) await new Promise((resolve) => setTimeout(resolve, 20))
      if (later) connection.send(later)
      await connection.request()
    }
    for (;;) {
      connection.send(ok(`from ${connection.index}`))
      await connection.request()
    }
  })
}

function errorLine(error: unknown): string {
  if (!(error instanceof HttpKitError)) return String(error)
  return error.cause instanceof ProtocolError ? `${error.code} ${error.cause.code}` : error.code
}

describe.each(ways)('an answer, %s', (_way, cut) => {
  for (const { family, payloads } of answerFamilies) {
    it.each(payloads.map((one) => [one.name, one] as const))(`${family}: %s`, async (_name, one) => {
      const { status, body, error, isKept } = one.expected
      const server = await poisoning(one, cut)
      const client = makeClient()
      const first = await client.request({ url: server.url('/'), method: one.method ?? 'GET', as: 'text' })
      if (error) expect(errorLine(first.error)).toBe(error)
      else expect([first.error, first.status, first.body]).toEqual([undefined, status, body])
      if (!isKept) await eventually(() => server.open).toBe(0)
      for (let index = 0; index < 3; index++) {
        const next = await client.request({ url: server.url('/next'), as: 'text' })
        expect([next.status, next.body]).toEqual([200, `from ${isKept ? 0 : 1}`])
      }
      await client.close()
    })
  }
})

describe('a request', () => {
  for (const { family, payloads } of requestFamilies) {
    it.each(payloads.map((one) => [one.name, one] as const))(`${family}: %s`, async (_name, one) => {
      const server = await scriptedServer(
        {},
        answering(() => ok('hello')),
      )
      const { path = '/', ...options } = one.options
      const url = server.url('/').slice(0, -1) + path
      const { error, status } = await makeClient().request({ url, ...options } as RequestOptions)
      if (one.expected.error) {
        expect(errorLine(error)).toBe(one.expected.error)
        expect(server.requests).toEqual([])
      } else {
        expect([error, status]).toEqual([undefined, 200])
        expect(server.requests.map(({ target }) => target)).toEqual([one.expected.target])
      }
    })
  }
})
