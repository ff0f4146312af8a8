// Twice as much takes twice as long, however it dribbles in. Bytes come from memory, so that the kernel's work, and its
// joining of what is written in quick succession, have no part in it.
import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { makeClient, type RequestOptions } from '../../src/client.js'
import { growthOf, type Run } from '../support/growth.js'

const KIB = 1024
const MIB = 1024 * KIB
/** Between linear, 2, and the square, 4. */
const MOST = 3
const LONG_MS = 120_000

/** A connection whose other end takes what it gets, and then sends these pieces, each for itself. */
class Scripted extends Duplex {
  private readonly pieces: Iterator<Uint8Array>
  private readonly after: number
  private taken = 0
  private isWanted = false

  /** @param after bytes that come before it answers */
  constructor(pieces: Iterable<Uint8Array>, after: number) {
    super()
    this.pieces = pieces[Symbol.iterator]()
    this.after = after
  }

  override _write(bytes: Uint8Array, _: string, done: () => void): void {
    this.taken += bytes.length
    if (this.isWanted) this._read()
    done()
  }

  override _read(): void {
    this.isWanted = this.taken < this.after
    if (this.isWanted) return
    const { value, done } = this.pieces.next()
    this.push(done ? null : value)
  }
}

type Pieces = (size: number) => Iterable<Uint8Array>

/** A request that is answered with pieces made for the size, which must be answered well. */
function asking(pieces: Pieces, options: RequestOptions, after = 1): (size: number) => Run {
  return (size) => {
    const made = [...pieces(size)]
    return async () => {
      const client = makeClient({ connect: () => new Scripted(made, after) })
      const { body, error } = await client.request({ url: 'http://test/', ...options })
      if (body instanceof ReadableStream) for await (const _ of body);
      expect(error).toBeUndefined()
      await client.close()
    }
  }
}

function* bytewise(text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
}

function* inPieces(text: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunks = (count: number) => `${CHUNKED}${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`
const field = 'X-Trace: 0123456789abcdef\r\n'
const fields = (count: number) => `HTTP/1.1 200 OK\r\n${field.repeat(count)}Content-Length: 0\r\n\r\n`
const value = (length: number) => `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(length)}\r\nContent-Length: 0\r\n\r\n`
const body = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`
const trailers = (count: number) => `${CHUNKED}1\r\nx\r\n0\r\n${field.repeat(count)}\r\n`
const extension = (length: number) => `${CHUNKED}1;${'x'.repeat(length)}\r\nx\r\n0\r\n\r\n`

describe('time grows with the size, not with its square, of', () => {
  test.each<[string, Pieces, number, RequestOptions]>([
    ['a head of one long field, byte by byte', (size) => bytewise(value(size)), 60 * KIB, {}],
    ['a reason, byte by byte', (size) => bytewise(`HTTP/1.1 204 ${'x'.repeat(size)}\r\n\r\n`), 60 * KIB, {}],
    ['a head of many fields, byte by byte', (size) => bytewise(fields(size)), 2000, {}],
    ['a head of many fields, all at once', (size) => [Buffer.from(fields(size))], 2000, {}],
    ['one-byte chunks, all at once', (size) => inPieces(chunks(size), 64 * KIB), MIB, { as: 'byteArray' }],
    ['one-byte chunks, byte by byte', (size) => bytewise(chunks(size)), 16 * KIB, { as: 'text' }],
    [
      'one-byte chunks, byte by byte, as a stream',
      (size) => bytewise(chunks(size)),
      16 * KIB,
      { as: 'stream' },
    ],
    ['a body with a length, byte by byte', (size) => bytewise(body(size)), 128 * KIB, { as: 'byteArray' }],
    [
      'a body with a length, byte by byte, as text',
      (size) => bytewise(body(size)),
      128 * KIB,
      { as: 'text' },
    ],
    ['a body as a stream, byte by byte', (size) => bytewise(body(size)), 128 * KIB, { as: 'stream' }],
    [
      'a body until the end, byte by byte',
      (size) => bytewise(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(size)}`),
      128 * KIB,
      { as: 'byteArray' },
    ],
    ['trailers, byte by byte', (size) => bytewise(trailers(size)), 2000, { as: 'byteArray' }],
    ['a chunk’s extension, byte by byte', (size) => bytewise(extension(size)), 16_000, { as: 'byteArray' }],
    [
      'a large body as a stream, in large pieces',
      (size) => inPieces(body(size), 64 * KIB),
      16 * MIB,
      { as: 'stream' },
    ],
  ])(
    '%s',
    async (_, pieces, size, options) => {
      expect(await growthOf(asking(pieces, options), size)).toBeLessThan(MOST)
    },
    LONG_MS,
  )

  test.each<[string, (size: number) => RequestOptions['body'], number]>([
    [
      'an upload of one-byte pieces',
      function* (size) {
        for (let sent = 0; sent < size; sent++) yield 'x'
      } as (size: number) => Iterable<string>,
      64 * KIB,
    ],
    [
      'an upload of one-byte pieces that come in their own time',
      async function* (size) {
        for (let sent = 0; sent < size; sent++) yield 'x'
      } as (size: number) => AsyncIterable<string>,
      64 * KIB,
    ],
  ])(
    '%s',
    async (_, sourceOf, size) => {
      const upload = (length: number): Run => {
        const answer = () => bytewise('HTTP/1.1 204 No Content\r\n\r\n')
        return () => asking(answer, { method: 'post', body: sourceOf(length)! }, length)(length)()
      }
      expect(await growthOf(upload, size)).toBeLessThan(MOST)
    },
    LONG_MS,
  )
})
