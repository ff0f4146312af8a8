// Answers of the corpus with something changed, most of them broken ones: whatever comes, there is an answer or an error and
// never both, nothing is thrown elsewhere, and it does not matter how the bytes were cut. They come from memory.
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientResponse, makeClient } from '../../src/client.js'
import { readResponseCorpus } from '../support/response-corpus.js'

const RUNS = 3000
const PATIENCE_MS = 15_000

const seeds = readResponseCorpus().filter(({ bytes }) => bytes.length > 0 && bytes.length < 700)
const uncaught: unknown[] = []
const note = (error: unknown): void => void uncaught.push(error)

beforeAll(() => {
  process.on('uncaughtException', note).on('unhandledRejection', note)
})

afterAll(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note)
  expect(uncaught).toEqual([])
})

/** A server in memory: it waits for the request, then sends the pieces, each for itself, and the end. */
class Answering extends Duplex {
  private readonly pieces: Uint8Array[]
  private isAsked = false

  constructor(pieces: Uint8Array[]) {
    super()
    this.pieces = pieces
  }

  override _write(_: Uint8Array, __: string, done: () => void): void {
    this.isAsked = true
    this._read()
    done()
  }

  override _read(): void {
    if (this.isAsked) this.push(this.pieces.shift() ?? null)
  }
}

/** What came of it, as text. */
async function outcome(method: string, pieces: Uint8Array[]): Promise<string> {
  let socket: Answering | undefined
  const client = makeClient({ connect: () => (socket = new Answering(pieces)) })
  const response = await client.request({
    url: 'http://test/',
    method,
    as: 'byteArray',
    followRedirects: false,
  })
  const text = describe(response)
  await new Promise((resolve) => setImmediate(resolve))
  if (response.error && !socket!.destroyed) throw new Error('an error, and the connection lives on')
  await client.close()
  return text
}

function describe({ error, opts, ...answer }: ClientResponse): string {
  if (!error) return JSON.stringify({ ...answer, body: Buffer.from(answer.body).toString('latin1') })
  if (Object.keys(answer).length > 0) throw new Error(`an error, and ${Object.keys(answer)}`)
  return 'error'
}

const seed = fc.constantFrom(...seeds)
const telling = fc.constantFrom(
  ...'\r\n :;=,/0123456789afxHTP\0\t\xff{"'.split('').map((one) => one.charCodeAt(0)),
)
const change = fc.tuple(
  fc.constantFrom('set', 'insert', 'remove', 'repeat', 'cut'),
  fc.nat(),
  telling,
  fc.nat(9),
)

type Change = [kind: string, at: number, byte: number, length: number]

function changed(bytes: Buffer, [kind, where, byte, length]: Change): Buffer {
  const at = bytes.length === 0 ? 0 : where % bytes.length
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  if (kind === 'set') return Buffer.concat([before, Buffer.of(byte), after.subarray(1)])
  if (kind === 'insert') return Buffer.concat([before, Buffer.of(byte), after])
  if (kind === 'remove') return Buffer.concat([before, after.subarray(length)])
  if (kind === 'repeat') return Buffer.concat([before, after.subarray(0, length), after])
  return before
}

it('an answer with something changed is an answer or an error, however it is cut', async () => {
  const property = fc.asyncProperty(
    seed,
    fc.array(change, { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat(), { maxLength: 4 }),
    async ({ method, bytes }, changes, cuts) => {
      const input = changes.reduce<Buffer>((made, one) => changed(made, one), bytes)
      const whole = await outcome(method, [input])
      expect(await outcome(method, bytewise(input))).toBe(whole)
      expect(await outcome(method, cutAt(input, cuts))).toBe(whole)
    },
  )
  await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS })
}, 60_000)

function bytewise(bytes: Buffer): Uint8Array[] {
  return Array.from(bytes, (byte) => Buffer.of(byte))
}

function cutAt(bytes: Buffer, places: number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
  return pieces.filter(({ length }) => length > 0)
}
