// The client against a server of Node's that behaves as chance will have it, while its user does, too: bodies of all sizes
// and kinds, connections that end before, in and after an answer, streams that are given up, requests that are aborted. No
// answer may be that of another request, none may be cut and pass for whole, and in the end nothing is left.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Client, ClientResponse, RequestOptions } from '../../src/client.js'
import { bodyOf, serveNode } from '../support/node-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

/** Numbers from 0 up to a limit, the same for the same seed (the constants of Numerical Recipes). */
function randomOf(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** What a request of this number is answered with: long or short, and unlike all others. */
const contentOf = (id: number): string => `${id}.`.repeat(1 + ((id * 7919) % 20_000) ** 2 / 10_000)

type Behaviour = (response: ServerResponse, content: string, id: number) => unknown

// Whole answers first, then those that are not.
const behaviours: Behaviour[] = [
  (response, content) => response.end(content),
  (response, content) => response.setHeader('Content-Length', Buffer.byteLength(content)).end(content),
  (response, content) => writeInPieces(response, content),
  (response, content) => response.setHeader('Content-Encoding', 'gzip').end(gzipSync(content)),
  (response, content) =>
    writeInPieces(response.setHeader('Content-Encoding', 'deflate'), deflateSync(content)),
  (response, content) => response.setHeader('Connection', 'close').end(content),
  (response, content) => {
    response.writeEarlyHints({ link: '</a>' })
    response.writeProcessing()
    response.end(content)
  },
  async (response, content, id) => {
    await sleep(id % 5)
    response.end(content)
    response.socket?.end()
  },
  (response, content) => response.end(content, () => response.socket?.destroy()),
]
const broken: Behaviour[] = [
  (response) => response.destroy(),
  (response, content) => response.write(content.slice(0, content.length / 2), () => response.destroy()),
  (response, content) => {
    response.setHeader('Content-Length', Buffer.byteLength(content) + 1)
    response.write(content, () => response.destroy())
  },
  (response, content) => {
    const coded = gzipSync(content)
    response.setHeader('Content-Encoding', 'gzip').end(coded.subarray(0, coded.length - 5))
  },
  () => {},
]

async function writeInPieces(response: ServerResponse, content: string | Uint8Array): Promise<void> {
  const size = Math.ceil(content.length / 5)
  for (let at = 0; at < content.length; at += size) {
    response.write(content.slice(at, at + size))
    await new Promise(setImmediate)
  }
  response.end()
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, id, kind] = request.url!.split('/').map(Number)
  const echo = (await bodyOf(request).catch(() => Buffer.alloc(0))).length
  response.setHeader('X-Id', `${id} ${echo}`)
  const all = [...behaviours, ...broken]
  all[kind!]!(response, contentOf(id!), id!)
}

interface Asked {
  id: number
  /** Whether the server means to answer it whole. */
  isWhole: boolean
  isAborted: boolean
  sent: number
  response: ClientResponse
}

class Chance {
  private readonly random: (limit: number) => number
  private readonly client: Client
  private readonly url: string
  private lastId = 0

  constructor(client: Client, url: string, seed: number) {
    this.random = randomOf(seed)
    this.client = client
    this.url = url
  }

  async ask(): Promise<Asked> {
    const { random } = this
    const id = ++this.lastId
    const isWhole = random(5) > 0
    const kind = isWhole ? random(behaviours.length) : behaviours.length + random(broken.length)
    const isAborted = random(10) === 0
    const sent = random(3) === 0 ? random(300_000) : 0
    const options: RequestOptions = {
      url: `${this.url}/${id}/${kind}`,
      method: ['get', 'put', 'post', 'delete'][random(4)]!,
      as: random(2) ? 'text' : 'stream',
      // Only who is never answered gives up.
      idleTimeout: kind === behaviours.length + broken.length - 1 ? 100 : 30_000,
      ...(sent > 0 && { body: this.body(sent) }),
      ...(isAborted && { signal: AbortSignal.timeout(1 + random(20)) }),
    }
    const response = await this.client.request(options)
    if (options.as === 'stream' && response.body) return this.read(id, isWhole, isAborted, sent, response)
    return { id, isWhole, isAborted, sent, response }
  }

  private body(size: number): NonNullable<RequestOptions['body']> {
    const bytes = Buffer.alloc(size, 'x')
    const half = size >> 1
    const kinds = [
      () => bytes,
      () => new Blob([bytes]),
      () => [bytes.subarray(0, half), bytes.subarray(half)].values(),
      () => new Blob([bytes]).stream(),
    ]
    return kinds[this.random(kinds.length)]!()
  }

  /** Reads a stream to its end, or not. */
  private async read(
    id: number,
    isWhole: boolean,
    isAborted: boolean,
    sent: number,
    response: ClientResponse,
  ): Promise<Asked> {
    const givesUp = this.random(5) === 0
    let text = ''
    try {
      for await (const piece of response.body as ReadableStream<Uint8Array>) {
        text += Buffer.from(piece).toString()
        expect(contentOf(id).startsWith(text)).toBe(true)
        if (givesUp) return { id, isWhole, isAborted: true, sent, response: { ...response, body: undefined } }
        if (this.random(4) === 0) await sleep(1)
      }
    } catch (error) {
      return { id, isWhole, isAborted, sent, response: { error, opts: response.opts } as ClientResponse }
    }
    return { id, isWhole, isAborted, sent, response: { ...response, body: text } }
  }
}

const mayFailWith = ['ERR_CONNECTION_CLOSED', 'ERR_ABORTED', 'ERR_TIMEOUT_IDLE', 'ERR_CONTENT_ENCODING']

/** What is wrong with it, or undefined. */
function faultOf({ id, isWhole, isAborted, sent, response }: Asked): string | undefined {
  const { error, status, headers, body } = response
  if (error) {
    if (!mayFailWith.includes(error.code)) return `${id}: ${error}`
    // A POST may be lost with a connection that the server has closed just now; so may a body that is sent once.
    const mayBeLost = response.opts.method === 'post' || sent > 0
    return isWhole && !isAborted && !mayBeLost ? `${id}: ${error}, though it is answered` : undefined
  }
  if (status !== 200) return `${id}: status ${status}`
  if (headers?.['x-id'] !== `${id} ${sent}`)
    return `${id}: the answer to ${headers?.['x-id']}, not to ${sent}`
  if (isAborted && body === undefined) return undefined
  if (body !== contentOf(id)) return `${id}: another body`
  return isWhole ? undefined : `${id}: whole, though it was not`
}

describe('by chance', () => {
  it.each([1, 2, 3])('every answer is whole and is its own, or an error (seed %i)', async (seed) => {
    const served = await serveNode((request, response) => void answer(request, response))
    const client = testClient({ maxConnections: 8 })
    const chance = new Chance(client, served.url, seed)
    const faults: string[] = []
    let answered = 0
    const lanes = Array.from({ length: 24 }, async () => {
      for (let turn = 0; turn < 25; turn++) {
        const asked = await chance.ask()
        const fault = faultOf(asked)
        if (fault) faults.push(fault)
        if (!asked.response.error) answered++
      }
    })
    await Promise.all(lanes)
    expect(faults).toEqual([])
    expect(answered).toBeGreaterThan(200)
    await until(() => client.stats().active === 0 && client.stats().queued === 0)
    expect(client.stats().connections).toBeLessThanOrEqual(8)
    expect(client.stats().connections).toBe(client.stats().idle)
  })
})
