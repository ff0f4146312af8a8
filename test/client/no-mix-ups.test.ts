// Each request gets its own answer or none, whatever befalls those before it on its connection: ends without a word, resets,
// surplus, aborts, timeouts, streams that nobody reads to their end. What happens is drawn by lot, the same lots every time.
import { describe, expect, test } from 'vitest'
import type { Client, ClientResponse } from '../../src/client.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { type Script, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

const REQUESTS = 2000
const WORKERS = 16
const LONG_MS = 60_000
/** Less than the patience of a script: on a slow machine, one of many connections may idle for longer than that. */
const KEEPALIVE_MS = 5000

/** Numbers from 0 to below 1, the same for the same seed (a linear congruential generator). */
function lots(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const pick = <T>(lot: () => number, ...choices: T[]): T => choices[Math.floor(lot() * choices.length)]!

const bodyFor = (target: string) => target.repeat(1 + (target.length % 7) * 400)

function answerTo(target: string, method: string, lot: () => number, says: string): string {
  const body = method === 'HEAD' ? '' : bodyFor(target)
  const head = `HTTP/1.1 200 OK\r\nX-Target: ${target}\r\n${says}`
  if (lot() < 0.5) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  const half = body.length >> 1
  const chunks = [body.slice(0, half), body.slice(half), '']
  if (method === 'HEAD') return `${head}Transfer-Encoding: chunked\r\n\r\n`
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks.map(chunk).join('')}`
}

const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`
const forged = 'HTTP/1.1 200 OK\r\nX-Target: /forged\r\nContent-Length: 7\r\n\r\n/forged'

/** Answers, in pieces and after a while, and does behind the answer what falls to it. */
const moody: Script = async (connection) => {
  const lot = lots(connection.index)
  for (;;) {
    const { target, method } = await connection.request()
    const then = pick(lot, 'keep', 'keep', 'keep', 'keep', 'end', 'reset', 'close', 'forge')
    const says = then === 'close' ? 'Connection: close\r\n' : ''
    const answer = answerTo(target, method, lot, says)
    const bytes = answer + (then === 'forge' ? forged : '')
    if (lot() < 0.3) await new Promise((resolve) => setTimeout(resolve, lot() * 4))
    const drawn = Math.floor(lot() * bytes.length)
    // What comes apart from the answer, and after the next request has left, answers that one for all that anybody can tell.
    const cut = drawn === answer.length ? drawn - 1 : drawn
    if (lot() < 0.5) connection.send(bytes)
    else await connection.sendCut(bytes, [cut]).catch(() => {})
    if (then === 'end') connection.finish()
    // What has been sent is to be read before it is lost.
    if (then === 'reset') await new Promise((resolve) => setTimeout(resolve, 5))
    if (then === 'reset') return connection.reset()
  }
}

/** Asks in one way or another. What comes must be the answer to this very request; undefined where it failed. */
async function ask(client: Client, url: string, lot: () => number): Promise<ClientResponse['error']> {
  const target = new URL(url).pathname
  const way = pick(lot, 'get', 'get', 'get', 'head', 'put', 'stream', 'cancel', 'abort', 'hurry', 'post')
  const abort = new AbortController()
  const method = ['head', 'put', 'post'].includes(way) ? way : 'get'
  const isStream = way === 'stream' || way === 'cancel'
  if (way === 'abort') setTimeout(() => abort.abort(), lot() * 6)
  const { error, status, headers, body } = await client.request({
    url,
    method,
    as: isStream ? 'stream' : 'text',
    keepalive: KEEPALIVE_MS,
    signal: abort.signal,
    ...(way === 'hurry' && { deadline: 1 + lot() * 6 }),
    ...((way === 'put' || way === 'post') && { body: target }),
  })
  if (error) return mayFail(way) ? undefined : error
  expect([status, headers!['x-target']]).toEqual([200, target])
  if (way === 'cancel') await body.cancel()
  else if (isStream) expect(await new Response(body).text()).toBe(bodyFor(target))
  else expect(body).toBe(method === 'head' ? '' : bodyFor(target))
  return undefined
}

// A POST whose connection ends at the same moment is not sent again.
const mayFail = (way: string) => ['abort', 'hurry', 'post'].includes(way)

async function demandOwnAnswers(server: ScriptedServer, client: Client, seed: number): Promise<void> {
  const lot = lots(seed)
  let asked = 0
  const workers = Array.from({ length: WORKERS }, async () => {
    while (asked < REQUESTS) expect(await ask(client, server.url(`/${++asked}`), lot)).toBeUndefined()
  })
  await Promise.all(workers)
  expect(client.stats()).toMatchObject({ active: 0, queued: 0 })
}

describe('each request gets its own answer, or none', () => {
  test.each([
    [1, Number.POSITIVE_INFINITY],
    [2, 5],
    [3, 1],
  ])(
    'with the lots of %d, over at most %d connections',
    async (seed, maxConnections) => {
      const server = await scriptedServer({}, moody)
      const client = testClient({ maxConnections })
      await demandOwnAnswers(server, client, seed)
      expect(client.stats().connections).toBeLessThanOrEqual(Math.min(maxConnections, WORKERS))
      await client.close()
      await until(() => server.open === 0)
    },
    LONG_MS,
  )

  test.skipIf(!hasOpenssl)(
    'with the lots of 4, over TLS',
    async () => {
      const { key, cert } = makeCertificate()
      const server = await scriptedServer({ tls: { key, cert } }, moody)
      await demandOwnAnswers(server, testClient({ tls: { ca: cert }, maxConnections: 8 }), 4)
    },
    LONG_MS,
  )
})
