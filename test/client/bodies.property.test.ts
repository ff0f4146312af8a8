// Whatever the pieces of a body, and however they are cut, it comes back from an echo as it went.
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { post, type RequestOptions } from '../../src/client.js'
import { readableOf } from '../support/multipart-source.js'
import { type MappedAnswer, type RecordedRequest, record } from '../support/recording-server.js'
import { noise } from '../support/upload-sources.js'

const piece = fc.uint8Array({ maxLength: 300 })
const pieces = fc.array(fc.oneof(piece, fc.constantFrom(new Uint8Array(0), new Uint8Array(70_000).fill(7))), {
  maxLength: 12,
})

const sources: ((all: Uint8Array[]) => RequestOptions['body'])[] = [
  (all) => all,
  (all) => readableOf(all),
  (all) =>
    (async function* () {
      yield* all
    })(),
  (all) => new Blob(all.map((one) => Uint8Array.from(one))),
  (all) => Buffer.concat(all),
]

const codings: [field: string, encode: (data: Uint8Array) => Uint8Array][] = [
  ['identity', (data) => data],
  ['gzip', gzipSync],
  ['deflate', deflateRawSync],
]

/** What came, in the coding that is asked for, in chunks of as many bytes as are asked for. */
function echo(req: RecordedRequest): MappedAnswer {
  const [, coding, size] = req.target.split('/').map(Number)
  const [field, encode] = codings[coding!]!
  const data = encode(req.body)
  const body = []
  for (let at = 0; at < data.length; at += size!) body.push(data.subarray(at, at + size!))
  return { headers: { 'Content-Encoding': field }, body }
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const all: Uint8Array[] = []
  for await (const one of body as ReadableStream<Uint8Array>) all.push(one)
  return Buffer.concat(all)
}

it('an echo is what was sent (property)', async () => {
  const server = await record(echo)
  const shape = fc.record({
    all: pieces,
    source: fc.constantFrom(...sources),
    coding: fc.nat(codings.length - 1),
    size: fc.oneof(fc.integer({ min: 20, max: 500 }), fc.constantFrom(5000, 65_536, 100_000)),
    as: fc.constantFrom('byteArray', 'stream'),
  })
  await fc.assert(
    fc.asyncProperty(shape, async ({ all, source, coding, size, as }) => {
      const { error, body } = await post(`${server.url}/${coding}/${size}`, { body: source(all)!, as })
      expect(error).toBeUndefined()
      expect(Buffer.concat(all).equals(await bytesOf(body))).toBe(true)
    }),
    { numRuns: 120 },
  )
})

it('many echoes at once do not mix', async () => {
  const server = await record(echo)
  const ask = async (n: number): Promise<[Buffer, Buffer]> => {
    const all = Array.from({ length: n % 7 }, (_, at) => noise((n * 97 + at * 1009) % 9000))
    const source = sources[n % sources.length]!
    const as = n % 2 === 0 ? 'byteArray' : 'stream'
    const url = `${server.url}/${n % codings.length}/${50 + ((n * 331) % 5000)}`
    const { error, body } = await post(url, { body: source(all)!, as })
    expect(error).toBeUndefined()
    return [Buffer.concat(all), await bytesOf(body)]
  }
  for (const [sent, came] of await Promise.all(Array.from({ length: 200 }, (_, n) => ask(n)))) {
    expect(came.equals(sent)).toBe(true)
  }
})
